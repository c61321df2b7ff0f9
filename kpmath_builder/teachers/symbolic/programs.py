"""A seed problem read as a program: the numbers of the question in, every annotated step recomputed, the answer out.

Which number of the question does the 2 in `<<48/2=24>>` stand for? A literal is bound only where exactly one quantity
of the problem behaves like it when the question's numbers change. Where two do (a given 12 and the months of a year),
all numbers that could be meant are kept as they are, which makes the question harmless; a literal that nothing
explains refuses the seed. A wrong binding would make a wrong row, so there is no guessing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import combinations

from kpmath_builder.teachers.symbolic.constants import NUMBER_WORDS, certain_constants, known_constants
from kpmath_builder.teachers.symbolic.expressions import (
    Expression,
    Number,
    UnreadableError,
    parse_number,
    simplest,
)
from kpmath_builder.teachers.symbolic.givens import NUMBER, Given, read_givens

__all__ = [
    "PLAIN_EQUATION",
    "REASONS",
    "NotParametricError",
    "Operand",
    "Program",
    "Step",
    "find_equations",
    "moves_answer",
    "probe",
    "read_program",
    "take",
]

REASONS = (
    "seed solution has no calculator annotations",
    "seed solution does not end with its answer",
    "annotation is not plain arithmetic",
    "step does not compute to what it says",
    "equation that is not plain arithmetic",
    "number of unknown origin in a step",
    "step that nothing uses",
    "answer is not the last step",
    "no number of the question may change",
)
"""Why a seed can be no program: the whole vocabulary."""

_ANNOTATION = re.compile(r"<<(.*?)>>")
_TERM = rf"\(*[$€£]?(?:{NUMBER})%?\)*"
PLAIN_EQUATION = re.compile(rf"(?<![\w.])({_TERM}(?:\s*[-+*/x×÷–]\s*{_TERM})+)\s*=\s*[$€£]?({NUMBER})(%?)")
_SPELT = re.compile(rf"(?<![\w.])({_TERM}(?:\s*[-+*/x×÷–]\s*{_TERM})+)\s*=\s*[$€£]?$")
_WORD = re.compile(r"[a-z]+")
_MOST_NUMBERS = 12
"""Numbers of a question up to which sums of three and four of them are looked at."""
_SHADOWS = 2
"""Other worlds in which two quantities must agree to count as the same."""
_PRIMES = (211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337,
           347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463)  # fmt: skip


class NotParametricError(ValueError):
    """The seed cannot be read as a program; the message is one of `REASONS`."""


@dataclass(frozen=True)
class Operand:
    """What a literal of a step stands for: a constant, a given of the question or an earlier step.

    `form` says in which shape: the number itself, its hundredth (25 % as .25), what it leaves of a whole (.75, 75) or
    what it makes together with the whole (1.25, 125).
    """

    origin: str
    index: int
    form: str
    value: Number


@dataclass(frozen=True)
class Step:
    """One equation; `value` is what it states on the original numbers."""

    expression: Expression
    operands: tuple[Operand, ...]
    value: Number


@dataclass(frozen=True)
class Program:
    """Steps over the givens of a question; the last one is the answer."""

    question: str
    solution: str
    givens: tuple[Given, ...]
    steps: tuple[Step, ...]
    variable: tuple[int, ...]
    """Places in `givens` of the numbers that may change; each of them moves the answer."""

    @property
    def values(self) -> tuple[Number, ...]:
        """The givens' original values."""
        return tuple(given.value for given in self.givens)

    def run(self, values: Sequence[Number]) -> list[Number]:
        """Return the value of every step for other givens; raises ZeroDivisionError."""
        results: list[Number] = []
        for step in self.steps:
            inputs = [take(operand, values, results) for operand in step.operands]
            results.append(step.expression.evaluate(inputs))
        return results


def _hundredth(value: Number) -> Number:
    return simplest(Fraction(value) / 100)


_FORMS: Mapping[str, Sequence[Number]] = {
    "same": (0, 1),
    "hundredth": (0, Fraction(1, 100)),
    "rest": (1, Fraction(-1, 100)),
    "more": (1, Fraction(1, 100)),
    "rest of 100": (100, -1),
    "more than 100": (100, 1),
}
"""Form to (a, b): the literal is a + b × the quantity."""


def shaped(value: Number, form: str) -> Number:
    """Return the number as which a quantity shows up in a form."""
    if form == "same":
        return value
    start, factor = _FORMS[form]
    return simplest(start + factor * value)


def take(operand: Operand, values: Sequence[Number], results: Sequence[Number]) -> Number:
    """Return an operand's value for the given values and the results so far."""
    if operand.origin == "constant":
        return operand.value
    return shaped((values if operand.origin == "given" else results)[operand.index], operand.form)


def probe(program: Program) -> list[tuple[list[Number], list[Number]]]:
    """Return values and step results in other worlds, in which different quantities hardly ever agree."""
    worlds = []
    for world in range(_SHADOWS):
        values = [
            _prime(i, world) if i in program.variable else given.value for i, given in enumerate(program.givens)
        ]
        worlds.append((values, program.run(values)))
    return worlds


def moves_answer(program: Program, place: int) -> bool:
    """Return whether the answer depends on the given at `place` (it may cancel out)."""
    values, results = probe(program)[0]
    values[place] += 1
    return program.run(values)[-1] != results[-1]


def _prime(place: int, world: int) -> int:
    return _PRIMES[(7 * place + 17 * world) % len(_PRIMES)]


@lru_cache(maxsize=16_384)
def read_program(question: str, solution: str) -> Program:
    """Read a seed problem with its annotated solution.

    Raises
    ------
    NotParametricError
        With one of `REASONS`.
    """
    body, mark, gold = solution.rpartition("####")
    if "<<" not in solution:
        raise NotParametricError(REASONS[0])
    if not mark or not re.fullmatch(rf"-?(?:{NUMBER})", gold.strip()):
        raise NotParametricError(REASONS[1])
    equations = list(find_equations(body))
    if not equations or equations[-1][1] != parse_number(gold.strip().lstrip("-")) or "-" in gold:
        raise NotParametricError(REASONS[7])
    givens = read_givens(question)
    constants = known_constants(question + " " + _ANNOTATION.sub("", body))
    return _Binder(question, body, givens, equations, constants).program()


def find_equations(body: str) -> Iterator[tuple[Expression, Number]]:
    """Yield the equations of a solution in order, annotated and plain ones; raises NotParametricError."""
    for line in body.split("\n"):
        found: list[tuple[int, Expression, Number]] = []
        for match in _ANNOTATION.finditer(line):
            found.append((match.start(), *_equation(match[1], line[: match.start()])))
        blanked = _ANNOTATION.sub(lambda match: "\0" * len(match[0]), line)
        for match in PLAIN_EQUATION.finditer(blanked):
            found.append((match.start(), *_plain_equation(match)))
        if re.search(r"=(?!\s*[-$€£]*\s*\0)", PLAIN_EQUATION.sub("", blanked)):
            raise NotParametricError(REASONS[4])
        yield from ((expression, value) for _, expression, value in sorted(found, key=lambda item: item[0]))


def _equation(text: str, before: str) -> tuple[Expression, Number]:
    """Read an annotation; one that only states its result (`<<24=24>>`) takes the expression before it in the line."""
    left, _, right = text.rpartition("=")
    if left.strip() == right.strip() and (spelt := _SPELT.search(before)):
        left = re.sub(r"[$€£]", "", spelt[1])
    try:
        expression, value = Expression.parse(left), Expression.parse(right).value
        if expression.value != value:
            raise NotParametricError(REASONS[3])
    except (UnreadableError, ZeroDivisionError) as error:
        raise NotParametricError(REASONS[2]) from error
    return expression, value


def _plain_equation(match: re.Match[str]) -> tuple[Expression, Number]:
    """Read an equation in prose; percents on both sides (`100% - 20% = 80%`) are counted in percent."""
    left, right = match[1], parse_number(match[2])
    try:
        expression = Expression.parse(re.sub(r"[$€£%]" if match[3] else r"[$€£]", "", left))
        if expression.value != right:
            raise NotParametricError(REASONS[3])
    except (UnreadableError, ZeroDivisionError) as error:
        raise NotParametricError(REASONS[4]) from error
    return expression, right


def _in_the_head(value: Number) -> set[Number]:
    """Return what a number becomes by a step that people do not write down."""
    return {simplest(Fraction(value) * Fraction(factor)) for factor in ("1/2", "1/3", "1/4", "2", "3", "4")}


def _pairings(left: Number, right: Number) -> set[Number]:
    """Return what two numbers may make together."""
    made: set[Number] = {left + right, abs(left - right), left * right}
    for top, bottom in ((left, right), (right, left)):
        if bottom:
            made |= {simplest(Fraction(top) / bottom), int(Fraction(top) / bottom), -int(-Fraction(top) // bottom)}
    return made


@dataclass(frozen=True)
class _Quantity:
    """Something a literal may stand for, with its values in the other worlds and the givens behind it."""

    operand: Operand
    shadow: tuple[Number, ...]
    behind: frozenset[int]


class _Binder:
    """Finds for each literal the quantity it stands for; keeps givens until nothing is ambiguous."""

    def __init__(
        self,
        question: str,
        solution: str,
        givens: Sequence[Given],
        equations: Sequence[tuple[Expression, Number]],
        constants: frozenset[Number],
    ) -> None:
        self.question, self.solution = question, solution
        self.givens, self.equations, self.constants = givens, equations, constants
        self.free = {i for i, given in enumerate(givens) if not given.kept}

    def program(self) -> Program:
        while True:
            steps, doubtful = self._bind()
            doubtful |= self._perhaps_derived(steps)
            if not doubtful & self.free:
                break
            self.free -= doubtful
        behind = self._behind(steps)
        if len(steps) > 1 and self._unused_step(steps):
            raise NotParametricError(REASONS[6])
        variable = tuple(sorted(self.free & behind[-1]))
        if not variable:
            raise NotParametricError(REASONS[8])
        givens = tuple(
            given if i in variable or given.kept else replace(given, kept="not surely used")
            for i, given in enumerate(self.givens)
        )
        return Program(self.question, self.solution, givens, tuple(steps), variable)

    def _bind(self) -> tuple[list[Step], set[int]]:
        quantities = list(self._given_quantities())
        steps: list[Step] = []
        doubtful: set[int] = set()
        for expression, value in self.equations:
            chosen: list[_Quantity] = []
            for literal in expression.literals:
                candidates = self._candidates(literal, quantities)
                if len({candidate.shadow for candidate in candidates}) > 1:
                    doubtful.update(*(candidate.behind for candidate in candidates))
                chosen.append(candidates[0])
            operands = tuple(quantity.operand for quantity in chosen)
            steps.append(Step(expression, operands, value))
            quantities.extend(self._step_quantities(len(steps) - 1, steps[-1], chosen))
        return steps, doubtful

    def _given_quantities(self) -> Iterator[_Quantity]:
        for i, given in enumerate(self.givens):
            free = i in self.free
            worlds: tuple[Number, ...] = tuple(
                _prime(i, world) if free else given.value for world in range(_SHADOWS)
            )
            behind = frozenset({i}) if free else frozenset[int]()
            forms = list(_FORMS) if given.kind == "percent" else ["same", "hundredth"] if given.cents else ["same"]
            yield from _in_forms("given", i, given.value, worlds, behind, forms)

    def _step_quantities(
        self, index: int, step: Step, chosen: Sequence[_Quantity]
    ) -> Iterator[_Quantity]:
        behind = frozenset[int]().union(*(quantity.behind for quantity in chosen))
        worlds = tuple(
            step.expression.evaluate([quantity.shadow[world] for quantity in chosen]) for world in range(_SHADOWS)
        )
        percent = "%" in self.question or "percent" in self.question
        yield from _in_forms("step", index, step.value, worlds, behind, ["same", "hundredth"] if percent else ["same"])

    def _candidates(self, literal: Number, quantities: Sequence[_Quantity]) -> list[_Quantity]:
        found = [quantity for quantity in quantities if quantity.operand.value == literal]
        plain = [quantity for quantity in found if quantity.operand.form == "same"]
        found = plain or found
        if literal in self.constants or any(literal in given.family for given in self.givens):
            found.append(_constant(literal))
        if not found and literal == 1:
            found.append(_constant(literal))
        if not found:
            raise NotParametricError(REASONS[5])
        return found

    def _perhaps_derived(self, steps: Sequence[Step]) -> set[int]:
        """Return free givens that may have been used in the head, where no annotation shows it.

        A given may be half, twice … of a number that no step uses; a constant may be the sum of two givens.
        """
        used = {operand.index for step in steps for operand in step.operands if operand.origin == "given"}
        unused = {given.value for i, given in enumerate(self.givens) if i not in used and given.value > 2}
        near = {result for value in unused for result in _in_the_head(value)}
        derived = {i for i in self.free & used if self.givens[i].value in near}
        return derived | self._parts_of(unused) | self._behind_constants(steps)

    def _behind_constants(self, steps: Sequence[Step]) -> set[int]:
        """Return free givens from which a constant could have been computed, unless the text names the constant."""
        named = certain_constants(self.question) | {given.value for given in self.givens} | {0, 1, 100, Fraction(1, 100)}
        named = named.union(*(given.family for given in self.givens))
        values = [given.value for given in self.givens]
        doubtful: set[int] = set()
        for step in steps:
            for constant in {operand.value for operand in step.operands if operand.origin == "constant"} - named:
                for i in self.free:
                    alone = constant in _in_the_head(values[i])
                    if alone or any(constant in _pairings(values[i], other) for j, other in enumerate(values) if j != i):
                        doubtful.add(i)
        return doubtful

    def _parts_of(self, unused: set[Number]) -> set[int]:
        """Return free givens that add up, with others or number words, to a number that no step uses."""
        words = [NUMBER_WORDS[word] for word in _WORD.findall(self.question.lower()) if word in NUMBER_WORDS]
        numbers = [(i, given.value) for i, given in enumerate(self.givens)] + [(-1, value) for value in words]
        parts: set[int] = set()
        for size in (2, 3, 4) if len(numbers) <= _MOST_NUMBERS else (2,):
            for chosen in combinations(numbers, size):
                if sum(value for _, value in chosen) in unused | set(words):
                    parts.update(i for i, _ in chosen)
        return parts & self.free

    def _behind(self, steps: Sequence[Step]) -> list[frozenset[int]]:
        behind: list[frozenset[int]] = []
        for step in steps:
            sources = [
                frozenset({operand.index}) if operand.origin == "given" else behind[operand.index]
                for operand in step.operands
                if operand.origin != "constant"
            ]
            behind.append(frozenset[int]().union(*sources))
        return behind

    def _unused_step(self, steps: Sequence[Step]) -> bool:
        values_used = {value for step in steps for value in step.expression.literals}
        return any(
            step.value not in values_used and _hundredth(step.value) not in values_used
            for step in steps[:-1]
            if step.value != steps[-1].value
        )


def _in_forms(
    origin: str, index: int, value: Number, worlds: Sequence[Number], behind: frozenset[int], forms: Sequence[str]
) -> Iterator[_Quantity]:
    for form in forms:
        yield _Quantity(
            Operand(origin, index, form, shaped(value, form)),
            tuple(shaped(world, form) for world in worlds),
            behind,
        )


def _constant(value: Number) -> _Quantity:
    return _Quantity(Operand("constant", 0, "same", value), (value,) * _SHADOWS, frozenset())
