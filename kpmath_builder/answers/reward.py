"""Rewards a completion for the right answer, as reinforcement learning asks for it (GRPO in TRL, verl).

Nothing here uses signals, an event loop or state of its own: it may be called from any thread, any process, and by way of
`asyncio.to_thread` from an event loop.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Complex, Number, Rational
from typing import TypeVar, cast, overload

import numpy as np

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.equivalence import equivalent
from kpmath_builder.answers.reading import as_answer
from kpmath_builder.answers.workers import WallTime, checker
from kpmath_builder.errors import InputError

__all__ = ["Completion", "Reference", "reward"]

T = TypeVar("T")
Message = Mapping[str, object]
Completion = str | Sequence[Message]
"""A text, or a conversation, of which the model's last message counts; a message holds a text or a list of content parts."""
Reference = Answer | str | Number | np.generic
"""What is right: a final answer, a solution that ends with one, or a number (Python's or numpy's)."""
_TEXT_PARTS = frozenset(("text", "output_text"))
_THOUGHT_PARTS = frozenset(("thinking", "reasoning"))
"""Kinds of content parts that are no part of what was said."""
_OTHERS = frozenset(("system", "developer", "user", "tool", "function", "ipython"))
"""Roles of messages that the model did not write."""


@overload
def reward(  # type: ignore[overload-overlap]
    completion: Completion, answer: Reference, *, seconds: float = ..., total_seconds: float = ...
) -> float: ...
@overload
def reward(
    completion: Sequence[Completion] | np.ndarray,
    answer: Reference | Sequence[Reference] | np.ndarray,
    *,
    seconds: float = ...,
    total_seconds: float = ...,
) -> list[float]: ...
def reward(
    completion: Completion | Sequence[Completion] | np.ndarray,
    answer: Reference | Sequence[Reference] | np.ndarray,
    *,
    seconds: float = 3.0,
    total_seconds: float = 20.0,
) -> float | list[float]:
    """Return 1.0 if a completion gives the reference answer and 0.0 if not, or one such number for each of a list.

    A completion that names no answer, and a comparison that comes to no end in time, earn nothing.

    Parameters
    ----------
    completion
        A text or a conversation, or a list of either. Of a message's content parts, texts are joined and thinking is left out.
    answer
        The reference: one for all, or one for each completion. Lists may be numpy arrays.
    seconds
        The processor time that the checker may spend on one comparison; only a few answers need it (sums, integrals). At most 3.
    total_seconds
        The wall time that the checker may take in the whole call. Afterwards it is not asked any more, and only what canonical
        forms show to be right earns anything, at a cost of milliseconds each. A worker that is being started is not broken off.

    Raises
    ------
    InputError
        For lists of different lengths, a reference that names no answer, a completion that is neither text nor conversation or in
        which the model says nothing, and times that are no numbers from 0.

    """
    if not seconds >= 0 or not total_seconds >= 0:  # NaN too
        raise InputError(
            f"reward got seconds={seconds} and total_seconds={total_seconds}: give numbers from 0."
        )
    wall_time = WallTime(total_seconds)
    completion, answer = _unpacked(completion), _unpacked(answer)
    completions, references = _completions(completion), _listed(answer)
    if completions is None:
        if references is not None:
            raise InputError(
                "reward got a list of answers for one completion: give a list of completions too."
            )
        return _one(completion, _reference(answer), seconds, wall_time)
    if references is None:
        references = [answer] * len(completions)
    if len(references) != len(completions):
        raise InputError(
            f"reward got {len(completions)} completions and {len(references)} answers: give one answer, or one for each."
        )
    return [
        _one(one, _reference(right), seconds, wall_time)
        for one, right in zip(completions, references, strict=True)
    ]


def _unpacked(value: T) -> T:
    """Return the one element of an array without dimensions; anything else as it is."""
    single = isinstance(value, np.ndarray) and not value.ndim
    return cast("T", value[()]) if single else value  # type: ignore[index]


def _listed(value: object) -> list[object] | None:
    """Return the elements of a list, or None if the value is a single one."""
    return [*value] if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str) else None


def _completions(completion: object) -> list[object] | None:
    """Return the completions of a list, or None if there is one: a text, or a conversation."""
    if isinstance(completion, str):
        return None
    several = _listed(completion)
    if several is None:
        raise InputError(f"reward got a completion of type {type(completion).__name__}: give its text.")
    conversation = bool(several) and all(isinstance(message, Mapping) for message in several)
    return None if conversation else several


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
    messages = reversed(_listed(completion) or [])
    # What a tool or a user said behind the model's last turn is not the model's answer.
    own = next((message for message in messages if not _is_others(message)), None)
    if isinstance(own, Mapping):
        said = _said(own.get("content"))
        if said is not None:
            return said
    raise InputError(
        f"reward cannot read a completion from {completion!r:.60}: give text, or messages whose `content` is text."
    )


def _is_others(message: object) -> bool:
    return isinstance(message, Mapping) and message.get("role") in _OTHERS


def _said(content: object) -> str | None:
    """Return the text of a message's content; None if a part of it is neither text nor thinking."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = _listed(content)
    texts: list[str] = []
    for part in parts or ():
        kind, text = (part.get("type"), part.get("text")) if isinstance(part, Mapping) else (None, None)
        if kind in _TEXT_PARTS and isinstance(text, str):
            texts.append(text)
        elif kind not in _THOUGHT_PARTS:
            return None
    return None if parts is None else "".join(texts)


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
    if isinstance(answer, bool | np.bool_):
        return "yes" if answer else "no"
    if isinstance(answer, Rational):
        return (
            str(answer.numerator) if answer.denominator == 1 else f"{answer.numerator}/{answer.denominator}"
        )
    if isinstance(answer, Complex) and answer.imag:
        return f"{_written(answer.real)} + ({_written(answer.imag)})i"
    if isinstance(answer, Number):
        digits = Decimal(str(answer.real if isinstance(answer, Complex) else answer))
        if digits.is_finite():  # as a float of its size is written, and without an exponent: 0.1, 0.00001
            return format(digits, "f")
    raise InputError(f"reward got the reference answer {answer!r:.60}: give text or a finite number.")
