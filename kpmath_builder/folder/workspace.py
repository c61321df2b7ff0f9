"""The build folder's own notes: what it is built towards, what its knowledge is, and when it counts as finished.

What does not prove itself, or is another build's, counts as missing, and is made again. Of what cannot be made from the logs
there are two copies: generations stand in `generations.json` and in the build spec (`notes.py`), the draw of the questions in
`knowledge/origin.json` and in the build spec.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from kpmath_builder.errors import InputError
from kpmath_builder.files.sealed import (
    DamagedError,
    read_header,
    read_object,
    read_text,
    write_object,
    write_text,
)
from kpmath_builder.folder.build_spec import SEEDS_HASH, BuildSpec, Keys, differences
from kpmath_builder.folder.log import ResponseLog, open_log, read_log
from kpmath_builder.folder.notes import Notes, new_build, read_notes
from kpmath_builder.folder.paths import MIX_RECIPE
from kpmath_builder.folder.results import KNOWLEDGE_FILES, Results
from kpmath_builder.recipe import Recipe
from kpmath_builder.text import cut_list

__all__ = ["Workspace"]


class Workspace(Results):
    """A build folder and what is noted in it: recipe.toml, build_spec.json, knowledge/origin.json, manifest.json.

    Parameters
    ----------
    folder
        The build folder.
    source
        The workspace that this one is made again from: its logs are read, and what is made is of its build.
    """

    def __init__(self, folder: Path, source: "Workspace | None" = None) -> None:
        super().__init__(folder, source.responses if source else None)
        self._builds = source.builds if source else ()
        self._owns_responses = source is None

    @classmethod
    def existing(cls, folder: Path) -> Self:
        """Return the workspace of a folder that a build was begun in; raises `InputError` otherwise."""
        workspace = cls(folder)
        if (folder / MIX_RECIPE).is_file():
            raise InputError(
                f"{folder} is the folder of a mix, which is mixed, verified, exported and published: give the folder of the build "
                "that it is made of."
            )
        if not workspace.recipe.exists():
            raise InputError(workspace.no_build())
        return workspace

    def no_build(self) -> str:
        """Say why a folder without a recipe is none to look at, and what to do."""
        if self.spec.exists():
            return (
                f"{self.folder} is a build folder that has lost its recipe.toml: run `kpmath build` with the recipe that it was "
                "built with, which writes it again."
            )
        if not self.folder.is_dir():
            return f"There is no folder {self.folder}: give the folder of a `kpmath build`."
        return f"{self.folder} is not a build folder (it has no recipe.toml): give the folder of a `kpmath build`."

    @property
    def builds(self) -> tuple[str, ...]:
        """The id of this build, and of those whose answers count in it; empty before it is begun."""
        self._builds = self._builds or self._notes().builds
        return self._builds

    @property
    def build(self) -> str:
        """The id of this build, which stands in all that is made in it; "" before it is begun."""
        return next(iter(self.builds), "")

    def open_log(self, stage: str, number: int, notify: Callable[[str], object]) -> ResponseLog:
        """Open a response log, for writing if it is this folder's own, and report what had to be mended.

        One of another folder is only read; it counts as empty if it is gone.
        """
        path = self.log(stage, number)
        if self._owns_responses:
            return open_log(path, notify, self.builds)
        return ResponseLog(path if path.exists() else Path(os.devnull), writable=False)

    def read_log(self, stage: str, number: int = 0) -> ResponseLog:
        """Open a response log of this folder for reading."""
        return read_log(self.log(stage, number), self.builds)

    def header(self, number: int, spec: BuildSpec, draw: str) -> dict[str, Any]:
        """Return what a shard begins with that is made here, towards this build spec, from the knowledge of this fingerprint."""
        return {**spec.header(number, draw), "build": self.build}

    def is_sealed(self, number: int, spec: BuildSpec, draw: str) -> bool:
        """Whether a shard of candidates is there, whole, made here towards this build spec from the knowledge of this fingerprint."""
        header = self._proved.header(self.shard(number))
        return header is not None and self.header(number, spec, draw).items() <= header.items()

    def all_sealed(self, spec: BuildSpec) -> bool:
        """Whether every shard is there as `is_sealed` says, and the knowledge that they are drawn from."""
        draw = self.draw
        return draw is not None and all(
            self.is_sealed(number, spec, draw) for number in range(spec.layout["build.shards"])
        )

    def note_sealed(self, number: int) -> None:
        """Note that this process sealed a shard a moment ago."""
        self._proved.written(self.shard(number))

    def shard_damage(self, number: int, *, quick: bool = False) -> DamagedError | None:
        """Return why a shard of candidates that is there is not used, if it does not prove itself or is another build's.

        `quick` reads its header alone.
        """
        path = self.shard(number)
        try:
            header = read_header(path) if quick else self._proved.header(path)
        except DamagedError as damaged:
            return damaged
        if header is None:
            return DamagedError(path, "its checksum is wrong") if path.exists() else None
        return None if header.get("build", "") == self.build else DamagedError(path, "it is another build's")

    # The build spec

    def begun(self) -> BuildSpec | None:
        """Return what the folder was last built towards, or None if no build was begun or its spec is damaged."""
        noted = self._noted()
        return None if noted is None else BuildSpec(**noted["spec"])

    def renewals(self) -> Mapping[str, int]:
        """Return how often each shard was begun anew; raises `InputError` if that is not known."""
        return self._notes().renewals

    def begin(self, recipe: Recipe, spec: BuildSpec, notify: Callable[[str], None]) -> None:
        """Note what is built from now on, and report what has changed; raises `InputError` as `check` does.

        A build that is finished towards this build spec is left as it is; the manifest of another build spec goes.
        """
        self.check(spec)
        before = self.begun()
        finished = self.finished(spec) is not None
        if finished and before == spec and self._notes_are_whole():
            return
        damaged = self.damaged_results() if self.manifest.is_file() and before == spec else ()
        if told := [f"{it.path.relative_to(self.folder)} ({it.why})" for it in damaged]:
            notify(f"The tables are made again, because of damage: {cut_list(told, 3)}.")
        for change in spec.changes(before) if before else ():
            notify(f"{change}: what this touches is asked anew, the old answers stay in the log.")
        for change in spec.decisions(before) if before else ():
            notify(f"{change}: the tables are made anew with it.")
        text = recipe.to_toml()
        draw = self.noted_draw(spec)
        write_text(self.recipe, text)
        self._note(spec, draw, _hash(text))
        if not finished:
            self.manifest.unlink(missing_ok=True)

    def _note(self, spec: BuildSpec, draw: str, recipe: str) -> None:
        self._builds = self.builds or new_build(self)
        whose = {"build": self.build, "taken over": self.builds[1:]}
        write_object(self.generations, {**whose, "generations": dict(spec.generations)})
        write_object(self.spec, {**whose, "spec": spec.as_json(), "draw": draw, "recipe": recipe})

    def _notes(self) -> Notes:
        return read_notes(self)

    def _noted(self) -> Mapping[str, Any] | None:
        return self._notes().spec

    def damaged_notes(self) -> Iterator[DamagedError]:
        """Yield which of the two notes are missing, damaged, or another build's."""
        notes = self._notes()
        yield from notes.damaged
        for path in (self.generations, self.spec):
            if not path.exists():
                yield DamagedError(path, "it is missing")

    def noted_draw(self, spec: BuildSpec) -> str:
        """Return the fingerprint of the knowledge that this folder's questions are drawn from; "" before there is one."""
        noted = self._noted()
        return noted["draw"] if noted and noted["spec"]["origin"] == spec.origin else ""

    def lacks_knowledge(self) -> bool:
        """Whether the knowledge that the build spec names is not noted as complete."""
        noted = self._noted()
        return bool(noted and noted["draw"]) and not self.origin.exists()

    def read_recipe(self, overrides: Mapping[str, str] | None = None) -> Recipe:
        """Return the recipe that the folder was last built with; raises `DamagedError` if it is not the one that was written."""
        text, noted = read_text(self.recipe), self._noted()
        if text is not None and noted is not None and noted["recipe"] != _hash(text):
            raise DamagedError(self.recipe, "it is not the one that this folder was built with")
        return Recipe.read(self.recipe, overrides)

    def _notes_are_whole(self) -> bool:
        with suppress(DamagedError):
            text, notes = read_text(self.recipe), self._notes()
            same = text is not None and notes.spec is not None and notes.spec["recipe"] == _hash(text)
            return same and notes.generations is not None and bool(notes.builds)
        return False

    def reopen(self, shards: Iterable[int]) -> None:
        """Take back that the shards, and with them the tables, are complete; what they are made from stays in the log."""
        paths = [self.shard(number) for number in shards]
        if paths:
            self.manifest.unlink(missing_ok=True)
        for path in paths:
            path.unlink(missing_ok=True)

    # Knowledge

    def note_left_out(self, losses: Iterable[Mapping[str, Any]]) -> None:
        """Note which rows of the seed set are no seed problems, for `status`."""
        noted = list(losses)
        if noted != self.read_left_out():
            write_object(self.left_out, {"build": self.build, "losses": noted})

    def read_left_out(self) -> list[dict[str, Any]]:
        """Return what `note_left_out` noted; nothing if it is damaged or another build's, for no table depends on it."""
        with suppress(DamagedError):
            noted = read_object(self.left_out)
            if noted is not None and noted.get("build", "") == self.build:
                return list(noted["losses"])
        return []

    def learnt_from(self) -> dict[str, Any] | None:
        """Return what the knowledge was made from ("origin") and its fingerprint ("draw"), or None without it.

        Raises
        ------
        DamagedError
            When one of its files is not the one that was written, or they are another build's.
        """
        told = read_object(self.origin)
        if told and told.get("build", "") != self.build:
            raise DamagedError(self.origin, "it is another build's")
        for damaged in self._proved.damaged(self.knowledge, told["files"]) if told else ():
            raise damaged
        return told

    @property
    def is_learnt(self) -> bool:
        """Whether there is knowledge, whole, from which the questions are drawn."""
        return self.draw is not None

    @property
    def draw(self) -> str | None:
        """The fingerprint of the knowledge; None if there is none, or it is damaged."""
        with suppress(DamagedError):
            told = self.learnt_from()
            return str(told["draw"]) if told else None
        return None

    def learnt(self, spec: BuildSpec, draw: str) -> None:
        """Note that the knowledge is complete, what it is made from, and its fingerprint."""
        files = {name: self._proved.record(self.knowledge / name) for name in KNOWLEDGE_FILES}
        origin = {"origin": {**spec.origin, **spec.layout}, "draw": draw, "files": files}
        write_object(self.origin, {"build": self.build, **origin})

    def note_draw(self, spec: BuildSpec, draw: str, notify: Callable[[str], None]) -> None:
        """Note beside the knowledge what is drawn from it, so that other knowledge is told from it."""
        with self.lock().awaited(notify):
            noted = self._noted()
            if noted and noted["draw"] != draw and noted["spec"]["origin"] == spec.origin:
                write_object(self.spec, {**noted, "draw": draw})
            told = self.learnt_from()
            if told and told["origin"] != {
                **spec.origin,
                **spec.layout,
            }:  # another build's, of equal knowledge
                self.learnt(spec, draw)

    def check(self, spec: BuildSpec) -> None:
        """Raise `InputError` if the folder's knowledge was made from something else than the build spec says."""
        for change in self._changes_of_draw(spec):
            raise InputError(
                f"{self.folder} was built with another recipe: {change}, which would mix two draws of questions. Choose "
                f"another folder with --set build.folder=… (answers that still fit are found in a copy of "
                f"{self.responses}), set that back, or delete {self.knowledge} to draw all questions anew."
            )

    def _changes_of_draw(self, spec: BuildSpec) -> Iterator[str]:
        now = {**spec.origin, **spec.layout}
        then = self._drawn_from(now)
        if then.get(SEEDS_HASH) != now.get(SEEDS_HASH):
            yield cut_list(list(spec.changes_of_seeds(self.begun())), 5, 200)
        yield from differences(then, now)

    def _drawn_from(self, now: Keys) -> Keys:
        """Return what the knowledge was made from; `now`, if one of the two files that note it says so, or there is none."""
        try:
            told = self.learnt_from()
            if told is None:
                return now
            noted = [told["origin"]]
        except DamagedError:
            noted = []
        before = self.begun()
        noted += [{**before.origin, **before.layout}] if before else []
        return now if now in noted or not noted else noted[0]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
