"""Stint itself, as a deployment runs it: the service, and the worker."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

from . import BenchError
from .ledger import FIRST_JOB, MINUTES, SUMMARY, job_id
from .processes import Server, free_port


FROM_PAGE = "Sec-Fetch-Site: same-origin"
"""What a browser says of a change that a page of the service asks for."""


@dataclass(frozen=True)
class AnswerSizes:
    """Bytes of body in the answer to each kind of request."""

    job: int
    page: int
    entry: int
    batch: int


class Answering:
    """Something that answers the requests of whoever has its `token`, at `url`."""

    url: str
    token: str
    server: Server

    def try_each_request(self) -> AnswerSizes:
        """Sends one request of each kind, each of which has to do what it says; how long the answers are."""
        job = f"/api/v1/jobs/{job_id(FIRST_JOB)}"
        draft = {"minutes_worked": MINUTES, "date_stamp": "2026-01-01", "work_summary": SUMMARY}
        items = [{"related_job": str(job_id(FIRST_JOB)), **draft}] * 100
        return AnswerSizes(
            job=len(self.send("GET", job)),
            page=len(self.send("GET", f"{job}/time-entries?limit=50")),
            entry=len(self.send("POST", f"{job}/time-entries", draft)),
            batch=len(self.send("POST", "/api/v1/time-entries/batch", {"mode": "atomic", "items": items})),
        )

    def send(self, method: str, path: str, body: object = None) -> bytes:
        return self.exchange(method, path, body, self.headers())[1]

    def exchange(self, method: str, path: str, body: object, headers: list[str]) -> tuple[Message, bytes]:
        """The head and the body of the answer."""
        all_headers = dict(header.split(": ", 1) for header in headers)
        if body is not None:
            all_headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, all_headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            raise BenchError(f"{method} {path} was answered {error.code}: {error.read().decode()}") from error

    def headers(self) -> list[str]:
        """What says who asks: whoever has the token."""
        return [f"Authorization: Bearer {self.token}"]


class Stint(Answering):
    """One service on one database; serves as long as the `with` block. `settings` are variables of its environment."""

    def __init__(
        self, program: Path, name: str, database_url: str, folder: Path, settings: dict[str, str] | None = None
    ):
        self.program = program
        self._log = folder / f"{name}.log"
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("STINT_")}
        self.environment = inherited | {
            "STINT_ENV": "deployment",
            "STINT_DATABASE__URL": database_url,
            "STINT_HTTP__LISTEN": f"127.0.0.1:{self._port}",
            "STINT_METRICS__LISTEN": f"127.0.0.1:{free_port()}",
        } | (settings or {})

    def migrate(self) -> None:
        self.run("migrate")

    def __enter__(self) -> Stint:
        self.token = self.run("token", "create", "--name", "bench", "--scopes", "read,write").strip()
        self.start()
        return self

    def start(self) -> None:
        self.server = Server([str(self.program), "serve"], self._log, self.environment)
        self.server.wait_until(lambda: answers(f"{self.url}/readyz"))

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def check_totals(self) -> None:
        """Every job's total is the sum of its entries, or the run has failed."""
        self.run("check", "totals")

    def sign_in(self) -> str:
        """Makes a person who may write, and signs in: the cookie that this person's browser sends with each request."""
        link = self.run("person", "create", "--handle", "browser", "--role", "manager").strip()
        opened = {"secret": link.split("#", 1)[1], "password": "correct horse battery staple"}
        head, _ = self.exchange("POST", "/api/v1/invitations", opened, [FROM_PAGE])
        return "Cookie: " + head["Set-Cookie"].split(";", 1)[0]

    def capture_token(self, job: str) -> str:
        """The secret of a new token whose pings count for the job."""
        return self.run("token", "create", "--name", "bench", "--capture", job).strip()

    def run(self, *arguments: str) -> str:
        """What a command of the program prints."""
        done = subprocess.run(
            [str(self.program), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise BenchError(f"stint {' '.join(arguments)} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout


class Worker:
    """What logs the pings of a service; works as long as the `with` block."""

    def __init__(self, stint: Stint, name: str, folder: Path):
        self._program, self._log = stint.program, folder / f"{name}.log"
        address = f"127.0.0.1:{free_port()}"
        self._metrics = f"http://{address}/metrics"
        self._environment = stint.environment | {"STINT_WORKER__METRICS_LISTEN": address}

    def __enter__(self) -> Worker:
        self.start()
        return self

    def start(self) -> None:
        self.server = Server([str(self._program), "worker"], self._log, self._environment)
        self.server.wait_until(lambda: answers(self._metrics))

    def __exit__(self, *_: object) -> None:
        self.server.stop()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except OSError:
        return False
