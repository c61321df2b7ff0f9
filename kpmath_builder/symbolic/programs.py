"""A seed problem as a program: the numbers of the question in, every step recomputed, the answer out.

How a seed is read into one: `binding`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpmath_builder.symbolic.expressions import Expression, Number, simplest
from kpmath_builder.symbolic.givens import GivenNumber

__all__ = [
    "FORMS",
    "WORLDS",
    "Operand",
    "Program",
    "Step",
    "givens_behind",
    "leans_on",
    "moves_answer",
    "other_value",
    "probe",
    "shaped",
    "sources_of",
    "steps_on",
    "take",
]

WORLDS = 2
"""Other worlds in which two quantities must agree to count as the same."""
_PRIMES = (211, 223, 227, 229, 233, 239, 241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337,
           347, 349, 353, 359, 367, 373, 379, 383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463)  # fmt: skip


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


@dataclass(frozen=True, eq=False)
class Program:
    """Steps over the givens of a question; the last one is the answer."""

    question: str
    solution: str
    givens: tuple[GivenNumber, ...]
    steps: tuple[Step, ...]
    variable: tuple[int, ...]
    """Places in `givens` of the numbers that may change; each of them moves the answer."""

    @property
    def values(self) -> tuple[Number, ...]:
        """The givens' original values."""
        return tuple(given.value for given in self.givens)

    def run(self, values: Sequence[Number]) -> list[Number]:
        """Return the value of every step for other givens; raises ZeroDivisionError."""
        return list(self.steps_for(values))

    def steps_for(self, values: Sequence[Number]) -> Iterator[Number]:
        """Yield the value of one step after the other for other givens; raises ZeroDivisionError."""
        results: list[Number] = []
        for step in self.steps:
            inputs = [take(operand, values, results) for operand in step.operands]
            results.append(step.expression.evaluate(inputs))
            yield results[-1]


FORMS: Mapping[str, tuple[Number, Number]] = {
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
    start, factor = FORMS[form]
    return simplest(start + Fraction(factor) * value)


def take(operand: Operand, values: Sequence[Number], results: Sequence[Number]) -> Number:
    """Return an operand's value for the given values and the results so far."""
    if operand.origin == "constant":
        return operand.value
    return shaped((values if operand.origin == "given" else results)[operand.index], operand.form)


def probe(program: Program) -> list[tuple[list[Number], list[Number]]]:
    """Return values and step results in other worlds, in which different quantities hardly ever agree."""
    worlds = []
    for world in range(WORLDS):
        values = [
            other_value(i, world) if i in program.variable else given.value
            for i, given in enumerate(program.givens)
        ]
        worlds.append((values, program.run(values)))
    return worlds


def leans_on(operand: Operand, place: int, leaning: Collection[int]) -> bool:
    """Return whether an operand is the given at `place` or the result of one of the steps `leaning` on it."""
    if operand.origin == "given":
        return operand.index == place
    return operand.origin == "step" and operand.index in leaning


def steps_on(program: Program, place: int) -> set[int]:
    """Return the steps in which the given at `place` or a result of such a step is used."""
    return {index for index, behind in enumerate(givens_behind(program.steps)) if place in behind}


def givens_behind(steps: Sequence[Step]) -> list[frozenset[int]]:
    """Return, for each step, the places of the givens that it is computed from."""
    behind: list[frozenset[int]] = []
    for step in steps:
        sources = [sources_of(operand, behind) for operand in step.operands]
        behind.append(frozenset[int]().union(*sources))
    return behind


def sources_of(operand: Operand, behind: Sequence[frozenset[int]]) -> frozenset[int]:
    """Return the places of the givens behind an operand; `behind` are those of the steps before."""
    if operand.origin == "step":
        return behind[operand.index]
    return frozenset({operand.index} if operand.origin == "given" else ())


def moves_answer(program: Program, place: int) -> bool:
    """Return whether the answer depends on the given at `place` (it may cancel out)."""
    values, results = probe(program)[0]
    values[place] += 1
    return program.run(values)[-1] != results[-1]


def other_value(place: int, world: int) -> int:
    """Return the value that the given at `place` has in another world."""
    return _PRIMES[(7 * place + 17 * world) % len(_PRIMES)]
