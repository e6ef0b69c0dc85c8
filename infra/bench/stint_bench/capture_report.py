"""What is measured of capture, as tables in Markdown and as JSON."""

from __future__ import annotations

from dataclasses import asdict

from . import report
from .capture import Figures
from .contenders import BARE_HTTP, BEFORE
from .drain import Drained, Memory, Rounds
from .measure import Result
from .pings import STINT_ON_REDIS, XADD
from .report import DASH, number, shown_spread, table
from .sample import Spread, delays, per_ten_thousand, percentile, ratios, spread


def as_markdown(figures: Figures, connections: int) -> str:
    parts = []
    if figures.throughput:
        parts += [f"P1, {connections} keep-alive connections:", throughput_table(figures.throughput)]
        if any(result.contender.endswith(BEFORE) for result in figures.throughput):
            parts.append(report.before_table(figures.throughput))
    if figures.latency:
        parts += ["P1, 1 connection:", latency_table(figures.latency)]
    if figures.drain:
        parts += ["P2:", drain_table(figures.drain)]
    if figures.lags:
        parts += ["P3, milliseconds from ping to total:", lag_table(figures.lags)]
    if figures.memory:
        memory = figures.memory
        parts += [
            f"P4, {memory.queued:,} queued pings, taken at {memory.taken_rate:,.0f} a second with {memory.tokens:,} tokens "
            f"and drained at {memory.drained.rate:,.0f}:", memory_table(memory),
        ]
    return "\n\n".join(parts)


def as_json(figures: Figures) -> dict:
    content = {"redis": figures.redis}
    for name in ("throughput", "latency"):
        if results := getattr(figures, name):
            content[name] = report.as_json(results)
    if figures.throughput:
        content["to_http"] = asdict(to_http(figures.throughput))
    if figures.latency:
        content["above_http_and_xadd"] = asdict(above_http_and_xadd(figures.latency))
    if figures.drain:
        rates = {
            name: [asdict(run) | {"rate": run.rate} for run in getattr(figures.drain, name)]
            for name in ("worker", "alone")
        }
        content["drain"] = rates | {"to_alone": asdict(to_alone(figures.drain))}
    if figures.lags:
        content["lags"] = figures.lags
    if figures.memory:
        content["memory"] = asdict(figures.memory)
    return content


def to_http(results: list[Result]) -> Spread:
    return ratios(_samples(results, STINT_ON_REDIS), _samples(results, BARE_HTTP))


def above_http_and_xadd(results: list[Result]) -> Spread:
    return delays(*(_samples(results, name) for name in (STINT_ON_REDIS, BARE_HTTP, XADD)))


def to_alone(rounds: Rounds) -> Spread:
    return spread([worker.rate / alone.rate for worker, alone in zip(rounds.worker, rounds.alone, strict=True)])


def throughput_table(results: list[Result]) -> str:
    rows = []
    for result in results:
        figures = report.summary(result, results)
        rows.append([
            result.contender, number(figures["rate"].median, 0), number(figures["p50"].median, 2),
            number(figures["p99"].median, 2), number(figures["peak_memory"], 1, per=2**20),
            number(figures["service_cpu"], 2), number(figures["database_cpu"], 2),
            shown_spread(to_http(results)) if result.contender == STINT_ON_REDIS else DASH,
        ])
    header = [
        "who", "pings/s", "p50 ms", "p99 ms", "peak memory MB", "CPU s per 10,000: service", "Redis", "to bare HTTP",
    ]
    return table(header, rows)


def latency_table(results: list[Result]) -> str:
    rows = []
    for result in results:
        figures = report.summary(result, results)
        is_ours = result.contender == STINT_ON_REDIS
        rows.append([
            result.contender, number(figures["p50"].median, 3), number(figures["p99"].median, 3),
            shown_spread(above_http_and_xadd(results), 3) if is_ours else DASH,
        ])
    return table(["who", "p50 ms", "p99 ms", "p50 above bare HTTP and one XADD, ms"], rows)


def drain_table(rounds: Rounds) -> str:
    def row(who: str, runs: list[Drained], ratio: str) -> list[str]:
        def cost(name: str) -> str:
            costs = [per_ten_thousand(getattr(run, name), run.pings) for run in runs]
            return DASH if None in costs else number(spread(costs).median, 2)

        peaks = [run.peak_memory for run in runs]
        peak = DASH if None in peaks else number(max(peaks), 1, per=2**20)
        rate = number(spread([run.rate for run in runs]).median, 0)
        return [who, rate, peak, cost("worker_cpu"), cost("database_cpu"), ratio]

    return table(
        ["who", "pings/s", "peak memory MB", "CPU s per 10,000: worker", "Postgres", "to Postgres alone"],
        [row("Postgres alone", rounds.alone, DASH), row("one worker", rounds.worker, shown_spread(to_alone(rounds)))],
    )


def lag_table(lags: dict[str, list[float]]) -> str:
    rows = [
        [who, str(len(of)), number(percentile(of, 0.5), 1), number(percentile(of, 0.99), 1), number(of[-1], 1)]
        for who, of in lags.items()
    ]
    return table(["on", "pings", "p50", "p99", "longest"], rows)


def memory_table(memory: Memory) -> str:
    rows = [
        ["service, at most while it queued them", memory.service_peak],
        ["service, afterwards", memory.service_after],
        ["Redis", memory.redis],
        ["worker, at most while it drained them", memory.worker_peak],
    ]
    return table(["who", "MB"], [[who, number(size, 1, per=2**20)] for who, size in rows])


def _samples(results: list[Result], contender: str):
    return next(result.samples for result in results if result.contender == contender)
