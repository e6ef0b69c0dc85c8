"""Rounds: every contender runs every workload once in each, one after the other, and in the next the other way round."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from .contenders import Contender
from .sample import Sample
from .workloads import Workload


@dataclass
class Result:
    """All samples of one contender at one workload, by round."""

    workload: Workload
    contender: str
    samples: list[Sample] = field(default_factory=list)


def measure(
    contenders: list[Contender], workloads: list[Workload], connections: int, rounds: int, seconds: float
) -> list[Result]:
    """Workload by workload, so that the samples that are compared lie close together in time."""
    results = []
    for workload in workloads:
        taking = [contender for contender in contenders if contender.takes(workload)]
        of_workload = {contender.name: Result(workload, contender.name) for contender in taking}
        for contender in taking:
            contender.run(workload, connections, 1)  # warms caches and pools
        for turn in range(rounds):
            for contender in taking if turn % 2 == 0 else reversed(taking):
                sample = contender.run(workload, connections, seconds)
                of_workload[contender.name].samples.append(sample)
                say(
                    f"{workload.key} round {turn + 1}/{rounds}, {connections} connections, {contender.name}: "
                    f"{sample.rate:,.0f} requests/s, p50 {sample.p50:.3f} ms, p99 {sample.p99:.3f} ms"
                )
        results += of_workload.values()
    return results


def say(line: str) -> None:
    """Progress goes where it does not disturb the tables."""
    print(line, file=sys.stderr, flush=True)
