"""One server that plays all parts."""

from __future__ import annotations

import re
import ssl

from .. import Broken
from ..api import Api
from ..claim import Stage, claim
from ..inventory import write
from ..ledger import require_all_there, require_none_lost
from ..load import Load
from ..outside import headers, open_ports, plain_http, speaks_tls
from ..plays import Ansible
from ..releases import NEVER_READY, WILL_NOT_MIGRATE, WILL_NOT_START, variant
from ..shell import await_


class Hosts:
    """One host, bare."""

    def __init__(self, stage: Stage):
        self.stage, self.lab = stage, stage.lab
        self.host = self.lab.add("solo")
        self.host.up()
        inventory = write(self.lab, dict.fromkeys(("web", "database", "queue", "monitoring"), ["solo"]),
                          stint_server_name=self.host.address)
        self.ansible = Ansible(inventory, self.lab.folder / "ansible.log")
        self.api: Api
        self.job: str
        self.links: list[str]

    def release(self) -> str:
        return self.host.run("basename $(readlink /opt/stint/current)").strip()

    def logs_with(self, secret: str) -> list[str]:
        # It comes on stdin and goes through a pipe, so that the search does not find itself.
        return self.host.run("""read -r secret
            grep -rlsF -f <(echo "$secret") /var/log /opt/stint /etc/systemd /usr/local /tmp || true
            grep -laF -f <(echo "$secret") /proc/[0-9]*/cmdline 2>/dev/null || true
            ! journalctl --quiet --no-pager | grep -qF -f <(echo "$secret") || echo the journal""", input=f"{secret}\n").split()

    def load(self) -> Load:
        return Load(self.host.address, self.api.token, self.job)


@claim
def a_bare_host_becomes_a_working_https_service_in_one_play(hosts: Hosts) -> None:
    said = hosts.ansible.succeed("provision.yml", stint_release=hosts.stage.archive).output
    hosts.links = re.findall(r"https://\S+/welcome#(stint_invitation_[A-Za-z0-9_-]{43})", said)
    hosts.api = Api(hosts.host.address, hosts.host)
    hosts.job = hosts.api.new_job("Lab")
    if not hosts.api.is_ready():
        raise Broken("/readyz is not 200")
    hosts.host.await_running()


@claim
def the_first_admin_signs_in_by_the_link_that_the_deployment_showed_once(hosts: Hosts) -> None:
    if len(hosts.links) != 1:
        raise Broken(f"the play showed {len(hosts.links)} links")
    if places := hosts.logs_with(hosts.links[0]):
        raise Broken(f"the link's secret stands in {places}")
    accept = {"secret": hosts.links[0], "password": "a long tramway ride at dusk"}
    own = {"Sec-Fetch-Site": "same-origin", "Authorization": None}
    _, signed_in = hosts.api.ask("POST", "/api/v1/invitations", accept, 200, own)
    if (signed_in["person"]["handle"], signed_in["person"]["role"]) != ("admin", "admin"):
        raise Broken(f"the link signs in {signed_in['person']}")
    hosts.api.ask("POST", "/api/v1/invitations", accept, 410, own)


@claim
def a_second_run_of_every_play_changes_nothing(hosts: Hosts) -> None:
    hosts.ansible.change_nothing("provision.yml", stint_release=hosts.stage.archive)
    hosts.ansible.change_nothing("deploy.yml", stint_release=hosts.stage.archive)
    hosts.ansible.change_nothing("rollback.yml", stint_rollback_to=hosts.release())


@claim
def from_outside_only_22_80_and_443_answer(hosts: Hosts) -> None:
    if (found := open_ports(hosts.host.address)) != {22, 80, 443}:
        raise Broken(f"these answer: {sorted(found)}")


@claim
def http_redirects_to_https_of_tls_1_2_or_later(hosts: Hosts) -> None:
    status, location = plain_http(hosts.host.address, "/api/v1/jobs?limit=1")
    if status not in (301, 308) or location != f"https://{hosts.host.address}/api/v1/jobs?limit=1":
        raise Broken(f"http answers {status} {location}")
    versions = {version: speaks_tls(hosts.host.address, version) for version in
                (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)}
    if list(versions.values()) != [False, False, True, True]:
        raise Broken(f"{versions}")
    said = headers(hosts.host.address, "/healthz")
    if "max-age=" not in said.get("Strict-Transport-Security", "") or re.search(r"\d", said.get("Server", "")):
        raise Broken(f"{dict(said)}")


@claim
def no_secret_is_for_others_to_read(hosts: Hosts) -> None:
    modes = hosts.host.run("find /etc/stint/credentials /etc/stint/secrets /etc/stint/tls/privkey.pem -type f -printf '%m %p\\n'")
    if wrong := [line for line in modes.splitlines() if not line.startswith("600 ")] or not modes:
        raise Broken(f"{wrong}")
    for secret in hosts.host.run("cat /etc/stint/secrets/*").split():
        if places := hosts.logs_with(secret):
            raise Broken(f"a secret stands in {places}")


@claim
def the_unit_is_hardened(hosts: Hosts) -> str:
    scores = {}
    for unit in ("stint", "stint-worker"):
        said = hosts.host.run(f"systemd-analyze security --no-pager {unit}.service | tail -1")
        scores[unit] = float(re.search(r": ([\d.]+) ", said)[1])
    if max(scores.values()) > 2.5:
        raise Broken(f"exposure {scores}")
    return f"exposure {scores} of 10"


@claim
def under_load_a_new_version_loses_no_request(hosts: Hosts) -> str:
    old = hosts.release()
    archive = variant(hosts.stage.archive, hosts.lab.folder, "9.9.1+lab")
    with hosts.load() as load:
        hosts.ansible.succeed("deploy.yml", stint_release=archive)
    if hosts.release() == old:
        raise Broken("the release is still the old one")
    said = require_none_lost(load.seen())
    require_all_there(hosts.api, hosts.job, load.seen(), hosts.host)
    return said


@claim
def under_load_a_rollback_loses_no_request(hosts: Hosts) -> str:
    new = hosts.release()
    with hosts.load() as load:
        hosts.ansible.succeed("rollback.yml")
    if hosts.release() >= new:
        raise Broken("the release is not an older one")
    return require_none_lost(load.seen())


@claim
def ten_restarts_in_a_row_lose_no_request(hosts: Hosts) -> str:
    with hosts.load() as load:
        hosts.host.run("for i in $(seq 10); do systemctl restart stint.service && sleep 0.3; done")
    return require_none_lost(load.seen())


@claim
def a_release_that_cannot_migrate_start_or_get_ready_leaves_the_old_one_serving(hosts: Hosts) -> str:
    old = hosts.release()
    broken = {"migrate": (WILL_NOT_MIGRATE, "this migration fails"), "start": (WILL_NOT_START, "this release cannot start"),
              "ready": (NEVER_READY, "timeout|not ready|did not become ready")}
    with hosts.load() as load:
        for name, (program, reason) in broken.items():
            archive = variant(hosts.stage.archive, hosts.lab.folder, f"9.9.2+{name}", program)
            hosts.ansible.fail("deploy.yml", reason, stint_release=archive, release_preflight_timeout="10s")
            if hosts.release() != old:
                raise Broken(f"the release that cannot {name} is current")
    return require_none_lost(load.seen())


@claim
def an_archive_that_is_not_what_was_built_is_refused(hosts: Hosts) -> None:
    archive = variant(hosts.stage.archive, hosts.lab.folder, "9.9.3+corrupt")
    with open(archive, "r+b") as file:
        file.seek(1000)
        file.write(b"corrupt")
    hosts.ansible.fail("deploy.yml", "is not what its checksum says", stint_release=archive)


@claim
def a_killed_service_and_worker_are_back_within_seconds(hosts: Hosts) -> str:
    for unit in ("stint", "stint-worker"):
        hosts.host.run(f"systemctl kill --signal=KILL {unit}.service")
    took = await_("the service answers again", hosts.api.is_ready, 15)
    await_("the worker works again", lambda: hosts.host.succeeds("systemctl is-active stint-worker.service"), 15)
    return f"{took:.1f} s"


@claim
def a_reboot_amid_writes_loses_no_acknowledged_one(hosts: Hosts) -> str:
    with hosts.load() as load:
        await_("some writes", lambda: len(load.seen().entries) > 200)
        hosts.host.reboot()
        took = await_("the service answers by itself", hosts.api.is_ready)
    return f"{require_all_there(hosts.api, hosts.job, load.seen(), hosts.host)}; answers {took:.1f} s after ssh"


@claim
def a_loss_of_power_amid_writes_loses_no_acknowledged_one(hosts: Hosts) -> str:
    with hosts.load() as load:
        await_("some writes", lambda: len(load.seen().entries) > 200)
        hosts.host.cut_power()
    hosts.host.up()
    took = await_("the service answers by itself", hosts.api.is_ready)
    hosts.host.await_running()
    return f"{require_all_there(hosts.api, hosts.job, load.seen(), hosts.host)}; answers {took:.1f} s after ssh"


@claim
def pings_that_wait_survive_a_loss_of_power(hosts: Hosts) -> str:
    job = hosts.api.new_job("Pings")
    ping = hosts.api.ask("POST", f"/api/v1/jobs/{job}/capture-tokens", {"name": "lab"}, 201)[1]["ping_url"]
    hosts.host.run("systemctl stop stint-worker.service")
    for _ in range(200):
        hosts.api.ask("POST", f"{ping}?minutes=1", expect=202)
    if hosts.api.total(job) != 0:
        raise Broken("pings were logged while no worker ran")
    hosts.host.cut_power()
    hosts.host.up()
    took = await_("every ping is logged", lambda: hosts.api.is_ready() and hosts.api.total(job) == 200)
    return f"200 pings, logged {took:.1f} s after ssh"


@claim
def logrotate_rotates_under_load_and_no_line_is_lost(hosts: Hosts) -> str:
    with hosts.load() as load:
        for _ in range(3):
            requests = load.seen().requests
            await_("some requests", lambda: load.seen().requests > requests + 100)
            hosts.host.run("logrotate --force /etc/logrotate.d/stint")
    asked = load.seen().requests
    # The last one is packed a rotation later.
    counts = hosts.host.run(f"cd /var/log/stint; for log in access.log*; do echo $log $(zcat -f $log | grep -cF {load.mark}); done")
    files = {name: int(count) for name, count in (line.split() for line in counts.splitlines())}
    if sum(files.values()) != asked or "access.log.1" not in files or "access.log.2.gz" not in files:
        raise Broken(f"{asked} requests, lines in {files}")
    return f"{asked} requests, as many lines in {len(files)} files"


@claim
def every_target_of_monitoring_is_up(hosts: Hosts) -> str:
    hosts.host.run("curl -sS -o /dev/null --retry 5 --retry-connrefused http://127.0.0.1:9090/-/ready")
    query = "curl -sS 'http://127.0.0.1:9090/api/v1/targets?state=active'"
    def health() -> list[str]:
        return re.findall(r'"health":"(\w+)"', hosts.host.run(query))
    await_("every target is scraped", lambda: health() and set(health()) == {"up"}, 90)
    return f"{len(health())} targets"


@claim
def new_secrets_take_the_place_of_old_ones_under_load(hosts: Hosts) -> str:
    old = hosts.host.run("cat /etc/stint/secrets/*")
    with hosts.load() as load:
        hosts.ansible.succeed("rotate-secrets.yml")
    if set(old.split()) & set(hosts.host.run("cat /etc/stint/secrets/*").split()):
        raise Broken("a secret is still the old one")
    return require_none_lost(load.seen())
