"""The figures of capture: a service, its worker, a durable Postgres and a Redis, and what each can do alone."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from . import drain, lag, pings
from .bare import bare_http
from .contenders import BEFORE, Http, Load
from .ledger import FIRST_JOB, Ledger
from .measure import Result, say
from .pgbench import Pgbench
from .pings import Capturing
from .postgres import Postgres
from .redis import Queue, Redis
from .service import AnswerSizes, Stint, Worker
from .tools import Programs

TOKENS = 500
"""How many send the pings of P1, all of them remembered by the service."""


@dataclass(frozen=True)
class Figures:
    """None where it was not asked for."""

    redis: str
    throughput: list[Result] | None = None
    latency: list[Result] | None = None
    drain: drain.Rounds | None = None
    lags: dict[str, list[float]] | None = None
    memory: drain.Memory | None = None


def measure(
    postgres: Postgres, programs: Programs, before: Path | None, folder: Path, ledger: Ledger, chosen
) -> Figures:
    wanted = {workload.key for workload in chosen.capture}
    figures = {}
    with ExitStack() as stack:
        redis = stack.enter_context(Redis(folder, "everysec"))
        url = postgres.create_database("capture")
        settings = {"STINT_REDIS__URL": redis.url}
        stint = Stint(programs.stint, "capture", url, folder, settings)
        stint.migrate()
        say(f"loading {ledger.entries:,} entries and {ledger.jobs:,} capture tokens into Postgres")
        postgres.load(url, ledger)
        postgres.ask(url, tokens_sql(ledger))
        stack.enter_context(stint)
        queue = Queue(redis)

        def capturing(tokens: int) -> Capturing:
            return Capturing(stint, Load(min(tokens, ledger.jobs), chosen.threads), queue)

        drained = drain.Drain(
            capturing(ledger.jobs), lambda: postgres.entries_by_totals(url), postgres.pid, folder, chosen.connections
        )
        if "P1" in wanted:
            bare = stack.enter_context(bare_http(programs.bare_http, sizes(stint), folder))
            http = Http(bare, Load(TOKENS, chosen.threads))
            capturings = [capturing(TOKENS)]
            if before:
                capturings.append(earlier(stack, postgres, before, folder, settings, ledger, queue, chosen))
            figures["throughput"], figures["latency"] = pings.rounds(capturings, http, chosen)
        if "P2" in wanted:
            program = Pgbench(postgres.bin / "pgbench", url, ledger.jobs, chosen.threads, folder)
            figures["drain"] = drain.rounds(drained, drain.Alone(program, postgres.pid), chosen)
        if "P4" in wanted:
            figures["memory"] = drain.memory(drained, chosen)
        if "P3" in wanted:
            figures["lags"] = {}
            with Worker(stint, "worker", folder):
                figures["lags"]["Postgres, Redis and a worker"] = lag.lags(stint, chosen.samples)
            with embedded(programs.stint, folder) as alone:
                figures["lags"]["SQLite, one process"] = lag.lags(alone, chosen.samples)
                alone.check_totals()
        stint.check_totals()
        return Figures(redis=f"{redis.version}; {redis.settings}", **figures)


def earlier(
    stack: ExitStack, postgres: Postgres, program: Path, folder: Path, settings: dict[str, str], ledger: Ledger,
    queue: Queue, chosen,
) -> Capturing:
    """An earlier build, with the same tokens in a database of its own, and the same Redis."""
    url = postgres.create_database("capture_before")
    stint = Stint(program, "capture_before", url, folder, settings)
    stint.migrate()
    postgres.load(url, ledger)
    postgres.ask(url, tokens_sql(ledger))
    stack.enter_context(stint)
    return Capturing(stint, Load(min(TOKENS, ledger.jobs), chosen.threads), queue, pings.STINT_ON_REDIS + BEFORE)


def embedded(program: Path, folder: Path) -> Stint:
    """A service that needs no server, and logs its pings itself."""
    stint = Stint(program, "lag", f"sqlite://{folder / 'lag.db'}", folder)
    stint.migrate()
    return stint


def sizes(stint: Stint) -> AnswerSizes:
    """The answer to a ping, where bare HTTP answers as to a look-up of a job."""
    secret = stint.capture_token(f"01900000-0000-7000-8000-{FIRST_JOB}")
    return AnswerSizes(job=len(stint.send("GET", f"/ping/{secret}")), page=0, entry=0, batch=0)


def tokens_sql(ledger: Ledger) -> str:
    """A capture token for each job, whose secret has the job's number."""
    return f"""
    INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at,
                        capture_target, capture_job, capture_zone, capture_gap)
    SELECT ('01900000-0000-7000-9000-' || n)::uuid, 'Token ' || n, 'bench', 'capture',
           sha256(('00000000-0000-4000-8000-' || n)::bytea), now(),
           'job', ('01900000-0000-7000-8000-' || n)::uuid, 'UTC', 900
      FROM generate_series({FIRST_JOB}, {FIRST_JOB + ledger.jobs - 1}) AS n;
    VACUUM (ANALYZE) tokens;
    """
