"""Processes that a run starts, and what /proc tells of them: processor time and peak memory (so: Linux only)."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable

from . import BenchError

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """One below the range from which clients get theirs, so that a server that comes back finds it free still."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise BenchError("no port is free")


class Server:
    """A process that serves until it is stopped, or until this program dies. What it says goes to a file."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str] | None = None):
        self._log = log
        self._name = Path(command[0]).name
        with log.open("ab") as output:  # "a", so that the file can be emptied while the process goes on
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, env=environment,
            )
        self.pid = self._process.pid

    def wait_until(self, ready: Callable[[], bool], seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"{self._name} does not serve; its last words: {self.last_words()}")
            time.sleep(0.05)

    def ensure_alive(self) -> None:
        if self._process.poll() is not None:
            raise BenchError(f"{self._name} ended while it was measured; its last words: {self.last_words()}")

    def last_words(self) -> str:
        return self._log.read_text(errors="replace")[-2000:].strip() or "none"

    def forget_log(self) -> None:
        """A run may log gigabytes that nobody reads."""
        os.truncate(self._log, 0)

    def kill(self) -> None:
        """Ends it as a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def cpu_seconds(root: int) -> float:
    """Processor time of a process and all its descendants so far, those that have ended included."""
    return sum(_ticks(pid) for pid in tree(root)) / TICKS_PER_SECOND


def is_running(pid: int) -> bool:
    """Whether it has not ended, waited for or not."""
    stat = _stat(pid)
    return bool(stat) and stat[0] not in "ZX"


def reset_peak_memory(pid: int) -> None:
    """Lets the peak start again from what the process uses now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory_bytes(pid: int) -> int:
    return _status_bytes(pid, "VmHWM")


def memory_bytes(pid: int) -> int:
    return _status_bytes(pid, "VmRSS")


def _status_bytes(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"/proc/{pid}/status has no {field}")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on: the second, the name, may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended; its parent now holds its time
        return []


def _ticks(pid: int) -> int:
    return sum(int(field) for field in _stat(pid)[11:15])  # utime, stime, and those of children waited for


def tree(root: int) -> set[int]:
    parents = {int(entry): _stat(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()}
    tree, size = {root}, 0
    while len(tree) != size:
        size = len(tree)
        tree |= {pid for pid, stat in parents.items() if stat and int(stat[1]) in tree}
    return tree
