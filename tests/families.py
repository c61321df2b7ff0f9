"""Families of like tests that take a second or so each: a few stand for all with the fast tests, and `-m slow` runs the others."""

from collections.abc import Iterable
from typing import Any

import pytest

__all__ = ["first", "named"]


def named(cases: Iterable[str], *fast: str) -> list[Any]:
    """Return a parameter for each case; all but the `fast` ones are marked slow."""
    cases = list(cases)
    assert set(fast) <= set(cases), set(fast) - set(cases)
    return [pytest.param(case, marks=() if case in fast else pytest.mark.slow) for case in cases]


def first(count: int, cases: Iterable[Any]) -> list[Any]:
    """Return a parameter for each case, a tuple if it has several values; all but the first `count` are marked slow."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)), marks=() if place < count else pytest.mark.slow
        )
        for place, case in enumerate(cases)
    ]
