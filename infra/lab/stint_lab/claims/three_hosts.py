"""Two web hosts and one for the databases, behind a balancer."""

from __future__ import annotations

from .. import Broken
from ..api import Api
from ..claim import Stage, claim
from ..inventory import write
from ..ledger import require_all_there, require_none_lost
from ..load import Load
from ..outside import open_ports
from ..plays import Ansible
from ..releases import WILL_NOT_START, variant
from ..shell import await_, run


class Hosts:
    """Four hosts, bare."""

    def __init__(self, stage: Stage):
        self.stage, self.lab = stage, stage.lab
        self.web1, self.web2, self.data, self.front = (self.lab.add(name) for name in ("web1", "web2", "data", "front"))
        for host in self.lab.hosts():
            host.up()
        # Clients go on to another web host with the same certificate: it is given, not made on each.
        key, certificate = self.lab.folder / "privkey.pem", self.lab.folder / "fullchain.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365",
            "-subj", "/CN=stint.lab", "-addext", f"subjectAltName=DNS:stint.lab,IP:{self.front.address}",
            "-keyout", key, "-out", certificate)
        inventory = write(
            self.lab, {"web": ["web1", "web2"], "database": ["data"], "queue": ["data"], "monitoring": ["front"], "balancer": ["front"]},
            stint_server_name="stint.lab", stint_tls="given", stint_tls_certificate=str(certificate), stint_tls_key=str(key))
        self.ansible = Ansible(inventory, self.lab.folder / "ansible.log")
        self.api: Api
        self.job: str

    def releases(self) -> set[str]:
        return {host.run("basename $(readlink /opt/stint/current)").strip() for host in (self.web1, self.web2)}

    def load(self) -> Load:
        return Load(self.front.address, self.api.token, self.job, name="stint.lab")


@claim
def bare_hosts_become_a_working_https_service_in_one_play(hosts: Hosts) -> None:
    hosts.ansible.succeed("provision.yml", stint_release=hosts.stage.archive)
    hosts.api = Api(hosts.front.address, hosts.web1, "stint.lab")
    hosts.job = hosts.api.new_job("Lab")
    for host in hosts.lab.hosts():
        host.await_running()


@claim
def a_second_run_of_every_play_changes_nothing(hosts: Hosts) -> None:
    hosts.ansible.change_nothing("provision.yml", stint_release=hosts.stage.archive)
    hosts.ansible.change_nothing("deploy.yml", stint_release=hosts.stage.archive)
    hosts.ansible.change_nothing("rollback.yml", stint_rollback_to=hosts.releases().pop())


@claim
def each_host_answers_those_alone_that_have_business_there(hosts: Hosts) -> None:
    seen = {host.name: open_ports(host.address) for host in hosts.lab.hosts()}
    if seen != {"web1": {22}, "web2": {22}, "data": {22}, "front": {22, 80, 443}}:
        raise Broken(f"a stranger finds {seen}")
    knock = "timeout 2 bash -c '</dev/tcp/{}/{}'"
    for port in (5432, 6379):
        for host, may in ((hosts.web1, True), (hosts.web2, True), (hosts.front, False)):
            if host.succeeds(knock.format(hosts.data.address, port)) != may:
                raise Broken(f"{host.name} {'cannot' if may else 'can'} reach port {port} of {hosts.data.name}")


@claim
def under_load_a_new_version_and_a_rollback_lose_no_request(hosts: Hosts) -> str:
    old = hosts.releases()
    archive = variant(hosts.stage.archive, hosts.lab.folder, "9.9.1+lab")
    with hosts.load() as load:
        hosts.ansible.succeed("deploy.yml", stint_release=archive)
        new = hosts.releases()
        hosts.ansible.succeed("rollback.yml")
    if len(new) != 1 or new == old or hosts.releases() != old:
        raise Broken(f"releases were {old}, then {new}, then {hosts.releases()}")
    return require_none_lost(load.seen())


@claim
def a_release_that_cannot_start_leaves_the_old_one_serving_everywhere(hosts: Hosts) -> str:
    old = hosts.releases()
    archive = variant(hosts.stage.archive, hosts.lab.folder, "9.9.2+start", WILL_NOT_START)
    with hosts.load() as load:
        hosts.ansible.fail("deploy.yml", "this release cannot start", stint_release=archive)
    if hosts.releases() != old:
        raise Broken(f"releases were {old}, now {hosts.releases()}")
    return require_none_lost(load.seen())


@claim
def a_web_host_that_loses_power_costs_no_acknowledged_write_and_comes_back(hosts: Hosts) -> str:
    with hosts.load() as load:
        await_("some writes", lambda: len(load.seen().entries) > 200)
        hosts.web1.cut_power()
        before = len(load.seen().entries)
        went_on = await_("writes go on at the other", lambda: len(load.seen().entries) > before + 100)
    hosts.web1.up()
    await_("the host serves again", lambda: hosts.web1.succeeds("curl -fsSk --unix-socket /run/stint/stint.sock http://stint/readyz"))
    return f"{require_all_there(hosts.api, hosts.job, load.seen(), hosts.web1)}; went on within {went_on:.1f} s"


@claim
def a_database_host_that_loses_power_costs_no_acknowledged_write(hosts: Hosts) -> str:
    with hosts.load() as load:
        await_("some writes", lambda: len(load.seen().entries) > 200)
        hosts.data.cut_power()
        hosts.data.up()
        await_("the service is ready by itself", hosts.api.is_ready)
    return require_all_there(hosts.api, hosts.job, load.seen(), hosts.web1)


@claim
def new_secrets_take_the_place_of_old_ones(hosts: Hosts) -> str:
    with hosts.load() as load:
        hosts.ansible.succeed("rotate-secrets.yml")
    return require_none_lost(load.seen())
