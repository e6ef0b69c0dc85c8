"""The senders of pings: each sends one after the other, and every one until it is answered with 202."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections import Counter
from datetime import timedelta
from urllib.parse import quote, urlsplit

from .expected import EPOCH, Ping, Token

TIMES_SPAN_DAYS = 12
"""How far back signs of life lie: less than the service takes."""
GIVES_UP_AFTER = 120
"""Seconds in which a ping has to be taken."""


class Refused(Exception):
    """An answer that trying again will not change."""


class Sender(threading.Thread):
    """Sends to all services by turns, over kept connections."""

    def __init__(
        self, number: int, urls: list[str], tokens: list[Token], projects: list[str], pause: float, seed: int,
        stop: threading.Event,
    ):
        super().__init__(name=f"sender {number}", daemon=True)
        self._hosts = [urlsplit(url).netloc for url in urls]
        self._tokens, self._projects, self._pause, self._stop_sending = tokens, projects, pause, stop
        self._random = random.Random(seed * 1_000 + number)
        self._connections: dict[str, http.client.HTTPConnection] = {}
        self.acknowledged: list[tuple[str, Ping]] = []
        self.counts: Counter = Counter()
        self.failure: str | None = None

    def run(self) -> None:
        try:
            while not self._stop_sending.is_set():
                self._send_one()
                self._stop_sending.wait(self._random.uniform(0, 2 * self._pause))
        except Exception as failure:  # the run has failed, whatever it is
            self.failure = f"{type(failure).__name__}: {failure}"
        finally:
            for connection in self._connections.values():
                connection.close()

    def _send_one(self) -> None:
        ping = self._draw()
        if self._random.random() < 0.03:
            self._hang_up(ping)
        ping_id = self._deliver(ping)
        self.acknowledged.append((ping_id, ping))
        self.counts["with minutes" if ping.minutes else "without minutes"] += 1
        if self._random.random() < 0.05:
            self.counts["sent again"] += 1
            if (again := self._deliver(ping)) != ping_id:
                raise Refused(f"the ping {ping.name} has two ids, {ping_id} and {again}")

    def _draw(self) -> Ping:
        token, name = self._random.choice(self._tokens), f"{self.name} {len(self.acknowledged)}"
        at = time.time_ns() // 1000 - self._random.randrange(60_000_000, TIMES_SPAN_DAYS * 86_400_000_000)
        project = None if token.job else self._random.choice(self._projects)
        if self._random.random() < 0.5:
            return Ping(token, name, at=at, project=project)
        return Ping(token, name, self._random.choice((None, at)), self._random.randint(1, 240), project)

    def _deliver(self, ping: Ping) -> str:
        """Sends it until it is taken; its id."""
        deadline = time.monotonic() + GIVES_UP_AFTER
        while time.monotonic() < deadline:
            host = self._random.choice(self._hosts)
            try:
                status, body = self._ask(host, ping)
            except (OSError, http.client.HTTPException) as error:
                self.counts["lost connections"] += 1
                self._connections.pop(host).close()
                last = f"{type(error).__name__}: {error}"
            else:
                if status == 202:
                    return json.loads(body)["id"]
                self.counts[f"answered {status}"] += 1
                last = f"{status}: {body.decode(errors='replace')}"
                if status not in (429, 503):
                    raise Refused(f"a ping was answered {last}")
            time.sleep(self._random.uniform(0.01, 0.1))
        raise Refused(f"a ping was not taken within {GIVES_UP_AFTER} s: {last}")

    def _ask(self, host: str, ping: Ping) -> tuple[int, bytes]:
        if host not in self._connections:
            self._connections[host] = http.client.HTTPConnection(host, timeout=15)
        self.counts["requests"] += 1
        connection = self._connections[host]
        connection.request(*request(ping, as_body=self._random.random() < 0.5))
        answer = connection.getresponse()
        return answer.status, answer.read()

    def _hang_up(self, ping: Ping) -> None:
        """A sender that does not wait for its answer: the ping may have been taken."""
        self.counts["hung up"] += 1
        connection = http.client.HTTPConnection(self._random.choice(self._hosts), timeout=15)
        try:
            connection.request(*request(ping, as_body=False))
        except OSError:
            pass
        finally:
            connection.close()


def request(ping: Ping, as_body: bool) -> tuple[str, str, str | None, dict[str, str]]:
    """Method, path, body and headers."""
    path, says = f"/ping/{ping.token.secret}", {"id": ping.name}
    if ping.minutes:
        says["minutes"] = ping.minutes
    if ping.at:
        says["at"] = rfc3339(ping.at)
    if ping.project:
        says["project"] = ping.project
    if as_body:
        return "POST", path, json.dumps(says), {"Content-Type": "application/json"}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in says.items())
    return "GET", f"{path}?{query}", None, {}


def rfc3339(micros: int) -> str:
    return (EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Fleet:
    """All senders."""

    def __init__(self, urls: list[str], tokens: list[Token], projects: list[str], senders: int, rate: float, seed: int):
        self._stop = threading.Event()
        self._senders = [
            Sender(number, urls, tokens, projects, senders / rate, seed, self._stop) for number in range(1, senders + 1)
        ]

    def start(self) -> None:
        for sender in self._senders:
            sender.start()

    def stop(self) -> None:
        """Ends when the ping that each has in hand was taken."""
        self._stop.set()
        for sender in self._senders:
            sender.join()

    @property
    def failures(self) -> list[str]:
        return [f"{sender.name}: {sender.failure}" for sender in self._senders if sender.failure]

    @property
    def acknowledged(self) -> list[tuple[str, Ping]]:
        return [one for sender in self._senders for one in sender.acknowledged]

    @property
    def counts(self) -> Counter:
        return sum((sender.counts for sender in self._senders), Counter())
