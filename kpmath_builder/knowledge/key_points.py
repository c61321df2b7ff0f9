"""Which key points are left out: those that speak of their own problem only, and those that the model copied from the prompt."""

import re
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from kpmath_builder.records import SeedProblem, TopicKeyPoints

__all__ = ["LONGEST", "LONGEST_TOPIC", "KeyPointFault", "sift"]

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W_]+")
_LABEL = re.compile(r"^(?:\W|topic:|right:|wrong:)*", re.IGNORECASE)
_EVERYBODY_S = frozenset({"0", "1", "2", "10", "60", "90", "100", "180", "360", "1000"})
"""Numbers of mathematics itself: halves and squares, percentages, angles, units."""


LONGEST, LONGEST_TOPIC = 250, 100
"""Characters of a key point and of a topic, as in `extract.regex`."""
_PLACEHOLDER = re.compile(r"<[^<>]*>|\b(?:subject|subcategory)\b", re.IGNORECASE)
"""What stands in the prompt in place of a name."""


class KeyPointFault(StrEnum):
    """Why a key point is left out."""

    NUMBER = "number of its problem"
    COPY = "copied from the prompt"
    LENGTH = "too long for a short statement"


def sift(
    topics: Iterable[TopicKeyPoints], seed: SeedProblem, prompt: str
) -> tuple[tuple[TopicKeyPoints, ...], Counter[KeyPointFault]]:
    """Return the topics with those of their key points that serve in other problems too, and why the others are left out.

    A key point with a number of its problem is a step of that solution; one that stands in the prompt as a line is an example's.
    What has as many characters as the server is told to end at may have been broken off there, and is no short statement.
    A topic without a key point is none; neither is one that was left as the prompt has it, "Subject - Subcategory".
    """
    numbers = _numbers(f"{seed.problem} {seed.solution}")
    examples = {_words(_LABEL.sub("", line)) for line in prompt.splitlines()}
    left_out: Counter[KeyPointFault] = Counter()
    kept = []
    for topic in topics:
        points = []
        unnamed = _PLACEHOLDER.search(topic.topic)
        for point in topic.key_points:
            if unnamed or _PLACEHOLDER.fullmatch(point) or _words(point) in examples:
                left_out[KeyPointFault.COPY] += 1
            elif len(point) >= LONGEST or len(topic.topic) >= LONGEST_TOPIC:
                left_out[KeyPointFault.LENGTH] += 1
            elif _numbers(point) & numbers:
                left_out[KeyPointFault.NUMBER] += 1
            else:
                points.append(point)
        if points:
            kept.append(topic.model_copy(update={"key_points": tuple(points)}))
    return tuple(kept), left_out


def _numbers(text: str) -> frozenset[str]:
    return frozenset(number.replace(",", "") for number in _NUMBER.findall(text)) - _EVERYBODY_S


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))
