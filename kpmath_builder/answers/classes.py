"""Sorts answers into classes of equal ones: look-ups by canonical key first, then only representatives are compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kpmath_builder.answers.canonical import Parts, form_of, key_of
from kpmath_builder.answers.equivalence import compare
from kpmath_builder.answers.forms import Opaque, buckets
from kpmath_builder.answers.precision import Key

__all__ = ["Partition", "partition"]

_MAX_QUESTIONS = 16
"""Pairs of representatives that one partition may put to the checker; further ones are unknown."""


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
    by_key: dict[Key, list[int]] = {}
    for place, parts in enumerate(answers):
        by_key.setdefault(key_of(parts), []).append(place)
    if len(by_key) == 1:
        return Partition((0,) * len(answers), 0)
    groups = sorted((-len(places), min(answers[p] for p in places), places) for places in by_key.values())
    merger = _Merger()
    labels = [0] * len(answers)
    for _, spelling, places in groups:
        number = merger.place(spelling)
        for place in places:
            labels[place] = number
    return Partition(_by_appearance(labels), merger.unknown)


class _Merger:
    """Puts one representative after the other into the first cluster all of whose members it equals."""

    def __init__(self) -> None:
        self.clusters: list[list[Parts]] = []
        self.unknown = 0
        self._questions = _MAX_QUESTIONS
        self._by_bucket: dict[Key, dict[int, None]] = {}
        self._opaque: dict[int, None] = {}

    def place(self, parts: Parts) -> int:
        """Return the number of the cluster that the representative fell into."""
        number = next((n for n in self._candidates(parts) if self._equals_all(parts, n)), len(self.clusters))
        if number == len(self.clusters):
            self.clusters.append([])
        self.clusters[number].append(parts)
        for bucket in buckets(form_of(parts)):
            self._by_bucket.setdefault(bucket, {})[number] = None
        if isinstance(form_of(parts), Opaque):
            self._opaque[number] = None
        return number

    def _candidates(self, parts: Parts) -> Iterable[int]:
        """Return the clusters that could hold it: those that share a bucket, and any where the checker must decide."""
        if isinstance(form_of(parts), Opaque):
            return range(len(self.clusters))
        sharing = (number for bucket in buckets(form_of(parts)) for number in self._by_bucket.get(bucket, ()))
        return sorted({*sharing, *self._opaque})

    def _equals_all(self, parts: Parts, number: int) -> bool:
        return all(self._equals(parts, other) for other in self.clusters[number])

    def _equals(self, parts: Parts, other: Parts) -> bool:
        verdict = compare(parts, other, ask=self._questions > 0)
        self._questions -= verdict.asked
        self.unknown += verdict.unknown
        return verdict.equal


def _by_appearance(labels: list[int]) -> tuple[int, ...]:
    numbers: dict[int, int] = {}
    return tuple([numbers.setdefault(label, len(numbers)) for label in labels])
