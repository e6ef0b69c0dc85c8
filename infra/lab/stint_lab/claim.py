"""Claims are functions whose names say what is claimed; they run in the order of their file, on the same hosts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from . import Broken, LabError
from .lab import Lab


@dataclass
class Stage:
    """What claims are tried on."""

    lab: Lab
    archive: Path
    """Of Stint's release."""
    release: str = "bookworm"
    """Of Debian or Ubuntu."""


def claim(function: Callable) -> Callable:
    function.is_claim = True
    return function


def try_all(module: ModuleType, stage: Stage) -> None:
    """Tries the module's claims; the first broken one ends it, because the next stand on it."""
    hosts = module.Hosts(stage)
    for name, function in vars(module).items():
        if not getattr(function, "is_claim", False):
            continue
        start = time.monotonic()
        try:
            said = function(hosts)
        except (LabError, AssertionError, OSError) as error:
            print(f"BROKEN {_words(name)}\n       {error}", flush=True)
            raise Broken(_words(name)) from error
        print(f"ok {time.monotonic() - start:6.1f} s  {_words(name)}{f': {said}' if said else ''}", flush=True)


def _words(name: str) -> str:
    return name.replace("_", " ")
