"""pgbench: the same SQL as one prepared statement per request, and nothing else."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from . import HERE, BenchError
from .sample import Sample, percentile
from .workloads import Script, Workload

# As long as what the service stores under an idempotency key.
_OUTCOME = '{"form":"time_entry/1","outcome":' + '"' + "x" * 330 + '"}'


class Pgbench:
    def __init__(self, program: Path, url: str, jobs: int, threads: int, folder: Path):
        self._program, self._url, self._jobs, self._threads, self._folder = program, url, jobs, threads, folder

    def best_clients(self, workload: Workload, candidates: list[int], seconds: float) -> int:
        """The number of clients with which Postgres does most."""
        return max(candidates, key=lambda clients: self.run(workload, clients, seconds).rate)

    def run(self, workload: Workload, clients: int, seconds: float) -> Sample:
        with TemporaryDirectory(dir=self._folder) as folder:
            scripts = []
            for script in workload.scripts:
                path = Path(folder) / f"{script.statement}.sql"
                path.write_text(text(script))
                scripts += ["--file", f"{path}@{script.weight}"]
            # Writes are few enough to log each; of the others one in ten, or the log itself would cost something.
            sampling = 1.0 if clients == 1 or workload.entries_per_request else 0.1
            pgbench = subprocess.run(
                [str(self._program), "--no-vacuum", "--protocol", "prepared", "--client", str(clients),
                 "--jobs", str(min(clients, self._threads)), "--time", str(max(1, round(seconds))),
                 "--define", f"jobs={self._jobs}", "--define", f"run={time.time_ns() // 10**6:012x}",
                 "--define", "n=100800000000", "--define", f"outcome={_OUTCOME}",
                 "--log", "--log-prefix", f"{folder}/log", "--sampling-rate", str(sampling), *scripts, self._url],
                capture_output=True, text=True, check=False,
            )
            if pgbench.returncode != 0:
                raise BenchError(f"pgbench failed: {pgbench.stderr.strip()}")
            return parse(pgbench.stdout, (log.read_text() for log in Path(folder).glob("log.*")))


def text(script: Script) -> str:
    return script.job + "\n" + (HERE / "pgbench" / f"{script.statement}.sql").read_text()


def parse(output: str, logs) -> Sample:
    """The summary, and the latencies from the logs: the third field of each line, in microseconds."""
    rate = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    done = re.search(r"^number of transactions actually processed: (\d+)", output, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", output, re.MULTILINE)
    if not rate or not done or int(done[1]) == 0:
        raise BenchError(f"pgbench printed no result: {output.strip()}")
    if failed and int(failed[1]):
        raise BenchError(f"{failed[1]} of pgbench's transactions failed")
    latencies = sorted(int(line.split()[2]) / 1e3 for log in logs for line in log.splitlines())
    if not latencies:
        raise BenchError("pgbench logged no transaction")
    requests = int(done[1])
    return Sample(requests, requests / float(rate[1]), percentile(latencies, 0.5), percentile(latencies, 0.99))
