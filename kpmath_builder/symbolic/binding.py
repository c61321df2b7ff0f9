"""Reading a seed problem into a program: what each literal of its steps stands for.

Which number of the question does the 2 in `<<48/2=24>>` stand for? A literal is bound only where exactly one quantity
of the problem behaves like it when the question's numbers change. Where two do (a given 12 and the months of a year),
all numbers that could be meant are kept as they are, which makes the question harmless; a literal that nothing
explains refuses the seed. A wrong binding would make a wrong row, so there is no guessing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from kpmath_builder.symbolic.constants import known_constants
from kpmath_builder.symbolic.equations import ANNOTATION, find_equations
from kpmath_builder.symbolic.expressions import Expression, Number, parse_number
from kpmath_builder.symbolic.faults import fault_of, mixes_units
from kpmath_builder.symbolic.givens import NUMBER, GivenNumber, read_givens
from kpmath_builder.symbolic.programs import (
    FORMS,
    WORLDS,
    Operand,
    Program,
    Step,
    givens_behind,
    other_value,
    shaped,
)
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason
from kpmath_builder.symbolic.suspicion import used_in_the_head

__all__ = ["read_program"]

_LONGEST = 5000
"""Characters of a seed; the longest of GSM8K has fewer than half, and far longer ones would only cost time."""
_SAME = ("same",)
_SMALL_FORMS = ("same", "hundredth")


@lru_cache(maxsize=16_384)
def read_program(question: str, solution: str) -> Program:
    """Read a seed problem with its annotated solution.

    Raises
    ------
    UnfitError
        With the reason why it cannot be read.
    """
    if len(question) + len(solution) > _LONGEST:
        raise UnfitError(UnfitReason.TOO_LONG)
    body, mark, gold = solution.rpartition("####")
    if "<<" not in solution:
        raise UnfitError(UnfitReason.NO_ANNOTATIONS)
    if not mark or not re.fullmatch(rf"-?(?:{NUMBER})", gold.strip()):
        raise UnfitError(UnfitReason.NO_ANSWER)
    if fault := fault_of(question, body):
        raise UnfitError(fault)
    equations = list(find_equations(body))
    if not equations or equations[-1][1] != parse_number(gold.strip().lstrip("-")) or "-" in gold:
        raise UnfitError(UnfitReason.NOT_LAST)
    givens = read_givens(question)
    constants = known_constants(question + " " + ANNOTATION.sub("", body))
    try:
        program = _Binder(question, body, givens, equations, constants).program()
    except ZeroDivisionError as error:
        raise UnfitError(UnfitReason.NOT_ARITHMETIC) from error
    if mixes_units(program):
        raise UnfitError(UnfitReason.MIXED_UNITS)
    return program


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
        givens: Sequence[GivenNumber],
        equations: Sequence[tuple[Expression, Number]],
        constants: frozenset[Number],
    ) -> None:
        self.question, self.solution = question, solution
        self.givens, self.equations, self.constants = givens, equations, constants
        self.free = {i for i, given in enumerate(givens) if not given.kept}

    def program(self) -> Program:
        while True:
            steps, doubtful = self._bind()
            doubtful |= used_in_the_head(self.question, self.givens, steps)
            if not doubtful & self.free:
                break
            self.free -= doubtful
        behind = givens_behind(steps)
        if len(steps) > 1 and self._unused_step(steps):
            raise UnfitError(UnfitReason.UNUSED_STEP)
        variable = tuple(sorted(self.free & behind[-1]))
        if not variable:
            raise UnfitError(UnfitReason.NOTHING_MOVES)
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
                other_value(i, world) if free else given.value for world in range(WORLDS)
            )
            behind = frozenset({i}) if free else frozenset[int]()
            forms = tuple(FORMS) if given.kind == "percent" else _SMALL_FORMS if given.cents else _SAME
            yield from _in_forms(Operand("given", i, "same", given.value), worlds, behind, forms)

    def _step_quantities(self, index: int, step: Step, chosen: Sequence[_Quantity]) -> Iterator[_Quantity]:
        behind = frozenset[int]().union(*(quantity.behind for quantity in chosen))
        worlds = tuple(
            step.expression.evaluate([quantity.shadow[world] for quantity in chosen])
            for world in range(WORLDS)
        )
        percent = "%" in self.question or "percent" in self.question
        yield from _in_forms(
            Operand("step", index, "same", step.value), worlds, behind, _SMALL_FORMS if percent else _SAME
        )

    def _candidates(self, literal: Number, quantities: Sequence[_Quantity]) -> list[_Quantity]:
        found = [quantity for quantity in quantities if quantity.operand.value == literal]
        plain = [quantity for quantity in found if quantity.operand.form == "same"]
        found = plain or found
        if (
            literal in self.constants
            or (not found and literal == 1)
            or any(literal in given.family for given in self.givens)
        ):
            found.append(_constant(literal))
        if not found:
            raise UnfitError(UnfitReason.UNKNOWN_ORIGIN)
        return found

    def _unused_step(self, steps: Sequence[Step]) -> bool:
        values_used = {value for step in steps for value in step.expression.literals}
        return any(
            step.value not in values_used and shaped(step.value, "hundredth") not in values_used
            for step in steps[:-1]
            if step.value != steps[-1].value
        )


def _in_forms(
    operand: Operand, worlds: Sequence[Number], behind: frozenset[int], forms: Sequence[str]
) -> Iterator[_Quantity]:
    for form in forms:
        as_shown = replace(operand, form=form, value=shaped(operand.value, form))
        yield _Quantity(as_shown, tuple(shaped(world, form) for world in worlds), behind)


def _constant(value: Number) -> _Quantity:
    return _Quantity(Operand("constant", 0, "same", value), (value,) * WORLDS, frozenset())
