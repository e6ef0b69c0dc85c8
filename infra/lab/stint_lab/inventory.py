"""Ansible's view of a lab: which host plays which part."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from .lab import Lab

GROUPS = ("web", "database", "queue", "monitoring", "balancer")


def write(lab: Lab, parts: Mapping[str, Iterable[str]], **variables: object) -> Path:
    """An inventory in which each group has these hosts. JSON is YAML, too."""
    hosts = {name: {"ansible_host": lab.host(name).address} for names in parts.values() for name in names}
    connection = {
        "ansible_user": "root",
        "ansible_ssh_common_args": f"-F {lab.ssh_config} -o ControlMaster=auto -o ControlPersist=60 "
                                   f"-o ControlPath={lab.folder}/%C",
    }
    children = {group: {"hosts": dict.fromkeys(parts.get(group, ()), {})} for group in GROUPS}
    # Variables stand at the group `stint`, as in infra/ansible/inventories: those of `all` would lose.
    children["stint"] = {"vars": connection | variables, "children": dict.fromkeys(GROUPS, {})}
    inventory = {"all": {"hosts": hosts, "children": children}}
    path = lab.folder / "inventory.yml"
    path.write_text(json.dumps(inventory, indent=2))
    return path
