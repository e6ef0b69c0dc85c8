"""One host: a root file system of its own that systemd boots in, with an address that ssh answers on."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from . import LabError
from .network import Network
from .roots import root
from .shell import await_, run, succeeds

_NETWORK = """\
[Match]
Name=host0

[Network]
Address={address}/24
Gateway={gateway}
IPv6AcceptRA=no
LinkLocalAddressing=no
"""

# `reboot` ends nspawn with 133; whatever else does has put the host off.
# A control group of its own for each host: nspawn would put all of them into the one of whoever started it, where one's
# systemd takes another's groups for its own.
_BOOT = """\
awk '$3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /name=systemd/) { print $2 }' /proc/mounts | while read -r tree; do
    mkdir -p "$tree/stint-lab-$2" && echo $$ >"$tree/stint-lab-$2/cgroup.procs"
done
while :; do
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory="$1" --boot --register=no --keep-unit \\
        --machine="$2" --hostname="$3" --network-bridge="$4" --resolv-conf=copy-host --console=passive </dev/null &
    trap 'kill -TERM $!' TERM
    echo $! >"$5"
    wait $!
    status=$?
    rm -f "$5"
    [ $status = 133 ] || exit $status
done
"""


class Host:
    """Off until `up`; what it wrote stays until `remove`."""

    def __init__(self, name: str, folder: Path, network: Network, number: int, release: str, ssh: list[str]):
        self.name, self.release = name, release
        self.address = network.address(number)
        self._folder, self._network, self._ssh = folder, network, ssh
        self._root, self._pid = folder / "root", folder / "nspawn.pid"
        # Its link on the bridge is called vb- and this: 15 characters at most.
        self._machine = f"s{network.number}-{name}"[:12]

    @property
    def is_up(self) -> bool:
        return self._nspawn() is not None

    def create(self, public_key: str) -> None:
        base = root(self.release)
        for layer in ("upper", "work", "root"):
            (self._folder / layer).mkdir(parents=True, exist_ok=True)
        self._mount(base)
        self._write("etc/hostname", f"{self.name}\n")
        self._write("etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {self.name}\n")
        self._write("etc/machine-id", f"{secrets.token_hex(16)}\n")
        self._write("etc/systemd/network/10-host0.network",
                    _NETWORK.format(address=self.address, gateway=self._network.gateway))
        self._write("root/.ssh/authorized_keys", public_key, 0o600)
        (self._root / "root/.ssh").chmod(0o700)

    def up(self) -> float:
        """Boots, and returns when ssh answers: after how many seconds."""
        if self.is_up:
            return 0.0
        self._mount(root(self.release))
        with open(self._folder / "console.log", "ab") as console:
            subprocess.Popen(["sh", "-c", _BOOT, "boot", self._root, self._machine, self.name, self._network.bridge, self._pid],
                             stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        return self.await_ssh()

    def await_ssh(self, seconds: float = 60) -> float:
        return await_(f"{self.name} boots", lambda: self.port_is_open(22) and succeeds(*self._ssh, self.name, "true"), seconds)

    def await_running(self) -> None:
        """Until all that starts at boot has started; what failed is an error."""
        state = self.run("systemctl is-system-running --wait || true").strip()
        if state != "running":
            raise LabError(f"{self.name} is {state}: {self.run('systemctl --failed --no-legend')}")

    def run(self, command: str, input: str | None = None) -> str:
        """Runs a line of shell as root there."""
        return run(*self._ssh, self.name, command, input=input)

    def succeeds(self, command: str) -> bool:
        return succeeds(*self._ssh, self.name, command)

    def reboot(self) -> float:
        """An orderly one; until ssh answers again."""
        boot = self._boot_id()
        self.run("nohup systemctl reboot >/dev/null 2>&1 &")
        return self._await_boot_after(boot)

    def cut_power(self) -> None:
        """Its PID 1 dies without a word, and everything with it."""
        pid = self._nspawn()
        if pid is None:
            raise LabError(f"{self.name} is not up")
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        await_(f"{self.name} is off", lambda: not self.is_up)

    def cut_line(self, cut: bool = True) -> None:
        """Nobody reaches it, and it reaches nobody; or again."""
        run("ip", "link", "set", f"vb-{self._machine}", "down" if cut else "up")

    def down(self) -> None:
        """An orderly stop."""
        if (pid := self._nspawn()) is not None:
            os.kill(pid, signal.SIGTERM)
            try:
                await_(f"{self.name} stops", lambda: not self.is_up, 30)
            except LabError:
                self.cut_power()

    def remove(self) -> None:
        self.down()
        if os.path.ismount(self._root):
            run("umount", self._root)
        shutil.rmtree(self._folder)
        for tree in Path("/sys/fs/cgroup").glob(f"**/stint-lab-{self._machine}"):
            run("find", tree, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+", quiet=True)

    def port_is_open(self, port: int, seconds: float = 1) -> bool:
        try:
            socket.create_connection((self.address, port), seconds).close()
        except OSError:
            return False
        return True

    def _boot_id(self) -> str:
        return self.run("cat /run/stint-lab-boot 2>/dev/null || { head -c 8 /dev/urandom | od -An -tx8 | tee /run/stint-lab-boot; }")

    def _await_boot_after(self, boot: str) -> float:
        def booted() -> bool:
            return self.port_is_open(22) and succeeds(*self._ssh, self.name, "test ! -e /run/stint-lab-boot")
        return await_(f"{self.name} comes back", booted)

    def _mount(self, base: Path) -> None:
        if not os.path.ismount(self._root):
            layers = f"lowerdir={base},upperdir={self._folder}/upper,workdir={self._folder}/work"
            run("mount", "-t", "overlay", "overlay", "-o", layers, self._root)

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self._root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def _nspawn(self) -> int | None:
        try:
            pid = int(self._pid.read_text())
            running = "systemd-nspawn" in Path(f"/proc/{pid}/cmdline").read_text()
        except (OSError, ValueError):
            return None
        return pid if running else None
