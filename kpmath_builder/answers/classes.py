"""Sorts answers into classes of equal ones: look-ups by canonical key first, then only representatives are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from kpmath_builder.answers.canonical import key_of
from kpmath_builder.answers.equivalence import compare

__all__ = ["Partition", "partition"]

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """Class number per answer, in order of first appearance, and the number of undecided pairs of classes."""

    labels: tuple[int, ...]
    unknown: int


def partition(answers: Sequence[Parts]) -> Partition:
    """Sort answers, each given as its parts, into classes.

    Answers with one canonical key form a class at once. Classes are then merged, largest first, where every member of the
    one equals every member of the other, so that being in one class is transitive and does not depend on the order.
    """
    by_key: dict[object, list[int]] = {}
    for place, parts in enumerate(answers):
        by_key.setdefault(key_of(parts), []).append(place)
    if len(by_key) == 1:
        return Partition((0,) * len(answers), 0)
    return _merged(answers, list(by_key.values()))


def _merged(answers: Sequence[Parts], groups: list[list[int]]) -> Partition:
    spellings = [sorted({answers[place] for place in group}) for group in groups]
    order = sorted(range(len(groups)), key=lambda g: (-len(groups[g]), spellings[g]))
    clusters: list[list[int]] = []
    unknown = 0
    for group in order:
        for cluster in clusters:
            verdicts = [compare(spellings[group][0], spellings[other][0]) for other in cluster]
            unknown += sum(verdict.unknown for verdict in verdicts)
            if all(verdict.equal for verdict in verdicts):
                cluster.append(group)
                break
        else:
            clusters.append([group])
    labels = [0] * len(answers)
    for number, cluster in enumerate(clusters):
        for group in cluster:
            for place in groups[group]:
                labels[place] = number
    return Partition(_by_appearance(labels), unknown)


def _by_appearance(labels: list[int]) -> tuple[int, ...]:
    numbers: dict[int, int] = {}
    return tuple([numbers.setdefault(label, len(numbers)) for label in labels])
