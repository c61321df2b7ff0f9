r"""Reads what a text announces as its answer: "The answer is …", `#### …`, `Answer: …` in many languages, an option that is correct.

An announcement that gives no value (The answer is given above) or that is cut off announces nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kpmath_builder.answers.elsewhere import quantity_elsewhere
from kpmath_builder.answers.parts import split_parts
from kpmath_builder.answers.phrases import (
    CONDITION,
    MULTIPLIERS,
    NO_VALUE,
    OTHER_LANGUAGES,
    RETRACTION,
    WORD_ANSWERS,
)
from kpmath_builder.answers.sentences import results, starts_with_quantity

__all__ = ["Found", "announced", "hashed", "labelled_lines"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a text gives as its answer, and where that ends in the text."""

    raw: str | None
    """None if the text takes back or leaves open what it gives: an abstention."""
    end: int


_HASHES = re.compile(r"####[ \t]*(?!#)[:：]?[ \t]*([^\n]+)\s*\Z")
_SUBJECT = r"(?:answers?\b|result\b|solution\b|(?:(?<=correct )|(?<=right )|(?<=best ))(?:option|choice)\b|option\b(?=[ \t]+is\b))"
_ABOUT = r"(?:[ \t]+(?:to|for|of)\b[^.:\n]{0,80}?|[ \t]+(?:that[ \t]+)?(?:we|you|they|I)\b[a-zA-Z' ]{1,40}?|[ \t]+(?:sought|required|needed|choice|here))?"
_ANNOUNCES = re.compile(
    rf"{_SUBJECT}{_ABOUT}\**[ \t]*(?:\bis\b(?![ \t]*n't)|\bare\b|:|=|(?<=swer)[ \t]+[-–—][ \t])\**[ \t]*[:：]?(?:[ \t]*(?:therefore|thus|then|simply|just|also|indeed|actually))?[ \t]*\**\s*",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:^|\n)[ \t]*#{1,6}[ \t]*\**(?:the\s+)?(?:final\s+|correct\s+)?answer\**[ \t]*\n\s*", re.IGNORECASE
)
_STEMS = ("nswer", "NSWER", "esult", "olution", "hoice", "ption")
_OTHER_STEMS = (
    "puesta",
    "ponse",
    "posta",
    "twort",
    "gebnis",
    "ultat",
    "ultad",
    "sposta",
    "woord",
    "evap",
    "awaban",
    "svar",
    "Svar",
    "astaus",
    "dpowied",
)
_MAX_SUBJECTS = 8
_MAX_END = 400
_NOT_OURS = re.compile(
    r"\b(?:(?:check|verif|simplif|write|express|interpret|confirm|give|find|provid|stat)\w*[ \t]+(?:that\s+)?(?:the|our|your|this|an?|my)?|your|his|her|their|any|student'?s?)"
    r"[ \t*]+(?:final\s+|correct\s+)?\Z",
    re.IGNORECASE,
)
"""An answer that is spoken of, not given."""
_SUPPOSED = re.compile(
    r"(?:\b(?:suppos(?:e|ing)|assum(?:e|ing)|imagine|pretend|if|unless|whether|wrong to say|thought|(?:might|may|could) (?:think|say|guess))"
    r"|\b(?!(?:I|[Ww]e)\b)\w+ (?:says?|said|claims?|claimed|thinks?|guess(?:es|ed)|believes?))[ \t]+(?:that[ \t]+)?(?:the|our|this|an?)?[ \t*]*(?:final\s+|correct\s+)?\Z",
    re.IGNORECASE,
)
"""Before an answer that is supposed, asked about, or somebody else's."""
_OF_A_PART = re.compile(
    r"\A\w+[ \t]+(?:to|for|of)[ \t]+(?:the[ \t]+)?(?:(?:(?:sub-?)?part|sub-?(?:question|problem)|first|second|third)\b|\([a-h]\))",
    re.IGNORECASE,
)
"""An answer to a part of the question only."""
_LABELLED_LINE = re.compile(r"(?:^|\n)[ \t]*A:[ \t]*([^\n]+)\s*\Z")
_SENTENCE_END = re.compile(r"(?<!\be\.g)(?<!\bi\.e)\.(?=\s|\Z|\*|\"|\\\)|\$?\s*\Z)|\n|(?<=[!?])\s|[。！？]")
_PART_LINE = re.compile(r"(?:Part\s+)?\(?[a-h]\)\s", re.IGNORECASE)
_CODE = re.compile(r"^return\b|^[^$\\]*?(?:[a-z]_[a-z]|\w\.\w+\()")
"""A program is no answer: it is not run."""
_CUT_OFF = re.compile(r"\\(?:boxed|fbox)\b")
"""A box that was not found closed before is cut off."""
_OPTION = re.compile(
    r"\b(?i:option|choice|answer)\s*\(?\\?(?:text(?:bf)?\{)?\(?([A-Z])\)?\}?\)?\s+is\s+(?:the\s+)?(?:correct|right|best)\b"
    r"|\b(?:I think|I believe|it's|it is|must be|choose|select|pick)\s+(?:it's\s+|it is\s+|option\s+|answer\s+)?\(?([B-H])\)?\s*[.!]?\s*\Z"
)
_CHOICE = re.compile(
    r"\**(?:option\s+|choice\s+)?\(?([A-Z])\)?\**(?=\s*(?:[,;](?!\s*(?:and\s+|or\s+)?\(?[A-Z]\b)|\Z|because\b|since\b|as\b|\bfor\b))"
)
_IN_WORDS = re.compile(r"(?<=\d)\s+\([A-Za-z -]+\)\Z")
"""A number once more in words: 42 (forty-two)."""
_NOT_BUT = re.compile(r"not\s+.{1,60}?,?\s+but\s+(?:rather\s+)?(?=[\d$\\(-])", re.IGNORECASE)
_APPOSITION = re.compile(
    r"(?:,\s*which\s+(?:is|equals|comes to)|,?\s*that is,?|,?\s*i\.e\.,?|,?\s*namely,?)\s*(?=[\d$\\(-])",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(r"\b(?:otherwise|and|or|but)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\A\\?\"([^\"]+?)\\?\"\Z")
_MAX_WORDS = 4
_MAX_BETWEEN = 80
_TAKES_PLACE = re.compile(
    r"\b(?:so|thus|hence|therefore|but|not|no|wait|actually|final|then|is|rather)\b", re.IGNORECASE
)
"""Between two announcements: the second takes the place of the first."""
_VALUE_START = re.compile(
    r"[-+−±]?\s*(?:[\d$€£\\({\[|√π∞∅½¼¾.#]|[a-zA-Z](?:_\w+)?(?:\([a-z]\))?\s*[=<>≤≥^+*/)]|[a-zA-Z](?:\W|\Z))"
)


def hashed(text: str) -> Found | None:
    """Return the last line `#### …`."""
    found = _HASHES.search(text, max(0, len(text) - 400))
    if not found:
        return None
    inner = _ANNOUNCES.match(found[1])
    value = found[1][inner.end() :] if inner else found[1]
    words = not any(char.isdigit() or char in "\\$" for char in value) and len(value.split()) > _MAX_WORDS
    return None if words else Found(value, len(text))


def announced(text: str, *, answers_only: bool = False) -> Found | None:
    """Return what the last announcement that gives a value gives; with `answers_only`, of what is called an answer."""
    line = _LABELLED_LINE.search(text, max(0, len(text) - 400))
    if line:
        return Found(line[1], len(text))
    found = [*_announcements(text)]
    if "#" in text:
        found += [*_HEADING.finditer(text)]
    tail = text[-_MAX_END:]
    if not tail.isascii() or (not found and any(stem in tail for stem in _OTHER_STEMS)):
        found += OTHER_LANGUAGES.finditer(text, max(0, len(text) - _MAX_END))
    if answers_only:
        found = [phrase for phrase in found if phrase[0].lstrip()[:1].lower() not in {"r", "s"}]
    found.sort(key=lambda phrase: phrase.start(), reverse=True)
    for at, phrase in enumerate(found):
        given = _given(text, phrase)
        if given is not None:
            return Found(None, given.end) if _given_beside(text, phrase, found[at + 1 :], given) else given
    if answers_only:
        return None
    if not any(
        stem in text[-300:]
        for stem in (
            "ption",
            "hoice",
            "nswer",
            "hoose",
            "think",
            "believe",
            "it's",
            "it is",
            "select",
            "pick",
            "must be",
        )
    ):
        return None
    option = [*_OPTION.finditer(text, max(0, len(text) - 300))]
    return Found(option[-1][1] or option[-1][2], option[-1].end()) if option else None


def _given_beside(text: str, phrase: re.Match[str], earlier: list[re.Match[str]], given: Found) -> bool:
    """Whether the same sentence gives another answer too: for Tom the answer is 12; for Ann the answer is 13."""
    beside = earlier[0] if earlier else None
    if beside is None or not (_calls_answer(beside) and _calls_answer(phrase)):
        return False
    between = text[beside.end() : phrase.start()]
    if len(between) > _MAX_BETWEEN or _SENTENCE_END.search(between) or _TAKES_PLACE.search(between):
        return False
    other = _given(text, beside)
    return other is not None and other.raw is not None and other.raw != given.raw


def _calls_answer(phrase: re.Match[str]) -> bool:
    return phrase[0].lstrip()[:6].lower() == "answer"


def _announcements(text: str) -> Iterator[re.Match[str]]:
    """Yield the last announcements, found backwards: they are at the end, and a solution may be long."""
    last = len(text)
    for at in sorted((at for stem in _STEMS for at in _last_places(text, stem)), reverse=True):
        phrase = _ANNOUNCES.match(text, at - 1) if at else None
        if phrase and phrase.start() < last:
            last = phrase.start()
            yield phrase


def _last_places(text: str, stem: str) -> Iterator[int]:
    at = len(text)
    for _ in range(_MAX_SUBJECTS):
        at = text.rfind(stem, 0, at)
        if at < 0:
            return
        yield at


def labelled_lines(text: str) -> Found | None:
    """Return last lines that are laid out as (a), (b), (c), from the first on."""
    if not _PART_LINE.match(text.rsplit("\n", 1)[-1].replace("**", "").strip()):
        return None
    lines = [line.replace("**", "").strip() for line in text[-2_000:].splitlines() if line.strip()]
    start = len(lines)
    while start and _PART_LINE.match(lines[start - 1]):
        start -= 1
    joined = " ".join(lines[start:])
    complete = len(lines) - start > 1 and len(split_parts(joined)) == len(lines) - start
    return Found(joined, len(text)) if complete else None


def _given(text: str, phrase: re.Match[str]) -> Found | None:
    before = max(0, phrase.start() - 40), phrase.start() + len(phrase[0]) - len(phrase[0].lstrip())
    if _NOT_OURS.search(text, *before) or _SUPPOSED.search(text, *before):
        return None
    if _OF_A_PART.match(phrase[0]):
        return Found(None, phrase.end())
    rest = text[phrase.end() : phrase.end() + 1_000]
    end = _SENTENCE_END.search(rest)
    sentence = rest[: end.start()] if end else rest
    value = sentence.lstrip(" }").strip()
    program = _CODE.search(value) or (phrase[0].rstrip().endswith("=") and re.match(r"[a-z]{2}", value))
    asks = (rest[: end.end()] if end else rest).rstrip().endswith(("?", "？"))
    if program or asks or _CUT_OFF.search(value) or not any(char.isalnum() or char in "∞∅" for char in value):
        return None
    if phrase.re is OTHER_LANGUAGES:
        return _elsewhere(value, phrase.end() + len(sentence))
    quantities_only = phrase[0].lstrip()[:1].lower() in "rs"  # result, solution: words behind these explain
    said = _value(value, words=not quantities_only)
    return None if said is None else Found(said, phrase.end() + len(sentence))


def _elsewhere(value: str, end: int) -> Found | None:
    """Return what stands behind an announcement in another language: of a number, with its unit if that is known."""
    quantity = starts_with_quantity(value.strip("* "))
    if not quantity:
        return Found(value, end) if len(value.split()) <= _MAX_WORDS else None
    rest = value.strip("* ")[quantity.end() :]
    if not re.search(r"[^\W\d_]{1}", rest):
        return Found(value, end)
    if MULTIPLIERS.search(rest) or re.search(r"\d", rest):
        return None
    said = quantity_elsewhere(quantity[0], rest)
    return None if said is None else Found(said, end)


def _value(said: str, *, words: bool) -> str | None:
    """Return what a statement gives, without the reasons and conditions that follow it."""
    said = said.strip().strip("*").strip() if said.count("**") % 2 else said.strip()
    said = _QUOTED.sub(r"\1", said)
    if said.endswith(("\\)", "\\]")) and "\\(" not in said and "\\[" not in said:
        said = said[:-2].rstrip()  # opened before the announcement: "the sum \( 2+4 = 6 \)"
    if RETRACTION.search(said):
        return None
    contrast = _NOT_BUT.match(said)
    if contrast:
        said = said[contrast.end() :]
    choice = _CHOICE.match(said)
    if choice:
        return choice[1]
    in_words = WORD_ANSWERS.match(said.strip("* "))
    if in_words:
        return in_words[0]
    if _VALUE_START.match(said.lstrip("* ")) or starts_with_quantity(said.lstrip("* ")):
        return _without_reasons(said)
    aside = [*_APPOSITION.finditer(said)]
    if aside:
        return _without_reasons(said[aside[-1].end() :])
    if NO_VALUE.match(said.strip("* ")):
        return None
    stated = results(said, stated_only=not words, in_context=False)
    if stated is not None:
        return stated
    return said if words and len(said.split()) <= _MAX_WORDS else None


def _without_reasons(said: str) -> str | None:
    """Cut a reason or one condition off a value; where values depend on conditions, keep the whole."""
    said = _IN_WORDS.sub("", said)
    reason = CONDITION.search(said)
    while reason and (reason.start() == 0 or _open(said[: reason.start()])):
        reason = CONDITION.search(said, reason.end())
    contrary = re.search(r"\s*,?\s*\band not\b", said)
    if contrary and (not reason or contrary.start() < reason.start()):
        reason = contrary
    if not reason:
        return said
    behind = said[reason.end() :]
    word = reason[0].strip(" ,").lower()
    if word.startswith(
        ("if", "when", "where", "for", "with", "at", "provided", "assuming")
    ) and _ALTERNATIVE.search(behind):
        return said
    return said[: reason.start()].rstrip(" ,")


def _open(text: str) -> bool:
    """Whether mathematics or a bracket is still open: a condition within it belongs to it."""
    return (
        text.count("$") % 2 == 1
        or text.count("{") != text.count("}")
        or text.count("\\(") != text.count("\\)")
    )
