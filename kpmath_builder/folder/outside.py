"""What is asked that stands outside the recipe: a file of controls, and the package that generates some."""

import hashlib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from kpmath_builder.errors import InputError
from kpmath_builder.recipe import Recipe

__all__ = ["GENERATOR_MISSING", "outside"]

GENERATOR_MISSING = "controls.sources names reasoning-gym, which is not installed: run `pip install 'kpmath-builder[controls]'`, or leave it out."


def outside(recipe: Recipe) -> Mapping[str, str]:
    """Return what it is now, by its name in the build spec.

    Raises
    ------
    InputError
        When the file cannot be read, or the package is not installed.
    """
    controls = recipe.controls
    found: dict[str, str] = {}
    if not recipe.has_controls:
        return found
    if controls.uses("file"):
        assert controls.path is not None, "the recipe refuses this source without its file"
        try:
            content = controls.path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{controls.path} cannot be read ({error.strerror}): correct controls.path."
            ) from None
        found["the hash of controls.path"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if controls.uses("reasoning-gym"):
        try:
            found["the version of reasoning-gym"] = version("reasoning-gym")
        except PackageNotFoundError:
            raise InputError(GENERATOR_MISSING) from None
    return found
