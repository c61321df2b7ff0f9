"""Answers in words: yes and no, choice letters, number words, and sentences that state one quantity."""

import re

from kpmath_builder.answers.precision import Key

__all__ = ["prose_quantity", "word_key"]

_YES = re.compile(r"(yes|true)(?=\W|\Z)(?!\s+(?:or|and|if)\b)", re.IGNORECASE)
_NO = re.compile(r"(no|false)(?=[.,;:!\s]*\Z|[.,;:!]\s)", re.IGNORECASE)
_CHOICE = re.compile(r"(?:(?:option|choice|answer)\s*)?[\[(]?\s*([A-Z])\s*[\])]?[.:)]?", re.IGNORECASE)
_COMMAND = re.compile(r"\\(?:text|mbox|mathrm|textbf|textit|textnormal|mathbf|hbox|operatorname)\s*(?=\{)")
_ARTICLES = frozenset(("a", "an", "the", "is", "are"))
_UNDECIDED = re.compile(
    r"\b(?:cannot|can't|not|no|indeterminate|insufficient|further|required?s?|needed|needs|pending|depends?|unknown|undetermined|"
    r"impossible|at least|at most|more than|less than|fewer than|greater than|between|or more|or less|apologize)\b",
    re.IGNORECASE,
)
_STATES = re.compile(r"\b(?:is|are|was|were|equals?|be|to|approximately|about)\b[:\s]*|=", re.IGNORECASE)
_QUANTITY = re.compile(r"(?<![\w.^_{])-?(?:\\?\$)?\d[\d,]*(?:\.\d+)?(?:/\d+)?(?:\s*\\?%)?")


def word_key(text: str) -> Key | None:
    """Return the key of an answer in words, or None where it holds no word."""
    plain = re.sub(r"[{}\\]", " ", _COMMAND.sub(" ", text)).strip()
    if _YES.match(plain):
        return ("text", "yes")
    if _NO.match(plain):
        return ("text", "no")
    choice = _CHOICE.fullmatch(plain)
    if choice:
        return ("letter", choice[1].lower())
    words = [word for word in re.findall(r"\w+", plain.casefold()) if word not in _ARTICLES]
    return ("text", " ".join(words)) if words else None


def prose_quantity(text: str) -> list[str]:
    """Return what a sentence may state as its one quantity, best first: what follows its verb, its only number."""
    if len(text) > 600 or _UNDECIDED.search(text):
        return []
    tails = [text[verb.end() :].strip(" .") for verb in _STATES.finditer(text)]
    candidates = [
        tail for tail in reversed(tails[-3:]) if tail and (tail[0] in "\\-([{$√π" or tail[0].isdigit())
    ]
    formulas = re.findall(r"(?<!\\)\$([^$]+)\$", text)
    if len(formulas) == 1:
        candidates.append(formulas[0])
    numbers = _QUANTITY.findall(text)
    sentence = len(re.findall(r"[A-Za-z]{2,}", text)) >= 4  # "October 30" is not 30
    return candidates + (numbers if sentence and len(numbers) == 1 and not formulas else [])
