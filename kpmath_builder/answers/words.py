"""Answers in words: yes and no, choice letters, number words, and sentences that state one quantity."""

import re

from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.sentences import results

__all__ = ["prose_quantity", "word_key"]

_YES = re.compile(r"(yes|true)(?=\W|\Z)(?!\s+(?:or|and|if)\b)", re.IGNORECASE)
_NO = re.compile(r"(no|false)(?=[.,;:!\s]*\Z|[.,;:!]\s)", re.IGNORECASE)
_CHOICE = re.compile(r"(?:(?:option|choice|answer)\s*)?[\[(]?\s*([A-Z])\s*[\])]?[.:)]?", re.IGNORECASE)
_COMMAND = re.compile(r"\\(?:text|mbox|mathrm|textbf|textit|textnormal|mathbf|hbox|operatorname)\s*(?=\{)")
_ARTICLES = frozenset(("a", "an", "the", "is", "are"))

_SENTENCES = re.compile(r"[.!?]\s+(?=[A-Z])")


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
    """Return what a sentence states as its one quantity, or nothing if that is not plain."""
    text = _SENTENCES.split(text.strip())[-1]
    result = results(
        _COMMAND.sub(" ", text).replace("{", " ").replace("}", " ") if "\\text" in text else text
    )
    return [] if result is None else [result]
