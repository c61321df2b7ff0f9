"""Rewards a completion for the right answer, as reinforcement learning asks for it (GRPO in TRL, verl).

Nothing here uses signals, an event loop or state of its own: it may be called from any thread, any process, and by way of
`asyncio.to_thread` from an event loop.
"""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Number
from typing import overload

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.equivalence import equivalent
from kpmath_builder.answers.reading import as_answer
from kpmath_builder.answers.workers import WallTime, checker
from kpmath_builder.errors import InputError

__all__ = ["Completion", "Reference", "reward"]

Message = Mapping[str, object]
Completion = str | Sequence[Message]
"""A text, or a conversation whose last message is the model's."""
Reference = Answer | str | Number
"""What is right: a final answer, a solution that ends with one, or a number."""


@overload
def reward(  # type: ignore[overload-overlap]
    completion: Completion, answer: Reference, *, seconds: float = ..., total_seconds: float = ...
) -> float: ...
@overload
def reward(
    completion: Sequence[Completion],
    answer: Reference | Sequence[Reference],
    *,
    seconds: float = ...,
    total_seconds: float = ...,
) -> list[float]: ...
def reward(
    completion: Completion | Sequence[Completion],
    answer: Reference | Sequence[Reference],
    *,
    seconds: float = 3.0,
    total_seconds: float = 20.0,
) -> float | list[float]:
    """Return 1.0 if a completion gives the reference answer and 0.0 if not, or one such number for each of a list.

    A completion that names no answer, and a comparison that comes to no end in time, earn nothing.

    Parameters
    ----------
    completion
        A text or a conversation, or a list of either.
    answer
        The reference: one for all, or one for each completion.
    seconds
        The processor time that the checker may spend on one comparison; only a few answers need it (sums, integrals). At most 3.
    total_seconds
        The wall time that the checker may take in the whole call. Afterwards it is not asked any more, and only what canonical
        forms show to be right earns anything, at a cost of milliseconds each. A worker that is being started is not broken off.

    Raises
    ------
    InputError
        For lists of different lengths, a reference that names no answer, and a completion that is neither text nor conversation.

    """
    wall_time = WallTime(total_seconds)
    if _is_single(completion):
        if isinstance(answer, Sequence) and not isinstance(answer, str):
            raise InputError(
                "reward got a list of answers for one completion: give a list of completions too."
            )
        return _one(completion, _reference(answer), seconds, wall_time)
    references = (
        [*answer]
        if isinstance(answer, Sequence) and not isinstance(answer, str)
        else [answer] * len(completion)
    )
    if len(references) != len(completion):
        raise InputError(
            f"reward got {len(completion)} completions and {len(references)} answers: give one answer, or one for each."
        )
    return [
        _one(one, _reference(right), seconds, wall_time)
        for one, right in zip(completion, references, strict=True)
    ]


def _is_single(completion: object) -> bool:
    if isinstance(completion, str):
        return True
    if not isinstance(completion, Sequence):
        raise InputError(f"reward got a completion of type {type(completion).__name__}: give its text.")
    return bool(completion) and all(isinstance(message, Mapping) for message in completion)


def _one(completion: object, reference: Answer, seconds: float, wall_time: WallTime) -> float:
    answer = as_answer(_text(completion))
    if answer is None:
        return 0.0
    try:
        with checker.limited(seconds, wall_time):
            return float(equivalent(answer, reference).equal)
    except TimeoutError:
        return 0.0


def _text(completion: object) -> str:
    if isinstance(completion, str):
        return completion
    if isinstance(completion, Sequence) and completion and isinstance(completion[-1], Mapping):
        content = completion[-1].get("content")
        if content is None or isinstance(content, str):
            return content or ""
    raise InputError(
        f"reward cannot read a completion from {completion!r:.60}: give text, or messages whose `content` is text."
    )


def _reference(answer: object) -> Answer:
    read = answer if isinstance(answer, Answer) else as_answer(_written(answer))
    if read is None:
        raise InputError(
            f"The reference answer {answer!r:.60} names no answer: correct it, or leave its row out."
        )
    return read


def _written(answer: object) -> str:
    if isinstance(answer, str):
        return answer
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, Fraction):
        return f"{answer.numerator}/{answer.denominator}"
    if isinstance(answer, float) and math.isfinite(answer):
        return format(Decimal(repr(float(answer))), "f")  # 1e-05 as 0.00001
    if isinstance(answer, Number) and not (isinstance(answer, float) and not math.isfinite(answer)):
        return str(answer)
    raise InputError(f"reward got the reference answer {answer!r:.60}: give text or a finite number.")
