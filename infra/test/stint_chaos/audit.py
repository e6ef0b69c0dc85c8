"""What the ledger holds in the end, as the API tells it."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from typing import Iterator
from urllib.parse import urlsplit

from stint_bench import BenchError
from stint_bench.service import Stint

from .expected import Ledger


def found(service: Stint, jobs: list[str]) -> Ledger:
    api = Api(service)
    pings = list(api.pages("/api/v1/pings"))
    entries = list(api.pages("/api/v1/time-entries"))
    with_minutes = {ping["id"] for ping in pings if ping["minutes"] is not None}
    return Ledger(
        pings=Counter((ping["id"], ping["status"]) for ping in pings),
        entries=Counter(
            (entry["id"], entry["related_job"], entry["minutes_worked"]) for entry in entries if entry["id"] in with_minutes
        ),
        derived=Counter(
            (entry["related_job"], entry["date_stamp"], entry["minutes_worked"])
            for entry in entries if entry["id"] not in with_minutes
        ),
        totals={job: api.get(f"/api/v1/jobs/{job}")["total_minutes"] for job in jobs},
    )


class Api:
    """The service's answers, over one connection."""

    def __init__(self, service: Stint):
        self._connection = http.client.HTTPConnection(urlsplit(service.url).netloc, timeout=30)
        self._headers = {"Authorization": f"Bearer {service.token}"}

    def get(self, path: str) -> dict:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BenchError(f"GET {path} was answered {answer.status}: {body.decode()}")
        return json.loads(body)

    def pages(self, path: str) -> Iterator[dict]:
        """Every item of a listing."""
        page = self.get(f"{path}?limit=200")
        while True:
            yield from page["items"]
            if not page["next_cursor"]:
                return
            page = self.get(f"{path}?limit=200&cursor={page['next_cursor']}")
