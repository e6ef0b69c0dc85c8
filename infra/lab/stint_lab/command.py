"""`infra/lab/lab`: hosts by hand."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time

from . import LabError
from .inventory import GROUPS, write
from .lab import Lab
from .load import Load
from .possible import require


def main() -> None:
    parser = argparse.ArgumentParser(prog="lab", description="Boots fresh hosts on this machine, as root.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="boot these hosts, made fresh when they are not there")
    up.add_argument("--release", default="bookworm", choices=("bookworm", "noble"))
    up.add_argument("hosts", nargs="+")
    ssh = verbs.add_parser("ssh", help="run a command on a host, or log in")
    ssh.add_argument("host")
    ssh.add_argument("command", nargs=argparse.REMAINDER)
    for verb, what in (("reboot", "an orderly reboot"), ("cut-power", "PID 1 dies without a word"), ("cut-line", "off the network"),
                       ("mend-line", "on the network again"), ("down", "an orderly stop")):
        verbs.add_parser(verb, help=what).add_argument("hosts", nargs="+")
    verbs.add_parser("possible", help="whether hosts can be booted here; says why not")
    verbs.add_parser("list", help="hosts and their addresses")
    inventory = verbs.add_parser("inventory", help="write an inventory for Ansible, and print its path")
    inventory.add_argument("parts", nargs="+", metavar="GROUP=HOST,...", help=f"of {', '.join(GROUPS)}; `all=HOST` is all but a balancer")
    load = verbs.add_parser("load", help="log time over HTTPS until Ctrl-C or for so long, and say what became of it")
    load.add_argument("address")
    load.add_argument("token")
    load.add_argument("job")
    load.add_argument("--seconds", type=float, default=3600)
    load.add_argument("--clients", type=int, default=8)
    verbs.add_parser("remove", help="stop and remove all hosts of this lab")
    arguments = parser.parse_args()
    try:
        _do(arguments)
    except LabError as error:
        sys.exit(f"lab: {error}")


def _do(arguments: argparse.Namespace) -> None:
    if arguments.verb == "possible":
        return require()
    lab = Lab()
    if arguments.verb == "up":
        for name in arguments.hosts:
            host = lab.add(name, arguments.release)
            print(f"{name} {host.address}: ssh after {host.up():.1f} s")
    elif arguments.verb == "ssh":
        lab.host(arguments.host)
        os.execvp("ssh", ["ssh", "-F", str(lab.ssh_config), arguments.host, *arguments.command])
    elif arguments.verb == "list":
        for host in lab.hosts():
            print(host.name, host.address, host.release, "up" if host.is_up else "off")
    elif arguments.verb == "inventory":
        parts = dict(part.split("=", 1) for part in arguments.parts)
        if everything := parts.pop("all", None):
            parts |= dict.fromkeys(GROUPS[:-1], everything)
        print(write(lab, {group: hosts.split(",") for group, hosts in parts.items()}))
    elif arguments.verb == "load":
        with Load(arguments.address, arguments.token, arguments.job, arguments.clients) as load:
            with contextlib.suppress(KeyboardInterrupt):
                time.sleep(arguments.seconds)
        seen = load.seen()
        print(f"{seen.requests} requests, slowest {seen.slowest:.2f} s, {dict(seen.answers)}")
        sys.exit(1 if seen.lost else 0)
    elif arguments.verb == "remove":
        lab.remove()
    else:
        acts = {"reboot": lambda host: host.reboot(), "cut-power": lambda host: host.cut_power(),
                "cut-line": lambda host: host.cut_line(), "mend-line": lambda host: host.cut_line(False),
                "down": lambda host: host.down()}
        for name in arguments.hosts:
            acts[arguments.verb](lab.host(name))
