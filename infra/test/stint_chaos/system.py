"""Two services and two workers on one Postgres and one Redis, any of which may be killed at any moment."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from stint_bench import BenchError
from stint_bench.redis import Queue, Redis
from stint_bench.service import Stint, Worker

from .postgres import Postgres

GAPS = ("15m", "2m")
"""Of the tokens that each service makes: with the short one, most signs of life prove nothing."""


class System:
    """All of it, as long as the `with` block."""

    def __init__(self, program: Path, folder: Path, when_queue_is_down: str, abandoned_after: str):
        self._program, self._folder = program, folder
        self._settings = {
            "STINT_CAPTURE__WHEN_QUEUE_IS_DOWN": when_queue_is_down,
            "STINT_WORKER__ABANDONED_AFTER": abandoned_after,
            "STINT_WORKER__IN_SERVE": "false",
        }
        self.kills: Counter = Counter()
        self.slowest_return = 0.0

    def __enter__(self) -> System:
        with ExitStack() as stack:
            self.postgres = stack.enter_context(Postgres(self._folder))
            self.redis = stack.enter_context(Redis(self._folder, "always"))
            settings = self._settings | {"STINT_REDIS__URL": self.redis.url}
            self.services = [
                Stint(self._program, f"service-{number}", self.postgres.url, self._folder,
                      settings | {"STINT_CAPTURE__GAP": gap})
                for number, gap in enumerate(GAPS, 1)
            ]
            self.services[0].migrate()
            for service in self.services:
                stack.enter_context(service)
            self.workers = [
                stack.enter_context(Worker(self.services[0], f"worker-{number}", self._folder)) for number in (1, 2)
            ]
            self._kinds = {
                "service": self.services, "worker": self.workers, "redis": [self.redis], "postgres": [self.postgres],
            }
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.__exit__(*exception)

    def kill_one(self, kind: str, down: float) -> str:
        """Kills one of this kind, starts it again after so many seconds, and returns when it serves: which, and how long
        it took to come back."""
        number, victim = random.choice(list(enumerate(self._kinds[kind], 1)))
        (victim if isinstance(victim, Postgres) else victim.server).kill()
        time.sleep(down)
        start = time.monotonic()
        victim.start()
        took = time.monotonic() - start
        self.kills[kind] += 1
        self.slowest_return = max(self.slowest_return, took)
        return f"killed {kind} {number if len(self._kinds[kind]) > 1 else ''}".strip() + f", back after {down:.1f} + {took:.1f} s"

    def kinds(self):
        """Kinds to kill, for ever: each as often as the others, in no order."""
        while True:
            yield from random.sample(list(self._kinds), len(self._kinds))

    def ensure_alive(self) -> None:
        """Nobody has ended who was not killed."""
        for kind in self._kinds.values():
            for one in kind:
                one.server.ensure_alive()

    def await_empty_queue(self, seconds: float) -> float:
        """Until no ping waits; how long that took."""
        start, queue = time.monotonic(), Queue(self.redis)
        while left := queue.depth() + self._spooled():
            if time.monotonic() - start > seconds:
                raise BenchError(f"{left} pings wait still, {seconds:.0f} s after the last one came in")
            time.sleep(0.2)
        return time.monotonic() - start

    def _spooled(self) -> int:
        return int(self.postgres.ask("SELECT count(*) FROM ping_queue WHERE dead_reason IS NULL"))
