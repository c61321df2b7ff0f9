"""A program backward: the number of the question that leads to a given answer, and the steps that find it.

Only where that number enters the answer by one chain of steps: each of them is then undone by itself, as people do.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kpmath_builder.symbolic.expressions import Expression, Number, decimal_places, format_number
from kpmath_builder.symbolic.programs import Operand, Program, leans_on, steps_on, take

__all__ = ["Link", "UndoneStep", "chain", "undo"]

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}
_OF_A_NUMBER = 3
_OPPOSITE = {"+": "-", "-": "+", "*": "/", "/": "*"}


@dataclass(frozen=True)
class Link:
    """A step of a chain, and which of its literals the chain goes through."""

    step: int
    literal: int


@dataclass(frozen=True)
class UndoneStep:
    """A quantity found from the result of the step that it enters."""

    finds: Operand
    """A given or an earlier step."""
    expression: str
    """E.g. `(72 - 24) / 2`."""
    value: Number


def chain(program: Program, place: int) -> tuple[Link, ...] | None:
    """Return the steps by which the given at `place` enters the answer, the last one first; None where it is not one chain.

    A number that enters in another form than its own (25 % as .25) is left alone as well.
    """
    leaning = steps_on(program, place)
    links: list[Link] = []
    index = len(program.steps) - 1
    while True:
        step = program.steps[index]
        entries = [i for i, operand in enumerate(step.operands) if leans_on(operand, place, leaning)]
        if len(entries) != 1 or step.operands[entries[0]].form != "same" or "~" in step.expression.postfix:
            return None
        links.append(Link(index, entries[0]))
        operand = step.operands[entries[0]]
        if operand.origin == "given":
            return tuple(links)
        index = operand.index


def undo(
    program: Program, links: Sequence[Link], values: Sequence[Number], answer: Number
) -> list[UndoneStep] | None:
    """Return the steps of a chain undone, the last one first; None where a number on the way is negative or no decimal.

    `values` are those of all givens; the one that the chain leads to does not matter.

    Raises
    ------
    ZeroDivisionError
        Where a step divides by zero.
    """
    results = program.run(values)
    undone: list[UndoneStep] = []
    for link in links:
        step = program.steps[link.step]
        numbers = [take(operand, values, results) for operand in step.operands]
        numbers[link.literal] = 0
        if any(number < 0 or decimal_places(number) is None for number in (answer, *numbers)):
            return None
        text = _solved_for(
            link.literal, step.expression, [format_number(number) for number in numbers], answer
        )
        answer = Expression.parse(text).value
        undone.append(UndoneStep(step.operands[link.literal], text, answer))
    return undone


@dataclass(frozen=True)
class _Node:
    """A number, or an operator over two nodes."""

    text: str
    parts: tuple["_Node", ...] = ()
    unknown: bool = False
    """Whether the number that is looked for is in it."""

    def __str__(self) -> str:
        if not self.parts:
            return self.text
        left, right = map(str, self.parts)
        if self.parts[0].precedence < self.precedence:
            left = f"({left})"
        if self.parts[1].precedence < self.precedence + (self.text in "-/"):
            right = f"({right})"
        return f"{left} {self.text} {right}"

    @property
    def precedence(self) -> int:
        return _PRECEDENCE[self.text] if self.parts else _OF_A_NUMBER


def _solved_for(literal: int, expression: Expression, numbers: Sequence[str], result: Number) -> str:
    """Return the expression whose value a literal must have for the whole to be `result`."""
    stack: list[_Node] = []
    for item in expression.postfix:
        if isinstance(item, int):
            stack.append(_Node(numbers[item], unknown=item == literal))
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(_Node(item, (left, right), left.unknown or right.unknown))
    node, value = stack[0], _Node(format_number(result))
    while node.parts:
        left, right = node.parts
        if left.unknown:
            node, value = left, _Node(_OPPOSITE[node.text], (value, right))
        elif node.text in "+*":
            node, value = right, _Node(_OPPOSITE[node.text], (value, left))
        else:
            node, value = right, _Node(node.text, (left, value))
    return str(value)
