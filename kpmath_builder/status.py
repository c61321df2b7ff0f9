"""How far a build is, read from its folder without disturbing whoever works in it."""

from dataclasses import dataclass
from pathlib import Path

from kpmath_builder.execution.shards import shard_header, shard_indexes
from kpmath_builder.funnel import Funnel
from kpmath_builder.recipe import Recipe
from kpmath_builder.workspace import Workspace

__all__ = ["ShardStatus", "Status", "read_status"]


@dataclass(frozen=True)
class ShardStatus:
    """One shard: "waiting" (nothing asked), "begun" or "sealed"."""

    number: int
    state: str
    done: int
    total: int
    responses: int
    """Lines in the shard's log."""


@dataclass(frozen=True)
class Status:
    """A build folder at a moment."""

    shards: list[ShardStatus]
    funnel: Funnel
    """Of the sealed shards, before duplicates are dropped; of the tables once they are written."""
    sentence: str


def read_status(folder: Path) -> Status:
    """Read the state of a build folder; raises `InputError` where it is none."""
    workspace = Workspace.existing(folder)
    recipe = Recipe.read(workspace.recipe)
    build = recipe.build
    shards = [
        _shard(workspace, n, len(shard_indexes(n, build.shards, build.questions)))
        for n in range(build.shards)
    ]
    manifest = workspace.finished()
    if manifest is not None:
        rows = ", ".join(f"{rows:,} rows in {config}" for config, rows in manifest["rows"].items())
        return Status(shards, Funnel.from_json(manifest["funnel"]), f"Finished: {rows}.")
    headers = [shard_header(workspace.shard(shard.number)) for shard in shards]
    funnel = sum((Funnel.from_json(header["funnel"]) for header in headers if header), Funnel())
    sealed = sum(shard.state == "sealed" for shard in shards)
    return Status(
        shards,
        funnel,
        f"Not finished: {sealed} of {len(shards)} shards are sealed. Run the build again to go on.",
    )


def _shard(workspace: Workspace, number: int, total: int) -> ShardStatus:
    header = shard_header(workspace.shard(number))
    log = workspace.log("synthesis", number)
    responses = _lines(log)
    if header is not None:
        return ShardStatus(number, "sealed", header["rows"], total, responses)
    done = _lines(workspace.shard(number).with_suffix(".part"))
    return ShardStatus(number, "begun" if responses else "waiting", done, total, responses)


def _lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except FileNotFoundError:
        return 0
