"""Root file systems of bare hosts, made once and shared by all labs: each host writes to a layer of its own."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from . import LabError
from .shell import run

CACHE = Path(os.environ.get("STINT_LAB_CACHE", "/var/tmp/stint-lab"))

# What the cheapest rented server comes with, and no more.
_BARE = ("systemd,systemd-sysv,dbus,openssh-server,python3,python3-apt,iproute2,ca-certificates,libpam-systemd,sudo,"
         "procps,curl")

_RELEASES = {
    "bookworm": ("http://deb.debian.org/debian", "main", None),
    "noble": ("http://archive.ubuntu.com/ubuntu", "main,universe", "usr/share/keyrings/ubuntu-archive-keyring.gpg"),
}

# Debian 12 has no package of Ubuntu's keys; this one is Ubuntu's, known by its digest.
_UBUNTU_KEYS = ("http://archive.ubuntu.com/ubuntu/pool/main/u/ubuntu-keyring/ubuntu-keyring_2023.11.28.1_all.deb",
                "36de43b15853ccae0028e9a767613770c704833f82586f28eb262f0311adb8a8")

_SOURCES = {
    "bookworm": ("deb http://deb.debian.org/debian bookworm main\n"
                 "deb http://deb.debian.org/debian bookworm-updates main\n"
                 "deb http://deb.debian.org/debian-security bookworm-security main\n"),
    "noble": ("deb http://archive.ubuntu.com/ubuntu noble main universe\n"
              "deb http://archive.ubuntu.com/ubuntu noble-updates main universe\n"
              "deb http://archive.ubuntu.com/ubuntu noble-security main universe\n"),
}


def root(release: str) -> Path:
    """The root file system of a release of Debian or Ubuntu; made when it is not there."""
    if release not in _RELEASES:
        raise LabError(f"no such release: {release}; there are {', '.join(_RELEASES)}")
    made = CACHE / release
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{release}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / ".complete").exists():
            _make(release, made)
    return made


def _make(release: str, made: Path) -> None:
    mirror, components, keyring = _RELEASES[release]
    if made.exists():
        shutil.rmtree(made)
    options = [f"--keyring={_ubuntu_keys() / keyring}"] if keyring else []
    script = [] if Path(f"/usr/share/debootstrap/scripts/{release}").exists() else ["/usr/share/debootstrap/scripts/gutsy"]
    run("debootstrap", "--variant=minbase", f"--include={_BARE}", f"--components={components}", *options, release, made,
        mirror, *script)
    (made / "etc/apt/sources.list").write_text(_SOURCES[release])
    # Keys and the machine's id are each host's own: made at its first boot.
    for own in (made / "etc/ssh").glob("ssh_host_*"):
        own.unlink()
    (made / "etc/machine-id").write_text("")
    (made / "etc/systemd/system/ssh-keys.service").write_text(_SSH_KEYS)
    wants = made / "etc/systemd/system/multi-user.target.wants"
    for unit, where in (("ssh-keys.service", "/etc/systemd/system"), ("systemd-networkd.service", "/lib/systemd/system")):
        link = wants / unit
        if not link.is_symlink():
            link.symlink_to(f"{where}/{unit}")
    (made / ".complete").touch()


def _ubuntu_keys() -> Path:
    url, digest = _UBUNTU_KEYS
    package, unpacked = CACHE / "ubuntu-keyring.deb", CACHE / "ubuntu-keyring"
    run("curl", "-fsS", "-o", package, url)
    if hashlib.sha256(package.read_bytes()).hexdigest() != digest:
        raise LabError(f"{url} is not the file that was known")
    run("dpkg-deb", "-x", package, unpacked)
    return unpacked


_SSH_KEYS = """\
[Unit]
Description=Make the host's ssh keys
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
"""
