"""A composed question read back from its text: which practice stands where, with which numbers, linked how.

Nothing is remembered from writing. The text of each practice is matched as a template with holes; what stands in the
holes is read as a number or as a variable that an earlier passage defined.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations
from types import MappingProxyType

from kpmath_builder.symbolic.closing import Closing, match_closing
from kpmath_builder.symbolic.expressions import Number, parse_number
from kpmath_builder.symbolic.givens import NUMBER
from kpmath_builder.symbolic.passages import HOLES, OUT, Passage, disentangle

__all__ = ["Part", "Reading", "Run", "match_passage", "read_question"]

Run = tuple[list[Number], list[Number]]
"""Values of the givens and results of the steps of one part."""
_HOLE = re.compile(f"([{HOLES}{OUT}])")
_FILLING = re.compile(rf"({NUMBER})(?!\d)|([a-zA-Z])(?![a-zA-Z])")


@dataclass(frozen=True)
class Part:
    """A passage of the question: numbers by the place of the given, links as place to variable."""

    passage: Passage
    numbers: Mapping[int, Number]
    links: Mapping[int, str]
    defines: str

    def values(
        self, known: Mapping[str, Number], misread: Mapping[int, Number] = MappingProxyType({})
    ) -> list[Number]:
        """Return the value of every given; `known` are the variables defined before."""
        values = list(self.passage.program.values)
        for place, number in self.numbers.items():
            values[place] = number
        for place, variable in self.links.items():
            values[place] = known[variable]
        for place, number in misread.items():
            values[place] = number
        return values


@dataclass(frozen=True, eq=False)
class Reading:
    """All parts in the order of the text; the last one asks, or a closing does about letters or about the answers of all."""

    parts: tuple[Part, ...]
    closing: Closing | None = None

    def closed(self, runs: Sequence[Run]) -> list[Number]:
        """Return the results that the closing asks about, in its order."""
        results = [steps[-1] for _, steps in runs]
        if self.closing is None or not self.closing.letters:
            return results
        letters = [part.defines for part in self.parts]
        return [results[letters.index(letter)] for letter in self.closing.letters]

    def answer(self, runs: Sequence[Run]) -> Number:
        """Return what the question asks for."""
        return self.closing.value(self.closed(runs)) if self.closing else runs[-1][1][-1]

    def run(self, misread: Mapping[tuple[int, int], Number] = MappingProxyType({})) -> list[Run]:
        """Return values and step results of each part; `misread` replaces numbers by (part, place).

        Raises
        ------
        ZeroDivisionError
            Where a step divides by zero.
        """
        known: dict[str, Number] = {}
        runs: list[Run] = []
        for i, part in enumerate(self.parts):
            values = part.values(known, {place: number for (k, place), number in misread.items() if k == i})
            results = part.passage.program.run(values)
            known[part.defines] = results[-1]
            runs.append((values, results))
        return runs

    def needs(self, i: int) -> bool:
        """Return whether the answer changes with some quantity of part `i`, a linked one included."""
        runs = self.run()
        for place in (*self.parts[i].numbers, *self.parts[i].links):
            try:
                changed = self.run({(i, place): runs[i][0][place] + 1})
            except ZeroDivisionError:
                continue
            if self.answer(changed) != self.answer(runs):
                return True
        return False


def read_question(question: str, passages: Sequence[Passage]) -> Reading | None:
    """Return how the question is put together from the passages, or None where it is not."""
    return _read(question, tuple(passages))


@lru_cache(maxsize=256)
def _read(question: str, passages: tuple[Passage, ...]) -> Reading | None:
    """Read a question; kept for its judge, and for all samples of its solution."""
    return next(_readings(question, passages), None)


def _readings(question: str, passages: tuple[Passage, ...]) -> Iterator[Reading]:
    for order in permutations(passages):
        parts = _match_all(question, disentangle(order), (len(order) - 1,))
        if parts is not None:
            yield Reading(tuple(parts))
        yield from _closed(question, disentangle(order))


def _closed(question: str, order: Sequence[Passage]) -> Iterator[Reading]:
    """Yield the question as questions or definitions with a closing behind them."""
    cut = max(question.rfind(". "), question.rfind("? "), question.rfind("” ")) + 1
    closing = match_closing(question[cut + 1 :])
    if closing is None:
        return
    parts = _match_all(question[:cut], order, () if closing.letters else range(len(order)))
    if parts is None:
        return
    linked = {letter for part in parts for letter in part.links.values()}
    free = {part.defines for part in parts} - linked
    if set(closing.letters) == free if closing.letters else closing.count == len(parts):
        yield Reading(tuple(parts), closing)


def _match_all(question: str, order: Sequence[Passage], asking: Collection[int]) -> list[Part] | None:
    """Return the passages as they stand in the question; those at the places `asking` ask, the others define a letter."""
    parts: list[Part] = []
    position, defined = 0, set[str]()
    for i, passage in enumerate(order):
        templates = (passage.asking,) if i in asking else passage.forms
        found = _match_any(templates, passage, question, position, defined)
        if found is None:
            return None
        part, position = found
        if i < len(order) - 1 and question[position : position + 1] != " ":
            return None
        position, defined = position + 1, defined | {part.defines}
        parts.append(part)
    return parts if position > len(question) else None


def _match_any(
    templates: Sequence[str], passage: Passage, text: str, start: int, defined: set[str]
) -> tuple[Part, int] | None:
    for template in templates:
        found = match_passage(template, passage, text, start, defined)
        if found is not None:
            return found
    return None


def match_passage(
    template: str, passage: Passage, text: str, start: int, defined: set[str]
) -> tuple[Part, int] | None:
    """Return the passage that stands at `start` of a text, and where it ends; `defined` are the letters that may stand for numbers."""
    numbers: dict[int, Number] = {}
    links: dict[int, str] = {}
    defines, position = "", start
    for piece in _HOLE.split(template):
        if not _HOLE.fullmatch(piece):
            if not text.startswith(piece, position):
                return None
            position += len(piece)
            continue
        filling = _FILLING.match(text, position)
        if filling is None:
            return None
        position = filling.end()
        if piece == OUT and filling[2] and filling[2] not in defined:
            defines = filling[2]
        elif piece != OUT and filling[2] in defined:
            links[ord(piece) - 0xE000] = filling[2]
        elif piece != OUT and filling[1]:
            numbers[ord(piece) - 0xE000] = parse_number(filling[1])
        else:
            return None
    return Part(passage, numbers, links, defines), position
