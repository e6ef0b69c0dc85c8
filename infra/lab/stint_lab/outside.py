"""What a stranger finds out about a host."""

from __future__ import annotations

import http.client
import re
import socket
import ssl

from .shell import run


def open_ports(address: str) -> set[int]:
    """All TCP ports that take a connection, of all 65,535."""
    said = run("nmap", "-n", "-Pn", "-sS", "-p-", "--min-rate", "3000", "--max-retries", "3", "-oG", "-", address)
    return {int(port) for port in re.findall(r"\b(\d+)/open/tcp", said)}


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
