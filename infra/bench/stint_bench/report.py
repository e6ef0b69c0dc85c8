"""Tables in Markdown and the same in JSON. What means nothing for a contender is shown as a dash."""

from __future__ import annotations

import statistics
from dataclasses import asdict

from .contenders import BARE_ASYNC, BARE_HTTP, BEFORE, BY_COOKIE, LOOP, PGBENCH, STINT_ON_POSTGRES, STINT_ON_SQLITE
from .measure import Result
from .sample import Sample, Spread, delays, per_ten_thousand, ratios, spread
from .workloads import Workload

DATABASE_ALONE = {BARE_ASYNC: PGBENCH, STINT_ON_POSTGRES: PGBENCH, STINT_ON_SQLITE: LOOP}
DASH = "–"


def throughput_table(results: list[Result]) -> str:
    header = [
        "workload", "who", "requests/s", "p50 ms", "p99 ms", "peak memory MB",
        "CPU s per 10,000: service", "database", "to the database alone", "to bare async", "to bare HTTP",
    ]
    rows = []
    for result in results:
        figures = summary(result, results)
        rows.append([
            f"{result.workload.key} {result.workload.title}", result.contender,
            number(figures["rate"].median, 0), number(figures["p50"].median, 2), number(figures["p99"].median, 2),
            number(figures["peak_memory"], 1, per=2**20),
            number(figures["service_cpu"], 2), number(figures["database_cpu"], 2),
            shown_spread(figures["to_database"]), shown_spread(figures["to_async"]),
            shown_spread(figures["to_http"], 3),
        ])
    return _table_of_what_was_measured(header, rows)


def latency_table(results: list[Result]) -> str:
    rows = []
    for result in results:
        figures = summary(result, results)
        rows.append([
            f"{result.workload.key} {result.workload.title}", result.contender,
            number(figures["p50"].median, 3), number(figures["p99"].median, 3),
            shown_spread(figures["delay"], 3), shown_spread(figures["async_delay"], 3),
        ])
    header = ["workload", "who", "p50 ms", "p99 ms", "p50 above the database alone, ms", "p50 above bare async, ms"]
    return _table_of_what_was_measured(header, rows)


def before_table(results: list[Result]) -> str:
    """How fast each build before was, and the new one beside it."""
    rows = [_compared(now.workload, now.contender, earlier, now.samples) for now, earlier in _beside(BEFORE, results)]
    return "The build before, in turn:\n\n" + table(["workload", "who", "before, requests/s", "now", "ratio"], rows)


def browsers_table(results: list[Result]) -> str:
    """How fast each service answers a token, and how fast the cookie of a session."""
    rows = [
        _compared(by_token.workload, by_token.contender, by_token.samples, by_cookie)
        for by_token, by_cookie in _beside(BY_COOKIE, results)
    ]
    header = ["workload", "who", "by token, requests/s", "by cookie", "ratio"]
    return "The cookie of a session instead of a token:\n\n" + table(header, rows)


def _beside(suffix: str, results: list[Result]) -> list[tuple[Result, list[Sample]]]:
    """Results, with the samples of whom has the same name with this suffix."""
    found = [(result, _samples_of(result.contender + suffix, result, results)) for result in results]
    return [(result, samples) for result, samples in found if samples]


def _compared(workload: Workload, who: str, base: list[Sample], other: list[Sample]) -> list[str]:
    rates = [statistics.median(sample.rate for sample in samples) for samples in (base, other)]
    return [
        f"{workload.key} {workload.title}", who, *(number(rate, 0) for rate in rates), shown_spread(ratios(other, base))
    ]


def summary(result: Result, all_results: list[Result]) -> dict[str, Spread | float | None]:
    """A result's figures: medians over its rounds, and ratios within them."""
    samples = result.samples
    database = _samples_of(DATABASE_ALONE.get(result.contender), result, all_results)
    http = _samples_of(BARE_HTTP if result.contender in DATABASE_ALONE else None, result, all_results)
    bare_async = _samples_of(BARE_ASYNC if result.contender == STINT_ON_POSTGRES else None, result, all_results)
    peaks = [sample.peak_memory for sample in samples if sample.peak_memory is not None]
    return {
        "rate": spread([sample.rate for sample in samples]),
        "p50": spread([sample.p50 for sample in samples]),
        "p99": spread([sample.p99 for sample in samples]),
        "peak_memory": max(peaks, default=None),
        "service_cpu": _cost(samples, "service_cpu"),
        "database_cpu": _cost(samples, "database_cpu"),
        "to_database": ratios(samples, database) if database else None,
        "to_async": ratios(samples, bare_async) if bare_async else None,
        "to_http": ratios(samples, http) if http else None,
        "delay": delays(samples, database) if database else None,
        "async_delay": delays(samples, bare_async) if bare_async else None,
    }


def as_json(results: list[Result]) -> list[dict]:
    return [
        {
            "workload": result.workload.key,
            "title": result.workload.title,
            "contender": result.contender,
            "summary": {
                name: asdict(figure) if isinstance(figure, Spread) else figure
                for name, figure in summary(result, results).items()
            },
            "samples": [asdict(sample) | {"rate": sample.rate} for sample in result.samples],
        }
        for result in results
    ]


def table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(figure: float | None, decimals: int, per: float = 1) -> str:
    return DASH if figure is None else f"{figure / per:,.{decimals}f}"


def shown_spread(figure: Spread | None, decimals: int = 2) -> str:
    if figure is None:
        return DASH
    return f"{figure.median:.{decimals}f} ({figure.least:.{decimals}f} to {figure.most:.{decimals}f})"


def _table_of_what_was_measured(header: list[str], rows: list[list[str]]) -> str:
    """Without columns of dashes: of limits that this run did not measure."""
    shown = [at for at in range(len(header)) if any(row[at] != DASH for row in rows)]
    return table([header[at] for at in shown], [[row[at] for at in shown] for row in rows])


def _samples_of(contender: str | None, beside: Result, results: list[Result]) -> list[Sample] | None:
    for result in results:
        if result.contender == contender and result.workload == beside.workload:
            return result.samples
    return None


def _cost(samples: list[Sample], name: str) -> float | None:
    costs = [per_ten_thousand(getattr(sample, name), sample.requests) for sample in samples]
    known = [cost for cost in costs if cost is not None]
    return statistics.median(known) if known else None
