r"""Finds what a sentence gives as its one result: the quantity that it states, not those that it mentions on the way.

A number behind a preposition or within a condition is context. Two results, or none that is plain, give nothing.
"""

import re
from dataclasses import dataclass

from kpmath_builder.answers.phrases import CONDITION, CONTEXT_WORDS, UNDECIDED
from kpmath_builder.answers.vocabulary import NUMBER_WORDS, SCALES, TENS

__all__ = ["NUMBER", "QUANTITY", "number_word", "results", "starts_with_quantity"]

_UNITS = {word: int(value) for word, value in NUMBER_WORDS.items() if 0 < int(value) < 10}
_WORD = rf"(?:(?:{'|'.join(TENS)})(?:-(?:{'|'.join(_UNITS)}))?|{'|'.join(w for w in NUMBER_WORDS if w not in {'one', 'zero'})})\b"
NUMBER = r"[-+−]?(?:\\?[$€£]\s?)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?!\d)(?:\s?/\s?\d+)?(?![A-Za-z](?![A-Za-z]))(?:\s*\\?[%°]|(?=\s*percent))?"
_MATH = r"(?<!\\)\$(?=[^\s$])[^$\n]*[^\s$\n+*/=(-]\s?\$(?!\d)|\\\([^\n]+?\\\)|\\\[[^\n]+?\\\]"
_TUPLE = r"[(\[]\s*-?\d[^()\[\]\n]*,[^()\[\]\n]*[)\]]"
_CHAIN = rf"{NUMBER}(?:(?:\s+(?!(?:at|for|when|with|and|plus|minus|times)\b)[a-z]{{3,}}){{0,2}}\s*[-+*×·/=]\s*{NUMBER})+"
_LATEX = r"-?\\(?:d|t)?frac\s*\{[^{}]*\}\s*\{[^{}]*\}|-?\d*\\sqrt\s*\{[^{}]*\}"
QUANTITY = rf"(?:{_MATH}|{_TUPLE}|{_LATEX}|{_CHAIN}|{NUMBER}|(?:π|√|\d*\\pi)[\w√π]*|{_WORD})"
_QUANTITY = re.compile(rf"(?<![\w.^_{{/\\])(?:{QUANTITY})(?:\s*(?:{'|'.join(SCALES)})\b)?", re.IGNORECASE)
_JOINT = re.compile(r"\s*(?:,\s*(?:and|or)?|and|or|&)\s*", re.IGNORECASE)
_STATES = re.compile(
    r"(?:\b(?:is|are|was|were|equals?|be|been|becomes?|has|have|had|gets?|got|gives?|yields?|makes?|leaves?|costs?|remains?|totals?)\b"
    r"|[=≈:])\s*(?:about|approximately|only|exactly|just|now|still|equal\s+to|a\s+total\s+of|left\s+with|roughly|around)?[:\s]*\Z",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"([A-Za-z']+)\W*\Z")
_TOTAL_OF = re.compile(
    r"\b(?:total|sum|average|mean|profit|grand total|maximum|minimum|product|value)\s+of\s*\Z", re.IGNORECASE
)
_WORKED_ON = re.compile(
    r"\b(?:sum|average|mean|maximum|minimum|product|difference|quotient)\s+of\s*\Z", re.IGNORECASE
)
"""Before several values: what is asked for is made of them."""
_OPENING_CLAUSE = re.compile(
    r"\s*(?:if|when|since|because|as|given|while|after|with|for)\b(?:[^,]|,\d)*,(?!\d)", re.IGNORECASE
)
_ASSIGNED = re.compile(r"[$\\(\[\s]*[A-Za-z][\w']*(?:_\{?\w+\}?)?(?:\([a-z]\))?\s*=")
_EQUATION = re.compile(r"[^=]*[A-Za-z)}]\s*[-+]\s*[^=]*[A-Za-z][^=]*=")
_NAME = re.compile(r"[A-Za-z][\w']*(?:\([a-z]\))?")
_VERB = re.compile(
    r"\s+(?:is|are|was|were|divides?|exceeds?|can|cannot|will|would|must|may)\b", re.IGNORECASE
)
_LEFT = re.compile(r"\s+(?:left|remaining|altogether|now|in total|in all)\Z")
_TAIL_WORDS = re.compile(
    r"(?:\s+(?!(?:a|an|the|each|per|every|more|less|in|at|for|after|before|by|from|with|on|over|to|and|or|left|altogether|total|when|if|that|which|of|remaining|now)\b)[A-Za-z/²³^\d]+\.?){0,3}"
)


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    start: int
    end: int
    stated: bool
    """Behind a verb of being or having."""
    context: bool
    """Behind a preposition."""


def results(sentence: str, *, stated_only: bool = False, in_context: bool = True) -> str | None:
    """Return the result that a sentence states, several values of one statement as they stand, or None if that is not plain.

    With `stated_only` it must stand behind a verb of being or having. Without `in_context` it may not stand behind a preposition,
    even if it is the only one.
    """
    if len(sentence) > 600 or UNDECIDED.search(sentence):
        return None
    plain = sentence.replace("**", "").strip().rstrip(".!。")
    unconditional = _without_conditions(plain)
    if unconditional is None:
        return None
    plain = unconditional
    found = _quantities(plain)
    stated = [one for one in found if one.stated] or [one for one in found if not one.context]
    if stated_only and not any(one.stated for one in found):
        return None
    if not any(one.stated for one in stated) and not _has_words(plain) and found and found[0].start:
        return None
    if not stated:
        return found[0].text if len(found) == 1 and in_context else None
    if len(stated) == 1 and _EQUATION.match(_inside(stated[0].text)) and stated[0].text.count("=") == 1:
        return None  # an equation of several unknowns: whether its value or itself is meant is not said
    if len(found) > 1 and not stated[0].stated and not plain[: stated[0].start].strip():
        return None  # 20% of the 50 students: a subject, not a result
    if len(stated) > 1:
        if len(stated) < len(found) or not all(
            _ASSIGNED.match(one.text) and one.text.count("=") == 1 for one in stated
        ):
            return None
        return ", ".join(_inside(one.text) for one in stated)
    return _with_tail(plain, stated[0], found)


def starts_with_quantity(text: str) -> re.Match[str] | None:
    """Return the quantity that a text begins with, if it does."""
    return _QUANTITY.match(text)


def number_word(text: str) -> str:
    """Return a number word in digits, and any other text as it is."""
    tens, _, units = text.lower().partition("-")
    if tens in TENS and (not units or units in _UNITS):
        return str(TENS[tens] + _UNITS.get(units, 0))
    return NUMBER_WORDS.get(text.lower(), text)


def _without_conditions(sentence: str) -> str | None:
    """Cut off what follows a condition or a reason; None if a value of its own may be in there."""
    opening = _OPENING_CLAUSE.match(sentence)
    if opening and _QUANTITY.search(sentence, opening.end()):
        sentence = sentence[opening.end() :]
    for condition in CONDITION.finditer(sentence):
        first = _QUANTITY.search(sentence)
        if first and first.end() <= condition.start() and not _ends_statement(sentence[condition.end() :]):
            value_behind = re.search(r",\s*\$?\s*[A-Za-z]\w*\s*=", sentence[condition.end() :])
            return None if value_behind else sentence[: condition.start()]
    return sentence


def _ends_statement(clause: str) -> bool:
    """Whether a clause goes on to the sentence's own verb: "when the number is divided by 7 is 3", "which is 9"."""
    quantities = _quantities(clause)
    return (
        bool(quantities)
        and quantities[-1].stated
        and bool(re.match(r"\s*is\b", clause) or len(re.findall(r"\b(?:is|are)\b", clause)) > 1)
    )


def _quantities(sentence: str) -> list[_Found]:
    found: list[_Found] = []
    for one in _QUANTITY.finditer(sentence):
        before = sentence[: one.start()]
        if found and not found[-1].context and _listed(sentence, found[-1], one):
            last = found.pop()
            joined = sentence[last.start : one.end()]
            worked_on = bool(_WORKED_ON.search(sentence, 0, last.start))
            found.append(
                _Found(
                    joined, last.start, one.end(), last.stated and not worked_on, last.context or worked_on
                )
            )
            continue
        word = _LAST_WORD.search(before)
        behind = (
            bool(word)
            and word is not None
            and word[1].lower() in CONTEXT_WORDS
            and not _TOTAL_OF.search(before)
        )
        stated = (
            bool(_STATES.search(before)) or bool(_TOTAL_OF.search(before)) or bool(_ASSIGNED.match(one[0]))
        )
        found.append(_Found(one[0], one.start(), one.end(), stated and not behind, behind))
    return found


def _listed(sentence: str, last: _Found, one: re.Match[str]) -> bool:
    assigned = _ASSIGNED.match(one[0]) and _ASSIGNED.match(last.text)
    return not assigned and bool(_JOINT.fullmatch(sentence[last.end : one.start()]))


def _with_tail(sentence: str, one: _Found, found: list[_Found]) -> str | None:
    """Return a value with the words that name what it counts; another value behind it stays where it is named by its own words."""
    later = [other for other in found if other.start >= one.end and not other.context]
    if later:
        between = sentence[one.end : later[-1].start]
        listed = re.fullmatch(r"\s+\w+(?:\s+\w+)?,?\s+and\s+", between)
        return _LEFT.sub("", sentence[one.start :].strip()) if listed else None
    if re.match(r"\s*(?:times|more|fewer|less|or|out\s+of|to\s+[\d$\\])", sentence[one.end :]):
        return None
    if not one.stated and _VERB.match(sentence, one.end):
        return None  # 12 is too many: it is spoken of
    words = _TAIL_WORDS.match(sentence, one.end)
    return number_word(_last_side(one.text)) + (words[0].rstrip(".") if words else "")


def _last_side(text: str) -> str:
    """Return what a chain of numbers comes to: the 7 of 3 + 4 = 7."""
    sides = _inside(text).split("=")
    worked_out = len(sides) > 1 and (
        re.fullmatch(_CHAIN, text) or (len(sides) > 2 and not _NAME.fullmatch(sides[0].strip()))
    )
    last = sides[-1].strip()
    return last if worked_out and not re.search(r"(?<![\\a-zA-Z])[A-Za-z]", last) else text


def _inside(text: str) -> str:
    return re.sub(r"^(?:\$|\\\(|\\\[)\s*|\s*(?:\$|\\\)|\\\])$", "", text)


def _has_words(sentence: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", sentence)) >= 4  # "October 30" is not 30
