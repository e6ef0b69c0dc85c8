"""The programs that a run needs: found, installed where that is allowed, and built."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from . import ROOT, BenchError

# Program, Debian package. Postgres's own programs are found by infra/test/with-servers.
NEEDED = (("wrk", "wrk"), ("pgbench", "postgresql"), ("cargo", None))


def ensure_installed(may_install: bool) -> None:
    """Every needed program is on the path afterwards, or a line says what to install."""
    missing = [(program, package) for program, package in NEEDED if not shutil.which(program)]
    packages = sorted({package for _, package in missing if package})
    if not missing:
        return
    if may_install and os.geteuid() == 0 and shutil.which("apt-get") and len(packages) > 0:
        subprocess.run(["apt-get", "install", "--yes", "--no-install-recommends", *packages], check=True)
        return ensure_installed(may_install=False)
    names = ", ".join(program for program, _ in missing)
    remedy = f"apt-get install {' '.join(packages)}" if packages else "https://rustup.rs"
    raise BenchError(f"{names} not found; install: {remedy} (as root on Debian, --install does it)")


class Programs(NamedTuple):
    stint: Path
    bare_http: Path
    bare_async: Path


def release(built: Path | None) -> Programs:
    """Optimised ones: those in the folder, or else new ones."""
    if not built:
        cargo("build", "--release", "--package", "stint-web", "--example", "bare_http", "--example", "bare_async")
    examples = (built or _release_folder()) / "examples"
    return Programs(stint(built), there(examples / "bare_http"), there(examples / "bare_async"))


def stint(built: Path | None) -> Path:
    """The program `stint`, optimised: that in the folder, or else a new one."""
    if not built:
        cargo("build", "--release", "--package", "stint-cli")
    return there((built or _release_folder()) / "stint")


def there(program: Path) -> Path:
    if not program.is_file():
        raise BenchError(f"there is no {program}")
    return program.resolve()


def _release_folder() -> Path:
    return target_folder() / "release"


def target_folder() -> Path:
    """Where cargo puts what it builds."""
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return Path(json.loads(metadata.stdout)["target_directory"])


def cargo(*arguments: str) -> None:
    if subprocess.run(["cargo", *arguments], cwd=ROOT, check=False).returncode != 0:
        raise BenchError(f"cargo {' '.join(arguments)} failed")
