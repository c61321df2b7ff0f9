"""Empty answers and excessively long numbers, which the paper drops from every part of its mix."""

import re

from kpmath_builder.answers.reading import final_answer

__all__ = ["digits_of_longest_number", "read_answer", "states_no_answer"]

_EMPTY_END = re.compile(
    r"(?:####|\b[Tt]he\s+(?:final\s+)?answer\s+is\s*:?|\b[Aa]nswer\s*:|\\boxed\s*\{\s*\})[\s.$*]*\Z"
)
_GROUPING = re.compile(r"(?<=\d)(?:,|\{,\}|\\[,!]\s*)(?=\d{3}(?!\d))")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def read_answer(solution: str) -> str | None:
    """Return the final answer of a solution, or None if none can be read."""
    answer = final_answer(solution)
    return None if answer is None else answer.text


def states_no_answer(solution: str) -> bool:
    r"""Return whether a solution ends with the mark of an answer and nothing behind it: `####`, `The answer is:`, `\boxed{}`."""
    return bool(_EMPTY_END.search(solution))


def digits_of_longest_number(answer: str) -> int:
    """Return how many digits the longest number in an answer has; 1,234.5 has five."""
    numbers = _NUMBER.findall(_GROUPING.sub("", answer))
    return max((sum(map(str.isdecimal, number)) for number in numbers), default=0)
