"""The build folder: where everything lies, what it was begun with, and when it counts as finished."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kpmath_builder.durable import write_atomically
from kpmath_builder.errors import InputError
from kpmath_builder.recipe import Recipe

__all__ = ["Identity", "Workspace"]

Identity = Mapping[str, Any]
"""What the data depends on: the recipe's data keys, the hashes of seeds and prompts. One folder holds one identity."""


class Workspace:
    """Paths in a build folder, and its three small files: recipe.toml, identity.json, manifest.json."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.toml"
        """The whole recipe as last used, overrides included."""
        self.identity = folder / "identity.json"
        self.manifest = folder / "manifest.json"
        """Written last: where it exists, the dataset is complete."""
        self.responses = folder / "responses"
        self.knowledge = folder / "knowledge"
        self.candidates = folder / "candidates"
        self.dataset = folder / "dataset"

    @classmethod
    def existing(cls, folder: Path) -> "Workspace":
        """Return the workspace of a folder that a build was begun in; raises `InputError` otherwise."""
        workspace = cls(folder)
        if not workspace.recipe.is_file():
            raise InputError(
                f"{folder} is not a build folder (it has no recipe.toml): give the folder of a `kpmath build`."
            )
        return workspace

    def log(self, stage: str, number: int = 0) -> Path:
        """Return the path of a response log."""
        return self.responses / f"{stage}-{number:05d}.jsonl"

    def shard(self, number: int) -> Path:
        """Return the path of a shard of candidates."""
        return self.candidates / f"shard-{number:05d}.jsonl"

    def begin(self, recipe: Recipe, identity: Identity) -> None:
        """Make the folder, or check that it was begun with the same identity.

        Raises
        ------
        InputError
            When the folder cannot be written, or was begun with another recipe, other seeds or other prompts.
        """
        try:
            for folder in (self.responses, self.knowledge, self.candidates):
                folder.mkdir(parents=True, exist_ok=True)
            if self.identity.exists():
                self.check(identity)
            else:
                write_atomically(self.identity, _json(identity))
            write_atomically(self.recipe, recipe.to_toml().encode())
        except OSError as error:
            raise InputError(
                f"The build folder {self.folder} cannot be written ({error.strerror}): choose another with --set build.folder=…"
            ) from None

    def begun(self) -> Identity:
        """Return the identity that the folder was begun with."""
        identity: Identity = json.loads(self.identity.read_text(encoding="utf-8"))
        return identity

    def check(self, identity: Identity) -> None:
        """Raise `InputError` where a part of `identity` is not what the folder was begun with."""
        begun = self.begun()
        for part, now in json.loads(_json(identity)).items():
            if begun.get(part) != now:
                raise InputError(
                    f"{self.folder} was built with another recipe: {part} was {begun.get(part)!r} and is now {now!r}. "
                    "Choose another folder with --set build.folder=…, or set that back."
                )

    def finished(self) -> dict[str, Any] | None:
        """Return the manifest, or None while the build is not complete."""
        if not self.manifest.is_file():
            return None
        manifest: dict[str, Any] = json.loads(self.manifest.read_text())
        return manifest

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Declare the build complete."""
        write_atomically(self.manifest, _json(manifest))

    def reopen(self) -> None:
        """Declare the build incomplete, before anything of it is written anew."""
        self.manifest.unlink(missing_ok=True)


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n").encode()
