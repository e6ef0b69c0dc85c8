"""Programs of this machine."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from . import LabError


def run(*command: str | Path, quiet: bool = False, input: str | None = None) -> str:
    """What a program says on stdout; what it says on stderr is the error when it fails."""
    try:
        done = subprocess.run([str(part) for part in command], text=True, input=input or "", capture_output=True, check=False)
    except FileNotFoundError:
        if quiet:
            return ""
        raise LabError(f"{command[0]} is missing") from None
    if done.returncode != 0 and not quiet:
        said = (done.stderr.strip() or done.stdout.strip())[-4000:]
        raise LabError(f"`{' '.join(map(str, command))}` ended with {done.returncode}: {said}")
    return done.stdout


def succeeds(*command: str | Path) -> bool:
    return subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def await_(what: str, question: Callable[[], bool], seconds: float = 60) -> float:
    """Until the question is answered yes: nothing tells of it but being asked. How long that took."""
    start = time.monotonic()
    while not question():
        if time.monotonic() - start > seconds:
            raise LabError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)
    return time.monotonic() - start
