r"""Reads the end of a solution that announces no answer: a last line that is a value, or a last sentence that concludes with one."""

import re

from kpmath_builder.answers.sentences import QUANTITY, number_word, results
from kpmath_builder.answers.vocabulary import names

__all__ = ["concluded", "last_line"]

_END_OF_PROOF = re.compile(
    r"\s*(?:\$?\s*\\(?:blacksquare|square|Box|qed|qedsymbol)\s*\$?|[□■∎◻◼]|Q\.?E\.?D\.?)\s*\Z"
)
_CONCLUSION = re.compile(
    r"\b(?:[Tt]herefore|[Tt]hus|[Hh]ence|[Cc]onsequently|So|[Aa]ltogether|[Ii]n total|[Ii]n conclusion|[Ff]inally|[Tt]his means|[Ww]e conclude)\b"
    r"|(?<=, )so\b|因此|所以|故|لذا|इसलिए",
)
_BARE = re.compile(
    r"[-+$€£(\[\\{|]*(?:\d|\\frac|\\dfrac|\\sqrt|\\pi|π|√)[^a-zA-Z=\n]{0,40}(?:\\?[a-z%°]{1,12}\.?)?(?:\s*\}|\s*\)|\s*\])?"
)
_ASSIGNED = re.compile(
    r"(?P<name>[A-Za-z](?:_\{?\w+\}?)?(?:\([a-z]\))?|[A-Z]{2}|\([a-z](?:,\s*[a-z])+\))\s*(?:=|<|>|≤|≥|\\leq?\b|\\geq?\b|\\in\b|\\neq?\b|≠)"
)
_PLAIN_WORDS = re.compile(r"(?<![\\a-zA-Z])[A-Za-z]{2,}")
_FUNCTIONS = names("sin cos tan log ln sqrt exp max min pi or and frac")
_LABEL = re.compile(
    r"(?:grand\s+)?(?:total|sum|result|final(?:\s+\w+)?|value|count|difference|product|remainder)\s*[:=]\s*(?P<value>.+)",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"(?:grand\s+)?(?:total|result|final)\b", re.IGNORECASE)
"""A label that closes what the lines before list."""
_LABELLED = re.compile(r"[A-Za-z][A-Za-z ]{0,30}[:=]\s*[^a-zA-Z\s]")
_CHOICE = re.compile(r"\(?([A-Z])\)?[.)]?")
_CHOICE_FIRST = re.compile(r"([A-H])\.\s+(?:it|the others?|because|since)\b")
_BOLD = re.compile(r"\*\*([^*\n]{1,60}?)\.?\*\*")
_VALUE_WITH_WORDS = re.compile(rf"(?P<value>{QUANTITY})(?P<words>\s*[^\d\n*]{{0,30}})", re.IGNORECASE)
_CHECKS = re.compile(
    r"\b(?:check|verify|verification|substitut\w+|confirm\w*|original equation|satisf\w+|test|as (?:desired|required|claimed|needed)|contradiction)\b",
    re.IGNORECASE,
)
_SOLVES = re.compile(r"\bthat (?:solves?|satisf(?:y|ies))\b|\bsolutions? (?:of|to)\b")
"""A sentence that names the solution concludes also behind a substitution."""
_MAX_LINE = 80
_MAX_END = 60


def last_line(text: str) -> str | None:
    """Return the last line if it is nothing but a value, with or without a label that names the result."""
    lines = [line for line in _without_qed(text).rsplit("\n", 12)[-12:] if line.strip()]
    if not lines:
        return None
    line = _bare(lines[-1])
    before = _bare(lines[-2]) if len(lines) > 1 else ""
    if len(line) > _MAX_LINE:
        return None
    label = _LABEL.fullmatch(line)
    if label and not _CLOSING.match(line) and _LABELLED.match(before):
        return None  # Sum: 7, Product: 12
    if label and _is_value(label["value"].strip().strip("*").strip()):
        return label["value"].strip().strip("*").strip()
    choice = _CHOICE.fullmatch(line)
    if choice and (len(line) > 1 or "**" in lines[-1] or len(lines) == 1):
        return choice[1]
    first = _CHOICE_FIRST.match(line) if len(lines) == 1 else None
    if first:
        return first[1]
    if re.match(r"\d{1,2}[.)]\s", line) or re.match(r"\s*[-*+]\s+\S", lines[-1]):
        return None  # an item of a list
    if _is_value(line):
        return line
    return _assignment(line, before, lines)


def concluded(text: str) -> str | None:
    """Return the one result of a last sentence that concludes: "Therefore, Mike spent $151 at the music store."."""
    last = _without_qed(text).rstrip().rsplit("\n", 1)[-1][-600:].rstrip()
    bold = _bold(last)
    if bold is not None:
        return bold
    words = list(_CONCLUSION.finditer(last))
    if not words or not last.endswith((".", "!", "$", "\\)", "\\]", "。", "**")):
        return None
    sentence = last[words[-1].end() :].lstrip(" ,:，")
    if _CHECKS.search(sentence if _SOLVES.search(sentence) else last):
        return None
    if re.search(r"[.!?]\s+[A-Z]|[?？]", sentence) or not sentence:
        return None
    if words[-1][0] in {"因此", "所以", "故", "لذا", "इसलिए"}:
        return None  # only numbers in bold are read in other languages
    return results(sentence)


def _without_qed(text: str) -> str:
    return text[:-_MAX_END] + _END_OF_PROOF.sub("", text[-_MAX_END:])


def _bare(line: str) -> str:
    line = re.sub(r"^\s*#{1,6}\s+", "", line).strip().strip("`").strip()
    line = line.removeprefix("✅").strip()
    while line.startswith("**") and line.endswith("**") and "**" not in line[2:-2]:
        line = line[2:-2].strip()
    for opening, closing in (("\\(", "\\)"), ("\\[", "\\]"), ("$$", "$$"), ("$", "$")):
        stripped = line.rstrip(".")
        if (
            stripped.startswith(opening)
            and stripped.endswith(closing)
            and len(stripped) > len(opening + closing)
        ):
            inner = stripped[len(opening) : -len(closing)]
            line = inner.strip() if closing not in inner else line
    if line.startswith(("\\(", "\\[")) and not line.rstrip(".").endswith(("\\)", "\\]")):
        line = line[2:]
    return line.rstrip(".").strip()


def _is_value(line: str) -> bool:
    return len(line) <= _MAX_LINE and bool(_BARE.fullmatch(line.strip("$").rstrip(".")))


def _assignment(line: str, before: str, lines: list[str]) -> str | None:
    """Return `x = 3` if its line holds no words and no other name is given a value in the line before."""
    found = _ASSIGNED.match(line)
    words = [
        word
        for word in _PLAIN_WORDS.findall(line[found.end() :] if found else line)
        if word.lower() not in _FUNCTIONS
    ]
    if (
        not found
        or words
        or re.search(r"\\(?:text|quad|implies)", line)
        or _CHECKS.search("\n".join(lines[-4:]))
    ):
        return None
    other = _ASSIGNED.match(before)
    other_name = (
        bool(other)
        and other is not None
        and other["name"] != found["name"]
        and not _PLAIN_WORDS.search(before[other.end() :])
    )
    return None if other_name else line


def _bold(last: str) -> str | None:
    """Return the one value of a last line that stands in bold, unless another value follows it."""
    spans = [span for span in _BOLD.finditer(last) if not span[1].rstrip().endswith((":", "："))]
    values = [(span, found) for span in spans if (found := _VALUE_WITH_WORDS.fullmatch(span[1].strip()))]
    if len(values) != 1 or len(spans) != 1 or "?" in last or _CHECKS.search(last):
        return None
    span, found = values[0]
    if re.fullmatch(r"[\s*]*(?:step|part|case)?\s*[\d.]+[\s*:.)]*", last[: span.end()], re.IGNORECASE):
        return None
    plain = results(last)
    behind = re.search(r"\d", last[span.end() :])
    if behind and (plain is None or number_word(found["value"]) not in plain):
        return None
    return number_word(found["value"].strip()) + found["words"]
