"""What is done to a reply so that it can be read, and what makes one unreadable."""

import re
from enum import StrEnum

__all__ = ["Repair", "UnreadableReplyError", "control_character", "refuse_control_characters"]

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)|[\ud800-\udfff]")


class Repair(StrEnum):
    """What was done to a reply so that it could be read."""

    FENCE = "code fence"
    HEADING = "heading before the problem"
    QUOTES = "quotes around the problem"
    SOLUTION = "solution below the problem"
    PROSE = "text around the reply"
    NUMBER = "key point without its number"
    JSON = "JSON in place of plain text"
    COMMA = "trailing comma"
    LINE_BREAK = "line break inside a string"
    WHOLE = "1.0 for 1"
    QUOTED = "number or truth value in quotes"
    NULL_LIST = "null for an empty list"


class UnreadableReplyError(Exception):
    """A reply has no single meaning; the message says why."""


def control_character(text: str) -> str:
    """Return the name of the first control character that nobody means to write; "" if there is none."""
    sign = _CONTROL.search(text)
    return f"the control character U+{ord(sign[0][0]):04X}" if sign else ""


def refuse_control_characters(text: str) -> None:
    """Raise `UnreadableReplyError` if a reply holds one: it is what is left of a LaTeX command that was read as an escape."""
    if sign := control_character(text):
        raise UnreadableReplyError(f"it holds {sign}")
