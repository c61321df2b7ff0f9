"""What a build must not take over, cut or overwrite: other people's files, another recipe's folder, rows that are there."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.files.sealed import DamagedError, read_text
from kpmath_builder.folder.paths import MIX_RECIPE
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.folder.shards import shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.recipe import Recipe
from kpmath_builder.text import cut_list, shown

__all__ = [
    "check_apart",
    "check_dataset",
    "check_export",
    "check_folder",
    "check_no_build",
    "check_not_smaller",
]

_BEGUN = frozenset({"responses", "knowledge", "candidates", "engine", "build.lock"})
"""What may lie in a folder before anything is noted in it: a killed build's, and answers that were copied there."""
_UNUSED = frozenset({"lost+found"})
_WRITTEN = re.compile(
    r"README\.md|data/[^/]+/train-[0-9]{5}-of-[0-9]{5}\.parquet|figures/[^/]+\.svg|provenance/.+", re.DOTALL
)
"""Paths below `dataset/` that a build writes."""


def check_folder(recipe: Recipe, *, shrink: bool) -> None:
    """Check that a recipe may be built in its folder; nothing is changed.

    Parameters
    ----------
    shrink
        Whether rows that are there may be cut.

    Raises
    ------
    InputError
        When the folder is no place for a build, belongs to a recipe of another name, or holds more questions.
    """
    workspace = Workspace(recipe.build.folder)
    try:
        if (workspace.folder / MIX_RECIPE).exists():
            raise InputError(
                f"{shown(str(workspace.folder))} is the folder of a mix: choose another with --set build.folder=…"
            )
        if not _is_build(workspace):
            _check_place(workspace.folder)
            return
    except OSError as error:
        raise InputError(
            f"The build folder {shown(str(workspace.folder))} cannot be read ({error.strerror}): choose another with --set build.folder=…"
        ) from None
    owner = _owner(workspace)
    if owner not in {None, recipe.name}:
        raise InputError(
            f'{workspace.folder} belongs to the recipe named "{owner}", and this one is named "{recipe.name}": choose another folder with '
            f"--set build.folder=…, or rename what is there with `kpmath rescore {workspace.folder} --set name={recipe.name}`."
        )
    if not shrink:
        check_not_smaller(workspace, recipe.build.questions, recipe.build.rows)


def check_not_smaller(workspace: Workspace, questions: int, rows: int | None = None) -> None:
    """Raise `InputError` if the folder holds candidates of more questions than these, or tables of more rows."""
    built = max(_built(workspace), default=0)
    if questions < built:
        raise InputError(
            f"{workspace.folder} holds {built:,} questions, and build.questions is {questions:,} now, which would cut its tables: set it to "
            f"{built} or more, choose another folder with --set build.folder=…, or add --shrink (shrink=True) if that is meant."
        )
    there = int(_noted(workspace).get("rows", {}).get("qa-pairs", 0))
    if rows is not None and rows < there:
        raise InputError(
            f"{workspace.folder} holds {there:,} rows, and build.rows is {rows:,} now, which would cut its tables: set it to {there} or more, "
            "choose another folder with --set build.folder=…, or add --shrink (shrink=True) if that is meant."
        )


def check_dataset(folder: Path) -> None:
    """Raise `InputError` if something lies in a dataset folder that no build writes: new tables replace the whole folder."""
    others = [
        str(path)
        for path in (path.relative_to(folder) for path in plain_files(folder))
        if not (_WRITTEN.fullmatch(path.as_posix()) or any(part.startswith(".") for part in path.parts))
    ]
    if others:
        raise InputError(
            f"{folder} holds {cut_list(others, 3)}, which no build wrote and which new tables would replace: move that elsewhere, then run "
            "the same command again."
        )


def check_export(workspace: Workspace, target: Path) -> None:
    """Raise `InputError` if files that are written to `target` would be taken for a build's or a mix's own."""
    place = target.absolute().resolve()
    for its in (workspace, *map(Workspace, _holders(place))):
        for own in (its.dataset, its.knowledge, its.candidates, its.responses, its.folder / "sources"):
            if place == own.resolve() or own.resolve() in place.parents:
                raise InputError(
                    f"{target} lies in {own}, which is the build's own: choose another folder with --to."
                )


def check_no_build(target: Path, option: str) -> None:
    """Raise `InputError` if `target`, the value of an option, is the folder of a build or a mix, or lies in one."""
    for holder in _holders(target.absolute().resolve()):
        raise InputError(
            f"{target} lies in {holder}, which is a build's: choose another folder with {option}."
        )


def check_apart(file: Path, folder: Path, option: str) -> None:
    """Raise `InputError` if a file that is to be written, the value of an option, lies in a folder that is to stay as it is."""
    if folder.resolve() in file.absolute().resolve().parents:
        raise InputError(
            f"{file} lies in {folder}, which stays as it is: give a file elsewhere with {option}."
        )


def _holders(place: Path) -> Iterator[Path]:
    """Yield the folders of builds and mixes among a place and its parents."""
    for outer in (place, *place.parents):
        if (outer / MIX_RECIPE).exists() or _is_build(Workspace(outer)):
            yield outer


def _is_build(workspace: Workspace) -> bool:
    """Whether a build has noted something in the folder."""
    notes = (workspace.spec, workspace.generations, workspace.origin, workspace.manifest)
    if any(note.exists() for note in notes):
        return True
    with suppress(KpmathError, ValueError):
        return read_text(workspace.recipe) is not None
    return False


def _check_place(folder: Path) -> None:
    place = folder.expanduser().absolute()
    with suppress(OSError, RuntimeError):  # a loop of links is found when the folder is made
        place = place.resolve()
    if place == Path.cwd():
        raise InputError(
            "build.folder is the current folder (or empty, which means the same): name a folder of its own, e.g. --set "
            "build.folder=builds/mine."
        )
    if place == Path.home():
        raise InputError(
            f"build.folder is a home folder, {place}: name a folder of its own in it, e.g. --set build.folder={place / 'builds/mine'}."
        )
    for outer in place.parents:
        if _is_build(Workspace(outer)):
            raise InputError(
                f"{folder} lies in {outer}, which is a build folder itself: choose another with --set build.folder=…"
            )
    if others := sorted(_others_in(place)):
        raise InputError(
            f"{shown(str(folder))} is no build folder and holds other things ({cut_list(others, 3)}): choose a folder that is new or empty, "
            "with --set build.folder=…"
        )


def _others_in(place: Path) -> list[str]:
    names = [path.name for path in place.iterdir()] if place.is_dir() else []
    return [name for name in names if name not in _BEGUN | _UNUSED and not _may_stay(name)]


def _may_stay(name: str) -> bool:
    """Whether a file is in no build's way: a recipe may lie in the folder that it is built in, under another name than ours."""
    return name.startswith(".") or (name.endswith(".toml") and name != "recipe.toml")


def _owner(workspace: Workspace) -> str | None:
    """Return the name of the recipe that a folder was built with; None if it is not known."""
    begun = workspace.begun()
    if begun is not None:
        return begun.decided.get("name")
    with suppress(KpmathError):
        return workspace.read_recipe().name
    return None


def _built(workspace: Workspace) -> Iterator[int]:
    """Yield how many questions each sealed shard, and the tables, show that there are."""
    for path in workspace.candidates.glob(f"shard-{'[0-9]' * 5}.jsonl"):
        header = shard_header(path)
        draws = Funnel.from_json(header["funnel"]).draws if header else 0
        if header and draws:  # its last number is one less than the questions
            yield int(header["shard"]) + (draws - 1) * int(header["build.shards"]) + 1
    if funnel := _noted(workspace).get("funnel"):
        yield Funnel.from_json(funnel).draws


def _noted(workspace: Workspace) -> Mapping[str, Any]:
    """Return the manifest of the tables; empty without one."""
    with suppress(DamagedError):
        return workspace.read_manifest() or {}
    return {}
