"""A recipe as TOML: reading it, applying `--set key=value` before anything is validated, writing it."""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from kpmath_builder.errors import InputError
from kpmath_builder.recipe.keys import Key, Section, walk

__all__ = ["UNSET", "dump_toml", "overridden", "override", "read_toml"]

S = TypeVar("S", bound=Section)

UNSET = "unset"
"""As the value of `--set`: the key goes back to its default. A text of these letters is given in quotes."""

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
    """Return the tree with dotted keys set; values are TOML if they read as TOML, else plain text. `UNSET` takes a key out.

    Raises
    ------
    InputError
        If a key stands where a table is named.
    """
    for dotted, text in settings.items():
        if text == UNSET:
            _take_out(tree, dotted)
            continue
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


def overridden(
    tree: Mapping[str, Any], settings: Mapping[str, str], make: Callable[[dict[str, Any]], S]
) -> S:
    """Return what `make` makes of the tree with dotted keys set, or unset; raises as `override` does, and for a key to unset that there is not."""
    absent = _absent_keys(tree, settings)
    made = make(override(dict(tree), settings))
    _check_unset(absent, walk(made))
    return made


def _take_out(tree: dict[str, Any], dotted: str) -> None:
    *tables, name = dotted.split(".")
    table: Any = tree
    for part in tables:
        table = table.get(part) if isinstance(table, dict) else None
    if isinstance(table, dict):
        table.pop(name, None)


def _absent_keys(tree: Mapping[str, Any], settings: Mapping[str, str]) -> list[str]:
    """Return the keys that are to be unset and that the tree does not have; `_check_unset` tells those at their default from slips."""
    return [dotted for dotted, text in settings.items() if text == UNSET and not _stands_in(tree, dotted)]


def _stands_in(tree: Mapping[str, Any], dotted: str) -> bool:
    found: Any = tree
    for part in dotted.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return False
        found = found[part]
    return True


def _check_unset(absent: Iterable[str], keys: Iterable[Key]) -> None:
    """Raise `InputError` if one of `absent` is none of the keys: a slip of the pen would leave the key that was meant as it is."""
    known = sorted({key.name for key in keys})
    for name in absent:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "docs/recipe.md lists all keys."
            raise InputError(f"--set {name}={UNSET}: the recipe has no such key; {hint}")


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
