"""`make bench`: every workload on both databases, beside the limits that the databases and HTTP set."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from . import capture, capture_report, machine, options, processes, redis, report, sqlite, stage, tools
from .contenders import BEFORE, STINT_ON_POSTGRES, STINT_ON_SQLITE, Contender, Database, Http, Load, Loop, Service
from .ledger import Ledger
from .measure import measure, say
from .pgbench import Pgbench
from .postgres import Postgres
from .service import BareHttp, Stint
from .workloads import CAPTURE, WORKLOADS


def parse_options():
    parser = options.common("Measures Stint beside Postgres alone and HTTP alone.", rounds=5, seconds=5)
    parser.add_argument("--workloads", **options.workloads("W1,W2,W3,W4,W5,W6,W7,P1,P2,P3,P4", WORKLOADS | CAPTURE))
    parser.add_argument("--databases", type=options.databases, default="postgres,sqlite", metavar="NAME,NAME",
                        help="of the W ones (%(default)s)")
    parser.add_argument("--jobs", type=int, default=10_000, help="in the ledger at the start (%(default)s)")
    parser.add_argument("--entries-per-job", type=int, default=100, help="(%(default)s)")
    parser.add_argument("--pings", type=int, default=200_000, help="that P2 drains in each round (%(default)s)")
    parser.add_argument("--samples", type=int, default=200, help="pings of P3 (%(default)s)")
    parser.add_argument("--queued", type=int, default=1_000_000, help="pings of P4 (%(default)s)")
    parser.add_argument("--before", type=Path, metavar="FILE",
                        help="an earlier build of stint: measured right after the new one at W1 to W7 and P1")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.jobs, chosen.clients = 2, 1, 500, [8, 16]
        chosen.pings, chosen.samples, chosen.queued = 20_000, 20, 50_000
    chosen.capture = [workload for workload in chosen.workloads if workload.key in CAPTURE]
    chosen.workloads = [workload for workload in chosen.workloads if workload.key in WORKLOADS]
    return chosen


def main() -> None:
    stage.guarded(run)


def run() -> None:
    chosen = parse_options()
    tools.ensure_installed(chosen.install)
    if chosen.capture:
        redis.program()  # better missed now than in half an hour
    programs = tools.release(chosen.programs)
    before = tools.there(chosen.before) if chosen.before else None
    ledger = Ledger(chosen.jobs, chosen.jobs * chosen.entries_per_job)
    with stage.scratch_folder() as folder, Postgres(folder) as postgres:
        described = machine.describe(folder, postgres.version)
        lines, tables, content = [], [], {}
        if chosen.workloads:
            lines, tables, content = requests(postgres, *programs, before, folder, ledger, chosen)
        if chosen.capture:
            figures = capture.measure(postgres, *programs, before, folder, ledger, chosen)
            lines.append(f"- Redis: {figures.redis}")
            tables.append(capture_report.as_markdown(figures, chosen.connections))
            content["capture"] = capture_report.as_json(figures)

    path = stage.write_json(chosen, {"machine": described, **content})
    if chosen.quick:
        print("A quick run: it shows that everything works; its figures mean nothing.\n")
    print(machine.as_markdown(described))
    print(f"- {chosen.rounds} rounds of {chosen.seconds:g} s, {ledger.jobs:,} jobs, {ledger.entries:,} entries at the start")
    print("\n".join(lines))
    print("\n" + "\n\n".join(tables))
    say(f"All totals are the sums of their entries. Everything as JSON: {path}")


def requests(
    postgres: Postgres, stint_program: Path, bare_program: Path, before: Path | None, folder: Path, ledger: Ledger, chosen
) -> tuple[list[str], list[str], dict]:
    """W1 to W7: what they showed, as lines, tables and JSON."""
    with ExitStack() as stack:
        load = Load(chosen.jobs, chosen.threads)
        services = []
        builds = [(stint_program, "")] + ([(before, BEFORE)] if before else [])
        for database in chosen.databases:
            for program, build in builds:
                if database == "postgres":
                    services.append(on_postgres(stack, postgres, program, folder, ledger, load, build=build))
                else:
                    services.append(on_sqlite(stack, program, folder, ledger, load, build))
        idle = {service.name: processes.memory_bytes(service.stint.server.pid) for service in services}
        sizes = [service.stint.try_each_request() for service in services][0]
        bare = stack.enter_context(BareHttp(bare_program, sizes, folder))
        # What the databases alone write would be in the way of one build, and not of the other.
        apart = (lambda service: another(service, postgres, stint_program, folder, ledger)) if before else None
        contenders = in_turn(services, Http(bare, load), postgres, folder, chosen, apart)
        throughput = measure(contenders, chosen.workloads, chosen.connections, chosen.rounds, chosen.seconds)
        latency = measure(contenders, chosen.workloads, 1, chosen.rounds, max(1, chosen.seconds / 2))
        for service in services:
            service.stint.check_totals()
        clients = {key: count for it in contenders if isinstance(it, Database) for key, count in it.clients.items()}
        entries_at_end = {service.name: service.entries() for service in services}
    lines = [
        "- pgbench's best client counts: " + ", ".join(f"{key} {count}" for key, count in clients.items()),
        "- memory when idle: " + ", ".join(f"{name} {size / 2**20:.1f} MB" for name, size in idle.items()),
    ]
    tables = [
        f"{chosen.connections} keep-alive connections:\n\n{report.throughput_table(throughput)}",
        f"1 connection:\n\n{report.latency_table(latency)}",
    ]
    if before:
        tables.append(report.before_table(throughput))
    return lines, tables, {
        "idle_memory": idle, "entries_at_end": entries_at_end, "pgbench_clients": clients,
        "throughput": report.as_json(throughput), "latency": report.as_json(latency),
    }


def on_postgres(
    stack: ExitStack, postgres: Postgres, program: Path, folder: Path, ledger: Ledger, load: Load, name: str = "ledger",
    build: str = "",
) -> Service:
    """A service on a loaded database of its own."""
    stint, url = loaded_postgres(postgres, program, folder, ledger, f"{name}_before" if build else name)
    stack.enter_context(stint)
    return Service(
        STINT_ON_POSTGRES + build, stint, load, lambda: postgres.entries_by_totals(url), postgres.pid, url
    )


def loaded_postgres(
    postgres: Postgres, program: Path, folder: Path, ledger: Ledger, name: str
) -> tuple[Stint, str]:
    url = postgres.create_database(name)
    stint = Stint(program, name, url, folder)
    stint.migrate()
    say(f"loading {ledger.entries:,} entries into Postgres")
    postgres.load(url, ledger)
    return stint, url


def on_sqlite(stack: ExitStack, program: Path, folder: Path, ledger: Ledger, load: Load, build: str) -> Service:
    stint, path = loaded_sqlite(program, folder, ledger, "sqlite_before" if build else "sqlite")
    stack.enter_context(stint)
    return Service(STINT_ON_SQLITE + build, stint, load, lambda: sqlite.entries_by_totals(path), None, str(path))


def loaded_sqlite(program: Path, folder: Path, ledger: Ledger, name: str) -> tuple[Stint, Path]:
    path = folder / f"{name}.db"
    stint = Stint(program, name, f"sqlite://{path}", folder)
    stint.migrate()
    say(f"loading {ledger.entries:,} entries into SQLite")
    sqlite.load(path, ledger)
    return stint, path


def in_turn(
    services: list[Service], http: Http, postgres: Postgres, folder: Path, chosen,
    apart: Callable[[Service], tuple[str, Callable[[], int]]] | None = None,
) -> list[Contender]:
    """Each service right after the limit of its database; an earlier build right after the new one."""
    contenders: list[Contender] = [http]
    for service in services:
        if not service.name.endswith(BEFORE):
            database, entries = apart(service) if apart else (service.database, service.entries)
            contenders.append(alone(service, database, entries, postgres, folder, chosen))
        contenders.append(service)
    return contenders


def another(
    service: Service, postgres: Postgres, program: Path, folder: Path, ledger: Ledger
) -> tuple[str, Callable[[], int]]:
    """Another database with the content of the service's, and how to count its entries."""
    if service.database_pid is None:
        _, path = loaded_sqlite(program, folder, ledger, "sqlite_alone")
        return str(path), lambda: sqlite.entries_by_totals(path)
    _, url = loaded_postgres(postgres, program, folder, ledger, "alone")
    return url, lambda: postgres.entries_by_totals(url)


def alone(
    service: Service, database: str, entries: Callable[[], int], postgres: Postgres, folder: Path, chosen
) -> Contender:
    """A database of this service's kind, without the service."""
    if service.database_pid is None:
        return Loop(Path(database), service.load.jobs, entries)
    program = Pgbench(postgres.bin / "pgbench", database, service.load.jobs, chosen.threads, folder)
    return Database(program, entries, postgres.pid, chosen.clients, max(1, chosen.seconds / 2))
