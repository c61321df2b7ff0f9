r"""Checks every expression of a solution that states its own result: `3*4=12`, `<<3*4=12>>`, `\frac{8}{2} = 4`, `20% of 50 = 10`.

Each `=` is checked by itself, so that the chain `2+3 = 5*2 = 10` is wrong at its first sign. Values are exact; a decimal
may be a rounding to as many places as it shows. Equations with unknowns are no arithmetic and are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from kpmath_builder.answers.calculation import UncountableError, calculate

__all__ = ["ArithmeticCheck", "check_arithmetic"]

_MAX_TEXT = 60_000
_MAX_LINE = 2_000
_ANNOTATION = re.compile(r"<<([^<>\n]{1,300})>>")
_REWRITES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:text|mathrm|mbox|textbf|mathbf|boxed)(?=\s*\{)", ""),
        (r"(?<=\d)\{,\}(?=\d)|(?<=\d),\\!(?=\d)", ""),
        (r"\\(?:left|right|,|;|!|:|quad|qquad)(?![a-zA-Z])", " "),
        (r"\\(?:times|cdot|ast)(?![a-zA-Z])|[×·⋅∗]", "*"),
        (r"\\div(?![a-zA-Z])|[÷⁄∕]", "/"),
        (r"[−–]", "-"),
        (r"\\(?:d|t|c)?frac(?![a-zA-Z])", "\\\\frac"),
        (r"\\approx(?![a-zA-Z])|[≈≅]|\\simeq(?![a-zA-Z])", "≈"),
        (r"(?<=[\d)])\*\*(?=[\d(])", "^"),
        (r"\*\*|\\[$%#&]?(?=[$%#&])|[$€£&]", lambda m: " " if m[0] in {"$", "€", "£", "&", "**"} else ""),
        (r"½", "(1/2)"),
        (r"¼", "(1/4)"),
        (r"¾", "(3/4)"),
        (r"^\s*(?:[-*•]|\d{1,2}[.)])\s+", ""),
    )
)
_FRACTION = re.compile(r"\\frac\s*\{([^{}]{1,200})\}\s*\{([^{}]{1,200})\}")
_TOKEN = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?P<ordinal>(?:st|nd|rd|th)\b)?"
    r"|(?P<times>(?<=[\d)\]%}]\s)[xX](?=\s*[\d(.])|(?<=\d)[xX](?=\d))"
    r"|(?P<word>[A-Za-z_][\w'’-]*)"
    r"|(?P<percent>%)"
    r"|(?P<equals>(?<![<>!=:+*/-])=(?!=)|≈)"
    r"|(?P<operator>[-+*/^])"
    r"|(?P<bracket>[()\[\]{}])"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)"
)
_SCALES = frozenset("dozen dozens hundred hundreds thousand thousands million billion half twice double triple pair pairs".split())
_UNIT_LETTERS = frozenset("m g s h l L km cm mm kg mg ml mL ft in lb lbs oz hr hrs min mins sec yd mph am pm".split())
_MAX_UNIT_WORDS = 4


@dataclass(frozen=True, slots=True)
class ArithmeticCheck:
    """What the stated results of a solution are worth."""

    checked: int
    """Statements that could be worked out."""
    wrong: tuple[str, ...]
    """Statements that do not evaluate to what they say."""
    unread: tuple[str, ...]
    """Statements between numbers that could not be worked out."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of an equals sign: what is to be worked out, and what stood there."""

    tokens: tuple[str, ...]
    units: tuple[str, ...]
    start: int
    end: int

    @property
    def operates(self) -> bool:
        """Whether it asks for a calculation; a leading minus does not."""
        return any(token in "+-*/^" for token in self.tokens[1:])


def check_arithmetic(text: str) -> ArithmeticCheck:
    """Check every stated result; at most the last 60,000 characters are looked at."""
    text = text[-_MAX_TEXT:]
    checked, wrong, unread = 0, dict[str, None](), dict[str, None]()
    for statement, verdict in _verdicts(text):
        checked += verdict is not None
        if verdict is None:
            unread[statement] = None
        elif not verdict:
            wrong[statement] = None
    return ArithmeticCheck(checked, tuple(wrong), tuple(unread))


def _verdicts(text: str) -> Iterator[tuple[str, bool | None]]:
    if "=" not in text and "≈" not in text and "\\approx" not in text:
        return
    for annotation in _ANNOTATION.finditer(text):
        yield from _line(annotation[1])
    for line in _ANNOTATION.sub("", text).splitlines():
        if any(char.isdigit() for char in line):
            yield from _line(line[:_MAX_LINE])


def _line(line: str) -> Iterator[tuple[str, bool | None]]:
    for pattern, replacement in _REWRITES:
        line = pattern.sub(replacement, line)
    for _ in range(6):
        line, changed = _FRACTION.subn(r"((\1)/(\2))", line)
        if not changed:
            break
    if "=" not in line and "≈" not in line:
        return
    tokens = _tokens(line)
    for at, token in enumerate(tokens):
        if token.kind == "equals":
            left, right = _before(tokens, at), _after(tokens, at)
            if left and right and (left.operates or right.operates):
                statement = " ".join(line[left.start : right.end].split())
                yield from ((statement, verdict) for verdict in _judged(left, right, about=token.text == "≈"))


def _tokens(line: str) -> list[_Token]:
    """Return the tokens without spaces; words behind a number that name its unit become one token."""
    found = [
        _Token(match.lastgroup if match.lastgroup != "ordinal" else "number", match["number"] or match[0], match.start(), match.end())
        for match in _TOKEN.finditer(line)
        if match.lastgroup and match.lastgroup != "space"
    ]
    return _with_units(_with_of(found))


def _with_of(tokens: list[_Token]) -> list[_Token]:
    """Read `of` behind a percentage or a fraction as a product: 20% of 50, 1/2 of the 30."""
    changed: list[_Token] = []
    for at, token in enumerate(tokens):
        if token.kind == "times":
            token = _Token("operator", "*", token.start, token.end)
        elif token.text == "of" and changed and (changed[-1].kind == "percent" or _ends_fraction(changed)):
            following = tokens[at + 1 : at + 2]
            if following and following[0].kind in {"number", "bracket"}:
                token = _Token("operator", "*", token.start, token.end)
        elif token.kind == "word" and token.text.lower() in {"percent", "pct"}:
            token = _Token("percent", "%", token.start, token.end)
        changed.append(token)
    return changed


def _ends_fraction(tokens: list[_Token]) -> bool:
    return tokens[-1].text == ")" or (len(tokens) > 2 and tokens[-2].text == "/" and tokens[-1].kind == "number")


def _with_units(tokens: list[_Token]) -> list[_Token]:
    changed: list[_Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        after_value = bool(changed) and (changed[-1].kind in {"number", "percent"} or changed[-1].text in ")]}")
        end = _unit_end(tokens, at) if after_value else at
        if end > at:
            words = " ".join(t.text for t in tokens[at:end])
            variable = tokens[at].kind == "word" and changed[-1].end == token.start and words not in _UNIT_LETTERS
            changed.append(_Token("unknown" if variable or _is_letter(words) else "unit", words, token.start, tokens[end - 1].end))
            at = end
        else:
            changed.append(token)
            at += 1
    return changed


def _is_letter(words: str) -> bool:
    return len(words) == 1 and words not in _UNIT_LETTERS


def _unit_end(tokens: list[_Token], at: int) -> int:
    """Return where the words behind a value end: `miles`, `miles per hour`, `/hour`."""
    end = at
    while end < len(tokens) and end - at < 2 * _MAX_UNIT_WORDS:
        if tokens[end].kind == "word":
            end += 1
        elif tokens[end].text == "/" and end + 1 < len(tokens) and tokens[end + 1].kind == "word":
            end += 2
        else:
            break
    closes = end == len(tokens) or tokens[end].kind in {"operator", "equals", "other"} or tokens[end].text in ")]}"
    return end if closes and end - at <= 2 * _MAX_UNIT_WORDS else at


_VALUE_KINDS = frozenset(("number", "operator", "percent", "bracket", "unit"))


def _before(tokens: list[_Token], equals: int) -> _Side | None:
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
    return _side(side, tokens[start - 1] if start else None)


def _after(tokens: list[_Token], equals: int) -> _Side | None:
    end, depth = equals + 1, 0
    while end < len(tokens) and tokens[end].kind in _VALUE_KINDS:
        token = tokens[end]
        depth += (token.text in "([{" and token.kind == "bracket") - (token.text in ")]}")
        if depth < 0:
            break
        end += 1
    if end < len(tokens) and tokens[end].kind == "unknown":
        return None
    side = tokens[equals + 1 : end]
    stopped = tokens[end] if end < len(tokens) else None
    if side and side[-1].kind == "operator" and stopped is not None and stopped.kind == "word" and stopped.text != "x":
        if side[-1].text in "*/^+" or len(stopped.text) == 1:
            return None
    while side and side[-1].kind == "operator":
        side = side[:-1]
    return _side(side, None)


def _side(tokens: list[_Token], before: _Token | None) -> _Side | None:
    """Return the side, or None where it is empty or something unknown stands before it."""
    if not tokens or not any(token.kind == "number" for token in tokens):
        return None
    glued = before is not None and (before.kind in {"word", "unknown"} or (before.kind == "other" and before.text == "\\"))
    if tokens[0].kind == "operator" and (tokens[0].text not in "+-" or glued):
        return None
    if before is not None and before.kind == "unknown":
        return None
    values = tuple(token.text.replace(",", "") for token in tokens if token.kind != "unit")
    return _Side(values, tuple(t.text for t in tokens if t.kind == "unit"), tokens[0].start, tokens[-1].end)


def _judged(left: _Side, right: _Side, *, about: bool) -> list[bool | None]:
    """Return whether the two sides agree, None where that cannot be said, nothing where nothing is claimed of numbers."""
    if left.units and not left.operates:
        return []  # 2 hours = 2 * 60 minutes converts
    if any(word.lower() in _SCALES for unit in (*left.units, *right.units) for word in unit.split()):
        return [None]
    if _in_cents(left) != _in_cents(right):
        return []
    percents = (Fraction(1, 100), Fraction(1)) if "%" in left.tokens + right.tokens else (Fraction(1),)
    try:
        values = [(calculate(left.tokens, percent=p), calculate(right.tokens, percent=q)) for p in percents for q in percents]
    except UncountableError:
        return [None]
    places = _places(right if not right.operates else left, about=about)
    return [any(a == b or (places is not None and abs(a - b) <= places) for a, b in values)]


def _in_cents(side: _Side) -> bool:
    return any(word.lower() in {"cent", "cents", "¢"} for unit in side.units for word in unit.split())


def _places(result: _Side, *, about: bool) -> Fraction | None:
    """Return how far off a result may be that is a rounding to the places it shows; a whole number shows none, unless ≈ is said."""
    if result.operates or len(result.tokens) > 2:
        return None
    digits = next((token for token in result.tokens if token[-1].isdigit()), "")
    decimals = len(digits.partition(".")[2])
    if decimals:
        return Fraction(1, 2 * 10**decimals)
    zeros = len(digits) - len(digits.rstrip("0"))
    return Fraction(10**zeros, 2) if about else None
