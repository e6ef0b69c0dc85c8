"""What both commands share: programs, a folder on a disk, how a run ends, and where its figures go."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from . import BenchError, machine, tools


def guarded(run: Callable[[], None], name: str = "bench") -> None:
    """Failures that a person can mend are one line and status 1; whoever is told to end cleans up first."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run()
    except BenchError as error:
        sys.exit(f"{name}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is gone afterwards, on a disk: in memory, a durable commit would cost nothing."""
    parent = Path(os.environ.get("TMPDIR", "/var/tmp"))
    if machine.file_system(parent) in ("tmpfs", "ramfs"):
        raise BenchError(f"{parent} is in memory; set TMPDIR to a folder on a disk")
    with tempfile.TemporaryDirectory(prefix="stint-bench.", dir=parent) as folder:
        os.chmod(folder, 0o755)  # Postgres runs as a user of its own, and has to pass
        yield Path(folder)


def write_json(options: argparse.Namespace, content: dict) -> Path:
    name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.json"
    path = options.output or tools.target_folder() / "bench" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = {key: value for key, value in vars(options).items() if isinstance(value, (int, float, str, list))}
    for lists_of_objects in ("workloads", "capture"):
        settings.pop(lists_of_objects, None)  # each result names its own
    path.write_text(json.dumps({"options": settings, **content}, indent=2) + "\n")
    return path
