"""A recipe as TOML: reading it, applying `--set key=value` before anything is validated, writing it."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.recipe.keys import Key

__all__ = ["dump_toml", "override", "read_toml"]

# Giving one of these on the command line takes the place of the other in the file.
_INSTEAD_OF = {"seeds.path": "hub", "seeds.hub": "path"}


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tree in a TOML file; raises `InputError` naming the file and the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"There is no recipe at {path}: give the path of a .toml file, e.g. examples/quickstart.toml."
        ) from None
    except RecursionError:
        raise InputError(f"The recipe {path} is nested too deeply: write it flatter.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The recipe {path} is not valid TOML: {error}. Correct that line.") from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"The recipe {path} cannot be read ({error}): give the path of a .toml file."
        ) from None


def override(tree: dict[str, Any], settings: Mapping[str, str]) -> dict[str, Any]:
    """Return the tree with dotted keys set; values are TOML if they read as TOML, else plain text."""
    for dotted, text in settings.items():
        *tables, name = dotted.split(".")
        table = tree
        for part in tables:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise InputError(
                    f"--set {dotted}: {part} is a key, not a table of the recipe; see docs/recipe.md."
                )
        table[name] = _value(text)
        if dotted in _INSTEAD_OF:
            table.pop(_INSTEAD_OF[dotted], None)
    return tree


def _value(text: str) -> Any:  # noqa: ANN401 - any TOML value
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except RecursionError:
        raise InputError(f"--set …={text[:40]}… is nested too deeply: write it flatter.") from None
    except ValueError:  # no TOML, or a number of thousands of digits
        return text
    # Dates are text in a recipe: no key is a date, but a revision or a name may look like one.
    return value if isinstance(value, str | int | float | bool | list | dict) else text


def dump_toml(keys: Iterable[Key]) -> str:
    """Return keys as TOML, each behind its meaning; keys that are not set stand as comments."""
    lines: list[str] = []
    current = ""
    for key in keys:
        table, _, name = key.name.rpartition(".")
        if table != current:
            lines += ["", f"[{table}]"]
            current = table
        lines += [
            f"# {key.meaning}",
            f"# {name} is not set" if key.value is None else f"{name} = {_toml(key.value)}",
        ]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:  # noqa: ANN401 - any TOML value
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # JSON's strings, numbers and booleans are TOML's, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
