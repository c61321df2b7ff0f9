"""Which classes of a vote might be one class: pairs that neither canonical form nor checker decides, and that could change the outcome."""

from collections.abc import Container, Sequence
from itertools import combinations

from kpmath_builder.answers.consensus import AnswerClass
from kpmath_builder.answers.equivalence import compare

__all__ = ["undecided"]

_MOST_LOOKS = 24
"""Pairs that are compared in search of those that nobody decides."""


def undecided(
    classes: Sequence[AnswerClass], most: int, known: Container[tuple[str, str]] = ()
) -> list[tuple[str, str]]:
    """Return pairs of answers of which nobody knows whether they are equal, those of the heaviest classes first.

    A pair counts if its classes together would be at least as heavy as the heaviest is: less changes neither the winner nor what is kept.

    Parameters
    ----------
    classes
        Of a vote, heaviest first.
    most
        How many pairs at most.
    known
        Pairs that have been decided otherwise; they are left out.
    """
    if len(classes) < 2:
        return []
    leading = classes[0].weight
    pairs = [pair for pair in combinations(classes, 2) if pair[0].weight + pair[1].weight >= leading]
    pairs.sort(key=lambda pair: (-pair[0].weight - pair[1].weight, pair[0].answer.text, pair[1].answer.text))
    found: list[tuple[str, str]] = []
    for one, other in pairs[:_MOST_LOOKS]:
        if len(found) >= most:
            break
        name = (one.answer.text, other.answer.text)
        if (
            name not in known
            and name[::-1] not in known
            and compare(one.answer.parts, other.answer.parts).unknown
        ):
            found.append(name)
    return found
