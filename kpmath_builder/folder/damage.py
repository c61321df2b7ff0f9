"""Every file of a build folder that does not prove itself, for `kpmath verify`."""

from collections.abc import Iterator

from kpmath_builder.files.sealed import DamagedError, read_object
from kpmath_builder.folder.workspace import Workspace

__all__ = ["FOREIGN", "damage"]

FOREIGN = "no build wrote it"


def damage(workspace: Workspace) -> Iterator[DamagedError]:
    """Yield each file of the folder that does not prove itself, and each below `dataset/` that no build wrote."""
    yield from _notes(workspace)
    for look in (workspace.read_recipe, workspace.learnt_from):
        try:
            look()
        except DamagedError as damaged:
            yield damaged
    for path in sorted(workspace.candidates.glob(f"shard-{'[0-9]' * 5}.jsonl")):
        if workspace.is_damaged(int(path.stem.rpartition("-")[2])):
            yield DamagedError(path, "its checksum is wrong")
    yield from workspace.damaged_results()
    for path in workspace.foreign():
        yield DamagedError(path, FOREIGN)


def _notes(workspace: Workspace) -> Iterator[DamagedError]:
    for path in (workspace.generations, workspace.spec):
        try:
            if read_object(path) is None:
                yield DamagedError(path, "it is missing")
        except DamagedError as damaged:
            yield damaged
    if workspace.lacks_knowledge():
        yield DamagedError(workspace.origin, "it is missing")
