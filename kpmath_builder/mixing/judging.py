"""The second pass: which of the rows that were read are mixed, once they are compared with one another and with the test sets.

In memory it holds some 40 bytes per row, what `find_repeats` is allowed, and the texts that are withheld or tested on.
"""

import hashlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kpmath_builder.curation.duplicates import find_repeats
from kpmath_builder.curation.repeat import Repeat, RepeatKind
from kpmath_builder.mixing.collecting import Spool
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.mixing.rows import LeftOut, MixRow
from kpmath_builder.mixing.testsets import TestQuestions
from kpmath_builder.mixing.withheld import Withheld

__all__ = ["Fate", "Verdicts", "judge"]

_Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a row."""

    reason: LeftOut | None
    """None: it is mixed."""
    of: str = ""
    """The row, test problem or withheld text that it repeats, whether it stays or not."""
    how: str = ""
    test: str = ""
    """The test problem that it repeats in a way that the mix keeps."""
    test_how: str = ""
    matched: str = ""
    """What it has in common with a test problem, for people to look at on this machine."""


@dataclass
class Verdicts:
    """The fates of all rows, source by source in the order of preference."""

    _spools: Sequence[Spool]
    _repeats: Mapping[str, Repeat]
    """Row id to the row that it repeats: of the first row of each question."""
    _first: npt.NDArray[np.int64]
    """Row to the first row that stays with the same question; -1 if it was left out before."""
    _names: Sequence[str]
    """The source of each of `_starts`."""
    _starts: Sequence[int]
    _special: dict[int, Fate]
    """Fates of rows that were left out or marked before they were compared with one another."""
    _twins: set[int]
    """Rows with the same question and solution as an earlier one."""
    _numbers: npt.NDArray[np.int64]
    _recipe: MixRecipe
    tests: TestQuestions = field(repr=False)

    def of(self, spool: Spool) -> Iterator[tuple[MixRow, str, Fate]]:
        """Yield the rows of a source with their ids and fates."""
        start = self._starts[self._names.index(spool.name)]
        for place, row in enumerate(spool.rows(), start):
            yield row, row_id(spool.name, row.number), self._fate(place, row)

    def _fate(self, place: int, row: MixRow) -> Fate:
        known = self._special.get(place)
        if row.left_out is not None:
            return known or Fate(row.left_out)
        if known is not None and known.reason is not None:
            return known
        settings, first = self._recipe.repeats, int(self._first[place])
        same = self._same_question(place, first)
        if same is not None and same.reason is not None:
            return same
        repeat = self._repeats.get(self._id(first))
        if repeat is not None and repeat.kind in settings.drop:
            return Fate(self._whose(place, repeat.of), repeat.of, repeat.kind.value)
        of, how = (same.of, same.how) if same is not None else ("", "")
        if repeat is not None and repeat.kind in settings.flag:
            of, how = repeat.of, repeat.kind.value
        return Fate(None, of, how, *((known.test, known.test_how) if known is not None else ()))

    def _same_question(self, place: int, first: int) -> Fate | None:
        """Return the fate of a row whose question was there before, to the word; None if it was not."""
        if place == first:
            return None
        settings, of = self._recipe.repeats, self._id(first)
        own = self._name(place) == self._name(first)
        if place in self._twins or (own and settings.within == "questions"):
            return Fate(self._whose(place, of), of, RepeatKind.VERBATIM.value)
        if own:
            return None
        if RepeatKind.VERBATIM in settings.drop:
            return Fate(LeftOut.OTHERS, of, RepeatKind.VERBATIM.value)
        return Fate(None, of, RepeatKind.VERBATIM.value) if RepeatKind.VERBATIM in settings.flag else None

    def _whose(self, place: int, of: str) -> LeftOut:
        return LeftOut.OWN if of.partition("/")[0] == self._name(place) else LeftOut.OTHERS

    def _name(self, place: int) -> str:
        return self._names[int(np.searchsorted(self._starts, place, "right")) - 1]

    def _id(self, place: int) -> str:
        return row_id(self._name(place), int(self._numbers[place]))


def row_id(name: str, number: int) -> str:
    """Return the id of a row in the mix; the ids of one source sort as its rows stand."""
    return f"{name}/{number:08d}"


def judge(
    recipe: MixRecipe, spools: Sequence[Spool], withheld: Withheld, tests: TestQuestions, scratch: Path
) -> Verdicts:
    """Compare all rows; `spools` stand in the order of preference, `scratch` is a folder for what does not fit into memory."""
    special: dict[int, Fate] = {}
    starts, numbers = [0], array("q")
    questions, pairs, open_ = bytearray(), bytearray(), bytearray()
    for spool in spools:
        for row in spool.rows():
            fate = _alone(recipe, row, withheld, tests)
            if fate is not None:
                special[len(numbers)] = fate
            open_.append(row.left_out is None and (fate is None or fate.reason is None))
            question = _key(row.question)
            questions += question
            pairs += _key(question.hex() + row.solution)
            numbers.append(row.number)
        starts.append(len(numbers))
    is_open = np.frombuffer(bytes(open_), np.bool_)
    first = _first_of(np.frombuffer(bytes(questions), np.uint64), is_open)
    first_pair = _first_of(np.frombuffer(bytes(pairs), np.uint64), is_open)
    places = np.flatnonzero(is_open)
    return Verdicts(
        spools,
        find_repeats(
            _heads(spools, starts, first),
            scratch=scratch,
            memory=recipe.repeats.memory_mb << 20,
            kept=frozenset(RepeatKind) - {*recipe.repeats.drop},
        ),
        first,
        [spool.name for spool in spools],
        starts[:-1],
        special,
        set(places[first_pair[places] != places].tolist()),
        np.frombuffer(numbers, np.int64),
        recipe,
        tests,
    )


def _alone(recipe: MixRecipe, row: MixRow, withheld: Withheld, tests: TestQuestions) -> Fate | None:
    """Return what becomes of a row whatever the others are; None if nothing is to be said."""
    if row.left_out is not None and not row.question:
        return None
    if row.left_out is None and (found := withheld.reason(row)):
        return Fate(*found)
    repeat = tests.find(row.question)
    if repeat is None:
        return None
    if row.left_out is not None:  # MATH itself: the baseline of what grew out of it
        return Fate(row.left_out, test=repeat.of, test_how=repeat.kind.value)
    if repeat.kind in recipe.overlap.drop:
        return Fate(LeftOut.TEST, repeat.of, repeat.kind.value, matched=repeat.matched)
    if repeat.kind in recipe.overlap.flag:
        return Fate(None, test=repeat.of, test_how=repeat.kind.value)
    return None


def _key(text: str) -> bytes:
    plain = " ".join(text.casefold().split())
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _first_of(keys: _Keys, is_open: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return for each open row the first open row with the same key; -1 for the others."""
    places = np.flatnonzero(is_open)
    _, first, group = np.unique(keys[places], return_index=True, return_inverse=True)
    found = np.full(len(keys), -1, np.int64)
    found[places] = places[first[group]]
    return found


def _heads(
    spools: Sequence[Spool], starts: Sequence[int], first: npt.NDArray[np.int64]
) -> Iterator[tuple[str, str]]:
    """Yield id and question of the first row of each question."""
    for spool, start in zip(spools, starts, strict=False):
        for place, row in enumerate(spool.rows(), start):
            if first[place] == place:
                yield row_id(spool.name, row.number), row.question
