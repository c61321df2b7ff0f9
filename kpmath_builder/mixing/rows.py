"""A row on its way into the mix, and the reasons for which rows stay out."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

__all__ = ["LeftOut", "MathText", "MixRow"]


class LeftOut(StrEnum):
    """Why a row is not in the mix; the first that holds, in this order."""

    MALFORMED = "not text"
    NOT_CHOSEN = "of a part that is not taken"
    MATH = "text of MATH, or of seeds that may not be shared"
    NO_QUESTION = "no question"
    NO_SOLUTION = "no solution"
    NO_ANSWER = "empty answer"
    LONG_NUMBER = "number of too many digits"
    LICENCE = "licence does not let everybody share it"
    MAY_BE_MATH = "may be text of MATH, and no MATH set is named to compare it with"
    TEST = "repeats a test problem"
    OTHERS = "repeats a row of a preferred source"
    OWN = "repeats a row of its own source"


class MathText(StrEnum):
    """Whether rows of a part hold problems of MATH."""

    NO = ""
    POSSIBLE = "possible"
    """Reworded or grown out of them: each row is compared with MATH."""
    MASKED = "masked"
    """A problem of MATH but for a number or two: no row is published."""
    VERBATIM = "verbatim"
    """A problem of MATH as it is: no row is published, and no other row may repeat it."""


@dataclass(frozen=True, slots=True)
class MixRow:
    """One row of a source, read but not yet compared with others; texts are empty where it stays out."""

    number: int
    """Place in the source, from 0."""
    source_id: str
    subset: str = ""
    licence: str = ""
    question: str = ""
    solution: str = ""
    answer: str | None = None
    math: MathText = MathText.NO
    left_out: LeftOut | None = None

    def line(self) -> bytes:
        """Return the row as a line of JSON, without what is not set."""
        told = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return json.dumps(told, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Self:
        """Read what `line` returned."""
        told: dict[str, Any] = json.loads(line)
        reason, math = told.get("left_out"), told.get("math")
        return cls(**{**told, "left_out": LeftOut(reason) if reason else None, "math": MathText(math or "")})
