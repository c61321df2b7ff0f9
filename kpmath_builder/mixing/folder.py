"""The folder of a mix: what lies where, whose it is, and when it counts as finished."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.files.lock import Lock
from kpmath_builder.files.sealed import DamagedError, read_text, write_object, write_text
from kpmath_builder.folder.paths import MIX_RECIPE
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.folder.results import Results
from kpmath_builder.mixing.recipe import MixRecipe

__all__ = ["MixFolder", "is_mix"]

_OWN = frozenset(
    {MIX_RECIPE, "sources", "knowledge", "dataset", "left-out.jsonl", "manifest.json", "mix.lock", "export"}
)
"""What a mix writes, and the folder that `kpmath export` writes to by default."""


def is_mix(folder: Path) -> bool:
    """Return whether a folder is that of a mix, finished or not."""
    return (folder / MIX_RECIPE).is_file()


class MixFolder(Results):
    """A folder of a mix; `manifest.json` and `dataset/` are as in a build's folder, so that it is published in the same way."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.mix_recipe = folder / MIX_RECIPE
        """The whole recipe as last used, overrides included."""
        self.spools = folder / "sources"
        """What was read of each source, so that a mix that was stopped need not read it again."""
        self.left_out = folder / "left-out.jsonl"
        """A line for each row that is not mixed, with the reason and what it repeats; stays on this machine."""
        self.protected = self.knowledge / "protected.jsonl"
        """Texts that must not be published; stays on this machine."""

    def begin(self, recipe: MixRecipe) -> None:
        """Make the folder and note the recipe in it.

        Raises
        ------
        InputError
            When the folder is somebody else's, belongs to a mix of another name, or cannot be written.
        """
        self.check_place(recipe)
        try:
            write_text(self.mix_recipe, recipe.to_toml())  # first: it says whose the folder is
            for folder in (self.spools, self.knowledge):
                folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The folder {self.folder} cannot be written ({error.strerror}): choose another with --set folder=…"
            ) from None

    def mix_lock(self) -> Lock:
        """Return the lock of the folder."""
        return Lock(self.folder / "mix.lock", f"is mixing in {self.folder}")

    def spool(self, name: str) -> Path:
        """Return the path of what was read of a source."""
        return self.spools / f"{name}.jsonl"

    def read_mix_recipe(self) -> MixRecipe:
        """Return the recipe that the folder was last mixed with; raises `DamagedError` if it is not what was written."""
        if read_text(self.mix_recipe) is None:
            raise InputError(f"{self.folder} is not the folder of a mix (it has no {MIX_RECIPE}).")
        return MixRecipe.read(self.mix_recipe)

    def declare(self, manifest: Mapping[str, Any]) -> None:
        """Declare the mix complete: write the manifest, which lists every file with its digest."""
        made = [*plain_files(self.dataset), *plain_files(self.knowledge), self.left_out]
        files = {path.relative_to(self.folder).as_posix(): self._proved.record(path) for path in made}
        write_object(self.manifest, {**manifest, "files": files})

    def check_place(self, recipe: MixRecipe) -> None:
        """Raise `InputError` if the folder is somebody else's or belongs to a mix of another name."""
        try:
            names = {path.name for path in self.folder.iterdir()} if self.folder.exists() else set[str]()
        except OSError as error:
            raise InputError(
                f"The folder {self.folder} cannot be read ({error.strerror}): choose another with --set folder=…"
            ) from None
        there = {name for name in names if not name.startswith(".")}  # what a killed writer left is hidden
        if foreign := sorted(there - _OWN):
            raise InputError(
                f"{self.folder} holds {foreign[0]}, which is not a mix's: choose another folder with --set folder=…"
            )
        if there - {"mix.lock"} and not is_mix(self.folder):
            raise InputError(
                f"{self.folder} holds files and no {MIX_RECIPE}, so it is not a mix's: choose another folder with --set folder=…"
            )
        owner = self._owner()
        if owner not in {None, recipe.name}:
            raise InputError(
                f'{self.folder} belongs to the mix named "{owner}", and this one is named "{recipe.name}": choose another folder with '
                "--set folder=…"
            )

    def _owner(self) -> str | None:
        """Return the name of the mix that the folder belongs to; None if it is new or its recipe is damaged."""
        with suppress(KpmathError, DamagedError):
            return self.read_mix_recipe().name
        return None
