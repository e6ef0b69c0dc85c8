"""Whether a ledger holds all that it acknowledged, and its totals are sums."""

from __future__ import annotations

from . import Broken
from .api import Api
from .host import Host
from .load import Seen


def require_all_there(api: Api, job: str, seen: Seen, host: Host) -> str:
    """Every entry that the load was told of is there, and the job's total is the sum of its entries of a minute each."""
    there = set(api.entries(job))
    if missing := seen.entries - there:
        raise Broken(f"{len(missing)} of {len(seen.entries)} acknowledged entries are gone, such as {min(missing)}")
    if (total := api.total(job)) != len(there):
        raise Broken(f"the total is {total}, its entries sum to {len(there)}")
    host.run("stint check totals")
    return f"{len(seen.entries)} acknowledged, {len(there)} there"


def require_none_lost(seen: Seen) -> str:
    if seen.lost:
        raise Broken(f"lost {dict(seen.lost)} of {seen.requests} requests")
    if seen.requests < 100:
        raise Broken(f"{seen.requests} requests are no load")
    return f"{seen.requests} requests, none lost, slowest {seen.slowest:.2f} s"
