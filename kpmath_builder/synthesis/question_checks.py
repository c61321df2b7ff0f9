"""What a question must not be, found by program before a judge is paid for it.

Small writers return remarks, solutions and copies in place of problems, and small judges pass them. Each rule refuses what cannot be a
new problem and lets pass what it does not understand; `benchmarks/question_checks.py` measures how many good problems it refuses.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from kpmath_builder.prompts import shown
from kpmath_builder.records import DropReason

__all__ = ["QuestionFault", "find_fault"]

PASSAGE = 20
"""Words in a row that a question may not share with a practice; set phrases of problems have up to 15."""
PROMPT_PASSAGE = 12
"""Words in a row that it may not share with the prompt."""
COPY = 0.9
"""Likeness, numbers left aside, from which a question is a practice with other numbers."""


class QuestionFault(NamedTuple):
    """Why a question is refused, and where it was seen."""

    reason: DropReason
    detail: str


def find_fault(question: str, practices: Sequence[Mapping[str, Any]], prompt: str) -> QuestionFault | None:
    """Return the first reason why a text is not a new problem, or None.

    Parameters
    ----------
    question
        What the writer returned.
    practices
        What the writer was shown: `topic`, `problem` and `solution` of each practice.
    prompt
        The instructions and examples that the writer was given.
    """
    return (
        _answer_inside(question)
        or _talk(question, practices)
        or _nothing_asked(question)
        or _copied_passage(question, practices, prompt)
        or _renumbered(question, practices)
    )


# ---- remarks, solutions, statements

_ANSWER = re.compile(
    r"\\boxed\s*\{(?=[^{}]*\w)(?!\\(?:phantom|hspace|text|,|;|quad))"
    r"|<<[^<>\n]+>>"
    r"|^\s*\**(?:answer|solution|final answer)\**\s*:"
    r"|^####\s*\S"
    r"|(?:^|[.?!]\s+)the (?:final |correct )?answer is:?\s+\$?-?\d",
    re.IGNORECASE | re.MULTILINE,
)
_TALK = re.compile(
    r"\bkey[- ]points?\b"
    r"|\bpractices? \d+(?=\s*(?:$|[:.,;)'’]|and\b|or\b))|\bpractices (?:above|below)\b|\b(?:given|listed|shown|above) practices\b"
    r"|\b(?:listed|given) topics?\b|\btopics? (?:listed|given|above)\b"
    r"|\b(?:(?:the|your|any|no) new|original) (?:math(?:ematics|ematical)? )?(?:problem|question)s?\b"
    r"|\b(?:would|do) you (?:like|want) me to\b|\byou would like me to\b|\bas an ai\b|\bi(?:'m| am) sorry\b"
    r"|^\W*(?:sure|certainly|of course)[,!]|^\W*here(?:'s| is) (?:a|an|the|your|another|one)\b[^.?]*\b(?:problem|question)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"[?？؟;]"  # the Greek question mark among them
    r"|_{2,}|\\underline|\\boxed|\\square|\(A\)"  # left open, or with choices
    r"|\b(?:find|compute|calculate|determine|evaluate|simplify|express|solve|prove|factor(?:i[sz]e)?|expand|convert|estimate|approximate"
    r"|identify|rationali[sz]e|describe|explain|derive|verify|justify|what|how|work out|figure out|let us know|your answer)\b"
    r"|(?:^|[.:!,$)\]}][\x22”]?\s*|\b(?:then|and|or|please)\s+)(?:give|show|list|write|name|state|round|graph|sketch|draw|plot|order|arrange"
    r"|compare|complete|fill|choose|select|check|use|enter|tell|add|subtract|multiply|divide|reduce|count|construct|design|create"
    r"|formulate|analy[sz]e|model|represent|predict|discuss|propose|assess|put|place|rewrite|perform|provide|disprove|sum|remove)\b"
    r"|(?:^|[.:!]\s+)(?:(?:at|by|for|in|of|on|to)\s+)?(?:which|whose|whom?|where|why|when)\b",
    re.IGNORECASE | re.MULTILINE,
)
_ENGLISH = frozenset(
    {"a", "an", "and", "are", "for", "has", "have", "in", "is", "it", "of", "on", "the", "to", "with"}
)


def _answer_inside(question: str) -> QuestionFault | None:
    found = _ANSWER.search(question)
    return QuestionFault(DropReason.ANSWER_INSIDE, found[0].strip()) if found else None


def _talk(question: str, practices: Sequence[Mapping[str, Any]]) -> QuestionFault | None:
    if found := _TALK.search(question):
        return QuestionFault(DropReason.TALK, found[0].strip())
    # "Geometry - Circles" is how the prompt names a topic, and nobody else.
    topics = [practice["topic"] for practice in practices if " - " in practice["topic"]]
    named = next((topic for topic in topics if topic.casefold() in question.casefold()), None)
    return QuestionFault(DropReason.TALK, named) if named else None


def _nothing_asked(question: str) -> QuestionFault | None:
    if _ASKING.search(question) or not _is_english(question):
        return None
    return QuestionFault(DropReason.NOTHING_ASKED, "")


def _is_english(text: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    return sum(word in _ENGLISH for word in words) > len(words) / 10


# ---- copies

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|\\?[^\W\d_]+|[^\w\s.,;:?'\"$“”’]")
_NUMERALS = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
thirty forty fifty sixty seventy eighty ninety hundred thousand million half twice thrice
"""
_NUMBER_WORDS = frozenset(_NUMERALS.split())


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.lower())


def _masked(text: str) -> list[str]:
    """Return the tokens with a sign in place of each number."""
    return ["#" if token[0].isdigit() or token in _NUMBER_WORDS else token for token in _tokens(text)]


def _copied_passage(
    question: str, practices: Sequence[Mapping[str, Any]], prompt: str
) -> QuestionFault | None:
    tokens = _tokens(question)
    for number, practice in enumerate(practices, start=1):
        for part in ("problem", "solution"):
            if passage := _common_run(tokens, _tokens(shown(practice[part])), PASSAGE):
                return QuestionFault(DropReason.COPIED_PASSAGE, f"{part} of practice {number}: {passage}")
    if passage := _common_run(tokens, _tokens(prompt), PROMPT_PASSAGE):
        return QuestionFault(DropReason.COPIED_PASSAGE, f"prompt: {passage}")
    return None


def _common_run(one: Sequence[str], other: Sequence[str], length: int) -> str:
    """Return the first run of so many tokens that stands in both, of which half are words; "" if there is none."""
    runs = {tuple(other[i : i + length]) for i in range(len(other) - length + 1)}
    for i in range(len(one) - length + 1):
        run = tuple(one[i : i + length])
        if run in runs and sum(token[0].isalpha() for token in run) > length / 2:
            return " ".join(run)
    return ""


def _renumbered(question: str, practices: Sequence[Mapping[str, Any]]) -> QuestionFault | None:
    masked = _masked(question)
    for number, practice in enumerate(practices, start=1):
        matcher = SequenceMatcher(None, masked, _masked(practice["problem"]), autojunk=False)
        if matcher.quick_ratio() >= COPY and matcher.ratio() >= COPY:
            return QuestionFault(DropReason.RENUMBERED, f"practice {number}, likeness {matcher.ratio():.2f}")
    return None
