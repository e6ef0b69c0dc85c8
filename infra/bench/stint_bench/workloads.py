"""What is measured. The requests themselves stand in workload.lua and in pgbench/."""

from __future__ import annotations

from dataclasses import dataclass

RANDOM_JOB = r"\set job random(100000000001, 100000000000 + :jobs)"
HOT_JOB = r"\set job 100000000001"


@dataclass(frozen=True)
class Script:
    """One of pgbench's scripts: which job, which statement, how often beside the others."""

    statement: str
    job: str = RANDOM_JOB
    weight: int = 1


@dataclass(frozen=True)
class Workload:
    key: str
    title: str
    scripts: tuple[Script, ...]
    entries_per_request: int | None = 0
    """How many entries a request adds; none where requests differ."""
    written_in_a_loop: bool = False
    """Whether the plain loop on SQLite does it too."""
    asked_by_browsers: bool = False
    """Whether it is asked with the cookie of a session, too."""
    only_hot_job: bool = False


WORKLOADS = {
    workload.key: workload
    for workload in (
        Workload("W1", "read a job", (Script("read_job"),), asked_by_browsers=True),
        Workload("W2", "first 50 entries of a job", (Script("first_page"),)),
        Workload("W2H", "first 50 entries of the hot job", (Script("first_page", HOT_JOB),), only_hot_job=True),
        Workload(
            "W3", "log time, random job", (Script("log_time"),), 1, written_in_a_loop=True, asked_by_browsers=True
        ),
        Workload(
            "W4", "log time, one hot job", (Script("log_time", HOT_JOB),), 1, written_in_a_loop=True, only_hot_job=True
        ),
        Workload(
            "W5",
            "80 % W1, 10 % W2, 10 % W3",
            (Script("read_job", weight=8), Script("first_page"), Script("log_time")),
            None,
        ),
        Workload("W6", "batch of 100 entries", (Script("log_batch"),), 100),
        Workload("W7", "W3 with a fresh Idempotency-Key", (Script("log_time_with_key"),), 1),
    )
}

CAPTURE = {
    workload.key: workload
    for workload in (
        Workload("P1", "take a ping", (), None),
        Workload("P2", "drain the queue", (Script("log_group"),), 1000),
        Workload("P3", "from ping to total", (), 1),
        Workload("P4", "memory with a long queue", (), None),
    )
}
"""What is measured of capture. P1 and P2 have requests in workload.lua."""
