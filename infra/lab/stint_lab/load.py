"""Constant load over HTTPS from outside: what every request came to is remembered."""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

_SLOWEST_ANSWER = 60
_ENTRY = json.dumps({"minutes_worked": 1, "date_stamp": "2026-01-01", "work_summary": "load"})


@dataclass
class Seen:
    """What the clients of a load saw."""

    answers: Counter = field(default_factory=Counter)
    """By status; and by the error's name, of requests that got no answer."""
    entries: set[str] = field(default_factory=set)
    """Ids of those that were acknowledged."""
    slowest: float = 0.0

    @property
    def requests(self) -> int:
        return sum(self.answers.values())

    @property
    def lost(self) -> Counter:
        return Counter({what: count for what, count in self.answers.items() if not (isinstance(what, int) and 200 <= what < 300)})


class Load:
    """Clients that log time and read it back, each request over a new connection or a kept one by turns, for as long as
    the `with` block.

    Nothing is tried again: a request that fails is a request lost.
    """

    def __init__(self, address: str, token: str, job: str, clients: int = 8, pause: float = 0.01, name: str | None = None,
                 port: int = 443):
        self._address, self._port, self._name = address, port, name or address
        self.mark = secrets.token_hex(8)
        """Begins the id of each request, by which logs know it."""
        self._token, self._job, self._pause = token, job, pause
        self._stop = threading.Event()
        self._seen = [Seen() for _ in range(clients)]
        self._clients = [threading.Thread(target=self._run, args=(number, seen), daemon=True)
                         for number, seen in enumerate(self._seen)]

    def __enter__(self) -> Load:
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for client in self._clients:
            client.join(_SLOWEST_ANSWER + 5)

    def seen(self) -> Seen:
        total = Seen()
        for one in self._seen:
            total.answers += one.answers
            total.entries |= one.entries
            total.slowest = max(total.slowest, one.slowest)
        return total

    def _run(self, number: int, seen: Seen) -> None:
        connection, kept = self._connect(), number % 2 == 0
        turn = 0
        while not self._stop.is_set():
            turn += 1
            start = time.monotonic()
            try:
                if turn % 4:
                    answer = self._ask(connection, "POST", f"/api/v1/jobs/{self._job}/time-entries", _ENTRY)
                    if answer.status == 201:
                        seen.entries.add(answer.headers["Location"].rpartition("/")[2])
                else:
                    answer = self._ask(connection, "GET", f"/api/v1/jobs/{self._job}", None)
                seen.answers[answer.status] += 1
            except (OSError, http.client.HTTPException) as error:
                seen.answers[type(error).__name__] += 1
                connection.close()
                connection = self._connect()
            seen.slowest = max(seen.slowest, time.monotonic() - start)
            if not kept or turn % 100 == 0:
                connection.close()
            self._stop.wait(self._pause)
        connection.close()

    def _ask(self, connection: http.client.HTTPSConnection, method: str, path: str, body: str | None) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {self._token}", "Host": self._name,
                   "X-Request-Id": f"{self.mark}-{secrets.token_hex(8)}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer

    def _connect(self) -> http.client.HTTPSConnection:
        # Whom it speaks to is not in question here.
        trusting = ssl._create_unverified_context()  # noqa: SLF001
        return http.client.HTTPSConnection(self._address, self._port, timeout=_SLOWEST_ANSWER, context=trusting)
