"""Whether this machine lets a lab be made: root in a container often may not."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from . import LabError
from .shell import run


def require() -> None:
    """Mounts a layer and makes a bridge, which is what hosts take, and undoes both."""
    if os.geteuid() != 0:
        raise LabError("it takes root")
    bridge = f"probe{os.getpid()}"[:15]
    run("ip", "link", "add", bridge, "type", "bridge")
    run("ip", "link", "delete", bridge)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        layers = {name: Path(folder) / name for name in ("lower", "upper", "work", "root")}
        for layer in layers.values():
            layer.mkdir()
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={layers['lower']},upperdir={layers['upper']},workdir={layers['work']}", layers["root"])
        run("umount", layers["root"])
