"""Archives of releases: the real one under other versions, and broken ones."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

WILL_NOT_START = "#!/bin/sh\ncase $1 in serve|worker) echo 'this release cannot start' >&2; exit 1 ;; esac\nexec /opt/stint/current/stint \"$@\"\n"
WILL_NOT_MIGRATE = "#!/bin/sh\n[ \"$1\" = migrate ] && { echo 'this migration fails' >&2; exit 1; }\nexec /opt/stint/current/stint \"$@\"\n"
NEVER_READY = "#!/bin/sh\n[ \"$1\" = serve ] && exec sleep 3600\nexec /opt/stint/current/stint \"$@\"\n"


def variant(archive: Path, folder: Path, version: str, program: str | None = None) -> Path:
    """The archive's content under another version; with another program, when given."""
    with tarfile.open(archive) as real:
        content = {member.name.removeprefix("./"): real.extractfile(member).read() for member in real if member.isfile()}
    content["VERSION"] = f"{version}\n".encode()
    if program is not None:
        content["stint"] = program.encode()
    made = folder / f"stint-{version}.tar.gz"
    with tarfile.open(made, "w:gz", compresslevel=1) as out:
        for name, data in sorted(content.items()):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755 if name == "stint" else 0o644
            out.addfile(member, io.BytesIO(data))
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    Path(f"{made}.sha256").write_text(f"{digest}  {made.name}\n")
    return made
