"""Recorded outputs: what a model wrote to the problems of a set, from a JSON lines file (or any file that seeds are read from).

What was written stands in one of `output`, `outputs`, `completion`, `response`, `generation` or `text`: one text, a list of texts, or
several rows for one problem. Which problem it was written to is read in one way for a whole file (`pairing.py`). If rows carry `model` or
`dataset`, those of another model or set are left aside.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.catalogue import EvalSet
from kpmath_builder.evaluation.pairing import check_all_have, paired, some_have
from kpmath_builder.protocol import encodable
from kpmath_builder.seeds.rows import Row, open_file

__all__ = ["Outputs", "Recorded", "open_outputs"]

_TEXTS = ("outputs", "output", "completion", "response", "generation", "text")


@dataclass(frozen=True)
class Recorded:
    """What one file holds for one set."""

    texts: dict[str, tuple[str, ...]]
    """Problem id to what was written, sample by sample."""
    remarks: tuple[str, ...] = ()
    """What should be known of how they were found."""


@dataclass(frozen=True)
class Outputs:
    """A file of recorded outputs, read but not yet paired."""

    path: Path
    rows: tuple[Row, ...]
    digest: str
    """The tagged hash of its bytes."""

    def of(
        self, model: str, sets: Sequence[EvalSet], *, column: str | None = None, whole: bool = True
    ) -> list[Recorded]:
        """Return what was written to the problems of each set.

        Parameters
        ----------
        column
            Where the outputs stand; by default in the one column that has one of the usual names.
        whole
            Whether the sets are whole, so that each row must be of one of their problems.

        Raises
        ------
        InputError
            If a row names a problem that no set has, if it cannot be told which problem or which output is meant, or if a set has
            no output at all.
        """
        rows = self._of_column("model", {model}, self.rows)
        if not rows:
            raise InputError(
                f"{self.path} holds no outputs of the model {model!r}: give the model's name as it stands there."
            )
        aside = len(self.rows) - len(rows)
        found: list[Recorded] = []
        of_sets = 0
        for each in sets:
            its = self._of_column("dataset", {each.name, each.origin}, rows)
            if not its:
                raise InputError(
                    f"{self.path} holds no output to a problem of {each.name}: leave the set out, or give the rows a column `dataset` "
                    "with its name."
                )
            of_sets += len(its)
            found.append(self._of_set(its, each, sets, column, whole=whole))
        if len(sets) == 1 or some_have("dataset", rows):
            aside += len(rows) - of_sets
        if aside and found:
            note = f"{self.path.name}: {aside:,} of {len(self.rows):,} rows are of other models or sets and were left aside."
            found[0] = Recorded(found[0].texts, (*found[0].remarks, note))
        return found

    def _of_column(self, column: str, wanted: set[str], rows: Sequence[Row]) -> list[Row]:
        """Return the rows whose model or set is the wanted one; all, where none of them says."""
        if not some_have(column, rows):
            return list(rows)
        check_all_have(self.path, rows, column, "which other rows have: give all rows theirs, or none")
        return [row for row in rows if str(row.columns[column]) in wanted]

    def _of_set(
        self, rows: Sequence[Row], each: EvalSet, sets: Sequence[EvalSet], column: str | None, *, whole: bool
    ) -> Recorded:
        pairs, remarks = paired(self.path, rows, each, sets, whole=whole)
        texts: dict[str, list[str]] = defaultdict(list)
        for row, problem in pairs:
            texts[problem] += self._texts(row, column)
        if not texts:
            raise InputError(
                f"{self.path} holds no output to a problem of {each.name}: leave the set out, or give rows the problems' ids."
            )
        if len(counts := {len(its) for its in texts.values()}) > 1:
            least, most = min(counts), max(counts)
            remarks += (
                f"Problems of {each.name} have {least:,} to {most:,} outputs: pass@k and maj@k are given up to k = {least:,}.",
            )
        return Recorded({name: tuple(written) for name, written in texts.items()}, remarks)

    def _texts(self, row: Row, column: str | None) -> Iterator[str]:
        names = [column] if column else [name for name in _TEXTS if row.columns.get(name) is not None]
        if len(names) > 1:
            raise InputError(
                f"{self.path}, {row.place}, has both `{names[0]}` and `{names[1]}`: name the column that the model wrote with "
                f"--fields output={names[0]} or output={names[1]}."
            )
        if not names and row.columns.keys().isdisjoint(_TEXTS):
            has = ", ".join(f"`{name}`" for name in row.columns) or "none"
            raise InputError(
                f"{self.path}, {row.place}, has the columns {has}; the output is expected as `output`: name yours with --fields "
                "output=COLUMN."
            )
        value = row.columns.get(names[0]) if names else None
        items: Iterable[object] = value if isinstance(value, list) and value else [value]
        for item in items:
            if not isinstance(item, str):
                raise InputError(
                    f"{self.path}, {row.place}: {item!r:.40} stands where an output should: give text, or a list of texts, as "
                    f"`{column or 'output'}`."
                )
            yield encodable(item)


def open_outputs(path: Path) -> Outputs:
    """Read a file of recorded outputs.

    Raises
    ------
    InputError
        If the file is missing, damaged or empty.
    """
    if not path.is_file():
        raise InputError(f"There is no file of outputs {path}: correct --outputs.")
    rows = tuple(open_file(path).rows)
    if not rows:
        raise InputError(f"{path} holds no row: correct --outputs.")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Outputs(path, rows, f"sha256:{digest}")
