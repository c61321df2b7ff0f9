r"""Reads the final answer out of a solution: a JSON field, `\boxed{}`, `####`, "The answer is", or a last line that is nothing else.

The ways are tried in that order, and each looks at the end of the text first. Nothing is computed and nothing is run:
a text that names no answer is an abstention.
"""

import re

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.boxes import boxed_answer
from kpmath_builder.answers.parts import split_parts
from kpmath_builder.answers.replies import json_answer
from kpmath_builder.answers.words import prose_quantity
from kpmath_builder.answers.wrappers import unwrap

__all__ = ["as_answer", "final_answer"]

_MAX_TEXT = 60_000
_CHAT_MARK = re.compile(r"<\|(?:im_start|im_end|endoftext|eot_id|end_of_text)\|>")
_HASHES = re.compile(r"####[ \t]*(?!#)([^\n]+)\s*\Z")
_STATED = re.compile(
    r"\b(?:final\s+answers?|answers?|result|solution)\b(?:[ \t]+(?:to|for|of)\b[^.:\n]{0,80}?)?\**[ \t]*(?:\bis\b|\bare\b|:|=)\**[ \t]*:?\s*",
    re.IGNORECASE,
)
_LABELLED_LINE = re.compile(r"(?:^|\n)[ \t]*A:[ \t]*([^\n]+)\s*\Z")
_SENTENCE_END = re.compile(r"\.(?=\s|\Z|\*|\"|\\\))|\n|(?<=[!?])\s")
_PART_LINE = re.compile(r"(?:Part\s+)?\(?[a-h]\)\s", re.IGNORECASE)
_CODE = re.compile(r"^return\b|^[^$\\]*?(?:[a-z]_[a-z]|\w\.\w+\()")
"""A program is no answer: it is not run."""
_CUT_OFF = re.compile(r"\\(?:boxed|fbox)\b")
"""A box that was not found closed before is cut off."""
_CONCLUSION = re.compile(
    r"\b(?:[Tt]herefore|[Tt]hus|[Hh]ence|So|[Aa]ltogether|[Ii]n total|[Ii]n conclusion|[Ff]inally|[Tt]his means)\b"
)
_MARKED = re.compile(r"\\boxed|\\fbox|####|\banswers?\b|\n\s*A:", re.IGNORECASE)
_BARE_LINE = re.compile(r"[-+$€£(\[\\]*(?:\d|\\frac|\\sqrt|\\pi)[^a-zA-Z=]{0,40}(?:\\?[a-z%°]{1,12}\.?)?")
_NO_ANSWER = frozenset((
    "no answer", "no answer provided", "no answer found", "not provided", "not available", "n/a", "na", "null", "unknown",
    "undetermined", "tbd", "to be determined", "answer", "your answer", "final answer", "[answer]", "[insert answer here]", "nan",
))  # fmt: skip
_PLACEHOLDER = re.compile(r"<[a-zA-Z_][\w^*+/| -]*>|[^\w∞∅√π½⅓¼]*")


def final_answer(text: str) -> Answer | None:
    """Return the final answer of a solution, or None where it names none (an abstention, not a wrong vote).

    Parameters
    ----------
    text
        A whole solution: prose, LaTeX, a JSON reply, or an answer alone. Only the last 60,000 characters are read.

    """
    tail = _CHAT_MARK.split(text[-_MAX_TEXT:].rstrip(), maxsplit=1)[0].rstrip().removesuffix("```").rstrip()
    for way in (json_answer, boxed_answer, _after_hashes, _labelled_lines, _stated, _last_line, _concluded):
        raw = way(tail)
        if raw is not None:
            answer = make_answer(raw)
            if answer is not None:
                return answer
    return None


def as_answer(text: str) -> Answer | None:
    """Return the answer that a text is or, where it is a whole solution, holds."""
    if len(text) > 300 or _MARKED.search(text):
        answer = final_answer(text)
        if answer is not None:
            return answer
    return make_answer(text)


def make_answer(raw: str) -> Answer | None:
    """Return the answer written as `raw`, or None where it says that there is none."""
    text = unwrap(raw)
    if text.casefold().rstrip("!.") in _NO_ANSWER or _PLACEHOLDER.fullmatch(text):
        return None
    return Answer(text, split_parts(text))


def _after_hashes(text: str) -> str | None:
    found = _HASHES.search(text[-400:])
    return found[1] if found else None


def _stated(text: str) -> str | None:
    line = _LABELLED_LINE.search(text[-400:])
    if line:
        return line[1]
    said = list(_STATED.finditer(text))
    for phrase in reversed(said[-5:]):
        sentence = _sentence(text[phrase.end() : phrase.end() + 1_000]).lstrip(" }")
        code = _CODE.search(sentence) or (
            phrase[0].rstrip().endswith("=") and re.match(r"[a-z]{2}", sentence)
        )
        if any(char.isalnum() for char in sentence) and not code and not _CUT_OFF.search(sentence):
            return sentence
    return None


def _labelled_lines(text: str) -> str | None:
    """Return last lines that are laid out as (a), (b), (c), from the first on."""
    lines = [line.replace("**", "").strip() for line in text[-2_000:].splitlines() if line.strip()]
    start = len(lines)
    while start and _PART_LINE.match(lines[start - 1]):
        start -= 1
    joined = " ".join(lines[start:])
    return joined if len(lines) - start > 1 and len(split_parts(joined)) == len(lines) - start else None


def _sentence(text: str) -> str:
    end = _SENTENCE_END.search(text)
    return text[: end.start()] if end else text


def _last_line(text: str) -> str | None:
    line = text.rsplit("\n", 1)[-1].strip().strip("*").strip()
    return line if len(line) <= 80 and _BARE_LINE.fullmatch(line.strip("$").rstrip(".")) else None


def _concluded(text: str) -> str | None:
    """Return the one quantity of a last sentence that concludes: "Therefore, Mike spent $151 at the music store."."""
    last = text.rsplit("\n", 1)[-1][-600:].rstrip()
    words = list(_CONCLUSION.finditer(last))
    if not words or not last.endswith((".", "!", "$", "\\)", "\\]")):
        return None
    sentence = last[words[-1].end() :]
    return next(iter(prose_quantity(sentence)), None) if not re.search(r"[.!?]\s+[A-Z]", sentence) else None
