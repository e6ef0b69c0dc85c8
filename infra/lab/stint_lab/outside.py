"""What a stranger finds out about a host."""

from __future__ import annotations

import asyncio
import http.client
import ssl
import socket

_AT_ONCE = 3000
_PATIENCE = 1.5


def open_ports(address: str) -> set[int]:
    """All TCP ports that take a connection, of all 65,535."""
    return asyncio.run(_open_ports(address))


async def _open_ports(address: str) -> set[int]:
    found, gate = set(), asyncio.Semaphore(_AT_ONCE)

    async def knock(port: int) -> None:
        async with gate:
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), _PATIENCE)
            except (OSError, TimeoutError):
                return
            writer.close()
            found.add(port)

    await asyncio.gather(*(knock(port) for port in range(1, 65536)))
    return found


def plain_http(address: str, path: str) -> tuple[int, str]:
    """Status and Location of an answer on port 80."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")
    finally:
        connection.close()


def speaks_tls(address: str, version: ssl.TLSVersion) -> bool:
    """Whether a handshake of exactly this version succeeds."""
    context = ssl._create_unverified_context()  # noqa: SLF001
    context.set_ciphers("ALL:@SECLEVEL=0")  # or this side would refuse the old ones
    context.minimum_version = context.maximum_version = version
    try:
        with socket.create_connection((address, 443), 10) as line, context.wrap_socket(line):
            return True
    except (ssl.SSLError, ConnectionResetError):
        return False


def headers(address: str, path: str) -> http.client.HTTPMessage:
    connection = http.client.HTTPSConnection(address, timeout=10, context=ssl._create_unverified_context())  # noqa: SLF001
    try:
        connection.request("GET", path)
        return connection.getresponse().headers
    finally:
        connection.close()
