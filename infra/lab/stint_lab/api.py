"""Stint from outside, as a client sees it."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator

from . import Broken
from .host import Host


class Api:
    """The service at an address, spoken to with a token that was made on one of its hosts."""

    def __init__(self, address: str, maker: Host, name: str | None = None):
        self.address, self._name = address, name or address
        self.token = maker.run("stint token create --scopes admin --name lab").strip()

    def ask(self, method: str, path: str, body: object = None, expect: int | None = None,
            more: dict[str, str | None] | None = None) -> tuple[int, dict]:
        """`more`: further headers; None takes one away."""
        trusting = ssl._create_unverified_context()  # noqa: SLF001 # whom it speaks to is asked elsewhere
        connection = http.client.HTTPSConnection(self.address, timeout=30, context=trusting)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Host": self._name}
        headers = {name: value for name, value in (headers | (more or {})).items() if value is not None}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if expect is not None and answer.status != expect:
            raise Broken(f"{method} {path} is {answer.status}, not {expect}: {text[:500]!r}")
        return answer.status, json.loads(text) if text.strip().startswith(b"{") else {}

    def is_ready(self) -> bool:
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def new_job(self, name: str) -> str:
        return self.ask("POST", "/api/v1/jobs", {"name": name}, 201)[1]["id"]

    def total(self, job: str) -> int:
        return self.ask("GET", f"/api/v1/jobs/{job}", expect=200)[1]["total_minutes"]

    def entries(self, job: str) -> Iterator[str]:
        path: str | None = f"/api/v1/jobs/{job}/time-entries?limit=200"
        while path:
            page = self.ask("GET", path, expect=200)[1]
            yield from (entry["id"] for entry in page["items"])
            cursor = page["next_cursor"]
            path = f"/api/v1/jobs/{job}/time-entries?limit=200&cursor={cursor}" if cursor else None
