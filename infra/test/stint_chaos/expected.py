"""What pings come to, by the rules of docs/capture.md and by nothing else: no line is shared with Stint."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Iterable
from zoneinfo import ZoneInfo

MINUTE = 60_000_000
"""Microseconds, as all times here."""
DAY_MINUTES = 1440
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Token:
    """A capture token, and what was fixed when it was created."""

    secret: str
    job: str | None
    """None, when its pings name a project each."""
    zone: str
    gap: int
    """Seconds."""


@dataclass(frozen=True)
class Ping:
    """What a sender said. `at` is given wherever there are no minutes."""

    token: Token
    name: str
    at: int | None = None
    minutes: int | None = None
    project: str | None = None
    """Of a token without a job: the name of one."""


@dataclass
class Ledger:
    """What a ledger holds of pings, or should hold."""

    pings: Counter = field(default_factory=Counter)
    """How often each id is listed, with its status."""
    entries: Counter = field(default_factory=Counter)
    """Entries of pings with minutes: id, job, minutes."""
    derived: Counter = field(default_factory=Counter)
    """The other entries: job, day, minutes."""
    totals: dict[str, int] = field(default_factory=dict)
    """Minutes of each job."""


def ledger_of(acknowledged: Iterable[tuple[str, Ping]], jobs: dict[str, str]) -> Ledger:
    """What has to be there when each of these pings, by id, was logged once; `jobs` are ids by name."""
    ledger = Ledger(totals=dict.fromkeys(jobs.values(), 0))
    streams: dict[Token, list[tuple[int, str, str]]] = defaultdict(list)
    for ping_id, ping in acknowledged:
        ledger.pings[ping_id, "logged"] += 1
        job = ping.token.job or jobs[ping.project]
        if ping.minutes is None:
            streams[ping.token].append((ping.at, ping_id, job))
        else:
            ledger.entries[ping_id, job, ping.minutes] += 1
            ledger.totals[job] += ping.minutes
    for token, signs in streams.items():
        for (job, day), minutes in minutes_by_day(signs, token.gap, ZoneInfo(token.zone)).items():
            ledger.derived[job, day.isoformat(), minutes] += 1
            ledger.totals[job] += minutes
    return ledger


def minutes_by_day(signs: Iterable[tuple[int, str, str]], gap: int, zone: ZoneInfo) -> dict[tuple[str, date], int]:
    """Whole minutes that each job has on each local day of a stream's signs of life (time, id and job each); days without
    any are left out."""
    proved: dict[tuple[str, date], int] = defaultdict(int)
    in_order = sorted(signs)
    for (start, _, job), (end, _, _) in zip(in_order, in_order[1:]):
        if end - start >= gap * 1_000_000:
            continue
        while start < end:
            day = local_day(start, zone)
            until = min(end, midnight_after(day, zone))
            proved[job, day] += until - start
            start = until
    minutes = {of: min(micros // MINUTE, DAY_MINUTES) for of, micros in proved.items()}
    return {of: count for of, count in minutes.items() if count}


def local_day(micros: int, zone: ZoneInfo) -> date:
    return (EPOCH + timedelta(microseconds=micros)).astimezone(zone).date()


def midnight_after(day: date, zone: ZoneInfo) -> int:
    """When the next local day begins."""
    following = day + timedelta(days=1)
    begins = datetime(following.year, following.month, following.day, tzinfo=zone)
    return (begins.astimezone(timezone.utc) - EPOCH) // timedelta(microseconds=1)


def differences(expected: Ledger, found: Ledger, most: int = 10) -> list[str]:
    """What is missing, what is too much, and which totals differ; nothing when both agree."""
    lines = []
    for what in ("pings", "entries", "derived"):
        of_expected, of_found = getattr(expected, what), getattr(found, what)
        for how, rest in (("missing", of_expected - of_found), ("too much", of_found - of_expected)):
            if rest:
                items = (f"{item}{f' {times} times' if times > 1 else ''}" for item, times in rest.most_common(most))
                shown = ", ".join(items)
                lines.append(f"{what}, {how}: {rest.total()}, such as {shown}")
    for job in sorted(expected.totals.keys() | found.totals.keys()):
        if expected.totals.get(job) != found.totals.get(job):
            lines.append(f"total of job {job}: {found.totals.get(job)} instead of {expected.totals.get(job)}")
    return lines
