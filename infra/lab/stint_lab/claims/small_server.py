"""A small server that `infra/install.sh` made, and a second host for a backup to be restored on."""

from __future__ import annotations

import re

from .. import Broken
from ..api import Api
from ..claim import Stage, claim
from ..ledger import require_all_there
from ..load import Load
from ..plays import INFRA
from ..shell import await_, run


class Hosts:
    """Two hosts, bare but for this repository and the release's archive."""

    def __init__(self, stage: Stage):
        self.stage, self.lab = stage, stage.lab
        self.one, self.other = (self.lab.add(name, stage.release) for name in ("small", "spare"))
        for host in (self.one, self.other):
            host.up()
            run("ssh", "-F", self.lab.ssh_config, host.name, "mkdir -p stint")
            run("sh", "-c", f"tar -C '{INFRA.parent}' -c infra LICENSE | ssh -F '{self.lab.ssh_config}' {host.name} tar -C stint -x")
            for file in (stage.archive, f"{stage.archive}.sha256"):
                run("scp", "-q", "-F", self.lab.ssh_config, file, f"{host.name}:")
        self.api: Api
        self.job: str

    def install(self, host) -> str:
        return host.run(f"stint/infra/install.sh --name {host.address} --release /root/{self.stage.archive.name} 2>&1")


@claim
def one_command_makes_a_bare_server_a_working_https_service(hosts: Hosts) -> None:
    said = hosts.install(hosts.one)
    for told in (f"https://{hosts.one.address}", f"https://{hosts.one.address}/sign-in", "stint token create"):
        if told not in said[-1500:]:
            raise Broken(f"its end does not tell of {told}: {said[-1500:]}")
    hosts.api = Api(hosts.one.address, hosts.one)
    hosts.job = hosts.api.new_job("Lab")


@claim
def a_second_run_changes_nothing(hosts: Hosts) -> None:
    said = hosts.install(hosts.one)
    if not re.search(r"changed=0 .*failed=0", said):
        raise Broken(said[-3000:])


@claim
def what_the_backup_timer_runs_restores_on_a_second_host_with_equal_totals(hosts: Hosts) -> str:
    hosts.install(hosts.other)
    with Load(hosts.one.address, hosts.api.token, hosts.job) as load:
        await_("some writes", lambda: len(load.seen().entries) > 200)
    total = hosts.api.total(hosts.job)
    if "stint-backup.timer" not in hosts.one.run("systemctl list-timers --no-pager"):
        raise Broken("no timer for backups is active")
    hosts.one.run("systemctl start stint-backup.service")
    dump = hosts.one.run("ls -t /var/backups/stint/*.dump | head -1").strip()
    config = hosts.lab.ssh_config
    run("scp", "-q", "-3", "-F", config, f"small:{dump}", "spare:/var/backups/stint/from-small.dump")
    hosts.other.run("systemctl stop stint.socket stint.service stint-worker.service && "
                    "stint-restore /var/backups/stint/from-small.dump && systemctl start stint.socket stint.service stint-worker.service")
    restored = Api(hosts.other.address, hosts.other)
    said = require_all_there(restored, hosts.job, load.seen(), hosts.other)
    if restored.total(hosts.job) != total:
        raise Broken(f"the total was {total}, and is {restored.total(hosts.job)}")
    return said
