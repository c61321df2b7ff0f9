"""Sorts answers into classes of equal ones by look-ups: no answer is compared with all others."""

from collections.abc import Sequence
from dataclasses import dataclass

from kpmath_builder.answers.canonical import Parts, form_of, key_of
from kpmath_builder.answers.equivalence import Read, askable, compare_read
from kpmath_builder.answers.forms import NOTHING, Decoration, Form, Opaque, Scalar, Word, bare, worked_out
from kpmath_builder.answers.precision import Key

__all__ = ["Budget", "Partition", "partition"]

_MAX_QUESTIONS = 16


@dataclass(slots=True)
class Budget:
    """How many pairs of representatives may still be put to the checker; further ones are unknown."""

    questions: int = _MAX_QUESTIONS


@dataclass(frozen=True, slots=True)
class Partition:
    """Class number per answer, in order of first appearance, and the number of pairs of classes that could not be compared."""

    labels: tuple[int, ...]
    unknown: int


def partition(answers: Sequence[Parts], budget: Budget | None = None) -> Partition:
    """Sort answers, each given as its parts, into classes; partitions of one vote share a budget.

    Answers with one canonical key form a class at once. Classes are then merged, largest first, if every member of the
    one equals every member of the other, so that being in one class is transitive and does not depend on the order.
    """
    forms = {parts: form_of(parts) for parts in dict.fromkeys(answers)}
    if len(forms) == 1:
        return Partition((0,) * len(answers), 0)
    keys = {parts: key_of(form) for parts, form in forms.items()}
    by_key: dict[Key, list[int]] = {}
    for place, parts in enumerate(answers):
        by_key.setdefault(keys[parts], []).append(place)
    if len(by_key) == 1:
        return Partition((0,) * len(answers), 0)
    groups = sorted((-len(places), min(answers[p] for p in places), places) for places in by_key.values())
    merger = _Merger(budget or Budget())
    labels = [0] * len(answers)
    for _, spelling, places in groups:
        number = merger.place((spelling, forms[spelling]))
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
        self._bare: dict[Key, dict[int, None]] = {}

    def add(self, form: Form, number: int) -> None:
        self._members.setdefault(form.has, []).append((form, number))
        for (has, other), keys in self._keys.items():
            if has == form.has:
                keys.setdefault(_common_key(form, other), {})[number] = None
        worked, bare_number = _numbers(form)
        self._worked_out.setdefault(worked, {})[number] = None
        self._bare.setdefault(bare_number, {})[number] = None

    def equal_to(self, form: Form) -> set[int]:
        found: set[int] = set()
        for has, members in self._members.items():
            keys = self._keys.get((has, form.has))
            if keys is None:
                keys = self._keys[has, form.has] = {}
                for member, number in members:
                    keys.setdefault(_common_key(member, form.has), {})[number] = None
            found.update(keys.get(_common_key(form, has), ()))
        worked, bare_number = _numbers(form)
        if worked != NOTHING:
            found.update(self._bare.get(worked, ()))
        if bare_number != NOTHING:
            found.update(self._worked_out.get(bare_number, ()))
        return found


def _common_key(form: Form, other: int) -> Key:
    return form.key(form.has & other, ordered=bool((form.has ^ other) & Decoration.BRACKETS))


def _numbers(form: Form) -> tuple[Key, Key]:
    """Return the number that a unit without dimension makes of a value, and the value if it has no unit: 90° meets π/2."""
    plain = bare(form)
    number = ("bare", plain.value.positive) if isinstance(plain, Scalar) and not plain.unit else NOTHING
    return worked_out(plain), number


class _Merger:
    """Puts one representative after the other into the first cluster all of whose members it equals."""

    def __init__(self, budget: Budget) -> None:
        self.clusters: list[list[Read]] = []
        self._index = _Index()
        self._budget = budget
        self._askable: list[int] = []
        """Clusters about which the checker may be asked, among the first `_looked_at`."""
        self._looked_at = 0
        self._unread: set[int] = set()
        self._checkable: set[int] = set()
        self._words: set[int] = set()
        self._settled = 0
        """Pairs with an unread one that the checker decided."""

    @property
    def unknown(self) -> int:
        """Pairs of classes of which one is not read and the other is no word, less those that the checker decided."""
        unread = len(self._unread)
        others = len(self.clusters) - unread - len(self._words)
        return max(0, unread * (unread - 1) // 2 + unread * others - self._settled)

    def place(self, answer: Read) -> int:
        """Return the number of the cluster that the representative fell into."""
        form = answer[1]
        candidates = sorted(self._index.equal_to(form))
        number = next((n for n in candidates if self._equals_all(answer, n)), None)
        if number is None:
            number = self._asked(answer)
        if number is None:
            number = len(self.clusters)
            self.clusters.append([])
            self._opened(number, form)
        self.clusters[number].append(answer)
        self._index.add(form, number)
        return number

    def _opened(self, number: int, form: Form) -> None:
        if form.has & Decoration.UNREAD:
            self._unread.add(number)
            if isinstance(form, Opaque) and form.checkable:
                self._checkable.add(number)
        elif isinstance(form, Word):
            self._words.add(number)

    def _asked(self, answer: Read) -> int | None:
        """Return the cluster that the checker finds equal, within the number of questions."""
        form = answer[1]
        opaque = isinstance(form, Opaque) and form.checkable
        if (
            not self._budget.questions
            or not (opaque or (self._checkable and isinstance(form, Scalar)))
            or not askable(*answer)
        ):
            return None
        for number in range(self._looked_at, len(self.clusters)):
            if askable(*self.clusters[number][0]):
                self._askable.append(number)
        self._looked_at = len(self.clusters)
        among = self._askable if opaque else [number for number in self._askable if number in self._checkable]
        return next(
            (number for number in among[: self._budget.questions] if self._equals_all(answer, number)), None
        )

    def _equals_all(self, answer: Read, number: int) -> bool:
        return all(self._equals(answer, other) for other in self.clusters[number])

    def _equals(self, answer: Read, other: Read) -> bool:
        verdict = compare_read(answer, other, ask=self._budget.questions > 0)
        self._budget.questions -= verdict.asked
        self._settled += verdict.asked and not verdict.unknown and not verdict.equal
        return verdict.equal


def _by_appearance(labels: list[int]) -> tuple[int, ...]:
    numbers: dict[int, int] = {}
    return tuple([numbers.setdefault(label, len(numbers)) for label in labels])
