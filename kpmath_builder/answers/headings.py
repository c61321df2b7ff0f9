r"""Finds where a text leaves its solution: headings of a further problem, roles in words, a question behind a stated answer."""

import re
from collections.abc import Iterator
from functools import lru_cache

from kpmath_builder.answers.marks import LATER_HEADINGS, PROBLEM_WORDS, ROLES, any_of
from kpmath_builder.answers.transcripts import Cut

__all__ = ["ends", "first_answer", "may_end"]

_ROLE_NAME = rf"[ \t]*(?:(?:#+[ \t]*|\*\*)?(?:{any_of(ROLES)}|USER|HUMAN|ASSISTANT)(?:\*\*)?[ \t]*:|(?:user|assistant|human|model|system)[ \t]*\n)"
_ROLE_LINE = re.compile(rf"\n{_ROLE_NAME}")
_ROLE_GLUED = re.compile(rf"(?<=[.!?}}$)\]]){_ROLE_NAME}")
"""Behind a full stop without a line break: what is left where a server drops the mark between two turns."""
_KINDS = r"(?:(?:New|Next|Another|Your|My|Similar|Solved|Follow-?up|Bonus|Second|The)[ \t]+)?"
_BEFORE = rf"\n[ \t]*(?P<marks>(?:[>*_#\[(-]+[ \t]*)*+){_KINDS}"
_PROBLEM_NAMES = {
    *PROBLEM_WORDS,
    *(word.upper() for word in PROBLEM_WORDS),
    *(word.lower() for word in PROBLEM_WORDS),
}
_BEHIND = r"(?P<number>[ \t]*(?:No\.?|\#)?[ \t]*\d{1,3}\b)?(?:[ \t]+statement)?[\])*_]*[ \t]*(?P<end>[:：]|[.)](?=\s)|(?=\n))"
_PROBLEM = re.compile(f"{_BEFORE}(?:{any_of(_PROBLEM_NAMES)})[sS]?{_BEHIND}")
_LATER = re.compile(f"{_BEFORE}(?:{any_of(LATER_HEADINGS)})s?{_BEHIND}")
_ANY_HEADING = re.compile(
    rf"\n[ \t>*_#\[(-]*+{_KINDS}(?:{any_of({*_PROBLEM_NAMES, *LATER_HEADINGS, *ROLES})}|USER|HUMAN|ASSISTANT|user|human|assistant|model|system)"
)
"""What every heading and role at the start of a line begins with: one search instead of three for the texts that have none."""
_ANNOUNCED = re.compile(r"nswers?\b[^\n.]{0,60}?(?:\bis\b|\bare\b|:)|NSWERS?:")
_QUESTION = re.compile(r"\n[ \t]*\n(?P<asked>[^\n]{12,}\?)[ \t]*\n")
_ANOTHER = re.compile(
    r"\n[ \t]*\n[^\n]{0,40}?\b(?:another|a\s+different|a\s+new)\s+(?:\w+\s+)?(?:problem|question|exercise|one)\b[^\n]{0,60}(?:[.:]|\n)",
    re.IGNORECASE,
)
_LETTER_LINE = re.compile(r"\n[ \t>*_#\[(-]*+[^\W\d_]")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
"""Another question and another problem stand behind one."""
_SPACE = re.compile(r"\s*")
_NO_PROBLEM = re.compile(
    r"\A\s*(?:\d+[.)]|[-*#(]|(?:is|are|can|does|do|could|was|will|should|but|and|so)\b)|\b(?:check|verify|sure|right|correct|sense|help|would you|do you|let me|let us|let's|understand|wait|hmm|did (?:we|I)|why|questions?)\b",
    re.IGNORECASE,
)


def may_end(text: str) -> bool:
    """Whether `ends` may yield a place in a text, but for headings of one's own; most texts hold nothing that it looks for."""
    if _maybe_glued(text) or _maybe_headed(text):
        return True
    return bool(_BLANK_LINE.search(text)) and (_maybe_asks(text) or _maybe_another(text))


def _maybe_glued(text: str) -> bool:
    """Whether a role may stand behind a full stop; a letter is looked for first, for that is quicker than a word."""
    return ("U" in text and "User:" in text) or ("H" in text and "Human:" in text) or "user\n" in text


def _maybe_asks(text: str) -> bool:
    """Whether a paragraph may be a question."""
    return "?\n" in text or ("?" in text and (" \n" in text or "\t\n" in text))


def _maybe_another(text: str) -> bool:
    """Whether a paragraph may announce another problem."""
    return "nother " in text or "a new " in text or "a different " in text


def _maybe_headed(text: str) -> bool:
    """Whether a line may begin with a heading or a role."""
    return bool(_LETTER_LINE.search(text)) and bool(_ANY_HEADING.search(text))


def ends(text: str, start: int, headings: tuple[str, ...]) -> Iterator[tuple[int, Cut]]:
    """Yield the places behind `start` at which a solution may end, in no order, each with its reason."""
    space = _SPACE.match(text, start)
    first = space.end() if space else start
    if _maybe_glued(text):
        yield from ((role.start(), Cut.TURN) for role in _ROLE_GLUED.finditer(text, first))
    if headings:
        yield from ((found.start(), Cut.PROBLEM) for found in _own(headings).finditer(text, first))
    if _maybe_asks(text):
        yield from _questions(text, first)
    if _maybe_another(text):
        for found in _ANOTHER.finditer(text, first):
            if first_answer(text, first, found.start()) < found.start():
                yield found.start(), Cut.PROBLEM
    if not _maybe_headed(text):
        return
    yield from ((role.start(), Cut.TURN) for role in _ROLE_LINE.finditer(text, first))
    headed = [heading for heading in _PROBLEM.finditer(text, max(0, first - 1)) if _heads(heading)]
    later = [heading for heading in _LATER.finditer(text, first) if _heads(heading)]
    if headed or later:
        answered = first_answer(text, first, len(text))
        yield from _problems(text, first, headed, answered)
        yield from ((found.start(), Cut.PROBLEM) for found in later if found.start() > answered)


def _problems(text: str, first: int, headed: list[re.Match[str]], answered: int) -> Iterator[tuple[int, Cut]]:
    """Yield where a heading begins another problem.

    A series of numbered headings that begins before any answer is the solution's own, unless it answers more than one of them:
    then nobody can say which of them was asked.
    """
    leading = _PROBLEM.match("\n" + text[first : first + 80])
    numbers = [heading for heading in headed if heading["number"]]
    begins = bool(numbers) and numbers[0]["number"].strip(" \t#No.") == "1" and answered >= numbers[0].start()
    own = begins or bool(leading and leading["number"] and _heads(leading))
    for heading in headed:
        if not (own and heading["number"]):
            yield heading.start(), Cut.PROBLEM
        elif answered < heading.start():
            yield (0 if leading else numbers[0].start()), Cut.PROBLEM


def _heads(found: re.Match[str]) -> bool:
    """Whether a word is a heading: by its colon, its number, or the marks around a line of its own."""
    return found["end"] in {":", "："} or bool(found["number"]) or (not found["end"] and bool(found["marks"]))


def _questions(text: str, first: int) -> Iterator[tuple[int, Cut]]:
    """Yield where another question is asked, and answered, in a paragraph of its own behind an answer that was stated in words."""
    for found in _QUESTION.finditer(text, first):
        stated = first_answer(text, first, found.start(), boxes=False) < found.start()
        if (
            stated
            and not _NO_PROBLEM.search(found["asked"])
            and first_answer(text, found.end(), len(text)) < len(text)
        ):
            yield found.start(), Cut.PROBLEM


def first_answer(text: str, start: int, end: int, *, boxes: bool = True) -> int:
    """Return where the first answer is given between two places, in a box or in words; `end` if none is."""
    places = [text.find("####", start, end), text.find("\\boxed", start, end) if boxes else -1]
    for stem in ("nswer", "NSWER"):
        at = text.find(stem, start, end)
        while at >= 0 and not _ANNOUNCED.match(text, at, end):
            at = text.find(stem, at + 1, end)
        places.append(at)
    return min((at for at in places if at >= 0), default=end)


@lru_cache(maxsize=64)
def _own(headings: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\n[ \t]*(?:{any_of(headings)})(?:(?<=[:：.])|[ \t]*(?=\n|\Z))")
