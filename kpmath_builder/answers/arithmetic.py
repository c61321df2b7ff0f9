r"""Checks every expression of a solution that states its own result: `3*4=12`, `<<3*4=12>>`, `\frac{8}{2} = 4`, `20% of 50 = 10`.

Each `=` is checked by itself, so that the chain `2+3 = 5*2 = 10` is wrong at its first sign. Values are exact; a decimal
may be a rounding to as many places as it shows. Equations with unknowns are no arithmetic and are passed over.
"""

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from kpmath_builder.answers.calculation import UncountableError, calculate
from kpmath_builder.answers.claims import Side, claims
from kpmath_builder.answers.ending import SolutionText, solution_text
from kpmath_builder.answers.units import parse_unit
from kpmath_builder.answers.vocabulary import names

__all__ = ["ArithmeticCheck", "check_arithmetic"]

_MAX_TEXT = 60_000
_MAX_LINE = 2_000
_MAX_FRACTIONS_DEEP = 6
_ANNOTATION = re.compile(r"<<([^<>\n]{1,300})>>")
_REWRITES = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:text|mathrm|mbox|textbf|mathbf|boxed)(?=\s*\{)", ""),
        (r"(?<=\d)\{,\}(?=\d)|(?<=\d),\\!(?=\d)", ""),
        (r"\\(?:left|right)(?![a-zA-Z])\s*|\\[()\[\]]", ""),
        (r"\\(?:,|;|!|:|quad|qquad|\s|\\)", " "),
        (r"\\frac\s*(\d)\s*(\d)", r"((\1)/(\2))"),
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
_STATES = re.compile(r"[=≈≅]|\\approx|\\simeq")
_SPECIAL = re.compile(r"[^\x00-\x7f]|[\\{&]|\*\*|^\s*(?:[-*]|\d{1,2}[.)])\s")
_SIMPLE = re.compile(r"(\d{1,15})([-+*])(\d{1,15})=(\d{1,18})")
_DO: dict[str, Callable[[int, int], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_FRACTION = re.compile(r"\\frac\s*\{([^{}]{1,200})\}\s*\{([^{}]{1,200})\}")
_SCALES = names(
    "dozen dozens hundred hundreds thousand thousands million billion half twice double triple pair pairs"
)
_CONGRUENCE = re.compile(r"≡|\\equiv|\\p?b?mod\b|\bmod(?:ulo)?\b")
"""Where remainders are computed, = is often written for ≡; nothing but annotations is checked there."""


@dataclass(frozen=True, slots=True)
class ArithmeticCheck:
    """What the stated results of a solution are worth."""

    checked: int
    """Statements that could be worked out."""
    wrong: tuple[str, ...]
    """Statements that do not evaluate to what they say."""
    unread: tuple[str, ...]
    """Statements between numbers that could not be worked out."""


def check_arithmetic(text: str | SolutionText) -> ArithmeticCheck:
    """Check every stated result of a solution, without its thinking; at most its last 60,000 characters are looked at."""
    said = text.text if isinstance(text, SolutionText) else solution_text(text).text
    text = said[-_MAX_TEXT:]
    checked, wrong, unread = 0, dict[str, None](), dict[str, None]()
    for statement, verdict in _verdicts(text):
        checked += verdict is not None
        if verdict is None:
            unread[statement] = None
        elif not verdict:
            wrong[statement] = None
    return ArithmeticCheck(checked, tuple(wrong), tuple(unread))


def _verdicts(text: str) -> Iterator[tuple[str, bool | None]]:
    for annotation in _ANNOTATION.finditer(text):
        yield from _line(annotation[1])
    if _CONGRUENCE.search(text):
        return
    for line in _ANNOTATION.sub("", text).splitlines():
        if _STATES.search(line):
            yield from _line(line[:_MAX_LINE])


def _line(line: str) -> Iterator[tuple[str, bool | None]]:
    simple = _SIMPLE.fullmatch(line)
    if simple:
        yield line, _DO[simple[2]](int(simple[1]), int(simple[3])) == int(simple[4])
        return
    line = _rewritten(line)
    for left, right, about in claims(line):
        if left.operates or right.operates:
            statement = " ".join(line[left.start : right.end].split())
            yield from ((statement, verdict) for verdict in _judged(left, right, about=about))


def _rewritten(line: str) -> str:
    r"""Return a line with plain operators, without money signs, and with `\frac` as a quotient in brackets."""
    if "\\" not in line:
        line = line.replace("$", " ")
    if not _SPECIAL.search(line):
        return line
    for pattern, replacement in _REWRITES:
        line = pattern.sub(replacement, line)
    for _ in range(_MAX_FRACTIONS_DEEP):
        line, changed = _FRACTION.subn(r"((\1)/(\2))", line)
        if not changed:
            break
    return line


def _judged(left: Side, right: Side, *, about: bool) -> list[bool | None]:
    """Return whether the two sides agree, None where that cannot be said, nothing where nothing is claimed of numbers."""
    if left.units and not left.operates:
        return []  # 2 hours = 2 * 60 minutes converts
    if (left.units and _mixes_units(left.units + right.units)) or _in_cents(left) != _in_cents(right):
        return []
    percents = (Fraction(1, 100), Fraction(1)) if "%" in left.tokens + right.tokens else (Fraction(1),)
    try:
        values = [
            (calculate(left.tokens, percent=p), calculate(right.tokens, percent=q))
            for p in percents
            for q in percents
        ]
    except UncountableError:
        return [None]
    places = _places(right if not right.operates else left, about=about)
    agrees = any(a == b or (places is not None and _rounds(a, b, places)) for a, b in values)
    return [True if agrees else None if _scaled(left.units + right.units) else False]


def _scaled(units: tuple[str, ...]) -> bool:
    """Whether a word multiplies what is written: 2 dozen * 3 = 72."""
    return any(word.lower() in _SCALES for unit in units for word in unit.split())


def _rounds(a: Fraction, b: Fraction, unit: Fraction) -> bool:
    """Whether one is the other rounded to a unit of its last place, or decimals cut off there (66.66 for 200/3)."""
    small, large = sorted((abs(a), abs(b)))
    return abs(a - b) <= unit / 2 or (
        unit < 1 and a * b > 0 and small % unit == 0 and large - large % unit == small
    )


def _mixes_units(words: tuple[str, ...]) -> bool:
    """Whether two units measure the same in different sizes: 4 pounds - 6 ounces, 120 minutes / 60 = 2 hours."""
    units = [unit for unit in map(parse_unit, words) if unit]
    sizes = {(unit.dimension, unit.factor) for unit in units}
    weights = {unit.dimension for unit in units} & {(("lb", 1),), (("oz", 1),), (("ton", 1),)}
    return len(sizes) > len({unit.dimension for unit in units}) or len(weights) > 1


def _in_cents(side: Side) -> bool:
    return any(word.lower() in {"cent", "cents", "¢"} for unit in side.units for word in unit.split())


def _places(result: Side, *, about: bool) -> Fraction | None:
    """Return how far off a result may be that is a rounding to the places it shows; a whole number shows none, unless ≈ is said."""
    if result.operates or len(result.tokens) > 2:
        return None
    digits = next((token for token in result.tokens if token[-1].isdigit()), "")
    decimals = len(digits.partition(".")[2])
    if decimals:
        return Fraction(1, 10**decimals)
    zeros = len(digits) - len(digits.rstrip("0"))
    return Fraction(10**zeros) if about else None
