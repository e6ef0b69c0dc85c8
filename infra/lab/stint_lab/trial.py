"""`infra/lab/test`: tries what infra/ promises, on fresh hosts."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from . import Broken, LabError
from .claim import Stage, try_all
from .lab import Lab
from .plays import INFRA
from .shell import run

SETS = ("one_host", "small_server", "three_hosts")


def main() -> None:
    parser = argparse.ArgumentParser(prog="test", description="Tries the claims of these sets of hosts on fresh ones.")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)} (all)")
    parser.add_argument("--archive", type=Path, help="of the release; built when not given")
    parser.add_argument("--on", default="bookworm", choices=("bookworm", "noble"), help="what the small server is")
    parser.add_argument("--keep", action="store_true", help="leave the hosts of a broken claim up, to look at")
    arguments = parser.parse_args()
    if unknown := set(arguments.sets) - set(SETS):
        parser.error(f"no such set: {', '.join(unknown)}")
    if os.geteuid() != 0:
        sys.exit("test: the lab boots hosts, which takes root")
    archive = (arguments.archive or _build()).resolve()
    broken = [name for name in arguments.sets or SETS if not _holds(name, archive, arguments)]
    sys.exit(f"test: broken: {', '.join(broken)}" if broken else 0)


def _holds(name: str, archive: Path, arguments: argparse.Namespace) -> bool:
    print(f"{name} on fresh hosts, with {archive.name}", flush=True)
    start = time.monotonic()
    lab = Lab(f"{os.environ.get('STINT_LAB_NAME', 'test')}-{name}")
    keep = False
    try:
        lab.remove()
        lab = Lab(lab.name)
        try_all(importlib.import_module(f".claims.{name}", __package__), Stage(lab, archive, arguments.on))
    except LabError as error:
        if not isinstance(error, Broken):
            print(f"the lab itself failed: {error}", flush=True)
        keep = arguments.keep
        if keep:
            print(f"the hosts are up: STINT_LAB_NAME={lab.name} infra/lab/lab list; Ansible's log is {lab.folder}/ansible.log")
        return False
    finally:
        if not keep:
            lab.remove()
    print(f"{name}: every claim holds; {time.monotonic() - start:.0f} s", flush=True)
    return True


def _build() -> Path:
    return Path(run(INFRA / "release" / "build").strip().splitlines()[-1])
