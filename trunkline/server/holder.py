"""Who listens on a port, so that "port in use" can say whom to stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def holders(port: int) -> Iterator[str]:
    """Programs that listen on `port`, as "`name` (process 123)". Linux, and only those this user may look at."""
    inodes = set(_listening_inodes(port))
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        try:
            descriptors = list((process / "fd").iterdir())
            words = (process / "cmdline").read_text(errors="replace").split("\0")
        except OSError:  # it has ended, or is not ours to look at
            continue
        if any(_link(descriptor) in inodes for descriptor in descriptors):
            yield f"`{' '.join(words).strip()[:80]}` (process {process.name})"


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""


def _listening_inodes(port: int) -> Iterator[str]:
    """`socket:[inode]` for each listener on `port`, from the kernel's tables (`proc_net_tcp(5)`: state 0A listens)."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                yield f"socket:[{columns[9]}]"
