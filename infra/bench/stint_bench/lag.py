"""P3: how long it takes from sending a ping until its job's total shows it, when nothing else happens."""

from __future__ import annotations

import http.client
import json
import random
import time
from urllib.parse import urlsplit

from . import BenchError
from .service import Stint

LOOK_EVERY = 0.002
"""Seconds. Looking without a pause would take from the cores that the worker needs."""


def lags(stint: Stint, samples: int) -> list[float]:
    """Milliseconds, sorted. Between two pings is a pause of random length, so that they meet every moment of whoever
    looks for pings at intervals."""
    job = json.loads(stint.send("POST", "/api/v1/jobs", {"name": f"lag {time.time_ns()}"}))["id"]
    ping = f"/ping/{stint.capture_token(job)}?minutes=1"
    connection = http.client.HTTPConnection(urlsplit(stint.url).netloc, timeout=10)

    def ask(path: str, status: int) -> dict:
        connection.request("GET", path, headers={"Authorization": f"Bearer {stint.token}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != status:
            raise BenchError(f"GET {path.partition('?')[0]} was answered {answer.status}: {body.decode()}")
        return json.loads(body)

    took = []
    for sent in range(1, samples + 2):
        time.sleep(random.uniform(0, 0.25))
        start = time.perf_counter()
        ask(ping, 202)
        while ask(f"/api/v1/jobs/{job}", 200)["total_minutes"] < sent:
            if time.perf_counter() - start > 30:
                raise BenchError("P3: a ping does not become time")
            time.sleep(LOOK_EVERY)
        took.append((time.perf_counter() - start) * 1e3)
    connection.close()
    return sorted(took[1:])  # the first one made connections
