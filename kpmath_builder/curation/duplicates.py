"""Finding, among many rows, those that repeat an earlier one, or a known problem."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path

import numpy as np

from kpmath_builder.curation.batches import cut, in_order
from kpmath_builder.curation.columns import Columns, StoredArrays
from kpmath_builder.curation.forms import EQUAL, FORMS
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.repeat import Repeat, RepeatKind
from kpmath_builder.curation.shingles import JACCARD, REWORDED, similarities
from kpmath_builder.curation.signatures import BANDS, WIDTH, RowReading, Signatures

__all__ = ["RowRepeats", "compare_rows", "compare_signatures", "find_repeats"]

_BATCH = 1_000
_IN_GROUP = 250
"""Rows that stay and agree in a band, beyond which no further one is held: templates make thousands of rows that agree in some."""
_COMPARED = 100
"""Rows with which one row is compared exactly."""
_SAME_NUMBERS = 1_000
"""Rows that stay and have the same numbers, beyond which no further one is held for finding paraphrases."""


@dataclass(frozen=True, slots=True)
class RowRepeats:
    """What each row repeats, by its id; a row that repeats nothing is in neither."""

    earlier: Mapping[str, Repeat]
    """The earlier row; `matched` is empty, because both texts are at hand."""
    known: Mapping[str, Repeat]
    """The known problem."""


def find_repeats(
    rows: Iterable[tuple[str, str]],
    *,
    scratch: Path,
    memory: int = 1 << 30,
    workers: int = 1,
    kept: frozenset[RepeatKind] = frozenset(),
) -> Mapping[str, Repeat]:
    """Return which rows repeat an earlier one, and how.

    A row is compared with the earlier rows that stay: rows that repeat none, or only in one of the ways `kept`. A copy of a row that
    goes repeats what that row repeats.

    So that the time grows with the number of rows even if all are made of one template, each group of rows that agree in a band of
    MinHash holds the first 250 that stay, and a row is compared exactly with the 100 that share most bands with it. Equal forms are
    found among all rows. Only among more than 100 rows that stay and agree in some band with a row can one that is near it be missed, or
    a less near one be named.

    Parameters
    ----------
    rows
        Id and text of each, in the order of preference; no two ids are equal.
    scratch
        An empty folder for what is not held in memory, about 2 KB for each KB of text; the caller removes it.
    memory
        Bytes for sorting the keys of all rows.
    workers
        Processes that read the texts; the result does not depend on them.
    kept
        Kinds of repeats that do not make a row go.
    """
    return compare_rows(rows, None, scratch=scratch, memory=memory, workers=workers, kept=kept).earlier


def compare_rows(
    rows: Iterable[tuple[str, str]],
    known: ProblemIndex | None,
    *,
    scratch: Path,
    memory: int = 1 << 30,
    workers: int = 1,
    kept: frozenset[RepeatKind] = frozenset(),
) -> RowRepeats:
    """Return which rows repeat an earlier one or a known problem; each text is read once.

    The parameters are those of `find_repeats`. A row that repeats a known problem is compared with the others like any.
    """
    of_known: dict[str, Repeat] = {}

    def signatures() -> Iterator[Signatures]:
        batches = ((None, batch) for batch in cut(rows, _BATCH))
        for _, (batch, found) in in_order(_KnownReader(known), batches, workers):
            of_known.update((name, one) for name, one in zip(batch.ids, found, strict=True) if one)
            yield batch

    earlier = compare_signatures(signatures(), scratch=scratch, memory=memory, kept=kept)
    return RowRepeats(earlier, of_known)


def compare_signatures(
    batches: Iterable[Signatures],
    *,
    scratch: Path,
    memory: int = 1 << 30,
    kept: frozenset[RepeatKind] = frozenset(),
    paraphrases: Paraphrases | None = None,
) -> Mapping[str, Repeat]:
    """Return what `find_repeats` returns, for rows that were read before; the parameters are the same.

    Parameters
    ----------
    paraphrases
        How a row is found that has the same numbers as an earlier one and says the same in other words; the signatures must have been
        made for it. None: paraphrases are not looked for.
    """
    columns = Columns(scratch, WIDTH)
    for batch in batches:
        columns.add(batch)
    columns.close()
    columns.group(memory)
    found = list(_Comparison(columns, kept, paraphrases).repeats())
    names = columns.names({place for row, (_, of, _) in found for place in (row, of)})
    return {names[row]: Repeat(kind, names[of], likeness, "") for row, (kind, of, likeness) in found}


@dataclass(frozen=True, slots=True)
class _KnownReader:
    """Reads rows and compares them with known problems."""

    known: ProblemIndex | None

    def __call__(self, rows: Sequence[tuple[str, str]]) -> tuple[Signatures, Sequence[Repeat | None]]:
        readings = [RowReading.of(text) for _, text in rows]
        found = [self.known.find_form(*one) if self.known else None for one in readings]
        return Signatures.of([name for name, _ in rows], readings), found


_Found = tuple[RepeatKind, int, float]
"""Kind, the earlier row, likeness."""


class _Comparison:
    """Goes through the rows in their order and holds for each group of agreeing rows those that stay."""

    def __init__(
        self, columns: Columns, kept: frozenset[RepeatKind], paraphrases: Paraphrases | None = None
    ) -> None:
        self._paraphrases = paraphrases
        self._columns = columns
        self._kept = kept
        self._gone: dict[int, _Found] = {}
        self._equal: list[dict[int, int]] = [{} for _ in FORMS]
        self._alike: list[dict[int, list[int]]] = [defaultdict(list) for _ in range(WIDTH - len(FORMS) - 1)]
        self._same_numbers: dict[int, list[int]] = defaultdict(list)

    def repeats(self) -> Iterator[tuple[int, _Found]]:
        """Yield the rows that repeat an earlier one, and how."""
        shingles, vectors = self._columns.shingles(), self._columns.vectors()
        for start, block in self._columns.blocks():
            for place in np.flatnonzero(block.any(axis=1)).tolist():
                groups = block[place].tolist()
                row = start + place
                found = (
                    self._equal_row(groups)
                    or self._near_row(row, groups, shingles)
                    or self._paraphrased_row(row, groups, vectors)
                )
                if found:
                    yield row, found
                if found and found[0] not in self._kept:
                    self._goes(row, groups, found)
                else:
                    self._stays(row, groups)

    def _equal_row(self, groups: list[int]) -> _Found | None:
        for kind, group, holder in zip(FORMS, groups, self._equal, strict=False):
            if group and group in holder:
                return self._gone.get(holder[group], (kind, holder[group], 1.0))
        return None

    def _near_row(self, row: int, groups: list[int], shingles: StoredArrays) -> _Found | None:
        own = shingles.of(row)
        same_numbers = set(self._sharing(groups, BANDS))
        alike, least = [], []
        for other in self._likely(groups):
            wanted = REWORDED if other in same_numbers else JACCARD
            if min(shingles.size(other), len(own)) >= wanted * max(shingles.size(other), len(own)):
                alike.append(other)
                least.append(wanted)
        if not alike:
            return None
        likeness = similarities(own, [shingles.of(other) for other in alike])
        likeness[likeness < least] = 0
        best = int(np.argmax(likeness))
        return (RepeatKind.NEAR, alike[best], float(likeness[best])) if likeness[best] else None

    def _paraphrased_row(self, row: int, groups: list[int], vectors: StoredArrays) -> _Found | None:
        others = self._same_numbers.get(groups[-1]) if groups[-1] else None
        if others is None or self._paraphrases is None:
            return None
        found = self._paraphrases.likest(vectors.of(row), [vectors.of(other) for other in others])
        return None if found is None else (RepeatKind.PARAPHRASE, others[found[0]], found[1])

    def _likely(self, groups: list[int]) -> list[int]:
        """Return the rows to compare with: those that share most bands, of equal ones the earliest."""
        shared = Counter(self._sharing(groups))
        if len(shared) > _COMPARED:
            return sorted(nlargest(_COMPARED, shared, key=lambda other: (shared[other], -other)))
        return sorted(shared)

    def _sharing(self, groups: list[int], first: int = 0) -> Iterator[int]:
        """Yield the rows that stay and share a band, once for each from a first band on."""
        for group, holder in zip(groups[len(FORMS) + first : -1], self._alike[first:], strict=True):
            if group and group in holder:
                yield from holder[group]

    def _goes(self, row: int, groups: list[int], found: _Found) -> None:
        """Remember a row that goes, so that its copies go with it and repeat what it repeats."""
        self._gone[row] = found
        for group, holder in zip(groups[:EQUAL], self._equal, strict=False):
            if group:
                holder.setdefault(group, row)

    def _stays(self, row: int, groups: list[int]) -> None:
        for group, holder in zip(groups, self._equal, strict=False):
            if group:
                holder.setdefault(group, row)
        for group, members in zip(groups[len(FORMS) : -1], self._alike, strict=True):
            if group and len(members[group]) < _IN_GROUP:
                members[group].append(row)
        if groups[-1] and len(self._same_numbers[groups[-1]]) < _SAME_NUMBERS:
            self._same_numbers[groups[-1]].append(row)
