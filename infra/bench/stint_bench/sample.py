"""What one run of one contender showed, and how samples become figures."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Sample:
    """Latencies are in milliseconds. What has no meaning for a contender is None."""

    requests: int
    seconds: float
    p50: float
    p99: float
    service_cpu: float | None = None
    database_cpu: float | None = None
    peak_memory: int | None = None
    """Bytes, of the service."""

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    def with_costs(self, **costs: float | int | None) -> Sample:
        return replace(self, **costs)


@dataclass(frozen=True)
class Spread:
    """A figure over several rounds."""

    median: float
    least: float
    most: float


def spread(figures: list[float]) -> Spread:
    return Spread(statistics.median(figures), min(figures), max(figures))


def ratios(samples: list[Sample], limits: list[Sample]) -> Spread:
    """The ratio of the rates within each round: what the machine did in between two rounds is not in it."""
    return spread([sample.rate / limit.rate for sample, limit in zip(samples, limits, strict=True)])


def delays(samples: list[Sample], *limits: list[Sample]) -> Spread:
    """How much later half of the answers came than from the limits one after the other, within each round, in ms."""
    rounds = zip(samples, *limits, strict=True)
    return spread([sample.p50 - sum(limit.p50 for limit in of_round) for sample, *of_round in rounds])


def per_ten_thousand(cost: float | None, requests: int) -> float | None:
    return None if cost is None else cost * 10_000 / requests


def percentile(sorted_figures: list[float], share: float) -> float:
    """The smallest figure that at least this share of all does not exceed."""
    rank = max(1, -(-len(sorted_figures) * share // 1))  # rounded up
    return sorted_figures[int(rank) - 1]
