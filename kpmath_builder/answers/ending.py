r"""Decides where a solution ends and what of it is thinking; voting, checking, publishing and evaluation all read what this returns.

A model may think in tags, run on into another turn or another problem, and wrap what it says in the marks of its chat
template. What is removed is never read: if what is left names no answer, the solution abstains.
"""

import re
from collections.abc import Iterable

from kpmath_builder.answers.headings import ends, may_end
from kpmath_builder.answers.marks import OWN_HEADINGS
from kpmath_builder.answers.transcripts import Cut, SolutionText, joined, may_be_marked, unmarked

__all__ = [
    "STOP_STRINGS",
    "Cut",
    "SolutionText",
    "is_whole",
    "solution_text",
    "split_thinking",
    "stop_strings",
]

_LEADING_ROLE = re.compile(
    r"\s*(?:\*\*)?(?:Assistant|ASSISTANT|assistant(?=\s*\n))(?:\*\*)?[ \t]*(?::|(?=\n))\s*"
)


def solution_text(text: str, headings: Iterable[str] = ()) -> SolutionText:
    """Return the part of a model's text that is its solution, what it thought, and why anything was cut off.

    Applying it to its own result changes nothing.

    Parameters
    ----------
    text
        What a model wrote, with or without the marks of its chat template.
    headings
        Lines that stand before a problem in the prompt that was sent; those of this package's own are known.

    """
    headings = tuple(headings)
    if not headings and is_whole(text):
        return SolutionText(text, "", Cut.NONE)
    found = _once(text, headings)
    while found.text != text:  # what was wrapped may be wrapped again; each round leaves less
        text = found.text
        inner = _once(text, headings)
        found = SolutionText(
            inner.text, joined([found.thinking, inner.thinking]), inner.cut_reason or found.cut_reason
        )
    return found


def is_whole(text: str) -> bool:
    """Whether a text is its own solution because nothing in it looks like a mark, a role or a heading: most texts are.

    `solution_text` returns such a text as it is.
    """
    return not may_be_marked(text) and not _LEADING_ROLE.match(text) and not may_end(text)


def split_thinking(text: str) -> tuple[str, str]:
    """Return what a text says and what of it is thinking; nothing else is cut off.

    For replies that are no solutions, and for the transport of a model's text.
    """
    found = unmarked(text, turns=False)
    return found.text, found.thinking


def stop_strings(headings: Iterable[str] = OWN_HEADINGS) -> tuple[str, ...]:
    """Return what a server may be told to stop at: headings of more than one word, which no solution writes of itself."""
    return tuple("\n" + heading for heading in headings if " " in heading and heading.endswith(":"))


STOP_STRINGS = stop_strings()
"""The stop strings for the prompts of this package."""


def _once(text: str, headings: tuple[str, ...]) -> SolutionText:
    found = unmarked(text)
    role = _LEADING_ROLE.match(found.text)
    start, end, reason = _within(found.text, role.end() if role else 0, headings)
    if not reason and not start:
        return found
    said = found.text[start : max(start, end)].rstrip() if reason else found.text[start:]
    return SolutionText(said, found.thinking, reason or found.cut_reason)


def _within(text: str, start: int, headings: tuple[str, ...]) -> tuple[int, int, Cut]:
    """Return where a text without marks begins and ends, and why it ends before its end."""
    places = [*ends(text, start, headings)]
    if not places:
        return start, len(text), Cut.NONE
    behind_something = [(end, reason) for end, reason in places if not end or text[start:end].strip()]
    return start, *min(behind_something, default=(len(text), Cut.NONE))
