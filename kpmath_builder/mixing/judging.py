"""The second pass: which of the rows that were read are mixed, once they are compared with one another and with the test sets.

In memory it holds some 50 bytes per row, 100 more per question until all rows are read, a few hundred per row that repeats something,
what `compare_signatures` is allowed, and the texts that are withheld or tested on.
"""

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kpmath_builder.curation.batches import cut, in_order
from kpmath_builder.curation.duplicates import compare_signatures
from kpmath_builder.curation.paraphrase_model import ParaphraseModel
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.policy import paraphrases_from
from kpmath_builder.curation.repeat import Repeat, RepeatKind
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.curation.signatures import RowReading, Signatures
from kpmath_builder.mixing.collecting import Spool
from kpmath_builder.mixing.policies import kept_kinds, of_row, of_test
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.mixing.rows import LeftOut, MixRow
from kpmath_builder.mixing.withheld import Withheld
from kpmath_builder.recipe.sections import Policy
from kpmath_builder.records import RepeatMark

__all__ = ["Fate", "Verdicts", "judge"]

_Keys = npt.NDArray[np.uint64]
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a row."""

    reason: LeftOut | None
    """None: it is mixed."""
    of: str = ""
    """What it repeats, if it stays out for that: a row, a test problem, a text that must not be published."""
    how: str = ""
    set: str = ""
    """The test set of the problem that it repeats."""
    marks: tuple[RepeatMark, ...] = ()
    """What it repeats of test sets and of other rows, whether it stays or not."""
    matched: str = ""
    """What it has in common with a test problem, for people to look at on this machine."""


class _Note(NamedTuple):
    """What is said of a row before it is compared with others."""

    fate: Fate | None
    is_open: bool
    """Whether it is compared with others."""
    question: bytes
    """A hash of it."""
    pair: bytes
    """A hash of question and solution."""


_Read = tuple[Signatures, Sequence[_Note]]
"""Of a batch of rows: the signatures of the open ones, the notes of all."""


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
        marks = known.marks if known is not None else ()
        for mark, policy in self._row_marks(place, int(self._first[place])):
            if policy == "drop":
                return Fate(self._whose(place, mark.id), mark.id, mark.kind, marks=marks)
            if policy == "flag":
                marks = (*marks, mark)
        return Fate(None, marks=marks)

    def _row_marks(self, place: int, first: int) -> Iterator[tuple[RepeatMark, Policy]]:
        """Yield which earlier rows a row repeats, and what the recipe says to that."""
        if repeat := self._repeats.get(self._id(first)):
            kind = repeat.kind.value
            mark = RepeatMark(check="row", id=repeat.of, kind=kind, similarity=repeat.similarity)
            yield mark, of_row(self._recipe, kind)
        if place == first:
            return
        own, settings = self._name(place) == self._name(first), self._recipe.duplicates
        same = RepeatMark(check="row", id=self._id(first), kind=RepeatKind.VERBATIM.value)
        if place in self._twins or (own and settings.within == "questions"):
            yield same, "drop"
        elif not own:  # its own source's other solutions stay
            yield same, of_row(self._recipe, same.kind)

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
    recipe: MixRecipe,
    spools: Sequence[Spool],
    withheld: Withheld,
    tests: RowChecks,
    scratch: Path,
    *,
    model: ParaphraseModel | None = None,
) -> Verdicts:
    """Compare all rows; `spools` stand in the order of preference, `scratch` is an empty folder for what does not fit into memory."""
    rows, paraphrases = _SpooledRows(spools), paraphrases_from(recipe.duplicates, model)
    read = in_order(
        _MixReader(recipe, withheld, tests, paraphrases), rows.batches(), recipe.duplicates.workers
    )
    repeats = compare_signatures(
        rows.heads(read),
        scratch=scratch,
        memory=recipe.duplicates.memory << 20,
        kept=kept_kinds(recipe),
        paraphrases=paraphrases,
    )
    is_open = np.frombuffer(bytes(rows.open), np.bool_)
    first = _first_of(np.frombuffer(bytes(rows.questions), np.uint64), is_open)
    first_pair = _first_of(np.frombuffer(bytes(rows.pairs), np.uint64), is_open)
    places = np.flatnonzero(is_open)
    return Verdicts(
        spools,
        repeats,
        first,
        [spool.name for spool in spools],
        rows.starts,
        rows.special,
        set(places[first_pair[places] != places].tolist()),
        np.frombuffer(rows.numbers, np.int64),
        recipe,
    )


class _SpooledRows:
    """What is noted of all rows while they are read, source by source."""

    def __init__(self, spools: Sequence[Spool]) -> None:
        self._spools = spools
        self.starts: list[int] = []
        self.numbers = array("q")
        self.special: dict[int, Fate] = {}
        self.questions, self.pairs, self.open = bytearray(), bytearray(), bytearray()

    def batches(self) -> Iterator[tuple[None, list[tuple[str, MixRow]]]]:
        """Yield the rows with their ids."""
        for spool in self._spools:
            self.starts.append(len(self.numbers))
            for batch in cut(spool.rows(), _BATCH):
                self.numbers.extend(row.number for row in batch)
                yield None, [(row_id(spool.name, row.number), row) for row in batch]

    def heads(self, read: Iterable[tuple[None, _Read]]) -> Iterator[Signatures]:
        """Note what was read; yield the signatures of the first row of each question."""
        seen: set[bytes] = set()
        for _, (signatures, notes) in read:
            are_heads = []
            for note in notes:
                if note.fate is not None:
                    self.special[len(self.open)] = note.fate
                self.open.append(note.is_open)
                self.questions += note.question
                self.pairs += note.pair
                if note.is_open:
                    are_heads.append(note.question not in seen)
                    seen.add(note.question)
            yield signatures.only(are_heads)


@dataclass(frozen=True, slots=True)
class _MixReader:
    """Reads the question of each row once; also in a worker process."""

    recipe: MixRecipe
    withheld: Withheld
    tests: RowChecks
    paraphrases: Paraphrases | None

    def __call__(self, rows: Sequence[tuple[str, MixRow]]) -> _Read:
        notes, ids, readings = [], [], []
        for name, row in rows:
            question = RowReading.of(row.question)
            fate = _alone(self.recipe, row, question, self.withheld, self.tests)
            is_open = row.left_out is None and (fate is None or fate.reason is None)
            key = _key(row.question)
            notes.append(_Note(fate, is_open, key, _key(key.hex() + row.solution)))
            if is_open:
                ids.append(name)
                readings.append(question)
        return Signatures.of(ids, readings, paraphrases=self.paraphrases), notes


def _alone(
    recipe: MixRecipe, row: MixRow, question: RowReading, withheld: Withheld, tests: RowChecks
) -> Fate | None:
    """Return what becomes of a row whatever the others are; None if nothing is to be said."""
    if row.left_out is not None and not row.question:
        return None
    if row.left_out is None and (found := withheld.reason(row, question)):
        return Fate(*found)
    hits = list(tests.against_tests(question, [row.solution] if row.solution else []))
    if not hits:
        return None
    marks = tuple(hit.mark for hit in hits)
    if row.left_out is not None:  # MATH itself: the baseline of what grew out of it
        return Fate(row.left_out, marks=marks)
    for hit in hits:
        if of_test(recipe, hit.mark.kind) == "drop":
            return Fate(LeftOut.TEST, hit.mark.id, hit.mark.kind, hit.mark.set, marks, hit.matched)
    return Fate(None, marks=marks)


def _key(text: str) -> bytes:
    """Return a hash of a text but for its spacing; letters of another case may be another problem."""
    plain = " ".join(text.split())
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _first_of(keys: _Keys, is_open: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return for each open row the first open row with the same key; -1 for the others."""
    places = np.flatnonzero(is_open)
    _, first, group = np.unique(keys[places], return_index=True, return_inverse=True)
    found = np.full(len(keys), -1, np.int64)
    found[places] = places[first[group]]
    return found
