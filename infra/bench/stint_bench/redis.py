"""A private Redis, as much of its protocol as measuring takes, and the queue of pings in it."""

from __future__ import annotations

import os
import shutil
import socket
import time
from pathlib import Path

from . import BenchError
from .processes import Server, free_port

PINGS = "stint:{pings}"
"""Where the service queues pings."""

SETTINGS = {
    "everysec": "appendonly yes, appendfsync everysec, no snapshots, no rewriting of its file during a run",
    "always": "appendonly yes, appendfsync always, no snapshots, no rewriting of its file during a run",
}


class Redis:
    """A server that lives as long as the `with` block. `appendfsync` says when what is written reaches the disk."""

    def __init__(self, folder: Path, appendfsync: str):
        self._folder, self._log = folder / "redis", folder / "redis.log"
        self._appendfsync = appendfsync
        self.settings = SETTINGS[appendfsync]
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Redis:
        self._folder.mkdir()
        self.start()
        with Connection(self.port) as connection:
            self.version = info(connection, "server")["redis_version"]
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server = Server(
            [program(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder),
             "--loglevel", "warning", "--save", "", "--appendonly", "yes", "--appendfsync", self._appendfsync,
             "--auto-aof-rewrite-percentage", "0"],
            self._log,
        )
        self.server.wait_until(self._answers, seconds=60)

    def _answers(self) -> bool:
        try:
            with Connection(self.port) as connection:
                return connection.ask("PING") == b"PONG"
        except (OSError, BenchError):  # it is not there, or reads its file still
            return False


class Connection:
    """One connection, asked and answered in turn."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._socket.close()

    def ask(self, *words: object):
        self._socket.sendall(command(*words))
        return answer(self._answers)

    def times(self, seconds: float, *words: object) -> list[float]:
        """Asks the same again and again; how long each answer took, in seconds."""
        asked, socket_, took = command(*words), self._socket, []
        self.ask(*words)  # an error is one
        before = time.perf_counter()
        end = before + seconds
        while before < end:
            socket_.send(asked)
            socket_.recv(100)
            after = time.perf_counter()
            took.append(after - before)
            before = after
        return took


class Queue:
    """The pings that wait in a Redis."""

    def __init__(self, redis: Redis):
        self.redis = redis
        self._connection = Connection(redis.port)

    def depth(self) -> int:
        return self._connection.ask("XLEN", PINGS)

    def clear(self) -> None:
        """Removes the pings, and leaves who consumes them."""
        self._connection.ask("XTRIM", PINGS, "MAXLEN", 0)

    def newest(self) -> bytes:
        """What is stored of a ping."""
        [[_id, [_field, text]]] = self._connection.ask("XREVRANGE", PINGS, "+", "-", "COUNT", 1)
        return text

    def memory(self) -> int:
        """Bytes that Redis uses for everything."""
        return int(info(self._connection, "memory")["used_memory"])


def command(*words: object) -> bytes:
    encoded = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in encoded)


def answer(lines):
    """The next answer of a stream."""
    line = lines.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest
    if kind == b":":
        return int(rest)
    if kind == b"$":
        return None if int(rest) < 0 else lines.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return None if int(rest) < 0 else [answer(lines) for _ in range(int(rest))]
    raise BenchError(f"Redis: {rest.decode()}" if kind == b"-" else "Redis closed the connection")


def info(connection: Connection, section: str) -> dict[str, str]:
    lines = connection.ask("INFO", section).decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def program() -> str:
    found = os.environ.get("STINT_TEST_REDIS_SERVER") or shutil.which("redis-server") or shutil.which("valkey-server")
    if not found:
        raise BenchError("no Redis server found; install: apt-get install redis-server")
    return found
