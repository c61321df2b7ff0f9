"""Which engines a build has started on this machine, kept in its folder: so that the next build finds those that outlived theirs.

A builder that is killed cannot stop its engines, and an engine holds the GPU's memory for ever. Each builder writes a file of its
own, because several may work in one folder.
"""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kpmath_builder.engine.processes import Member, boot_id, end_group, group_members, started_at
from kpmath_builder.files.durable import write_atomically

__all__ = ["EngineRegistry"]


class EngineRegistry:
    """The file of this builder in `folder`, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"running-{socket.gethostname()}-{os.getpid()}.json"
        self._groups: dict[int, dict[str, Any]] = {}

    def began(self, group: int, what: str) -> None:
        """Note a process group that was started just now."""
        self._groups[group] = {"group": group, "started": started_at(group), "what": what}
        self._write()

    def ended(self, group: int) -> None:
        """Note that it is no more."""
        self._groups.pop(group, None)
        self._write()

    async def end_orphans(self, notify: Callable[[str], None]) -> None:
        """End the engines that were noted here by builders which live no more, on this machine and since it was started."""
        for path in sorted(self._folder.glob(f"running-{socket.gethostname()}-*.json")):
            orphans = _orphans(path) if path != self._path else None
            if orphans is None:
                continue
            for engine in orphans:
                notify(
                    f"{engine['what']} is still there from an earlier run (process group {engine['group']}): ending it"
                )
                await end_group(engine["group"])
            path.unlink(missing_ok=True)

    def _write(self) -> None:
        if not self._groups:
            self._path.unlink(missing_ok=True)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        builder = {"pid": os.getpid(), "started": started_at(os.getpid())}
        note = {"boot": boot_id(), "builder": builder, "engines": list(self._groups.values())}
        write_atomically(self._path, (json.dumps(note, indent=1) + "\n").encode())


def _orphans(path: Path) -> list[dict[str, Any]] | None:
    """Return the engines in a file that outlived their builder, or None where the builder lives."""
    try:
        note = json.loads(path.read_bytes())
        if note["boot"] != boot_id():
            return []
        builder = note["builder"]
        if started_at(builder["pid"]) == builder["started"]:
            return None
        return [engine for engine in note["engines"] if _left_of(engine)]
    except (OSError, ValueError, LookupError, TypeError):
        return None  # its builder has just removed it, or it is none of ours


def _left_of(engine: dict[str, Any]) -> list[Member]:
    """Return who lives of a noted group; its number may have passed to another group only if its leader is another too."""
    members = group_members(engine["group"])
    leader = next((member for member in members if member.pid == engine["group"]), None)
    if leader is not None and leader.started != engine["started"]:
        return []
    return [member for member in members if member.started >= (engine["started"] or 0)]
