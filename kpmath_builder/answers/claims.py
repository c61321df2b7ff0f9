"""Finds what a line claims of numbers: the two sides of each equals sign, freed of units and words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from kpmath_builder.answers.vocabulary import names

__all__ = ["Side", "claims"]

_TOKEN = re.compile(
    r"(?P<unknown>\\[A-Za-z]+|!(?!\s*$)|\||\d+(?::\d+)+|0\d+(?![\d.])|\d+(?:,\d+)*,\d{4,}|\d+(?:,\d+)*,\d{1,2}(?!\d))"
    r"|(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?P<ordinal>(?:st|nd|rd|th)\b)?"
    r"|(?P<times>(?<=[\s\d)\]%}])[xX](?=\s*[\d(.]))"
    r"|(?P<word>[A-Za-z_][\w'’-]*)"
    r"|(?P<percent>%)"
    r"|(?P<equals>(?<![<>!=:+*/-])=(?!=)|≈)"
    r"|(?P<operator>[-+*/^])"
    r"|(?P<bracket>[()\[\]{}])"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)"
)
_UNITS = names("km cm mm kg mg ml mL ft in lb lbs oz hr hrs min mins sec yd mph am pm")
_MAX_UNIT_WORDS = 4
_NO_UNITS = names(
    "get gets give gives have has is are was we or and because so then if since when while where that which to"
)
_VALUE_KINDS = frozenset(("number", "operator", "percent", "bracket", "unit"))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an equals sign: what is to be worked out, and what stood there."""

    tokens: tuple[str, ...]
    units: tuple[str, ...]
    start: int
    end: int

    @property
    def operates(self) -> bool:
        """Whether it asks for a calculation; a leading minus does not, nor does `1/2 cup`."""
        if self.units and len(self.tokens) == 3 and self.tokens[1] == "/":
            return False
        return any(sign in "+-*/^" for sign in self.tokens[1:])


def claims(line: str) -> Iterator[tuple[Side, Side, bool]]:
    """Yield the two sides of each equals sign between numbers, and whether it only says ≈."""
    tokens = _cut(line)
    for at, token in enumerate(tokens):
        if token.kind == "equals":
            left = _before(tokens, at)
            right = _after(tokens, at) if left else None
            if left and right:
                yield left, right, token.text == "≈"


def _cut(line: str) -> list[_Token]:
    """Return the tokens without spaces; words behind a number that name its unit become one token."""
    found = [
        _Token(
            match.lastgroup if match.lastgroup != "ordinal" else "number",
            match["number"] or match[0],
            match.start(),
            match.end(),
        )
        for match in _TOKEN.finditer(line)
        if match.lastgroup and match.lastgroup != "space"
    ]
    return _with_units(_with_of(found))


def _with_of(tokens: list[_Token]) -> list[_Token]:
    """Read `x` and `of` as products where they stand between numbers: 3 x 4, 20% of 50, 1/2 of 30."""
    changed: list[_Token] = []
    for at, found in enumerate(tokens):
        portion = bool(changed) and (changed[-1].kind == "percent" or _ends_fraction(changed))
        before_value = at + 1 < len(tokens) and tokens[at + 1].kind in {"number", "bracket"}
        if found.kind == "times":
            changed.append(_Token("operator", "*", found.start, found.end))
        elif found.text == "of" and portion and before_value:
            changed.append(_Token("operator", "of", found.start, found.end))
        elif found.kind == "word" and found.text.lower() in {"percent", "pct"}:
            changed.append(_Token("percent", "%", found.start, found.end))
        else:
            changed.append(found)
    return changed


def _ends_fraction(tokens: list[_Token]) -> bool:
    return tokens[-1].text == ")" or (
        len(tokens) > 2 and tokens[-2].text == "/" and tokens[-1].kind == "number"
    )


def _with_units(tokens: list[_Token]) -> list[_Token]:
    changed: list[_Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        after_value = bool(changed) and (
            changed[-1].kind in {"number", "percent"} or changed[-1].text in ")]}"
        )
        end = _unit_end(tokens, at) if after_value else at
        if end > at:
            words = " ".join(t.text for t in tokens[at:end])
            variable = token.kind == "word" and changed[-1].end == token.start and token.text not in _UNITS
            changed.append(
                _Token(
                    "unknown" if variable or _names_unknown(words) else "unit",
                    words,
                    token.start,
                    tokens[end - 1].end,
                )
            )
            at = end
        else:
            changed.append(token)
            at += 1
    return changed


def _names_unknown(words: str) -> bool:
    return any(len(word) == 1 and word not in "/am" for word in words.split())


def _unit_end(tokens: list[_Token], at: int) -> int:
    """Return where the words behind a value end: `miles`, `miles per hour`, `/hour`."""
    end = at
    while end < len(tokens) and end - at < 2 * _MAX_UNIT_WORDS:
        raised = end > at and [t.text for t in tokens[end : end + 2]] in (["^", "2"], ["^", "3"])
        per = tokens[end].text == "/" and end + 1 < len(tokens) and tokens[end + 1].kind == "word"
        if raised or per:
            end += 2
        elif tokens[end].kind == "word" and tokens[end].text not in _NO_UNITS:
            end += 1
        else:
            break
    closes = (
        end == len(tokens)
        or tokens[end].kind in {"operator", "times", "equals", "other"}
        or tokens[end].text in ")]}"
    )
    return end if closes and end - at <= 2 * _MAX_UNIT_WORDS else at


def _before(tokens: list[_Token], equals: int) -> Side | None:
    """Return the longest run of values that ends at the equals sign."""
    start, depth = equals, 0
    while start and tokens[start - 1].kind in _VALUE_KINDS:
        token = tokens[start - 1]
        depth += (token.text in ")]}") - (token.text in "([{" and token.kind == "bracket")
        if depth < 0:
            break
        start -= 1
    side = tokens[start:equals]
    while depth > 0 and side:
        depth -= side[0].text in ")]}"
        side = side[1:]
    before = tokens[start - 1] if start else None
    if depth < 0 and start > 1 and tokens[start - 2].kind in _VALUE_KINDS:
        return None  # 100 + (100 * 0.1 = 110: a bracket was forgotten
    found = _side(side, before)
    labelled = before is not None and before.kind == "word"
    return None if found is None or (labelled and not found.operates) else found


def _after(tokens: list[_Token], equals: int) -> Side | None:
    """Return the longest run of values that begins at the equals sign, up to the next."""
    end, depth = equals + 1, 0
    while end < len(tokens) and tokens[end].kind in _VALUE_KINDS:
        token = tokens[end]
        if token.text == "of" and end > equals + 1:
            break
        depth += (token.text in "([{" and token.kind == "bracket") - (token.text in ")]}")
        if depth < 0:
            break
        end += 1
    if end < len(tokens) and tokens[end].kind == "unknown":
        return None
    side = tokens[equals + 1 : end]
    while depth > 0 and side:
        last = max(at for at, token in enumerate(side) if token.text in "([{" and token.kind == "bracket")
        if last and side[last - 1].end == side[last].start:
            return None  # 2(x + 1)
        side, depth = side[:last], depth - 1
    stopped = tokens[end] if end < len(tokens) else None
    into_word = bool(side) and side[-1].kind == "operator" and stopped is not None and stopped.kind == "word"
    if into_word and stopped and (side[-1].text in "*/^+" or len(stopped.text) == 1):
        return None
    while side and side[-1].kind == "operator":
        side = side[:-1]
    return _side(side, None)


def _side(tokens: list[_Token], before: _Token | None) -> Side | None:
    """Return the side, or None where it is empty or something unknown stands before it."""
    if not tokens or not any(token.kind == "number" for token in tokens):
        return None
    glued = before is not None and (
        before.kind in {"word", "unknown"} or (before.kind == "other" and before.text == "\\")
    )
    touching = before is not None and before.kind == "word" and before.end == tokens[0].start
    if touching and tokens[0].kind == "bracket":
        return None  # f(2)
    if tokens[0].kind == "operator" and (tokens[0].text not in "+-" or glued):
        return None
    if before is not None and before.kind == "unknown":
        return None
    values = _tight_fractions([token for token in tokens if token.kind != "unit"])
    return Side(values, tuple(t.text for t in tokens if t.kind == "unit"), tokens[0].start, tokens[-1].end)


def _tight_fractions(tokens: list[_Token]) -> tuple[str, ...]:
    """Return the signs to calculate with; in `60 / 3/4` the fraction without spaces is one number."""
    texts: list[str] = []
    at = 0
    while at < len(tokens):
        tight = tokens[at : at + 3]
        divided = at > 1 and tokens[at - 1].text == "/" and tokens[at - 1].end < tokens[at].start
        if (
            divided
            and [t.kind for t in tight] == ["number", "operator", "number"]
            and tight[1].text == "/"
            and _touch(tight)
        ):
            texts += ["(", tight[0].text, "/", tight[2].text, ")"]
            at += 3
        else:
            texts.append({"of": "*"}.get(tokens[at].text, tokens[at].text))
            at += 1
    return tuple(text.replace(",", "") for text in texts)


def _touch(tokens: list[_Token]) -> bool:
    return all(a.end == b.start for a, b in pairwise(tokens))
