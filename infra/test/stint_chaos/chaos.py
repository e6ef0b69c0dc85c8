"""`make chaos`: pings come in, something is killed every few seconds, and every ping that was taken counts once."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from zoneinfo import available_timezones

from stint_bench import BenchError, stage, tools
from stint_bench.measure import say
from stint_bench.service import Stint

from . import audit
from .expected import Token, differences, ledger_of
from .fleet import Fleet
from .system import System

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati")


def parse_options():
    parser = argparse.ArgumentParser(description="Shows that every ping that is taken counts once, whatever is killed.")
    parser.add_argument("--seconds", type=float, default=60, help="for how long pings come in (%(default)s)")
    parser.add_argument("--every", type=float, default=2, help="seconds between two kills, on average (%(default)s)")
    parser.add_argument("--down", type=float, default=0.5, help="seconds until it is started again (%(default)s)")
    parser.add_argument("--senders", type=int, default=16, help="of pings (%(default)s)")
    parser.add_argument("--rate", type=float, default=1000, help="pings a second that they try to send (%(default)s)")
    parser.add_argument("--jobs", type=int, default=8, help="(%(default)s)")
    parser.add_argument("--when-queue-is-down", choices=("refuse", "spool"), default="refuse", help="(%(default)s)")
    parser.add_argument("--abandoned-after", default="10s", help="the setting of that name (%(default)s)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="of everything that is drawn")
    parser.add_argument("--programs", type=Path, metavar="FOLDER",
                        help="take the program stint there, instead of building it")
    return parser.parse_args()


def main() -> None:
    stage.guarded(run, "chaos")


def run() -> None:
    chosen = parse_options()
    random.seed(chosen.seed)
    if missing := set(ZONES) - available_timezones():
        raise BenchError(f"this machine does not know {', '.join(sorted(missing))}; install: apt-get install tzdata")
    program = tools.stint(chosen.programs)
    with stage.scratch_folder() as folder, \
            System(program, folder, chosen.when_queue_is_down, chosen.abandoned_after) as system:
        jobs, tokens = prepare(system, chosen.jobs)
        urls = [service.url for service in system.services]
        fleet = Fleet(urls, tokens, list(jobs), chosen.senders, chosen.rate, chosen.seed)
        say(f"seed {chosen.seed}; {len(tokens)} streams of {len(jobs)} jobs")
        start = time.monotonic()
        fleet.start()
        disturb(system, fleet, start, chosen)
        fleet.stop()
        took = time.monotonic() - start
        system.ensure_alive()
        drained = system.await_empty_queue(seconds=180)
        say("counting")
        wrong = fleet.failures + check(system, fleet, jobs)

    print(f"{took:.0f} s, seed {chosen.seed}, while the queue is down: {chosen.when_queue_is_down}")
    print(f"pings taken: {len(fleet.acknowledged):,}; the queue was empty {drained:.1f} s after the last one")
    print("of the senders: " + ", ".join(f"{what} {count:,}" for what, count in sorted(fleet.counts.items())))
    print("killed: " + ", ".join(f"{kind} {count}" for kind, count in sorted(system.kills.items()))
          + f"; they took at most {system.slowest_return:.1f} s to start")
    if wrong:
        sys.exit("\n".join(["WRONG:", *wrong]))
    print("Every ping counts once; all totals are the sums of their entries; no ping was set aside.")


def prepare(system: System, count: int) -> tuple[dict[str, str], list[Token]]:
    """Jobs by name, each with a token of every time zone, made by one of the services; and as many tokens whose pings name
    one of all jobs each."""
    jobs, tokens = {}, []

    def make_tokens(service: Stint, path: str, job: str | None) -> None:
        for zone in ZONES:
            made = json.loads(service.send("POST", f"/api/v1{path}", {"name": zone, "time_zone": zone}))
            tokens.append(Token(made["secret"], job, zone, made["gap_seconds"]))

    for number in range(count):
        service, name = system.services[number % len(system.services)], f"Job {number}"
        jobs[name] = json.loads(service.send("POST", "/api/v1/jobs", {"name": name}))["id"]
        make_tokens(service, f"/jobs/{jobs[name]}/capture-tokens", jobs[name])
        make_tokens(service, "/capture-tokens", None)
    return jobs, tokens


def disturb(system: System, fleet: Fleet, start: float, chosen) -> None:
    for kind in system.kinds():
        pause = random.uniform(0, 2 * chosen.every)
        left = start + chosen.seconds - time.monotonic()
        if fleet.failures or left <= pause:
            time.sleep(max(0, left) if not fleet.failures else 0)
            return
        time.sleep(pause)
        system.ensure_alive()
        done = system.kill_one(kind, random.uniform(0, 2 * chosen.down))
        say(f"{time.monotonic() - start:.0f} s: {done}; {len(fleet.acknowledged):,} pings taken")


def check(system: System, fleet: Fleet, jobs: dict[str, str]) -> list[str]:
    service = system.services[0]
    wrong = differences(ledger_of(fleet.acknowledged, jobs), audit.found(service, list(jobs.values())))
    dead = json.loads(service.run("pings", "dead", "--json"))
    if dead:
        wrong.append(f"{len(dead)} pings were set aside, such as {dead[0]}")
    try:
        service.check_totals()
    except BenchError as error:
        wrong.append(str(error))
    return wrong
