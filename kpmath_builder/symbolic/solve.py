"""Solving a composed question: read it, compute it, and write it down as GSM8K does, now and then with a slip.

A slip is one of the errors that people make. A wrong sum shows up in the arithmetic; a misread number or a forgotten
last step is consistent in itself and only a vote over several solutions can tell.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random

from kpmath_builder.symbolic.backward import BackwardReading
from kpmath_builder.symbolic.expressions import Number, decimal_places, format_number, simplest
from kpmath_builder.symbolic.names import rename
from kpmath_builder.symbolic.programs import take
from kpmath_builder.symbolic.prose import write_solution
from kpmath_builder.symbolic.reading import Part, Reading, Run

__all__ = ["solve", "solve_with_slip"]


@lru_cache(maxsize=256)
def solve(reading: Reading | BackwardReading) -> str:
    """Return the right solution."""
    if isinstance(reading, BackwardReading):
        return reading.solution()
    runs = reading.run()
    return _text(reading, runs, reading.answer(runs))


def solve_with_slip(reading: Reading | BackwardReading, rng: Random) -> str:
    """Return a solution with one slip; a question that leaves no room for one is solved rightly."""
    if isinstance(reading, BackwardReading):
        return _backward_with_slip(reading, rng)
    right = reading.answer(reading.run())
    kinds = [_wrong_arithmetic, _misread_number, _stopped_early]
    rng.shuffle(kinds)
    for kind in kinds:
        for _ in range(4):
            slip = kind(reading, rng)
            if slip is not None and slip[1] != right and _presentable(slip):
                return _text(reading, *slip)
    return solve(reading)


def _backward_with_slip(reading: BackwardReading, rng: Random) -> str:
    """Copy a number wrongly, or the result of the last step."""
    misread = reading.misread(rng) if rng.random() < 0.5 else None
    if misread is not None and misread.answer != reading.answer:
        return misread.solution()
    return reading.solution(_off(reading.answer, rng))


def _presentable(slip: tuple[list[Run], Number]) -> bool:
    """Return whether no step is an endless decimal: nobody would write one down unnoticed."""
    numbers = [number for _, results in slip[0] for number in results]
    return all(isinstance(number, int) or decimal_places(number) is not None for number in numbers)


def _text(reading: Reading, runs: Sequence[Run], answer: Number) -> str:
    lines: list[str] = []
    for part, (values, results) in zip(reading.parts, runs, strict=True):
        kept = len(results)
        written = write_solution(part.passage.program, values, _padded(part, results), steps=kept)
        lines += [rename(line, part.passage.renamed) for line in written]
        if part.defines:
            lines.append(f"So {part.defines} = {format_number(results[-1])}.")
    if reading.closing and answer == reading.answer(runs):
        lines.append(reading.closing.solution(reading.closed(runs)))
    return "\n".join([*lines, f"The answer is \\boxed{{{format_number(answer)}}}."])


def _padded(part: Part, results: list[Number]) -> list[Number]:
    """Fill up forgotten steps with their original values; they are not written."""
    return results + [step.value for step in part.passage.program.steps[len(results) :]]


def _wrong_arithmetic(reading: Reading, rng: Random) -> tuple[list[Run], Number] | None:
    """State a wrong result for one step and go on with it."""
    part = rng.randrange(len(reading.parts))
    steps = reading.parts[part].passage.program.steps
    step = rng.randrange(len(steps))
    runs = _run_with_error(reading, part, step, rng)
    return None if runs is None else (runs, reading.answer(runs))


def _run_with_error(reading: Reading, at_part: int, at_step: int, rng: Random) -> list[Run] | None:
    known: dict[str, Number] = {}
    runs: list[Run] = []
    for i, part in enumerate(reading.parts):
        values = part.values(known)
        results: list[Number] = []
        for k, step in enumerate(part.passage.program.steps):
            try:
                result = step.expression.evaluate(
                    [take(operand, values, results) for operand in step.operands]
                )
            except ZeroDivisionError:
                return None
            results.append(_off(result, rng) if (i, k) == (at_part, at_step) else result)
        known[part.defines] = results[-1]
        runs.append((values, results))
    return runs


def _off(value: Number, rng: Random) -> Number:
    """Return a near miss: a digit off, a ten off, or a place lost."""
    misses: list[Number] = [value + 1, value + 10, value * 10, value + 2, value + 100]
    misses += [miss for miss in (value - 1, value - 2, value - 10) if miss > 0]
    return simplest(Fraction(rng.choice(misses)))


def _misread_number(reading: Reading, rng: Random) -> tuple[list[Run], Number] | None:
    """Copy one number of the question wrongly."""
    numbers = [(i, place) for i, part in enumerate(reading.parts) for place in part.numbers]
    if not numbers:
        return None
    i, place = rng.choice(numbers)
    value = reading.parts[i].numbers[place]
    unit = 10 if isinstance(value, int) and value % 10 == 0 else 1
    wrong = [value + unit, value + 2 * unit, value * 10]
    wrong += [miss for miss in (value - unit, value - 2 * unit) if miss > 0]
    swapped = str(value)[::-1]
    if swapped.isdigit() and swapped[0] != "0" and swapped != str(value):
        wrong.append(int(swapped))
    try:
        runs = reading.run({(i, place): rng.choice(wrong)})
    except ZeroDivisionError:
        return None
    answer = reading.answer(runs)
    return (runs, answer) if answer > 0 else None


def _stopped_early(reading: Reading, rng: Random) -> tuple[list[Run], Number] | None:
    """Take the step before the last for the answer."""
    runs = reading.run()
    values, results = runs[-1]
    if reading.closing:
        return runs, results[-1]
    if len(results) < 2:
        return None
    kept = rng.randrange(max(1, len(results) - 2), len(results))
    return [*runs[:-1], (values, results[:kept])], results[kept - 1]
