"""Who is measured: each runs a workload once and accounts for what it cost and what it wrote."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Protocol

from . import BenchError, processes, sqlite, wrk
from .pgbench import Pgbench
from .processes import Server
from .sample import Sample, percentile
from .service import FROM_PAGE, Answering, Stint
from .workloads import Workload

PGBENCH = "pgbench"
BARE_HTTP = "bare HTTP"
BARE_ASYNC = "bare async"
LOOP = "plain loop on SQLite"
STINT_ON_POSTGRES = "Stint on Postgres"
STINT_ON_SQLITE = "Stint on SQLite"
BY_COOKIE = ", by cookie"
"""What the name of a service ends with that is asked by a signed-in browser."""
BEFORE = ", the build before"
"""What the name of an earlier build ends with."""


class Contender(Protocol):
    name: str

    def takes(self, workload: Workload) -> bool: ...

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample: ...


@dataclass
class Load:
    """How wrk presses a server."""

    jobs: int
    threads: int

    def press(self, url: str, headers: list[str], workload: Workload, connections: int, seconds: float) -> Sample:
        return wrk.run(url, headers, workload, self.jobs, connections, seconds, self.threads)

    def press_metered(
        self, server: Answering, workload: Workload, connections: int, seconds: float, database_pid: int | None = None,
        headers: list[str] | None = None,
    ) -> Sample:
        """The same, with what it cost. `headers` say who asks: if they are missing, whoever has the server's token."""
        asking = server.headers() if headers is None else headers

        def press() -> Sample:
            return self.press(server.url, asking, workload, connections, seconds)

        return metered(press, server.server, database_pid)


@dataclass
class Service:
    """Stint on one of its databases."""

    name: str
    stint: Stint
    load: Load
    entries: Callable[[], int]
    database_pid: int | None
    """None where the database is a part of the service."""
    database: str
    """Its URL or its path."""

    def takes(self, workload: Workload) -> bool:
        return True

    def run(
        self, workload: Workload, connections: int, seconds: float, headers: list[str] | None = None
    ) -> Sample:
        def run() -> Sample:
            return self.load.press_metered(self.stint, workload, connections, seconds, self.database_pid, headers)

        return counted(workload, connections, self.entries, run)


class Browsers:
    """A service that is asked by a person's browser: with the cookie of a session. What it needs not say is left out, so
    that the cookie alone is held against the token."""

    def __init__(self, service: Service):
        self.name = service.name + BY_COOKIE
        self._service, self._cookie = service, service.stint.sign_in()

    def takes(self, workload: Workload) -> bool:
        return workload.asked_by_browsers

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample:
        changes = workload.entries_per_request != 0
        return self._service.run(workload, connections, seconds, [self._cookie, *([FROM_PAGE] if changes else [])])


@dataclass
class Http:
    """The bare HTTP server."""

    bare: Answering
    load: Load
    name: str = BARE_HTTP

    def takes(self, workload: Workload) -> bool:
        return True

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample:
        return self.load.press_metered(self.bare, workload, connections, seconds)


class Database:
    """pgbench, each time with the number of clients that suits the workload best."""

    name = PGBENCH

    def __init__(
        self, pgbench: Pgbench, entries: Callable[[], int], database_pid: int, candidates: list[int], seconds: float
    ):
        self._pgbench, self._entries, self._database_pid = pgbench, entries, database_pid
        self._candidates, self._seconds = candidates, seconds
        self.clients: dict[str, int] = {}

    def takes(self, workload: Workload) -> bool:
        return True

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample:
        clients = 1 if connections == 1 else self._best_clients(workload)

        def press() -> Sample:
            return self._pgbench.run(workload, clients, seconds)

        return counted(workload, clients, self._entries, lambda: metered(press, None, self._database_pid))

    def _best_clients(self, workload: Workload) -> int:
        if workload.key not in self.clients:
            self.clients[workload.key] = self._pgbench.best_clients(workload, self._candidates, self._seconds)
        return self.clients[workload.key]


@dataclass
class Loop:
    """One commit per entry on the same SQLite file, in this process; Python's share is small beside the disk's."""

    path: Path
    jobs: int
    entries: Callable[[], int]
    name: str = LOOP

    def takes(self, workload: Workload) -> bool:
        return workload.written_in_a_loop

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample:
        return counted(workload, 1, self.entries, lambda: self._write(1 if workload.only_hot_job else self.jobs, seconds))

    def _write(self, jobs: int, seconds: float) -> Sample:
        cpu = time.process_time()
        took = sqlite.log_time_in_a_loop(self.path, jobs, seconds)
        cpu = time.process_time() - cpu
        took.sort()
        p50, p99 = percentile(took, 0.5) * 1e3, percentile(took, 0.99) * 1e3
        return Sample(len(took), sum(took), p50, p99, database_cpu=cpu)


def metered(press: Callable[[], Sample], server: Server | None, database_pid: int | None = None) -> Sample:
    """A run, with what it cost the service and the database."""
    if server:
        server.forget_log()
        processes.reset_peak_memory(server.pid)
    service_before = processes.cpu_seconds(server.pid) if server else 0
    database_before = processes.cpu_seconds(database_pid) if database_pid else 0
    sample = press()
    if server:
        server.ensure_alive()
    return sample.with_costs(
        service_cpu=processes.cpu_seconds(server.pid) - service_before if server else None,
        database_cpu=processes.cpu_seconds(database_pid) - database_before if database_pid else None,
        peak_memory=processes.peak_memory_bytes(server.pid) if server else None,
    )


def counted(workload: Workload, clients: int, entries: Callable[[], int], run: Callable[[], Sample]) -> Sample:
    """A run whose answers were true: every entry that was answered is there, and beside them only such as were under
    way at the end."""
    before = entries()
    sample = run()
    if workload.entries_per_request == 0:
        return sample
    added = settled(entries) - before
    if workload.entries_per_request is not None:
        answered = sample.requests * workload.entries_per_request
        if not answered <= added <= answered + clients * workload.entries_per_request:
            raise BenchError(f"{workload.key}: {answered} entries were answered, but {added} were added")
    return sample


def settled(entries: Callable[[], int]) -> int:
    """The count once it no longer grows: the load generator left, but what it had sent is still being written."""
    earlier, now = -1, entries()
    while now != earlier:
        time.sleep(0.25)
        earlier, now = now, entries()
    return now
