"""wrk: sends a workload's requests over keep-alive connections."""

from __future__ import annotations

import json
import os
import subprocess
import time

from . import HERE, BenchError
from .sample import Sample
from .workloads import Workload


def run(url: str, token: str, workload: Workload, jobs: int, connections: int, seconds: float, threads: int) -> Sample:
    environment = os.environ | {
        "BENCH_WORKLOAD": workload.key,
        "BENCH_TOKEN": token,
        "BENCH_JOBS": str(jobs),
        "BENCH_RUN": str(time.time_ns() // 1000),
    }
    wrk = subprocess.run(
        ["wrk", "--threads", str(min(threads, connections)), "--connections", str(connections),
         "--duration", f"{max(1, round(seconds))}s", "--timeout", "10s", "--script", str(HERE / "workload.lua"), url],
        env=environment, capture_output=True, text=True, check=False,
    )
    if wrk.returncode != 0:
        raise BenchError(f"wrk failed: {wrk.stderr.strip() or wrk.stdout.strip()}")
    return parse(wrk.stdout)


def parse(output: str) -> Sample:
    """The line that workload.lua prints at the end. A run with a failed request is no run."""
    lines = [line for line in output.splitlines() if line.startswith("BENCH ")]
    if len(lines) != 1:
        raise BenchError(f"wrk printed no result: {output.strip()}")
    result = json.loads(lines[0].removeprefix("BENCH "))
    if result["refused"] or result["broken"]:
        raise BenchError(
            f"{result['refused']} of {result['requests']} requests were refused (status 400 or more), "
            f"{result['broken']} broke off or timed out"
        )
    if result["requests"] == 0:
        raise BenchError("wrk got no answer at all")
    return Sample(result["requests"], result["microseconds"] / 1e6, result["p50"] / 1e3, result["p99"] / 1e3)
