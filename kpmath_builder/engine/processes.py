"""Processes by their group: its members, since when they run, and how to end them all. Known from /proc, so on Linux only."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["SECONDS_TO_END", "Member", "boot_id", "end_group", "group_members", "started_at"]

SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_TO_END = 20.0
"""How long a group may take to end before it is killed."""


class Member(NamedTuple):
    """A living process."""

    pid: int
    group: int
    started: int
    """Clock ticks after the machine's start; together with the pid it identifies a process for ever."""


def started_at(pid: int) -> int | None:
    """Return when a process started, or None if it does not live."""
    member = _read(Path(f"/proc/{pid}/stat"))
    return member.started if member else None


def group_members(group: int) -> list[Member]:
    """Return the living processes of a group, the leader among them or not."""
    return [member for member in _all() if member.group == group]


def boot_id() -> str:
    """Return an identifier of the machine's present run; "" if it is not known."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


async def end_group(group: int, seconds: float = SECONDS_TO_END) -> None:
    """Ask all processes of a group to end, and kill those that have not after so many seconds."""
    _signal(group, signal.SIGTERM)
    _signal(group, signal.SIGCONT)  # a stopped process acts on nothing else
    try:
        await _gone(group, seconds)
    finally:
        _signal(group, signal.SIGKILL)
    await _gone(group, SECONDS_TO_END)


async def _gone(group: int, seconds: float) -> None:
    for _ in range(round(seconds / SECONDS_BETWEEN_LOOKS)):
        if not group_members(group):
            return
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _all() -> Iterator[Member]:
    for folder in Path("/proc").glob("[0-9]*"):
        member = _read(folder / "stat")
        if member:
            yield member


def _read(path: Path) -> Member | None:
    try:
        pid, _, rest = path.read_bytes().partition(b" (")
        fields = rest.rpartition(b") ")[2].split()  # a name may itself contain brackets
    except OSError:
        return None
    dead = not fields or fields[0] in b"ZX"
    return None if dead else Member(int(pid), int(fields[2]), int(fields[19]))
