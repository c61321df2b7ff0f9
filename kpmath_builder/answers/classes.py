"""Sorts answers into classes of equal ones by look-ups: no answer is compared with all others."""

from collections.abc import Sequence
from dataclasses import dataclass

from kpmath_builder.answers.canonical import Parts, form_of, key_of
from kpmath_builder.answers.equivalence import askable, compare
from kpmath_builder.answers.forms import Decoration, Form, Opaque, Scalar, Word, bare, worked_out
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

    Answers with one canonical key form a class at once. Classes are then merged, largest first, if every member of the
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


class _Index:
    """Finds the clusters that hold an equal representative.

    Two forms are equal if their keys under the decorations that both have are. Representatives are therefore kept by the
    decorations they have, and for each combination that is asked for by their keys under what is common: a look-up costs as
    many steps as there are combinations, not representatives.
    """

    def __init__(self) -> None:
        self._members: dict[int, list[tuple[Form, int]]] = {}
        self._keys: dict[tuple[int, int], dict[Key, dict[int, None]]] = {}
        self._worked_out: dict[Key, dict[int, None]] = {}

    def add(self, form: Form, number: int) -> None:
        self._members.setdefault(form.has, []).append((form, number))
        for (has, other), keys in self._keys.items():
            if has == form.has:
                keys.setdefault(_common_key(form, other), {})[number] = None
        for key in _numbers(form):
            self._worked_out.setdefault(key, {})[number] = None

    def equal_to(self, form: Form) -> set[int]:
        found: set[int] = set()
        for has, members in self._members.items():
            keys = self._keys.get((has, form.has))
            if keys is None:
                keys = self._keys[has, form.has] = {}
                for member, number in members:
                    keys.setdefault(_common_key(member, form.has), {})[number] = None
            found.update(keys.get(_common_key(form, has), ()))
        for key in _numbers(form):
            found.update(self._worked_out.get(key, ()))
        return found


def _common_key(form: Form, other: int) -> Key:
    return form.key(form.has & other, ordered=bool((form.has ^ other) & Decoration.BRACKETS))


def _numbers(form: Form) -> list[Key]:
    """Return the bare numbers under which 90° and π/2 meet."""
    plain = bare(form)
    keys = [worked_out(plain)]
    if isinstance(plain, Scalar) and not plain.unit:
        keys.append(("bare", plain.value.positive))
    return [key for key in keys if key[0] == "bare"]


class _Merger:
    """Puts one representative after the other into the first cluster all of whose members it equals."""

    def __init__(self) -> None:
        self.clusters: list[list[Parts]] = []
        self._index = _Index()
        self._questions = _MAX_QUESTIONS
        self._askable: list[int] = []
        """Clusters about which the checker may be asked, among the first `_looked_at`."""
        self._looked_at = 0
        self._opaque: set[int] = set()
        self._checkable: set[int] = set()
        self._words: set[int] = set()
        self._settled = 0
        """Pairs with an unread one that the checker decided."""
        self._undecided = 0
        """Pairs of read ones that neither it nor the forms could decide."""

    @property
    def unknown(self) -> int:
        """Pairs of classes of which one is not read and the other is no word, less those that the checker decided."""
        opaque = len(self._opaque)
        others = len(self.clusters) - opaque - len(self._words)
        return max(0, opaque * (opaque - 1) // 2 + opaque * others - self._settled) + self._undecided

    def place(self, parts: Parts) -> int:
        """Return the number of the cluster that the representative fell into."""
        form = form_of(parts)
        candidates = sorted(self._index.equal_to(form))
        number = next((n for n in candidates if self._equals_all(parts, n)), None)
        if number is None:
            number = self._asked(parts, form)
        if number is None:
            number = len(self.clusters)
            self.clusters.append([])
            self._opened(number, form)
        self.clusters[number].append(parts)
        self._index.add(form, number)
        return number

    def _opened(self, number: int, form: Form) -> None:
        if isinstance(form, Opaque):
            self._opaque.add(number)
            if form.checkable:
                self._checkable.add(number)
        elif isinstance(form, Word):
            self._words.add(number)

    def _asked(self, parts: Parts, form: Form) -> int | None:
        """Return the cluster that the checker finds equal, within the number of questions."""
        opaque = isinstance(form, Opaque) and form.checkable
        if (
            not self._questions
            or not (opaque or (self._checkable and isinstance(form, Scalar)))
            or not askable(parts)
        ):
            return None
        for number in range(self._looked_at, len(self.clusters)):
            if askable(self.clusters[number][0]):
                self._askable.append(number)
        self._looked_at = len(self.clusters)
        among = self._askable if opaque else [number for number in self._askable if number in self._checkable]
        return next((number for number in among[: self._questions] if self._equals_all(parts, number)), None)

    def _equals_all(self, parts: Parts, number: int) -> bool:
        return all(self._equals(parts, other) for other in self.clusters[number])

    def _equals(self, parts: Parts, other: Parts) -> bool:
        verdict = compare(parts, other, ask=self._questions > 0)
        self._questions -= verdict.asked
        self._settled += verdict.asked and not verdict.unknown and not verdict.equal
        return verdict.equal


def _by_appearance(labels: list[int]) -> tuple[int, ...]:
    numbers: dict[int, int] = {}
    return tuple([numbers.setdefault(label, len(numbers)) for label in labels])
