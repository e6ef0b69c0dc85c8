"""Measures Stint beside Postgres alone (pgbench), HTTP alone, and a service that does less. Python's standard library only."""

from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
"""The folder infra/bench."""

ROOT = HERE.parent.parent
"""The repository."""


class BenchError(Exception):
    """Why the run can't go on, in one line for the person who started it."""
