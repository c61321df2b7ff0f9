"""The recipes that ship with the package, for places without a checkout; in a checkout they are `examples/`."""

from importlib.resources import files
from pathlib import Path

from kpmath_builder.errors import InputError

__all__ = ["recipe_text", "shipped_names", "write_recipe"]

_FOLDER = files("kpmath_builder") / "data" / "recipes"
_SHORT = {"gsm8k": "gsm8k-paper"}


def shipped_names() -> list[str]:
    """Return the names under which recipes can be had."""
    whole = (path.name.removesuffix(".toml") for path in _FOLDER.iterdir() if path.name.endswith(".toml"))
    return sorted([*whole, *_SHORT])


def recipe_text(name: str) -> str:
    """Return a recipe with its comments; raises `InputError` for an unknown name."""
    if name not in shipped_names():
        raise InputError(
            f"There is no recipe {name!r} to begin with: take one of {', '.join(shipped_names())}."
        )
    return (_FOLDER / f"{_SHORT.get(name, name)}.toml").read_text(encoding="utf-8")


def write_recipe(name: str, path: Path) -> None:
    """Write a recipe to a new file, with the file's name in its commands.

    Raises
    ------
    InputError
        For an unknown name, and if the file is there already or cannot be written.
    """
    text = recipe_text(name).replace(f"examples/{_SHORT.get(name, name)}.toml", path.as_posix())
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} is there already and is not replaced: name another file.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written ({error}): name another file.") from None
