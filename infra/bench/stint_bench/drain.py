"""P2 and P4: a worker that drains a long queue, beside Postgres alone; and what such a queue takes of memory."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from . import BenchError, processes
from .contenders import metered
from .measure import say
from .pgbench import Pgbench
from .pings import Capturing
from .service import Worker
from .workloads import CAPTURE

GROUP = CAPTURE["P2"].entries_per_request


@dataclass(frozen=True)
class Drained:
    """What became of a queue, or of as many groups without one."""

    pings: int
    seconds: float
    worker_cpu: float | None
    database_cpu: float
    peak_memory: int | None
    """Bytes, of the worker."""

    @property
    def rate(self) -> float:
        """Pings per second."""
        return self.pings / self.seconds


@dataclass
class Drain:
    """A worker on a queue that the service fills before."""

    capturing: Capturing
    entries: Callable[[], int]
    database_pid: int
    folder: Path
    connections: int

    def run(self, pings: int) -> Drained:
        queued, _taken = self.capturing.fill(pings, self.connections)
        return self.drain(queued)

    def drain(self, queued: int) -> Drained:
        """Every ping that is queued is logged; how long that took."""
        before, database = self.entries(), processes.cpu_seconds(self.database_pid)
        with Worker(self.capturing.stint, "worker", self.folder) as worker:
            left, seconds = self._empty(queued, worker)
            cpu, peak = processes.cpu_seconds(worker.server.pid), processes.peak_memory_bytes(worker.server.pid)
        logged = self.entries() - before
        if logged != queued:
            raise BenchError(f"{queued} pings were queued, but {logged} entries were added")
        return Drained(left, seconds, cpu * left / queued, processes.cpu_seconds(self.database_pid) - database, peak)

    def _empty(self, queued: int, worker: Worker) -> tuple[int, float]:
        """How many pings were left when the first were gone, and how long those took."""
        depth, first = self.capturing.queue.depth, None
        seen, seen_at = queued, time.monotonic()
        while (left := depth()) > 0:
            now = time.monotonic()
            if left < seen:
                first = first or (left, now)
                seen, seen_at = left, now
            elif now - seen_at > 60:
                raise BenchError(f"{left} pings are left and stay; the worker's last words: {worker.server.last_words()}")
            worker.server.ensure_alive()
            time.sleep(0.005)
        if not first:
            raise BenchError(f"{queued} pings were drained before that could be seen; take more")
        return first[0], time.monotonic() - first[1]


@dataclass
class Alone:
    """The same groups, by one client of Postgres."""

    pgbench: Pgbench
    database_pid: int

    def run(self, seconds: float) -> Drained:
        sample = metered(lambda: self.pgbench.run(CAPTURE["P2"], 1, seconds), None, self.database_pid)
        return Drained(sample.requests * GROUP, sample.seconds, None, sample.database_cpu, None)


@dataclass
class Rounds:
    worker: list[Drained] = field(default_factory=list)
    alone: list[Drained] = field(default_factory=list)


def rounds(drain: Drain, alone: Alone, chosen) -> Rounds:
    """In turn, and the next time the other way round; each about as long as the other."""
    measured = Rounds()
    seconds = drain.run(max(chosen.pings // 10, 10 * GROUP)).seconds * chosen.pings / max(chosen.pings // 10, 10 * GROUP)
    alone.run(1)
    for turn in range(chosen.rounds):
        for is_drain in (True, False) if turn % 2 == 0 else (False, True):
            one = drain.run(chosen.pings) if is_drain else alone.run(seconds)
            (measured.worker if is_drain else measured.alone).append(one)
            who = "worker" if is_drain else "Postgres alone"
            say(f"P2 round {turn + 1}/{chosen.rounds}, {who}: {one.pings:,} pings, {one.rate:,.0f} a second")
    return measured


@dataclass(frozen=True)
class Memory:
    """Bytes, with a long queue. It was filled with the tokens of all jobs by turns."""

    queued: int
    tokens: int
    taken_rate: float
    """Pings per second."""
    service_peak: int
    service_after: int
    redis: int
    worker_peak: int
    drained: Drained


def memory(drain: Drain, chosen) -> Memory:
    service = drain.capturing.stint.server.pid
    processes.reset_peak_memory(service)
    queued, taken = drain.capturing.fill(chosen.queued, drain.connections)
    peak, after = processes.peak_memory_bytes(service), processes.memory_bytes(service)
    redis = drain.capturing.queue.memory()
    say(f"P4: {queued:,} pings are queued")
    drained = drain.drain(queued)
    return Memory(queued, drain.capturing.load.jobs, taken.rate, peak, after, redis, drained.peak_memory, drained)
