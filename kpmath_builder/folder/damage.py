"""Every file of a build folder that does not prove itself, for `kpmath verify` and `kpmath status`."""

from collections.abc import Iterator

from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.workspace import Workspace

__all__ = ["FOREIGN", "damage"]

FOREIGN = "no build wrote it"


def damage(workspace: Workspace, *, quick: bool = False) -> Iterator[DamagedError]:
    """Yield each file of the folder that does not prove itself or is another build's, and each below `dataset/` that no build wrote.

    Each is named once. `quick` reads the headers of shards and the lengths of tables alone.
    """
    named = set()
    for found in _damage(workspace, quick=quick):
        if found.path not in named:
            yield found
        named.add(found.path)


def _damage(workspace: Workspace, *, quick: bool) -> Iterator[DamagedError]:
    yield from workspace.damaged_notes()
    if workspace.lacks_knowledge():
        yield DamagedError(workspace.origin, "it is missing")
    for look in (workspace.read_recipe, workspace.learnt_from):
        try:
            look()
        except DamagedError as damaged:
            yield damaged
    for path in sorted(workspace.candidates.glob(f"shard-{'[0-9]' * 5}.jsonl")):
        if fault := workspace.shard_damage(int(path.stem.rpartition("-")[2]), quick=quick):
            yield fault
    yield from workspace.damaged_results(quick=quick)
    for path in workspace.foreign():
        yield DamagedError(path, FOREIGN)
