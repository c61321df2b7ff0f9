"""The build folder: where everything lies, what it is built towards, and when it counts as finished."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.files.durable import write_atomically
from kpmath_builder.files.lock import Lock
from kpmath_builder.folder.build_spec import BuildSpec, Keys, differences
from kpmath_builder.folder.log import ResponseLog, open_log
from kpmath_builder.folder.log_scan import given_up_keys, tasks_answered
from kpmath_builder.folder.shards import shard_header
from kpmath_builder.protocol import ROLE_OF, Role, Task
from kpmath_builder.recipe import Recipe

__all__ = ["Workspace"]


_TASKS_OF: Mapping[str, tuple[Task, ...]] = {
    "extract": ("extract",),
    "synthesis": ("write", "judge", "solve"),
}


class Workspace:
    """Paths in a build folder, and its small files: recipe.toml, build_spec.json, knowledge/origin.json, manifest.json.

    Parameters
    ----------
    folder
        The build folder.
    responses
        Response logs of another folder, which are then only read; a folder's own are written.
    """

    def __init__(self, folder: Path, responses: Path | None = None) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.toml"
        """The whole recipe as last used, overrides included."""
        self.spec = folder / "build_spec.json"
        """What the folder is built towards, which is more than the recipe: the hashes of seeds and prompts."""
        self.manifest = folder / "manifest.json"
        """Written last: if it exists, the dataset is complete."""
        self.responses = responses or folder / "responses"
        self.knowledge = folder / "knowledge"
        self.candidates = folder / "candidates"
        self.dataset = folder / "dataset"
        self._owns_responses = responses is None

    @classmethod
    def existing(cls, folder: Path) -> "Workspace":
        """Return the workspace of a folder that a build was begun in; raises `InputError` otherwise."""
        workspace = cls(folder)
        if not workspace.recipe.is_file():
            raise InputError(
                f"{folder} is not a build folder (it has no recipe.toml): give the folder of a `kpmath build`."
            )
        return workspace

    def make(self) -> None:
        """Make the folders; raises `OSError` if that cannot be."""
        for folder in (self.responses, self.knowledge, self.candidates):
            folder.mkdir(parents=True, exist_ok=True)

    def lock(self) -> Lock:
        """Return the lock of the small files and of the tables."""
        return Lock(self.folder / "build.lock", f"is at the tables of {self.folder}")

    def log(self, stage: str, number: int = 0) -> Path:
        """Return the path of a response log."""
        return self.responses / f"{stage}-{number:05d}.jsonl"

    def open_log(self, stage: str, number: int, notify: Callable[[str], object]) -> ResponseLog:
        """Open a response log, for writing if it is this folder's own, and report what had to be mended."""
        path = self.log(stage, number)
        return open_log(path, notify) if self._owns_responses else ResponseLog(path, writable=False)

    def answered(self) -> set[Role]:
        """Return the roles of which an answer is in the log already."""
        found: set[Task] = set()
        for (
            stage,
            tasks,
        ) in _TASKS_OF.items():  # of each stage no more is read than shows that all its tasks were answered
            found |= tasks_answered(sorted(self.responses.glob(f"{stage}-*.jsonl")), tasks)
        return {ROLE_OF[task] for task in found}

    def given_up(self, stage: str, number: int = 0) -> int:
        """Return how many requests of a log were given up and have had no other answer since."""
        return len(given_up_keys(self.log(stage, number)))

    def shard(self, number: int) -> Path:
        """Return the path of a shard of candidates."""
        return self.candidates / f"shard-{number:05d}.jsonl"

    def is_sealed(self, number: int, spec: BuildSpec) -> bool:
        """Whether a shard of candidates is there, made towards this build spec."""
        there = shard_header(self.shard(number))
        return there is not None and spec.header(number).items() <= there.items()

    def begun(self) -> BuildSpec | None:
        """Return what the folder was last built towards, or None if no build was begun."""
        return BuildSpec.from_json(self.spec.read_text(encoding="utf-8")) if self.spec.is_file() else None

    def begin(self, recipe: Recipe, spec: BuildSpec, notify: Callable[[str], None]) -> None:
        """Note what is built from now on, and report what has changed; raises `InputError` as `check` does.

        A build that is finished towards this build spec is left as it is; the manifest of another build spec goes.
        """
        self.check(spec)
        if self.finished(spec) is not None:
            return
        before = self.begun()
        for change in spec.changes(before) if before else ():
            notify(f"{change}: what this touches is asked anew, the old answers stay in the log.")
        write_atomically(self.recipe, recipe.to_toml().encode())
        write_atomically(self.spec, spec.to_json().encode())
        self.manifest.unlink(missing_ok=True)

    def reopen(self, shards: Iterable[int]) -> None:
        """Take back that the shards, and with them the tables, are complete; what they are made from stays in the log."""
        paths = [self.shard(number) for number in shards]
        if paths:
            self.manifest.unlink(missing_ok=True)
        for path in paths:
            path.unlink(missing_ok=True)

    @property
    def is_learnt(self) -> bool:
        """Whether there is knowledge, from which the questions are drawn."""
        return (self.knowledge / "topics.json").is_file()

    def learnt(self, spec: BuildSpec) -> None:
        """Note what the knowledge is made from, just before it is saved."""
        write_atomically(self.knowledge / "origin.json", _json({**spec.origin, **spec.layout}))

    def check(self, spec: BuildSpec) -> None:
        """Raise `InputError` if the folder's knowledge was made from something else than the build spec says."""
        if not self.is_learnt:
            return
        origin: Keys = json.loads((self.knowledge / "origin.json").read_text(encoding="utf-8"))
        for change in differences(origin, {**spec.origin, **spec.layout}):
            raise InputError(
                f"{self.folder} was built with another recipe: {change}, which would mix two draws of questions. Choose "
                f"another folder with --set build.folder=… (answers that still fit are found in a copy of "
                f"{self.responses}), set that back, or delete {self.knowledge} to draw all questions anew."
            )

    def finished(self, spec: BuildSpec | None = None) -> dict[str, Any] | None:
        """Return the manifest, or None while the build is not complete (or complete for another build spec)."""
        if not self.manifest.is_file():
            return None
        manifest: dict[str, Any] = json.loads(self.manifest.read_text(encoding="utf-8"))
        return manifest if spec is None or manifest["build_spec"] == spec.fingerprint else None

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Declare the build complete."""
        write_atomically(self.manifest, _json(manifest))


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
