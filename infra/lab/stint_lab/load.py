"""Constant load over HTTPS from outside: what every request came to is remembered."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

_SLOWEST_ANSWER = 60


@dataclass
class Seen:
    """What the clients of a load saw."""

    answers: Counter = field(default_factory=Counter)
    """By status; and by the error's name, of requests that got no answer."""
    minutes: int = 0
    """Of the entries that were acknowledged."""
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

    Nothing is tried again: a request that fails is a request lost. With `through_outages` a client that lost one goes on
    after a moment; what was not acknowledged may be there or not.
    """

    def __init__(self, address: str, token: str, job: str, clients: int = 8, pause: float = 0.01, name: str | None = None,
                 port: int = 443):
        self._address, self._port, self._name = address, port, name or address
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
            total.minutes += one.minutes
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
                    body = json.dumps({"minutes_worked": 1, "date_stamp": "2026-01-01", "work_summary": str(uuid.uuid4())})
                    status = self._ask(connection, "POST", f"/api/v1/jobs/{self._job}/time-entries", body)
                    seen.minutes += status == 201
                else:
                    status = self._ask(connection, "GET", f"/api/v1/jobs/{self._job}", None)
                seen.answers[status] += 1
            except (OSError, http.client.HTTPException) as error:
                seen.answers[type(error).__name__] += 1
                connection.close()
                connection = self._connect()
            seen.slowest = max(seen.slowest, time.monotonic() - start)
            if not kept or turn % 100 == 0:
                connection.close()
            self._stop.wait(self._pause)
        connection.close()

    def _ask(self, connection: http.client.HTTPSConnection, method: str, path: str, body: str | None) -> int:
        headers = {"Authorization": f"Bearer {self._token}", "Host": self._name}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def _connect(self) -> http.client.HTTPSConnection:
        # Whom it speaks to is not in question here.
        trusting = ssl._create_unverified_context()  # noqa: SLF001
        return http.client.HTTPSConnection(self._address, self._port, timeout=_SLOWEST_ANSWER, context=trusting)
