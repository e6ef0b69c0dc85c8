"""A private, durable Postgres that can be killed and comes back with what it had."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from stint_bench import ROOT, BenchError, processes
from stint_bench.processes import Server, free_port


class Postgres:
    """A server that lives as long as the `with` block. fsync is on, as it comes."""

    def __init__(self, folder: Path):
        self._data, self._log = folder / "postgres", folder / "postgres.log"
        self._port = free_port()
        self.url = f"postgres://stint@127.0.0.1:{self._port}/postgres"
        found = subprocess.run([str(ROOT / "infra/test/postgres-bin")], capture_output=True, text=True, check=True)
        self._bin = Path(found.stdout.strip())
        if not found.stdout.strip():
            raise BenchError("no Postgres server found; install: apt-get install postgresql")
        # Postgres refuses to run as root. The signal is set anew, because a change of user unsets it.
        owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "setpriv", "--pdeathsig", "INT"]
        self._as_owner = owner if os.geteuid() == 0 else []

    def __enter__(self) -> Postgres:
        self._data.mkdir(mode=0o700)
        if self._as_owner:
            shutil.chown(self._data, "postgres", "postgres")
        made = subprocess.run(
            [*self._as_owner, str(self._bin / "initdb"), "--pgdata", str(self._data), "--username", "stint", "--auth",
             "trust", "--encoding", "UTF8", "--locale", "C", "--no-instructions"],
            cwd=self._data, capture_output=True, text=True, check=False,
        )
        if made.returncode != 0:
            raise BenchError(f"initdb failed: {made.stderr.strip()}")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = Server(
            [*self._as_owner, str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self._port),
             "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "log_min_messages=fatal"],
            self._log,
        )
        self.server.wait_until(self._answers, seconds=60)

    def kill(self) -> None:
        """All of it at once, as when the machine fails: held still first, so that none of its processes is missed. It
        ends when all are gone, because a new server would refuse to start beside one that still has the memory."""
        os.kill(self.server.pid, signal.SIGSTOP)
        children = processes.tree(self.server.pid) - {self.server.pid}
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it had just ended
                pass
        self.server.kill()
        deadline = time.monotonic() + 30
        while any(processes.is_running(pid) for pid in children):
            if time.monotonic() > deadline:
                raise BenchError("Postgres does not die")
            time.sleep(0.01)

    def ask(self, sql: str) -> str:
        """What psql prints for these statements, bare."""
        psql = subprocess.run(
            [str(self._bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", self.url],
            input=sql, capture_output=True, text=True, check=False,
        )
        if psql.returncode != 0:
            raise BenchError(f"psql: {psql.stderr.strip()}")
        return psql.stdout.strip()

    def _answers(self) -> bool:
        asked = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port), "-U", "stint"]
        return subprocess.run(asked, check=False).returncode == 0
