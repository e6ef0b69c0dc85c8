"""Servers that do less than Stint, from the same framework: HTTP alone, and HTTP with a driver of Postgres."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from . import BenchError
from .contenders import BARE_ASYNC, Service, counted
from .ledger import FIRST_JOB, job_id
from .processes import Server, free_port
from .sample import Sample
from .service import Answering, AnswerSizes, answers
from .workloads import Workload


class Bare(Answering):
    """A program that takes where to listen and then `arguments`; serves as long as the `with` block."""

    token = "stint_of_the_same_length_as_a_real_token_is_00000"

    def __init__(self, program: Path, arguments: list[str], folder: Path):
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}"
        self._command = [str(program), address, *arguments]
        self._log = folder / f"{program.name}.log"

    def __enter__(self) -> Bare:
        self.server = Server(self._command, self._log)
        self.server.wait_until(lambda: answers(f"{self.url}/api/v1/jobs/{job_id(FIRST_JOB)}"))
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def bare_http(program: Path, sizes: AnswerSizes, folder: Path) -> Bare:
    """Answers of the same sizes with nothing behind them."""
    return Bare(program, [str(size) for size in (sizes.job, sizes.page, sizes.entry, sizes.batch)], folder)


def bare_async(program: Path, database_url: str, writers: int, folder: Path) -> Bare:
    """Each answer from one statement on a loaded database. `writers`: each HTTP worker's connections for writes alone."""
    return Bare(program, [database_url, str(writers)], folder)


def ensure_as_large(sizes: AnswerSizes, others: AnswerSizes) -> None:
    """Who sends less than Stint does less. Totals and cursors may differ by some digits."""
    for answer, size in asdict(sizes).items():
        other = asdict(others)[answer]
        if abs(other - size) > size / 50:
            raise BenchError(f"bare async answers {answer} with {other} bytes instead of {size}")


class BareAsync:
    """The bare async server on the database of a service, each time with the connections that suit the workload best."""

    name = BARE_ASYNC

    def __init__(self, bares: dict[int, Bare], service: Service, seconds: float):
        """`bares`: one or more servers, by how many connections they have for writes alone, the smallest first."""
        self._bares, self._service, self._seconds = bares, service, seconds
        self.writers: dict[str, int] = {}

    def takes(self, workload: Workload) -> bool:
        return True

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample:
        writers = min(self._bares) if connections == 1 else self._best_writers(workload, connections)
        return self._run(writers, workload, connections, seconds)

    def _best_writers(self, workload: Workload, connections: int) -> int:
        if workload.key not in self.writers:
            self.writers[workload.key] = max(
                self._bares, key=lambda writers: self._run(writers, workload, connections, self._seconds).rate
            )
        return self.writers[workload.key]

    def _run(self, writers: int, workload: Workload, connections: int, seconds: float) -> Sample:
        def run() -> Sample:
            load, database_pid = self._service.load, self._service.database_pid
            return load.press_metered(self._bares[writers], workload, connections, seconds, database_pid)

        return counted(workload, connections, self._service.entries, run)
