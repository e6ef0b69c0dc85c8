"""`make bench-growth`: the same workloads on ledgers of 10 thousand, 1 million and 10 million entries, on Postgres."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from . import machine, options, report, stage, tools
from .bench import alone, on_postgres
from .contenders import Load, Service
from .ledger import Ledger
from .measure import Result, measure, say
from .postgres import Postgres

# Every job has the 50 entries that W2 reads, so that only the ledger's size differs.
LEDGERS = (
    Ledger(jobs=200, entries=10_000),
    Ledger(jobs=10_000, entries=1_000_000),
    Ledger(jobs=80_000, entries=10_000_000, large_jobs=2, entries_per_large_job=1_000_000),
)
QUICK_LEDGERS = (
    Ledger(jobs=100, entries=5_000),
    Ledger(jobs=500, entries=50_000, large_jobs=2, entries_per_large_job=10_000),
)


def parse_options():
    parser = options.common("Shows whether the ledger's size costs anything.", rounds=5, seconds=5)
    parser.add_argument("--workloads", **options.workloads("W1,W2,W2H,W3,W4"))
    parser.add_argument("--largest", type=int, default=10_000_000, metavar="ENTRIES",
                        help="leave larger ledgers out (%(default)s)")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.clients = 2, 1, [8, 16]
    return chosen


def main() -> None:
    stage.guarded(run)


def run() -> None:
    chosen = parse_options()
    tools.ensure_installed(chosen.install)
    program = tools.stint(chosen.programs)
    ledgers = [each for each in (QUICK_LEDGERS if chosen.quick else LEDGERS) if each.entries <= chosen.largest]
    with stage.scratch_folder() as folder, Postgres(folder) as postgres:
        described = machine.describe(folder, postgres.version)
        steps = [step(ledger, postgres, program, folder, chosen) for ledger in ledgers]
    path = stage.write_json(chosen, {
        "machine": described,
        "ledgers": [
            {"jobs": ledger.jobs, "entries": ledger.entries, "entries_per_large_job": ledger.entries_per_large_job,
             "bytes": sizes, "results": report.as_json(results)}
            for ledger, sizes, results in steps
        ],
    })
    if chosen.quick:
        print("A quick run: it shows that everything works; its figures mean nothing.\n")
    print(machine.as_markdown(described))
    print(f"\n{sizes_table(steps)}")
    for ledger, _, results in steps:
        print(f"\n{ledger.entries:,} entries, {chosen.connections} connections:\n\n{report.throughput_table(results)}")
    say(f"All totals are the sums of their entries. Everything as JSON: {path}")


def step(
    ledger: Ledger, postgres: Postgres, program: Path, folder: Path, chosen
) -> tuple[Ledger, dict[str, int], list[Result]]:
    """One ledger in a database of its own: how large it is when loaded, and what it bears."""
    name = f"ledger_{ledger.entries}"
    with ExitStack() as stack:
        load = Load(ledger.jobs, chosen.threads)
        service: Service = on_postgres(postgres, program, folder, ledger, load, name)
        stack.enter_context(service.stint)
        sizes = postgres.sizes(service.database)
        contenders = [alone(service, postgres, folder, chosen), service]
        results = measure(contenders, chosen.workloads, chosen.connections, chosen.rounds, chosen.seconds)
        service.stint.check_totals()
    postgres.drop_database(name)  # its pages would crowd the next one's out of memory
    return ledger, sizes, results


def sizes_table(steps) -> str:
    header = ["entries", "jobs", "in the largest job", "jobs MB", "its indexes", "time_entries MB", "its indexes"]
    rows = [
        [f"{ledger.entries:,}", f"{ledger.jobs:,}",
         f"{ledger.entries_per_large_job or ledger.entries // ledger.jobs:,}",
         *(report.number(size, 1, per=2**20) for size in sizes.values())]
        for ledger, sizes, _ in steps
    ]
    return report.table(header, rows)
