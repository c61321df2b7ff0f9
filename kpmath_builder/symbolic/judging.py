"""Judging a question by re-deriving it: every practice is in it, each one counts, and its numbers are sensible."""

from collections.abc import Sequence
from dataclasses import dataclass

from kpmath_builder.symbolic.backward import read_backward
from kpmath_builder.symbolic.expressions import Number, decimal_places
from kpmath_builder.symbolic.numbers import bounds_of
from kpmath_builder.symbolic.passages import Passage
from kpmath_builder.symbolic.reading import Part, read_question

__all__ = ["QuestionCheck", "judge"]

_UNREAD = "the question is not made from the practices, so it cannot be re-derived"
_HUGE = 1_000_000


@dataclass(frozen=True)
class QuestionCheck:
    """What is wrong with a question: penalties with their sentences, and the practices that it does not need."""

    unused: tuple[Passage, ...]
    faults: tuple[tuple[float, str], ...]

    @property
    def correctness(self) -> float:
        """One less all penalties, not below 0."""
        return round(max(0.0, 1.0 - sum(penalty for penalty, _ in self.faults)), 2)


def judge(question: str, passages: Sequence[Passage]) -> QuestionCheck:
    """Return the verdict on a question that claims to need all the passages."""
    if len(passages) == 1:
        return _judge_backward(question, passages[0])
    reading = read_question(question, passages)
    if reading is None:
        return QuestionCheck(tuple(passages), ((0.9, _UNREAD),))
    try:
        runs = reading.run()
    except ZeroDivisionError:
        return QuestionCheck((), ((0.9, "a step divides by zero"),))
    unused = tuple(part.passage for i, part in enumerate(reading.parts) if not reading.needs(i))
    faults = [fault for part, run in zip(reading.parts, runs, strict=True) for fault in _faults(part, *run)]
    faults += [(0.4, "a practice does not bear on the answer")] * len(unused)
    return QuestionCheck(unused, (*faults, *_answer_faults(reading.answer(runs))))


def _judge_backward(question: str, passage: Passage) -> QuestionCheck:
    reading = read_backward(question, passage)
    if reading is None:
        return QuestionCheck((passage,), ((0.9, _UNREAD),))
    values = reading.values
    faults = _faults(reading.part, values, passage.program.run(values))
    return QuestionCheck((), (*faults, *_answer_faults(reading.answer)))


def _faults(part: Part, values: list[Number], results: list[Number]) -> list[tuple[float, str]]:
    faults: list[tuple[float, str]] = []
    bounds = bounds_of(part.passage.program)
    if not bounds.accepts(values):
        faults.append((0.3, "a step has another sign, size or order than the situation allows"))
    for place, number in (*part.numbers.items(), *((place, values[place]) for place in part.links)):
        faults += _number_faults(part, place, number)
    for result, usual in zip(results, bounds.results, strict=True):
        if isinstance(usual, int) and not isinstance(result, int):
            faults.append((0.3, "a step counts something in fractions"))
        elif not isinstance(result, int) and (decimal_places(result) or 9) > 4:
            faults.append((0.15, "a step is not a short decimal"))
    return faults


def _number_faults(part: Part, place: int, number: Number) -> list[tuple[float, str]]:
    given = part.passage.program.givens[place]
    if given.kind == "percent" and not 1 <= number <= 99:
        return [(0.3, f"{number} % is no share of a whole")]
    if given.ceiling and number > given.ceiling:
        return [(0.3, f"{number} is more than there can be ({given.ceiling})")]
    if number > given.value * 10 or given.value > number * 10:
        return [(0.2, f"{number} is far from what is usual here ({given.value})")]
    if number > given.value * 3 or given.value > number * 3:
        return [(0.05, f"{number} is not quite what is usual here ({given.value})")]
    return []


def _answer_faults(answer: Number) -> list[tuple[float, str]]:
    if answer < 0:
        return [(0.4, "the answer is negative")]
    if not isinstance(answer, int) and (decimal_places(answer) or 9) > 2:
        return [(0.25, "the answer is not a short decimal")]
    return [(0.1, "the answer is over a million")] if answer > _HUGE else []
