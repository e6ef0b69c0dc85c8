"""`make bench`: every workload on both databases, beside what the databases, HTTP and a bare service do."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from . import capture, capture_report, machine, options, processes, redis, report, sqlite, stage, tools
from .bare import BareAsync, bare_async, bare_http, ensure_as_large
from .contenders import (
    BEFORE, STINT_ON_POSTGRES, STINT_ON_SQLITE, Browsers, Contender, Database, Http, Load, Loop, Service,
)
from .ledger import Ledger
from .measure import measure, say
from .pgbench import Pgbench
from .postgres import Postgres
from .service import AnswerSizes, Stint
from .tools import Programs
from .workloads import CAPTURE, WORKLOADS


def parse_options():
    parser = options.common("Measures Stint beside Postgres alone and HTTP alone.", rounds=5, seconds=5)
    parser.add_argument("--workloads", **options.workloads("W1,W2,W3,W4,W5,W6,W7,P1,P2,P3,P4", WORKLOADS | CAPTURE))
    parser.add_argument("--databases", type=options.databases, default="postgres,sqlite", metavar="NAME,NAME",
                        help="of the W ones (%(default)s)")
    parser.add_argument("--writers", type=options.numbers, default=[0, 16], metavar="N,N",
                        help="connections for writes alone of which bare async's best count is taken (0,16)")
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
            lines, tables, content = requests(postgres, programs, before, folder, ledger, chosen)
        if chosen.capture:
            figures = capture.measure(postgres, programs, before, folder, ledger, chosen)
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
    postgres: Postgres, programs: Programs, before: Path | None, folder: Path, ledger: Ledger, chosen
) -> tuple[list[str], list[str], dict]:
    """W1 to W7: what they showed, as lines, tables and JSON."""
    load = Load(chosen.jobs, chosen.threads)

    def service_on(database: str, program: Path = programs.stint, part: str = "", build: str = "") -> Service:
        if database == "postgres":
            return on_postgres(postgres, program, folder, ledger, load, "ledger" + part, build)
        return on_sqlite(program, folder, ledger, load, "sqlite" + part, build)

    with ExitStack() as stack:
        services, without = [], {}
        for database in chosen.databases:
            new = service_on(database)
            services.append(new)
            without[new.name] = new
            if before:
                services.append(service_on(database, before, "_before", BEFORE))
                # What others write would be in the way of one build, and not of the other.
                without[new.name] = service_on(database, part="_alone")
        for service in services:
            stack.enter_context(service.stint)
        idle = {service.name: processes.memory_bytes(service.stint.server.pid) for service in services}
        sizes = [service.stint.try_each_request() for service in services][0]
        contenders: list[Contender] = [Http(stack.enter_context(bare_http(programs.bare_http, sizes, folder)), load)]
        for service in services:
            if service.name in without:
                contenders.append(alone(without[service.name], postgres, folder, chosen))
            if service.name == STINT_ON_POSTGRES:
                contenders.append(peer(stack, without[service.name], programs, sizes, folder, chosen))
            contenders.append(service)
            if service.name in without:
                contenders.append(Browsers(service))
        throughput = measure(contenders, chosen.workloads, chosen.connections, chosen.rounds, chosen.seconds)
        latency = measure(contenders, chosen.workloads, 1, chosen.rounds, max(1, chosen.seconds / 2))
        for stint in {service.stint for service in [*services, *without.values()]}:
            stint.check_totals()
        clients = {key: count for it in contenders if isinstance(it, Database) for key, count in it.clients.items()}
        writers = {key: count for it in contenders if isinstance(it, BareAsync) for key, count in it.writers.items()}
        entries_at_end = {service.name: service.entries() for service in services}
    lines = [
        "- pgbench's best client counts: " + ", ".join(f"{key} {count}" for key, count in clients.items()),
        "- bare async's connections for writes alone: " + ", ".join(f"{key} {count}" for key, count in writers.items()),
        "- memory when idle: " + ", ".join(f"{name} {size / 2**20:.1f} MB" for name, size in idle.items()),
    ]
    tables = [
        f"{chosen.connections} keep-alive connections:\n\n{report.throughput_table(throughput)}",
        f"1 connection:\n\n{report.latency_table(latency)}",
    ]
    if any(workload.asked_by_browsers for workload in chosen.workloads):
        tables.append(report.browsers_table(throughput))
    if before:
        tables.append(report.before_table(throughput))
    return lines, tables, {
        "idle_memory": idle, "entries_at_end": entries_at_end, "pgbench_clients": clients, "bare_async_writers": writers,
        "throughput": report.as_json(throughput), "latency": report.as_json(latency),
    }


def on_postgres(
    postgres: Postgres, program: Path, folder: Path, ledger: Ledger, load: Load, name: str, build: str = ""
) -> Service:
    """A service on a loaded database of its own, not started."""
    url = postgres.create_database(name)
    stint = Stint(program, name, url, folder)
    stint.migrate()
    say(f"loading {ledger.entries:,} entries into Postgres")
    postgres.load(url, ledger)
    return Service(STINT_ON_POSTGRES + build, stint, load, lambda: postgres.entries_by_totals(url), postgres.pid, url)


def on_sqlite(program: Path, folder: Path, ledger: Ledger, load: Load, name: str, build: str) -> Service:
    path = folder / f"{name}.db"
    stint = Stint(program, name, f"sqlite://{path}", folder)
    stint.migrate()
    say(f"loading {ledger.entries:,} entries into SQLite")
    sqlite.load(path, ledger)
    return Service(STINT_ON_SQLITE + build, stint, load, lambda: sqlite.entries_by_totals(path), None, str(path))


def alone(service: Service, postgres: Postgres, folder: Path, chosen) -> Contender:
    """What works on the service's database without the service."""
    if service.database_pid is None:
        return Loop(Path(service.database), service.load.jobs, service.entries)
    program = Pgbench(postgres.bin / "pgbench", service.database, service.load.jobs, chosen.threads, folder)
    return Database(program, service.entries, postgres.pid, chosen.clients, max(1, chosen.seconds / 2))


def peer(
    stack: ExitStack, service: Service, programs: Programs, sizes: AnswerSizes, folder: Path, chosen
) -> Contender:
    """What answers as the service does, on the service's database, and does nothing else."""
    bares = {}
    for writers in chosen.writers:
        each = max(1, writers // machine.cores()) if writers else 0
        bares[writers] = stack.enter_context(bare_async(programs.bare_async, service.database, each, folder))
        ensure_as_large(sizes, bares[writers].try_each_request())
    return BareAsync(bares, service, max(1, chosen.seconds / 2))
