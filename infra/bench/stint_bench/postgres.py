"""A private, durable Postgres: started, loaded and weighed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from . import ROOT, BenchError
from .ledger import FIRST_JOB, MINUTES, SUMMARY, Ledger

# Prints where the server is, and keeps it until our end of a pipe closes, even if that is because we are killed.
_HOLD = 'printf "%s\\n" "$STINT_TEST_DATABASE_URL" "$STINT_TEST_POSTGRES_BIN"; exec cat <&{pipe} >/dev/null'


class Postgres:
    """A server that lives as long as the `with` block, in a temporary folder."""

    def __init__(self, folder: Path):
        self._folder = folder

    def __enter__(self) -> Postgres:
        environment = {name: value for name, value in os.environ.items() if name != "STINT_TEST_DATABASE_URL"}
        environment["TMPDIR"] = str(self._folder)
        held, self._hold = os.pipe()
        self._holder = subprocess.Popen(
            [str(ROOT / "infra/test/with-servers"), "--durable", "--only", "postgres",
             "bash", "-c", _HOLD.format(pipe=held)],
            stdout=subprocess.PIPE, text=True, env=environment, pass_fds=[held],
        )
        os.close(held)
        self._url = self._holder.stdout.readline().strip()
        self.bin = Path(self._holder.stdout.readline().strip())
        if not self._url:
            raise BenchError("the private Postgres did not start")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if self.ask(self._url, f"SHOW {setting}") != "on":
                raise BenchError(f"{setting} is off: commits are not durable")
        data = Path(self.ask(self._url, "SHOW data_directory"))
        self.pid = int((data / "postmaster.pid").read_text().split()[0])
        self.version = self.ask(self._url, "SHOW server_version")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._hold)
        self._holder.wait(timeout=120)

    def create_database(self, name: str) -> str:
        """Creates an empty database and returns its URL."""
        self.ask(self._url, f"CREATE DATABASE {name}")
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    def drop_database(self, name: str) -> None:
        self.ask(self._url, f"DROP DATABASE {name}")

    def ask(self, url: str, sql: str) -> str:
        """What psql prints for these statements, bare."""
        psql = subprocess.run(
            [str(self.bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url],
            input=sql, capture_output=True, text=True, check=False,
        )
        if psql.returncode != 0:
            raise BenchError(f"psql: {psql.stderr.strip()}")
        return psql.stdout.strip()

    def load(self, url: str, ledger: Ledger) -> None:
        """Fills the empty tables."""
        self.ask(url, load_sql(ledger))

    def entries_by_totals(self, url: str) -> int:
        """How many entries the jobs' totals say there are."""
        return int(self.ask(url, f"SELECT sum(total_minutes)::bigint / {MINUTES} FROM jobs"))

    def sizes(self, url: str) -> dict[str, int]:
        """Bytes on disk."""
        answer = self.ask(
            url,
            """SELECT pg_table_size('jobs'), pg_indexes_size('jobs'),
                      pg_table_size('time_entries'), pg_indexes_size('time_entries')""",
        )
        return dict(zip(("jobs", "jobs_indexes", "time_entries", "time_entries_indexes"), map(int, answer.split("|"))))


def load_sql(ledger: Ledger) -> str:
    """Entries first, in order of time and so interleaved over the jobs; then the jobs with their sums."""
    large = ledger.entries_in_large_jobs
    return f"""
    SET synchronous_commit = off;
    SET session_replication_role = replica; -- the foreign key holds by construction; checking each row takes minutes
    INSERT INTO time_entries
        (id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at)
    SELECT ('01910000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           ('01900000-0000-7000-8000-' || ({FIRST_JOB} + CASE
               WHEN n < {large} THEN n % {max(ledger.large_jobs, 1)}
               ELSE {ledger.large_jobs} + n % {ledger.jobs - ledger.large_jobs}
           END)::text)::uuid,
           {MINUTES}, DATE '2025-01-01' + (n * 365 / {ledger.entries})::int, '{SUMMARY}', 'bench', 0, now(), now()
      FROM generate_series(0::bigint, {ledger.entries - 1}) AS n;
    INSERT INTO jobs (id, name, name_folded, status, total_minutes, version, created_at, updated_at)
    SELECT id, 'Job ' || n, 'job ' || n, 'open', coalesce(minutes, 0), 0, now(), now()
      FROM (SELECT ('01900000-0000-7000-8000-' || n::text)::uuid AS id, n
              FROM generate_series({FIRST_JOB}, {FIRST_JOB + ledger.jobs - 1}) AS n) AS job
      LEFT JOIN (SELECT related_job, sum(minutes_worked) AS minutes FROM time_entries GROUP BY related_job) AS total
        ON related_job = id
     ORDER BY id;
    VACUUM (ANALYZE) jobs;
    VACUUM (ANALYZE) time_entries;
    CHECKPOINT;
    """
