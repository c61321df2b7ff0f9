"""A composed question read back from its text: which practice stands where, with which numbers, linked how.

Nothing is remembered from writing. The text of each practice is matched as a template with holes; what stands in the
holes is read as a number or as a variable that an earlier passage defined.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from types import MappingProxyType

from kpmath_builder.symbolic.expressions import Number, parse_number
from kpmath_builder.symbolic.givens import NUMBER
from kpmath_builder.symbolic.passages import HOLES, OUT, Passage, disentangle

__all__ = ["Part", "Reading", "read_question"]

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


@dataclass(frozen=True)
class Reading:
    """All parts in the order of the text; the last one asks."""

    parts: tuple[Part, ...]

    def run(
        self, misread: Mapping[tuple[int, int], Number] = MappingProxyType({})
    ) -> list[tuple[list[Number], list[Number]]]:
        """Return values and step results of each part; `misread` replaces numbers by (part, place).

        Raises
        ------
        ZeroDivisionError
            Where a step divides by zero.
        """
        known: dict[str, Number] = {}
        runs: list[tuple[list[Number], list[Number]]] = []
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
            if changed[-1][1][-1] != runs[-1][1][-1]:
                return True
        return False


def read_question(question: str, passages: Sequence[Passage]) -> Reading | None:
    """Return how the question is put together from the passages, or None where it is not."""
    return next(_readings(question, passages), None)


def _readings(question: str, passages: Sequence[Passage]) -> Iterator[Reading]:
    for order in permutations(passages):
        parts = _match_all(question, disentangle(order))
        if parts is not None:
            yield Reading(tuple(parts))


def _match_all(question: str, order: Sequence[Passage]) -> list[Part] | None:
    parts: list[Part] = []
    position, defined = 0, set[str]()
    for i, passage in enumerate(order):
        last = i == len(order) - 1
        templates = (passage.asking,) if last else passage.forms
        found = _match_any(templates, passage, question, position, defined)
        if found is None:
            return None
        part, position = found
        if not last and question[position : position + 1] != " ":
            return None
        position, defined = position + 1, defined | {part.defines}
        parts.append(part)
    return parts if position > len(question) else None


def _match_any(
    templates: Sequence[str], passage: Passage, text: str, start: int, defined: set[str]
) -> tuple[Part, int] | None:
    for template in templates:
        found = _match(template, passage, text, start, defined)
        if found is not None:
            return found
    return None


def _match(
    template: str, passage: Passage, text: str, start: int, defined: set[str]
) -> tuple[Part, int] | None:
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
