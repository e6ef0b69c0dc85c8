"""The embedded database: loaded, and written to by the plainest program there is, one commit per entry."""

from __future__ import annotations

import os
import random
import sqlite3
import time
import uuid
from datetime import date, timedelta
from pathlib import Path

from .ledger import FIRST_JOB, MINUTES, SUMMARY, Ledger, entry_id, job_id

_INSERT_ENTRY = """INSERT INTO time_entries
    (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, 'bench', 0, ?, ?)"""
_INSERT_JOB = """INSERT INTO jobs (id, name, name_folded, status, total_minutes, version, created_at, updated_at)
    VALUES (?, ?, ?, 'open', ?, 0, ?, ?)"""
_ADD_TO_TOTAL = """UPDATE jobs SET total_minutes = total_minutes + ?, version = version + 1, updated_at = ?
    WHERE id = ? AND status = 'open'"""


def connect(path: Path) -> sqlite3.Connection:
    """With what the service sets: every commit is synced, foreign keys hold."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "cache_size = -12288", "wal_autocheckpoint = 8192"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def load(path: Path, ledger: Ledger) -> None:
    """Fills the empty tables: what `postgres.load_sql` writes, row by row."""
    ordinary, now = ledger.jobs - ledger.large_jobs, _now()
    jobs = [job_id(FIRST_JOB + index).bytes for index in range(ledger.jobs)]
    entries_of = [0] * ledger.jobs

    def entries():
        for n in range(ledger.entries):
            in_large_job = n < ledger.entries_in_large_jobs
            job = n % ledger.large_jobs if in_large_job else ledger.large_jobs + n % ordinary
            entries_of[job] += 1
            day = date(2025, 1, 1) + timedelta(days=n * 365 // ledger.entries)
            yield entry_id(n).bytes, jobs[job], MINUTES, day.isoformat(), SUMMARY, now, now

    connection = connect(path)
    connection.execute("PRAGMA foreign_keys = OFF")  # entries come first, as their sums are not known before
    connection.execute("BEGIN")
    connection.executemany(_INSERT_ENTRY, entries())
    connection.executemany(
        _INSERT_JOB,
        (
            (job, f"Job {FIRST_JOB + index}", f"job {FIRST_JOB + index}", MINUTES * entries_of[index], now, now)
            for index, job in enumerate(jobs)
        ),
    )
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def entries_by_totals(path: Path) -> int:
    """How many entries the jobs' totals say there are."""
    connection = connect(path)
    (entries,) = connection.execute(f"SELECT sum(total_minutes) / {MINUTES} FROM jobs").fetchone()
    connection.close()
    return entries


def log_time_in_a_loop(path: Path, jobs: int, seconds: float) -> list[float]:
    """One writer that logs time on random ones of the first `jobs` jobs; how long each took, in seconds."""
    connection = connect(path)
    took = []
    end = time.perf_counter() + seconds
    before = time.perf_counter()
    while before < end:
        job, now = job_id(FIRST_JOB + random.randrange(jobs)).bytes, _now()
        day = (date(2026, 1, 1) + timedelta(days=random.randrange(365))).isoformat()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_ADD_TO_TOTAL, (MINUTES, now, job))
        connection.execute(_INSERT_ENTRY, (_uuid_v7(now), job, MINUTES, day, SUMMARY, now, now))
        connection.execute("COMMIT")
        after = time.perf_counter()
        took.append(after - before)
        before = after
    connection.close()
    return took


def _now() -> int:
    return time.time_ns() // 1000


def _uuid_v7(microseconds: int) -> bytes:
    bits = int.from_bytes(os.urandom(10), "big") | (microseconds // 1000) << 80
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=bits).bytes
