"""A lab: some hosts on a network of their own, in a folder that outlives the command that made it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from . import LabError
from .host import Host
from .network import Network, free
from .roots import CACHE
from .shell import run


class Lab:
    """The lab of this name (STINT_LAB_NAME), made when it is not there."""

    def __init__(self, name: str | None = None):
        self.name = name or os.environ.get("STINT_LAB_NAME", "lab")
        self.folder = CACHE / "labs" / self.name
        self._state = self.folder / "lab.json"
        self._hosts: dict[str, str] = {}
        if self._state.exists():
            state = json.loads(self._state.read_text())
            self.network, self._hosts = Network(state["network"]), state["hosts"]
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.network = free()
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "stint-lab", "-f", self.folder / "key")
            self._save()
        self.network.up()

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"

    def host(self, name: str) -> Host:
        if name not in self._hosts:
            raise LabError(f"no such host: {name}; there are {', '.join(self._hosts) or 'none'}")
        number = list(self._hosts).index(name) + 11
        return Host(name, self.folder / "hosts" / name, self.network, number, self._hosts[name],
                    ["ssh", "-F", str(self.ssh_config)])

    def hosts(self) -> list[Host]:
        return [self.host(name) for name in self._hosts]

    def add(self, name: str, release: str = "bookworm") -> Host:
        """A fresh host, not yet booted; or the one that is there."""
        if name in self._hosts:
            return self.host(name)
        if len(name) > 8:
            raise LabError(f"a host's name has at most 8 characters: {name}")
        self._hosts[name] = release
        self._save()
        host = self.host(name)
        host.create((self.folder / "key.pub").read_text())
        return host

    def remove(self) -> None:
        """All of it, but for the root file systems that other labs share."""
        for host in self.hosts():
            host.remove()
        self.network.down()
        shutil.rmtree(self.folder)

    def _save(self) -> None:
        self._state.write_text(json.dumps({"network": self.network.number, "hosts": self._hosts}))
        common = (f"Host *\n  User root\n  IdentityFile {self.folder}/key\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n"
                  "  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  ConnectTimeout 5\n  ServerAliveInterval 5\n"
                  "  GSSAPIAuthentication no\n")
        hosts = "".join(f"Host {name}\n  HostName {self.network.address(number)}\n"
                        for number, name in enumerate(self._hosts, 11))
        self.ssh_config.write_text(hosts + common)
