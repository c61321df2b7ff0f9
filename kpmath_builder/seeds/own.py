"""A recipe for a seed file alone: that of `kpmath init own`, with the file's columns and name in it."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.files import overridden
from kpmath_builder.recipe.shipped import recipe_text
from kpmath_builder.seeds.guessing import Guess, guess_fields

__all__ = ["recipe_of_file"]

_READING = ("seeds.fields", "seeds.format")
"""Whoever sets one of these says how the file is read."""


def recipe_of_file(path: Path, settings: Mapping[str, str]) -> tuple[Recipe, Guess | None]:
    """Return the recipe for a seed file, and the guess that it rests on; None if `settings` say how the file is read.

    Without a teacher in `settings`, the embedded program plays all roles if the solutions have calculator annotations.

    Raises
    ------
    InputError
        If the file cannot be read so, or a model is needed and none is named.
    """
    guess = None if any(key in settings for key in _READING) else guess_fields(path)
    tree: dict[str, Any] = tomllib.loads(recipe_text("own"))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.name.split(".", 1)[0]).strip("-._") or "my-problems"
    tree |= {"name": name, "build": {**tree["build"], "folder": f"builds/{name}"}}
    tree["seeds"] |= {"path": str(path), "source": name}
    del tree["seeds"]["fields"]
    if guess is not None and guess.fields is not None:
        tree["seeds"]["fields"] = dict(guess.fields)
    del tree["teacher"]
    if "teacher.kind" not in settings and guess is not None and not guess.is_annotated:
        raise InputError(
            f"The solutions in {path} have no calculator annotations such as <<3+4=7>>, so a model must read them: add --set "
            "teacher.kind=openai --set teacher.model=NAME (of a server at http://127.0.0.1:8000, else --set teacher.addresses=…), or "
            "write a recipe with `kpmath init own`."
        )
    return overridden(tree, settings, Recipe.of), guess
