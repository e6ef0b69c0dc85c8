"""What a run can be told, and what `--quick` means."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from .workloads import WORKLOADS, Workload


def common(description: str, rounds: int, seconds: float) -> argparse.ArgumentParser:
    """What both commands understand."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds, help="runs of each contender (%(default)s)")
    parser.add_argument("--seconds", type=float, default=seconds, help="length of each run (%(default)s)")
    parser.add_argument("--connections", type=int, default=64, help="keep-alive connections (%(default)s)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                        help="threads of wrk and of pgbench (%(default)s: one per core)")
    parser.add_argument("--clients", type=numbers, default=[4, 8, 16, 32, 64], metavar="N,N",
                        help="client counts of which pgbench's best is taken (4,8,16,32,64)")
    parser.add_argument("--output", type=Path, help="where the JSON goes (target/bench/TIME.json)")
    parser.add_argument("--programs", type=Path, metavar="FOLDER",
                        help="measure the programs stint, examples/bare_http and examples/bare_async there, and build none")
    parser.add_argument("--install", action="store_true", help="as root on Debian: install what is missing")
    parser.add_argument("--quick", action="store_true",
                        help="little data, short runs: shows that everything works, and nothing else")
    return parser


def workloads(default: str, among: dict[str, Workload] = WORKLOADS) -> dict:
    """The argument that picks workloads."""
    return {"type": lambda text: [workload(key, among) for key in text.split(",")], "default": default,
            "metavar": "W1,W2", "help": f"of {', '.join(among)} (%(default)s)"}


def workload(key: str, among: dict[str, Workload] = WORKLOADS) -> Workload:
    if key not in among:
        raise argparse.ArgumentTypeError(f"{key} is none of {', '.join(among)}")
    return among[key]


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def databases(text: str) -> list[str]:
    chosen = text.split(",")
    for name in chosen:
        if name not in ("postgres", "sqlite"):
            raise argparse.ArgumentTypeError(f"{name} is neither postgres nor sqlite")
    return chosen
