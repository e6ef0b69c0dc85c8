"""The ledger that a run starts from: the same jobs and entries on each database, in the order in which time passes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

MINUTES = 30
"""What every entry holds, loaded or measured: so the totals tell how many entries there are."""

SUMMARY = "reviewed the quarterly figures"
FIRST_JOB = 100_000_000_001
"""The first job's number. The last twelve digits of a job's id are its number, always with twelve digits."""


@dataclass(frozen=True)
class Ledger:
    """How much there is. Large jobs come first: the hot job is the first of them."""

    jobs: int
    entries: int
    large_jobs: int = 0
    entries_per_large_job: int = 0

    @property
    def entries_in_large_jobs(self) -> int:
        return self.large_jobs * self.entries_per_large_job


def job_id(number: int) -> uuid.UUID:
    return uuid.UUID(f"01900000-0000-7000-8000-{number:012d}")


def entry_id(number: int) -> uuid.UUID:
    return uuid.UUID(f"01910000-0000-7000-8000-{number:012x}")
