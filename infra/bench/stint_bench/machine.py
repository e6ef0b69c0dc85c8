"""The machine and the versions that a table belongs to."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from pathlib import Path

from . import ROOT


def cores() -> int:
    """Those that this run may use."""
    return len(os.sched_getaffinity(0))


def describe(folder: Path, postgres_version: str) -> dict[str, str]:
    kilobytes = int(_field("/proc/meminfo", r"^MemTotal: +(\d+) kB$"))
    return {
        "cores": str(cores()),
        "processor": _field("/proc/cpuinfo", r"^model name\s*: (.+)$"),
        "memory": f"{kilobytes / 2**20:.1f} GiB",
        "kernel": platform.release(),
        "file system": file_system(folder),
        "Postgres": postgres_version,
        "SQLite of the plain loop": sqlite3.sqlite_version,
        "commit": _output("git", "describe", "--always", "--dirty", "--abbrev=12"),
        "rustc": _output("rustc", "--version"),
    }


def as_markdown(machine: dict[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in machine.items())


def file_system(folder: Path) -> str:
    return _output("stat", "--file-system", "--format", "%T", str(folder))


def _field(path: str, pattern: str) -> str:
    found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    return found[1] if found else "0"


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
