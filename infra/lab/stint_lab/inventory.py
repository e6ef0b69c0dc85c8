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
        # Of the memory of this machine, which all hosts share.
        "postgres_memory_mb": 1024,
    }
    children = {group: {"hosts": dict.fromkeys(parts.get(group, ()), {})} for group in GROUPS}
    children["stint"] = {"children": dict.fromkeys(GROUPS, {})}
    folder = lab.folder / "inventory"
    # In a file of their own, as in infra/ansible/inventories: elsewhere they would lose to the plays' group_vars.
    for path, content in (("hosts.yml", {"all": {"hosts": hosts, "children": children}}),
                          ("group_vars/stint.yml", connection | variables)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(json.dumps(content, indent=2))
    return folder / "hosts.yml"
