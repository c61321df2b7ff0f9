"""The first pass: each source is read once, row by row, and what its own rules leave of it is spooled into the mix's folder.

A spool is a sealed file that names what it is made from, so that a mix that was stopped does not read the same source again.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from itertools import chain, islice
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.files.sealed import DamagedError, check_lines, read_lines, write_lines
from kpmath_builder.mixing.catalogue import KnownSet, SetPart
from kpmath_builder.mixing.filters import digits_of_longest_number, read_answer, states_no_answer
from kpmath_builder.mixing.licences import may_be_shared
from kpmath_builder.mixing.reading import MalformedRowError, Pair
from kpmath_builder.mixing.recipe import MixedSet, MixRecipe
from kpmath_builder.mixing.rows import LeftOut, MathText, MixRow
from kpmath_builder.mixing.sources import OpenedSet, known_set, open_build, open_set
from kpmath_builder.protocol import canonical_json
from kpmath_builder.seeds.formats import bears_labels_of_math
from kpmath_builder.seeds.rows import Row

__all__ = ["Spool", "collect", "licence_of_build"]


@dataclass(frozen=True)
class Spool:
    """The rows of one source as they were read."""

    name: str
    """The source in the recipe; the first part of its rows' ids."""
    source: str
    """The set in each row."""
    state: str
    """What the source was when it was read."""
    path: Path

    def rows(self) -> Iterator[MixRow]:
        """Yield all rows of the source in their order, also those that stay out."""
        yield from map(MixRow.of, read_lines(self.path))


def collect(recipe: MixRecipe, name: str, path: Path) -> Spool:
    """Read a source into a spool at `path`, unless it is there already as the source and the recipe are now.

    Raises
    ------
    InputError
        When the source cannot be read, holds no row, or its rows lack a column.
    """
    settings = recipe.sources[name]
    opened = _open(settings, name)
    source = settings.source or opened.source
    spool = Spool(name, source, opened.state, path)
    made_from = _made_from(recipe, settings, source, opened.state)
    with suppress(DamagedError):
        header = check_lines(path)
        if header is not None and header.get("made_from") == made_from:
            return spool
    known = known_set(settings)
    reader = _RowReader(recipe, settings, known, _licence_of_set(settings, known))
    rows = (
        reader.read(number, row, opened.label)
        for number, row in enumerate(islice(opened.rows_unchanged(), settings.limit))
    )
    first = next(rows, None)
    if first is None:
        raise InputError(f"The source {name} ({opened.label}) holds no row: correct it, or leave it out.")
    write_lines(
        path,
        {"made_from": made_from, "source": source, "state": opened.state},
        (row.line() for row in chain([first], rows)),
    )
    return spool


def _open(settings: MixedSet, name: str) -> OpenedSet:
    if settings.kind == "build":
        assert settings.path is not None, "the recipe was checked"
        return open_build(settings.path, f"sources.{name}")
    return open_set(settings, f"sources.{name}")


def _made_from(recipe: MixRecipe, settings: MixedSet, source: str, state: str) -> str:
    """Return a hash over all that a spool depends on; what lies at a path or a revision is in `state`."""
    told: Mapping[str, Any] = {
        "program": installed("kpmath-builder"),
        "settings": settings.model_dump(mode="json", exclude={"path", "revision"}),
        "filters": recipe.filters.model_dump(mode="json"),
        "sharing": recipe.sharing.model_dump(mode="json"),
        "source": source,
        "state": state,
    }
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()


def _licence_of_set(settings: MixedSet, known: KnownSet) -> str:
    """Return the licence of the rows for which the set states none of their own."""
    if settings.licence or settings.kind != "build":
        return settings.licence or known.licence
    assert settings.path is not None, "the recipe was checked"
    return licence_of_build(settings.path)


def licence_of_build(folder: Path) -> str:
    """Return the licence in the card of a build; raises `InputError` if it has several."""
    front = (folder / "dataset" / "README.md").read_text(encoding="utf-8").split("\n---\n", 1)[0]
    stated = [
        line.removeprefix("license:").strip() for line in front.splitlines() if line.startswith("license:")
    ]
    if stated == ["other"] or len(stated) != 1:
        raise InputError(
            f'The build {folder} has seeds of several licences: state that of its pairs with licence = "…" in its source of the recipe.'
        )
    return stated[0]


@dataclass(frozen=True)
class _RowReader:
    recipe: MixRecipe
    settings: MixedSet
    known: KnownSet
    licence: str

    def read(self, number: int, row: Row, label: str) -> MixRow:
        """Return a row with its texts if it stays, and with the reason if it does not."""
        if missing := [column for column in self.known.columns if column not in row.columns]:
            found = ", ".join(f"`{name}`" for name in row.columns) or "none"
            raise InputError(
                f"{label}, {row.place}, has the columns {found} and lacks `{missing[0]}`: correct {label}.kind, {label}.fields or the row."
            )
        try:
            pair = self.known.read(row.columns)
        except MalformedRowError:
            return MixRow(number, row.place, left_out=LeftOut.MALFORMED)
        part = self.known.part(pair.subset)
        read = MixRow(
            number,
            source_id=pair.id or row.number,
            subset=pair.subset,
            licence=self._licence(part),
            question=pair.question,
            solution=pair.solution,
            answer=_answer(pair),
            math=MathText.VERBATIM if bears_labels_of_math(row) else part.math,
        )
        reason = self._reason(read, part, pair)
        if reason is None:
            return read
        # The text of MATH is needed to know it elsewhere; it stays on this machine.
        kept = read.question if read.math is MathText.VERBATIM else ""
        return replace(read, question=kept, solution="", answer=None, left_out=reason)

    def _licence(self, part: SetPart) -> str:
        if self.settings.licence and part.math in {MathText.NO, MathText.POSSIBLE}:
            return self.settings.licence
        return part.licence or self.licence

    def _reason(self, row: MixRow, part: SetPart, pair: Pair) -> LeftOut | None:
        chosen = self.settings.subsets
        if not (row.subset in chosen if chosen else part.taken):
            return LeftOut.NOT_CHOSEN
        if row.math in {MathText.VERBATIM, MathText.MASKED}:
            return LeftOut.MATH
        if not _says_something(row.question):
            return LeftOut.NO_QUESTION
        if not _says_something(row.solution):
            return LeftOut.NO_SOLUTION
        if pair.answer == "" or (pair.answer is None and states_no_answer(row.solution)):
            return LeftOut.NO_ANSWER
        if digits_of_longest_number(row.answer or "") > self.recipe.filters.max_digits:
            return LeftOut.LONG_NUMBER
        own = self.settings.kind == "build"
        if not own and not may_be_shared(row.licence, self.recipe.sharing.licences):
            return LeftOut.LICENCE
        return None


def _answer(pair: Pair) -> str | None:
    return read_answer(pair.solution) if pair.answer is None else pair.answer or None


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)
