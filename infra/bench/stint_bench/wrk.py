"""wrk: sends a workload's requests over keep-alive connections."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import Callable

from . import HERE, BenchError
from .sample import Sample
from .workloads import Workload


def run(
    url: str, headers: list[str], workload: Workload, jobs: int, connections: int, seconds: float, threads: int
) -> Sample:
    wrk = _start(url, headers, workload, jobs, connections, f"{max(1, round(seconds))}s", threads)
    return _result(wrk)


def run_until(
    enough: Callable[[], bool], url: str, headers: list[str], workload: Workload, jobs: int, connections: int, threads: int
) -> Sample:
    wrk = _start(url, headers, workload, jobs, connections, "1h", threads)
    try:
        while not enough() and wrk.poll() is None:
            time.sleep(0.02)
        wrk.send_signal(signal.SIGINT)
        return _result(wrk)
    finally:
        wrk.kill()


def _start(
    url: str, headers: list[str], workload: Workload, jobs: int, connections: int, duration: str, threads: int
) -> subprocess.Popen:
    environment = os.environ | {
        "BENCH_WORKLOAD": workload.key,
        "BENCH_HEADERS": "\n".join(headers),
        "BENCH_JOBS": str(jobs),
        "BENCH_RUN": str(time.time_ns() // 1000),
    }
    return subprocess.Popen(
        ["wrk", "--threads", str(min(threads, connections)), "--connections", str(connections),
         "--duration", duration, "--timeout", "10s", "--script", str(HERE / "workload.lua"), url],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


def _result(wrk: subprocess.Popen) -> Sample:
    output, errors = wrk.communicate()
    if wrk.returncode != 0:
        raise BenchError(f"wrk failed: {errors.strip() or output.strip()}")
    return parse(output)


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
