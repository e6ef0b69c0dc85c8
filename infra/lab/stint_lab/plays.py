"""Runs Ansible's plays on a lab's hosts, as an operator does."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import Broken

INFRA = Path(__file__).resolve().parents[2]
_RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass
class Run:
    """What a play came to."""

    status: int
    output: str

    @property
    def changed(self) -> int:
        return sum(int(changed) for _, changed, _, _ in _RECAP.findall(self.output))


class Ansible:
    """The plays of infra/ansible, on the hosts of this inventory."""

    def __init__(self, inventory: Path, log: Path):
        self._inventory, self._log = inventory, log

    def run(self, play: str, **variables: object) -> Run:
        """Runs it to its end, whatever that is."""
        extra = [part for name, value in variables.items() for part in ("--extra-vars", f"{name}={value}")]
        command = ["ansible-playbook", "--inventory", str(self._inventory), *extra, play]
        done = subprocess.run(command, cwd=INFRA / "ansible", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"})
        with open(self._log, "a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}\n")
        return Run(done.returncode, done.stdout)

    def succeed(self, play: str, **variables: object) -> Run:
        run = self.run(play, **variables)
        if run.status != 0:
            raise Broken(f"{play} ended with {run.status}; {self._log} says:\n{run.output[-3000:]}")
        return run

    def change_nothing(self, play: str, **variables: object) -> None:
        run = self.succeed(play, **variables)
        if run.changed:
            told = re.findall(r"^TASK \[(.*?)\] \**\n(?:(?!TASK|PLAY).*\n)*?changed:", run.output, re.MULTILINE)
            raise Broken(f"a second run of {play} changed {run.changed}: {told}")

    def fail(self, play: str, reason: str, **variables: object) -> None:
        run = self.run(play, **variables)
        if run.status == 0:
            raise Broken(f"{play} ended well, with {variables}")
        if not re.search(reason, run.output):
            raise Broken(f"{play} failed without saying /{reason}/:\n{run.output[-3000:]}")
