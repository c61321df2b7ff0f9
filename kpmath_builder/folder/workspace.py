"""The build folder's own notes: what it is built towards, what its knowledge is, and when it counts as finished.

What does not prove itself counts as missing, and is made again. Of what cannot be made from the logs there are two copies:
generations stand in `generations.json` and in the build spec, the draw of the questions in `knowledge/origin.json` and in the
build spec.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from kpmath_builder.errors import InputError
from kpmath_builder.files.sealed import DamagedError, read_object, read_text, write_object, write_text
from kpmath_builder.folder.build_spec import BuildSpec, Keys, differences
from kpmath_builder.folder.paths import Paths
from kpmath_builder.folder.proved import Proved, foreign_files, plain_files
from kpmath_builder.recipe import Recipe
from kpmath_builder.text import cut_list

__all__ = ["KNOWLEDGE_FILES", "Workspace"]

KNOWLEDGE_FILES = ("seeds.jsonl", "extractions.jsonl", "practices.jsonl", "tcpm.npz", "topics.json")


class Workspace(Paths):
    """A build folder and what is noted in it: recipe.toml, build_spec.json, knowledge/origin.json, manifest.json.

    Parameters
    ----------
    folder, responses
        As for `Paths`.
    """

    def __init__(self, folder: Path, responses: Path | None = None) -> None:
        super().__init__(folder, responses)
        self._proved = Proved()

    @classmethod
    def existing(cls, folder: Path) -> Self:
        """Return the workspace of a folder that a build was begun in; raises `InputError` otherwise."""
        workspace = cls(folder)
        if not workspace.recipe.exists():
            raise InputError(
                f"{folder} is not a build folder (it has no recipe.toml): give the folder of a `kpmath build`."
            )
        return workspace

    def is_sealed(self, number: int, spec: BuildSpec, draw: str) -> bool:
        """Whether a shard of candidates is there, whole, made towards this build spec from the knowledge of this fingerprint."""
        header = self._proved.header(self.shard(number))
        return header is not None and spec.header(number, draw).items() <= header.items()

    def note_sealed(self, number: int) -> None:
        """Note that this process sealed a shard a moment ago."""
        self._proved.written(self.shard(number))

    def is_damaged(self, number: int) -> bool:
        """Whether a shard of candidates is there and does not prove itself."""
        path = self.shard(number)
        return path.exists() and self._proved.header(path) is None

    # The build spec

    def begun(self) -> BuildSpec | None:
        """Return what the folder was last built towards, or None if no build was begun or its spec is damaged."""
        noted = self._noted()
        return None if noted is None else BuildSpec(**noted["spec"])

    def renewals(self) -> Mapping[str, int]:
        """Return how often each shard was begun anew; raises `InputError` if that is not known."""
        damaged = False
        for path in (self.generations, self.spec):
            try:
                noted = read_object(path)
            except DamagedError:
                damaged = True
                continue
            if noted is not None:
                known: Mapping[str, int] = noted.get("spec", noted)["generations"]
                return known
        if damaged and self.generations.exists() and self.spec.exists():
            raise InputError(
                f"{self.generations} and {self.spec.name} are damaged, and only they note which shards were begun anew: delete both, "
                "then run `kpmath build`, with --regenerate for the shards that were."
            )
        return {}

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
        write_object(self.generations, {"generations": dict(spec.generations)})
        write_object(self.spec, {"spec": spec.as_json(), "draw": draw, "recipe": recipe})

    def _noted(self) -> dict[str, Any] | None:
        with suppress(DamagedError):
            return read_object(self.spec)
        return None

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
            text, noted = read_text(self.recipe), self._noted()
            same = text is not None and noted is not None and noted["recipe"] == _hash(text)
            return same and read_object(self.generations) is not None
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
            write_object(self.left_out, {"losses": noted})

    def read_left_out(self) -> list[dict[str, Any]]:
        """Return what `note_left_out` noted; nothing if it is damaged, for no table depends on it."""
        with suppress(DamagedError):
            noted = read_object(self.left_out)
            if noted is not None:
                return list(noted["losses"])
        return []

    def learnt_from(self) -> dict[str, Any] | None:
        """Return what the knowledge was made from ("origin") and its fingerprint ("draw"), or None without it.

        Raises
        ------
        DamagedError
            When one of its files is not the one that was written.
        """
        told = read_object(self.origin)
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
        write_object(self.origin, {"origin": {**spec.origin, **spec.layout}, "draw": draw, "files": files})

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
        """Raise `InputError` where the folder's knowledge was made from something else than the build spec says."""
        now = {**spec.origin, **spec.layout}
        for change in differences(self._drawn_from(now), now):
            raise InputError(
                f"{self.folder} was built with another recipe: {change}, which would mix two draws of questions. Choose "
                f"another folder with --set build.folder=… (answers that still fit are found in a copy of "
                f"{self.responses}), set that back, or delete {self.knowledge} to draw all questions anew."
            )

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

    # What leaves the folder

    def finished(self, spec: BuildSpec | None = None, *, quick: bool = False) -> dict[str, Any] | None:
        """Return the manifest, or None while the build is not complete, complete for another build spec, or damaged.

        `quick` compares the lengths of the files alone.
        """
        with suppress(DamagedError):
            manifest = self.read_manifest()
            if manifest is None or (spec is not None and manifest["build_spec"] != spec.fingerprint):
                return None
            if next(self._proved.damaged(self.folder, manifest["files"], quick=quick), None) is None:
                return manifest
        return None

    def read_manifest(self) -> dict[str, Any] | None:
        """Return the manifest, whatever the files are that it names; None without it, or `DamagedError`."""
        return read_object(self.manifest)

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Declare the build complete."""
        made = [*plain_files(self.dataset), *(self.knowledge / name for name in KNOWLEDGE_FILES)]
        files = {path.relative_to(self.folder).as_posix(): self._proved.record(path) for path in made}
        write_object(self.manifest, {**manifest, "files": files})

    # Damage

    def damaged_results(self) -> Iterator[DamagedError]:
        """Yield what is damaged of the manifest and the files that it names."""
        try:
            manifest = self.read_manifest()
        except DamagedError as damaged:
            yield damaged
            return
        if manifest is not None:
            yield from self._proved.damaged(self.folder, manifest["files"])

    def check_tables(self) -> None:
        """Raise `DamagedError` if one of the tables is not what the build wrote."""
        for damaged in self.damaged_results():
            raise damaged

    def tables(self, manifest: Mapping[str, Any]) -> list[str]:
        """Return the paths below `dataset/` that the build wrote, as its manifest lists them."""
        return [name.removeprefix("dataset/") for name in manifest["files"] if name.startswith("dataset/")]

    def foreign(self) -> Iterator[Path]:
        """Yield what lies below `dataset/` of a finished build and was not written by it, links among it."""
        with suppress(DamagedError):
            manifest = self.read_manifest()
            if manifest:
                yield from foreign_files(self.dataset, self.tables(manifest))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
