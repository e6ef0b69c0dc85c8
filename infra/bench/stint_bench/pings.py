"""P1: pings through HTTP into Redis, beside HTTP alone and Redis alone."""

from __future__ import annotations

from dataclasses import dataclass

from . import BenchError, wrk
from .contenders import Http, Load, metered, settled
from .measure import Result, measure
from .redis import Connection, Queue
from .sample import Sample, percentile
from .service import Stint
from .workloads import CAPTURE, Workload

STINT_ON_REDIS = "Stint on Redis"
XADD = "one XADD"


@dataclass
class Capturing:
    """The service, which queues; nobody drains."""

    stint: Stint
    load: Load
    queue: Queue
    name: str = STINT_ON_REDIS

    def takes(self, workload: Workload) -> bool:
        return True

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample:
        self.queue.clear()

        def press() -> Sample:
            return self.load.press(self.stint.url, [], workload, connections, seconds)

        sample = metered(press, self.stint.server, self.queue.redis.server.pid)
        queued = settled(self.queue.depth)
        if not sample.requests <= queued <= sample.requests + connections:
            raise BenchError(f"{workload.key}: {sample.requests} pings were answered, but {queued} are queued")
        return sample

    def fill(self, pings: int, connections: int) -> tuple[int, Sample]:
        """Queues so many pings with minutes, or somewhat more: how many there are, and how they were taken."""
        self.queue.clear()
        sample = wrk.run_until(
            lambda: self.queue.depth() >= pings,
            self.stint.url, [], CAPTURE["P2"], self.load.jobs, connections, self.load.threads,
        )
        self.stint.server.forget_log()
        return settled(self.queue.depth), sample


@dataclass
class RedisAlone:
    """The queue without the service: one connection that adds a ping's text and waits for the answer."""

    queue: Queue
    name: str = XADD

    def takes(self, workload: Workload) -> bool:
        return True

    def run(self, workload: Workload, connections: int, seconds: float) -> Sample:
        with Connection(self.queue.redis.port) as connection:
            took = connection.times(seconds, "XADD", "bench", "*", "ping", self.queue.newest())
            connection.ask("DEL", "bench")
        took.sort()
        return Sample(len(took), sum(took), percentile(took, 0.5) * 1e3, percentile(took, 0.99) * 1e3)


def rounds(capturings: list[Capturing], http: Http, chosen) -> tuple[list[Result], list[Result]]:
    """With many connections, and with one; the first of the services is the build that is measured."""
    capturing = capturings[0]
    workload = [CAPTURE["P1"]]
    throughput = measure([http, *capturings], workload, chosen.connections, chosen.rounds, chosen.seconds)
    capturing.run(*workload, connections=1, seconds=1)  # so that there is a ping to see the text of
    in_turn = [http, RedisAlone(capturing.queue), *capturings]
    latency = measure(in_turn, workload, 1, chosen.rounds, max(1, chosen.seconds / 2))
    capturing.queue.clear()
    return throughput, latency
