"""Servers that do less than Stint, from the same framework: HTTP alone, and HTTP with a driver of Postgres."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from . import BenchError
from .ledger import FIRST_JOB, job_id
from .processes import Server, free_port
from .service import Answering, AnswerSizes, answers


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


def bare_async(program: Path, database_url: str, folder: Path) -> Bare:
    """Each answer from one statement on a loaded database."""
    return Bare(program, [database_url], folder)


def ensure_as_large(sizes: AnswerSizes, others: AnswerSizes) -> None:
    """Who sends less than Stint does less. Totals and cursors may differ by some digits."""
    for answer, size in asdict(sizes).items():
        other = asdict(others)[answer]
        if abs(other - size) > size / 50:
            raise BenchError(f"bare async answers {answer} with {other} bytes instead of {size}")
