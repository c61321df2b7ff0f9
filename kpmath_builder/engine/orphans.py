"""A registry of running engines in the build folder, so that the next build finds those that outlived their builder.

A killed builder cannot stop its engines, and an engine holds the GPU's memory for ever. Each builder has a file of its own, because
several may work in one folder.
"""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kpmath_builder.engine.processes import Member, boot_id, end_group, group_members, started_at
from kpmath_builder.engine.sockets import remove_socket
from kpmath_builder.files.durable import write_atomically

__all__ = ["EngineRegistry"]


class EngineRegistry:
    """The file of this builder in `folder`; both are made when the first engine is added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / f"running-{socket.gethostname()}-{os.getpid()}.json"
        self._engines: dict[int, dict[str, Any]] = {}

    def add(self, group: int, name: str, socket_path: Path) -> None:
        """Register a process group that has just been started, and the socket at which it listens."""
        self._engines[group] = {
            "group": group,
            "started": started_at(group),
            "name": name,
            "socket": str(socket_path),
        }
        self._write()

    def remove(self, group: int) -> None:
        """Remove a process group that has ended."""
        self._engines.pop(group, None)
        self._write()

    async def end_orphans(self, notify: Callable[[str], None]) -> None:
        """End the engines of dead builders that still run on this machine, and remove their sockets."""
        for path in sorted(self._folder.glob(f"running-{socket.gethostname()}-*.json")):
            left = _left_by_dead_builder(path) if path != self._path else None
            if left is None:
                continue
            for engine in left:
                if _living_members(engine):
                    notify(
                        f"{engine['name']} is still there from an earlier run (process group {engine['group']}): ending it"
                    )
                    await end_group(engine["group"])
                remove_socket(Path(engine.get("socket", "")))
            path.unlink(missing_ok=True)

    def _write(self) -> None:
        if not self._engines:
            self._path.unlink(missing_ok=True)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        builder = {"pid": os.getpid(), "started": started_at(os.getpid())}
        record = {"boot": boot_id(), "builder": builder, "engines": list(self._engines.values())}
        write_atomically(self._path, (json.dumps(record, indent=1) + "\n").encode())


def _left_by_dead_builder(path: Path) -> list[dict[str, Any]] | None:
    """Return the engines in a file whose builder is dead, or None if the builder lives."""
    try:
        record = json.loads(path.read_bytes())
        if record["boot"] != boot_id():
            return []
        builder = record["builder"]
        if started_at(builder["pid"]) == builder["started"]:
            return None
        return [
            {
                "name": "An engine",
                **engine,
                "group": int(engine["group"]),
                "started": int(engine["started"] or 0),
            }
            for engine in record["engines"]
        ]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None  # its builder has just removed it, or it is not a registry


def _living_members(engine: dict[str, Any]) -> list[Member]:
    """Return the living processes of a registered group; none if its number has passed to another group with another leader."""
    members = group_members(engine["group"])
    leader = next((member for member in members if member.pid == engine["group"]), None)
    if leader is not None and leader.started != engine["started"]:
        return []
    return [member for member in members if member.started >= engine["started"]]
