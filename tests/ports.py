"""Which TCP ports the processes of a group listen at, by the kernel's own tables."""

from contextlib import suppress
from pathlib import Path

from kpmath_builder.engine.processes import group_members

LISTENING = "0A"


def listeners(group: int) -> dict[int, list[str]]:
    """Return the listening TCP sockets of each living process of a group, as hexadecimal `address:port`."""
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
    by_inode = {row[9]: row[1] for row in rows if row[3] == LISTENING}
    return {
        member.pid: [by_inode[inode] for inode in inodes(member.pid) if inode in by_inode]
        for member in group_members(group)
    }


def inodes(pid: int) -> set[str]:
    """Return the inodes of a process's open sockets."""
    found = set()
    with suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found
