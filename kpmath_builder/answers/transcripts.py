r"""Takes the marks of chat templates and of thinking off a model's text.

What stands in thinking tags, or in a channel that is not the final one, was thought. A turn ends at the first mark of another.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from kpmath_builder.answers.marks import SOLUTION_OPENERS, THINKING_TAGS, TURN_MARKS, any_of

__all__ = ["Cut", "SolutionText", "joined", "may_be_marked", "unmarked"]


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


_CLOSING = {tags.opening.lower(): tags.closing for tags in THINKING_TAGS}
_MARK = re.compile(
    rf"(?P<opening>{any_of(tags.opening for tags in THINKING_TAGS)})"
    rf"|(?P<closing>{any_of({tags.closing for tags in THINKING_TAGS})})"
    rf"|(?P<solution>{any_of(SOLUTION_OPENERS)})"
    rf"|(?P<turn>{any_of(TURN_MARKS)}|<\|(?!(?:begin|end)_of_box)[a-z][^|<>\s]+\|>|<｜[^｜<>\n]{{2,40}}｜>)",
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
    r"(?P<said>.*?)(?=<\|(?:end|return|call|start|channel|message)\|>|\Z)(?:<\|(?:end|return|call)\|>)?",
    re.DOTALL,
)
_BARE_HARMONY = re.compile(r"\s*analysis(?=[A-Z\s]).*?assistant\s*final(?=[^a-z])", re.DOTALL)
"""The channels of gpt-oss as they look when a server drops the marks around their names."""
_BARE_ANALYSIS = re.compile(r"\s*analysis(?=[A-Z])")
_SPACE = re.compile(r"\s*")


def unmarked(text: str, *, turns: bool = True) -> SolutionText:
    """Return what a text says and thinks; without `turns`, marks of turns are left where they are."""
    if not may_be_marked(text):
        return SolutionText(text, "", Cut.NONE)
    return _harmony(text) or _tagged(text, turns=turns)


def may_be_marked(text: str) -> bool:
    """Whether a mark may stand in a text; a sign is looked for before a pattern, which takes ten times as long."""
    if ("<" in text and _ANGLE.search(text)) or ("[" in text and _SQUARE.search(text)):
        return True
    if ("~" in text and "]~" in text) or (not text.isascii() and "◁" in text):
        return True
    opening = text[:40]
    return (" my " in opening and "Here" in opening) or (
        "ana" in opening and opening.lstrip().startswith("analysis")
    )


def _marks(text: str) -> Iterator[re.Match[str]]:
    at = 0
    for candidate in _CANDIDATE.finditer(text):
        mark = _MARK.match(text, candidate.start()) if candidate.start() >= at else None
        if mark:
            at = mark.end()
            yield mark


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
            return SolutionText(message["said"].strip(), joined(thought), Cut.TURN if rest else Cut.NONE)
        thought.append(message["said"])
    return SolutionText("", joined(thought) or text.strip(), Cut.THINKING)


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
            return SolutionText(_said(said), joined(thought), Cut.TURN if rest or not something else Cut.NONE)
        if mark.lastgroup == "solution" and something:
            continue
        at = mark.end()
        if mark.lastgroup == "opening":
            said.append(before)
            closing = _CLOSING[mark[0].lower()]
            end = re.compile(re.escape(closing), re.IGNORECASE).search(text, at)
            if end is None:
                return SolutionText(_said(said), joined([*thought, text[at:]]), Cut.THINKING)
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
    return SolutionText(_said([*said, text[at:]]), joined(thought), Cut.NONE)


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


def joined(pieces: Iterable[str]) -> str:
    """Return pieces of thinking as one text."""
    return "\n\n".join(piece.strip() for piece in pieces if piece.strip())
