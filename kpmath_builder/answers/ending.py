r"""Decides where a solution ends and what of it is thinking; voting, checking, publishing and evaluation all read what this returns.

A model may think in tags, run on into another turn or another problem, and wrap what it says in the marks of its chat
template. What is removed is never read: if what is left names no answer, the solution abstains.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kpmath_builder.answers.marks import (
    LATER_HEADINGS,
    OWN_HEADINGS,
    PROBLEM_WORDS,
    ROLES,
    SOLUTION_OPENERS,
    THINKING_TAGS,
    TURN_MARKS,
)

__all__ = [
    "STOP_STRINGS",
    "Cut",
    "SolutionText",
    "first_answer",
    "solution_text",
    "split_thinking",
    "stop_strings",
]


class Cut(StrEnum):
    """Why the end of a text is no part of its solution."""

    NONE = ""
    TURN = "another turn"
    PROBLEM = "another problem"
    THINKING = "thinking without an end"


@dataclass(frozen=True, slots=True)
class SolutionText:
    """A solution as it is read, checked and published."""

    text: str
    """From its first word to its last, without thinking and without what was cut off."""
    thinking: str
    """What was thought before or between; empty if nothing was."""
    cut_reason: Cut
    """Why something behind the text was cut off; empty if nothing was."""


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_CLOSING = {tags.opening.lower(): tags.closing for tags in THINKING_TAGS}
_MARK = re.compile(
    rf"(?P<opening>{_any_of(tags.opening for tags in THINKING_TAGS)})"
    rf"|(?P<closing>{_any_of({tags.closing for tags in THINKING_TAGS})})"
    rf"|(?P<solution>{_any_of(SOLUTION_OPENERS)})"
    rf"|(?P<turn>{_any_of(TURN_MARKS)}|<\|(?!(?:begin|end)_of_box)[a-z][^|<>\s]+\|>|<｜[^｜<>\n]{{2,40}}｜>)",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(r"<<?[/a-zA-Z|｜]|\[[/A-Z|e]|\]~|◁|[Hh]ere(?:'s| is) my ")
_ANGLE, _SQUARE = re.compile(r"<<?[/a-zA-Z|｜]"), re.compile(r"\[[/A-Z|e]")
"""Where a mark may stand: marks are looked for nowhere else, for most texts hold none."""
_OTHER_SIDE = re.compile(r"user|human|system|observation|\[INST\]|SYS|extra_id_[01]", re.IGNORECASE)
_OWN_ROLE = re.compile(
    r"\s*(?:assistant|model|chatbot|bot|gpt)?\s*(?:<\|(?:end_header_id|header_end|end_of_role|im_middle|message)\|>|</role>)?\s*",
    re.IGNORECASE,
)
_HARMONY = re.compile(
    r"(?:<\|start\|>(?P<role>[\w.]*))?[^<\n]*(?:<\|channel\|>(?P<channel>\w*)[^<]*)?(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"(?P<said>.*?)(?=<\|(?:end|return|call|start|channel)\|>|\Z)(?:<\|(?:end|return|call)\|>)?",
    re.DOTALL,
)
_BARE_HARMONY = re.compile(r"\s*analysis(?=[A-Z\s]).*?assistant\s*final(?=[^a-z])", re.DOTALL)
"""The channels of gpt-oss as they look when a server drops the marks around their names."""
_BARE_ANALYSIS = re.compile(r"\s*analysis(?=[A-Z])")
_ROLE_NAME = rf"[ \t]*(?:(?:#+[ \t]*|\*\*)?(?:{_any_of(ROLES)}|USER|HUMAN|ASSISTANT)(?:\*\*)?[ \t]*:|(?:user|assistant|human|model|system)[ \t]*\n)"
_ROLE_LINE = re.compile(rf"\n{_ROLE_NAME}")
_ROLE_GLUED = re.compile(rf"(?<=[.!?}}$)\]]){_ROLE_NAME}")
"""Behind a full stop without a line break: what is left where a server drops the mark between two turns."""
_LEADING_ROLE = re.compile(r"\s*(?:\*\*)?(?:Assistant|ASSISTANT|assistant(?=\s*\n))(?:\*\*)?[ \t]*:?\s*")
_KINDS = r"(?:(?:New|Next|Another|Your|My|Similar|Solved|Follow-?up|Bonus|Second|The)[ \t]+)?"
_BEFORE = rf"\n[ \t]*(?P<marks>(?:[>*_#\[(-]+[ \t]*)*+){_KINDS}"
_PROBLEM_NAMES = {
    *PROBLEM_WORDS,
    *(word.upper() for word in PROBLEM_WORDS),
    *(word.lower() for word in PROBLEM_WORDS),
}
_BEHIND = r"(?P<number>[ \t]*(?:No\.?|\#)?[ \t]*\d{1,3}\b)?(?:[ \t]+statement)?[\])*_]*[ \t]*(?P<end>[:：]|[.)](?=\s)|(?=\n))"
_PROBLEM = re.compile(f"{_BEFORE}(?:{_any_of(_PROBLEM_NAMES)})[sS]?{_BEHIND}")
_LATER = re.compile(f"{_BEFORE}(?:{_any_of(LATER_HEADINGS)})s?{_BEHIND}")
_ANY_HEADING = re.compile(
    rf"\n[ \t>*_#\[(-]*+{_KINDS}(?:{_any_of({*_PROBLEM_NAMES, *LATER_HEADINGS, *ROLES})}|USER|HUMAN|ASSISTANT|user|human|assistant|model|system)"
)
"""What every heading and role at the start of a line begins with: one search instead of three for the texts that have none."""
_ANNOUNCED = re.compile(r"nswers?\b[^\n.]{0,60}?(?:\bis\b|\bare\b|:)|NSWERS?:")
_QUESTION = re.compile(r"\n[ \t]*\n(?P<asked>[^\n]{12,}\?)[ \t]*\n")
_ANOTHER = re.compile(
    r"\n[ \t]*\n[^\n]{0,40}?\b(?:another|a\s+different|a\s+new)\s+(?:\w+\s+)?(?:problem|question|exercise|one)\b[^\n]{0,60}(?:[.:]|\n)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s*")
_NO_PROBLEM = re.compile(
    r"\A\s*(?:\d+[.)]|[-*#(]|(?:is|are|can|does|do|could|was|will|should|but|and|so)\b)|\b(?:check|verify|sure|right|correct|sense|help|would you|do you|let me|let us|let's|understand|wait|hmm|did (?:we|I)|why|questions?)\b",
    re.IGNORECASE,
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
    found = _once(text, tuple(headings))
    while found.text != text:  # what was wrapped may be wrapped again; each round leaves less
        text = found.text
        inner = _once(text, tuple(headings))
        found = SolutionText(
            inner.text, _joined([found.thinking, inner.thinking]), inner.cut_reason or found.cut_reason
        )
    return found


def split_thinking(text: str) -> tuple[str, str]:
    """Return what a text says and what of it is thinking; nothing else is cut off.

    For replies that are no solutions, and for the transport of a model's text.
    """
    if not _maybe_marked(text):
        return text, ""
    found = _harmony(text) or _tagged(text, turns=False)
    return found.text, found.thinking


def stop_strings(headings: Iterable[str] = OWN_HEADINGS) -> tuple[str, ...]:
    """Return what a server may be told to stop at: headings of more than one word, which no solution writes of itself."""
    return tuple("\n" + heading for heading in headings if " " in heading and heading.endswith(":"))


STOP_STRINGS = stop_strings()
"""The stop strings for the prompts of this package."""


def _once(text: str, headings: tuple[str, ...]) -> SolutionText:
    said, thinking, cut = _without_marks(text)
    start, end, reason = _within(said, headings)
    said = said[start : max(start, end)].rstrip() if reason else said[start:]
    return SolutionText(said, thinking, reason or cut)


def _maybe_marked(text: str) -> bool:
    quick = _ANGLE.search(text) or _SQUARE.search(
        text
    )  # a pattern with one first letter is searched for ten times as fast
    return (
        bool(quick)
        or "◁" in text
        or "]~" in text
        or "ere is my " in text[:40]
        or "ere's my " in text[:40]
        or text[:20].lstrip().startswith("analysis")
    )


def _marks(text: str) -> Iterator[re.Match[str]]:
    at = 0
    for candidate in _CANDIDATE.finditer(text):
        mark = _MARK.match(text, candidate.start()) if candidate.start() >= at else None
        if mark:
            at = mark.end()
            yield mark


def _without_marks(text: str) -> tuple[str, str, Cut]:
    if not _maybe_marked(text):
        return text, "", Cut.NONE
    found = _harmony(text) or _tagged(text)
    return found.text, found.thinking, found.cut_reason


def _harmony(text: str) -> SolutionText | None:
    """Read the channels of gpt-oss: what is in `final` is said, all else is thought."""
    if "<|message|>" not in text and "<|channel|>" not in text:
        bare = _BARE_HARMONY.match(text)
        if bare:
            return SolutionText(text[bare.end() :].lstrip(), bare[0].strip(), Cut.NONE)
        return SolutionText("", text.strip(), Cut.THINKING) if _BARE_ANALYSIS.match(text) else None
    thought: list[str] = []
    for message in _HARMONY.finditer(text):
        if (message["role"] or "assistant") not in {"assistant", ""}:
            break
        if message["channel"] in {"final", None}:
            rest = _says_more(text, message.end())
            return SolutionText(message["said"].strip(), _joined(thought), Cut.TURN if rest else Cut.NONE)
        thought.append(message["said"])
    return SolutionText("", _joined(thought) or text.strip(), Cut.THINKING)


def _tagged(text: str, *, turns: bool = True) -> SolutionText:
    """Take thinking out, and end at the first mark of another turn behind something said."""
    said: list[str] = []
    thought: list[str] = []
    at = 0
    for mark in _marks(text):
        if mark.start() < at or (mark.lastgroup == "turn" and not turns):
            continue
        before = text[at : mark.start()]
        something = bool("".join(said).strip() or before.strip())
        if mark.lastgroup == "turn" and (something or _is_other_side(mark, text)):
            said.append(before)
            rest = _says_more(text, mark.end())
            return SolutionText(
                _said(said), _joined(thought), Cut.TURN if rest or not something else Cut.NONE
            )
        if mark.lastgroup == "solution" and something:
            continue
        at = mark.end()
        if mark.lastgroup == "opening":
            said.append(before)
            closing = _CLOSING[mark[0].lower()]
            end = re.compile(re.escape(closing), re.IGNORECASE).search(text, at)
            if end is None:
                return SolutionText(_said(said), _joined([*thought, text[at:]]), Cut.THINKING)
            thought.append(text[at : end.start()])
            at = end.end()
        elif mark.lastgroup == "closing":  # opened by the prompt, or closed twice
            thought.extend([*said, before])
            said = []
        else:
            role = _OWN_ROLE.match(text, at)
            at = role.end() if role else at
    if not at:
        return SolutionText(text, "", Cut.NONE)
    return SolutionText(_said([*said, text[at:]]), _joined(thought), Cut.NONE)


def _says_more(text: str, at: int) -> bool:
    """Whether anything but marks and spaces stands behind a place."""
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        mark = _MARK.match(text, at)
        if mark is None:
            return at < len(text)
        at = mark.end()


def _is_other_side(mark: re.Match[str], text: str) -> bool:
    """Whether a mark at the very beginning opens a turn of somebody else: then nothing was said."""
    following = text[mark.end() : mark.end() + 12].lstrip()
    return bool(_OTHER_SIDE.search(mark[0]) or re.match(r"(?:user|human|system|tool)\b", following))


def _said(pieces: list[str]) -> str:
    kept = [piece for piece in pieces if piece.strip()]
    return "".join(kept).strip()


def _joined(pieces: Iterable[str]) -> str:
    return "\n\n".join(piece.strip() for piece in pieces if piece.strip())


def _within(text: str, headings: tuple[str, ...]) -> tuple[int, int, Cut]:
    """Return where a text without marks begins and ends, and why it ends before its end."""
    role = _LEADING_ROLE.match(text)
    start = role.end() if role else 0
    ends = [*_ends(text, start, headings)]
    if not ends:
        return start, len(text), Cut.NONE
    behind_something = [(end, reason) for end, reason in ends if not end or text[start:end].strip()]
    return start, *min(behind_something, default=(len(text), Cut.NONE))


def _ends(text: str, start: int, headings: tuple[str, ...]) -> Iterator[tuple[int, Cut]]:
    space = _SPACE.match(text, start)
    first = space.end() if space else start
    if "ser:" in text or "uman:" in text or "user\n" in text:
        yield from ((role.start(), Cut.TURN) for role in _ROLE_GLUED.finditer(text, first))
    if headings:
        yield from ((found.start(), Cut.PROBLEM) for found in _own(headings).finditer(text, first))
    if "?\n" in text:
        yield from _questions(text, first)
    if "nother " in text or "a new " in text or "a different " in text:
        for found in _ANOTHER.finditer(text, first):
            if first_answer(text, first, found.start()) < found.start():
                yield found.start(), Cut.PROBLEM
    if not _ANY_HEADING.search(text):
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
    return re.compile(rf"\n[ \t]*(?:{_any_of(headings)})(?:(?<=[:：.])|[ \t]*(?=\n|\Z))")
