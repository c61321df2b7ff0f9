"""What a value in a recipe may be at all, before anything is asked of its key: plain, finite, of bounded size."""

import math
from collections.abc import Mapping

from kpmath_builder.errors import InputError

__all__ = ["check_values"]

_DEEPEST = 20
_LARGEST = 2**63
_LONGEST = 100_000
"""Characters of a text."""


def check_values(value: object, name: str = "", depth: int = 0) -> None:
    """Raise `InputError` for a value that JSON, the file system or the tables could not hold."""
    if fault := _fault(value, depth):
        raise InputError(f"The recipe's {name} {fault}.")
    inner = (
        value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in inner:
        if fault := _fault(key, 0):
            raise InputError(f"A key below the recipe's {name or 'top'} {fault}.")
        check_values(item, f"{name}.{key}" if name else str(key), depth + 1)


def _fault(value: object, depth: int) -> str:
    """Return what is wrong with a value, as the end of a sentence; "" if nothing is."""
    if isinstance(value, Mapping | list | tuple):
        return f"is nested deeper than {_DEEPEST} levels: write it flatter" if depth > _DEEPEST else ""
    if isinstance(value, str):
        return _fault_of_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}: give a number that is finite"
    if isinstance(value, int | float):
        return "" if abs(value) < _LARGEST else "has too many digits: give a number below 2^63"
    if value is None or hasattr(value, "__fspath__"):
        return ""
    return f"is a {type(value).__name__}, which no key takes: write it in quotes, as text"


def _fault_of_text(text: str) -> str:
    if len(text) > _LONGEST:
        return f"has {len(text):,} characters: give {_LONGEST:,} at most"
    if "\0" in text:
        return "holds a NUL character: leave it out"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "is not UTF-8 text: write it anew"
    return ""
