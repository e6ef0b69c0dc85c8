"""A bridge of the lab's own, and its hosts' way out to the package registry."""

from __future__ import annotations

import json
import re
from pathlib import Path

from . import LabError
from .shell import run, succeeds


class Network:
    """10.99.NUMBER.0/24; this machine is .1 on it."""

    def __init__(self, number: int):
        self.number = number
        self.bridge = f"stint{number}"
        self.gateway = self.address(1)

    def address(self, host: int) -> str:
        return f"10.99.{self.number}.{host}"

    def up(self) -> None:
        if succeeds("ip", "link", "show", self.bridge):
            return
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "address", "add", f"{self.gateway}/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")
        run("nft", "-f", "-", input=f"""
            table ip {self.bridge} {{
                chain postrouting {{
                    type nat hook postrouting priority srcnat
                    ip saddr 10.99.{self.number}.0/24 oifname != "{self.bridge}" masquerade
                }}
            }}""")
        # Where Docker drops what others forward, it leaves this door open.
        run("iptables", "-I", "DOCKER-USER", "-i", self.bridge, "-j", "ACCEPT", quiet=True)
        run("iptables", "-I", "DOCKER-USER", "-o", self.bridge, "-j", "ACCEPT", quiet=True)

    def down(self) -> None:
        run("nft", "delete", "table", "ip", self.bridge, quiet=True)
        run("ip", "link", "delete", self.bridge, quiet=True)
        run("iptables", "-D", "DOCKER-USER", "-i", self.bridge, "-j", "ACCEPT", quiet=True)
        run("iptables", "-D", "DOCKER-USER", "-o", self.bridge, "-j", "ACCEPT", quiet=True)


def free() -> Network:
    """One that no lab has."""
    taken = {int(found) for link in json.loads(run("ip", "-json", "link"))
             for found in re.findall(r"^stint(\d+)$", link["ifname"])}
    for number in range(1, 255):
        if number not in taken:
            return Network(number)
    raise LabError("no network is left: 254 labs are up")
