"""Scalars with what belongs to them: units, currency, degrees, compound quantities, infinities, times of day."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from kpmath_builder.answers.counting import counted, without_closing
from kpmath_builder.answers.forms import Form, Labelled, Scalar
from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.splitting import split
from kpmath_builder.answers.syntax import parse_expression
from kpmath_builder.answers.tokens import Token, UnreadableError
from kpmath_builder.answers.trees import Call, Expression, Number, Symbol, symbols
from kpmath_builder.answers.units import Unit, parse_unit, price
from kpmath_builder.answers.values import Fingerprint, fingerprint
from kpmath_builder.answers.vocabulary import SCALES

__all__ = [
    "clock",
    "compound",
    "infinite",
    "infinity",
    "lone_letter",
    "moment",
    "rational",
    "scalar",
    "value_of",
]

_CURRENCIES = frozenset(("$", "€", "£", "₹", "usd", "eur", "gbp", "inr", "rs"))
_SIXTIETHS = {"degree": "degree", "'": "arcminute", "''": "arcsecond"}
_TEMPERATURES = {"C": "celsius", "F": "fahrenheit"}
_SIDES_OF_NOW = (("ago",), ("from", "now"))
"""Words behind a length of time that say on which side of now it lies."""
_TIMES = frozenset(("s", "month"))
_HALVES = frozenset(("am", "pm"))
_PARAMETERS = frozenset("kmnl")
_CONSTANTS = frozenset(("c", "C", "K", "c_1", "C_1"))
_INTEGRATED = frozenset("xtuyθ") | {"theta"}


def scalar(tokens: list[Token]) -> Scalar:
    """Return one quantity: a value with its unit, currency or noun, or a compound such as 5 ft 3 in.

    Raises
    ------
    UnreadableError
        If a token is neither part of the value nor of a unit nor a word that may be left out (`counting`).

    """
    tokens = _degrees_as_unit(tokens)
    sign, tokens = _leading_currency(tokens)
    if len(tokens) == 2 and tokens[1].value.lower() in _HALVES:
        time = clock([tokens[:1], [Token("number", "00"), tokens[1]]])
        if time is None or sign:
            raise UnreadableError("no time of day")
        return time
    segments = _segments(tokens)
    if len(segments) == 1:
        return _segment(*segments[0], sign)
    whole = compound([_segment(value, behind) for value, behind in segments])
    if whole is None or sign:
        raise UnreadableError("several quantities side by side")
    return whole


def moment(tokens: list[Token]) -> Labelled | None:
    """Return `3 hours ago` as the time, with the side of now on which it lies as its label: the question names it."""
    for words in _SIDES_OF_NOW:
        behind = tokens[-len(words) :]
        if len(tokens) > len(words) and [token.value.lower() for token in behind] == [*words]:
            time = scalar(tokens[: -len(words)])
            measures = time.unit is not None and {base for base, _ in time.unit.dimension} <= _TIMES
            return Labelled(("when", *words), time) if measures else None
    return None


def residue(tokens: list[Token]) -> Labelled | None:
    """Return `10 (mod 7)` as the remainder 3, with the modulus as its label."""
    values, signs = split(tokens, lambda token: token.kind == "operator" and token.value == "mod")
    if len(signs) != 1 or not all(values):
        return None
    modulus = fingerprint(parse_expression(values[1]))
    return Labelled(("modulo", modulus.everywhere), scalar(tokens))


def _leading_currency(tokens: list[Token]) -> tuple[str, list[Token]]:
    for at, token in enumerate(tokens[:2]):
        signed = at == 0 or tokens[0].kind == "operator"
        if signed and token.kind == "text" and token.value.lower() in _CURRENCIES:
            return token.value, tokens[:at] + tokens[at + 1 :]
    return "", tokens


def _degrees_as_unit(tokens: list[Token]) -> list[Token]:
    """Make ° a unit, unless it stands in the argument of a function; ' and '' after it are its sixtieths."""
    if not any(token.kind == "postfix" and token.value != "%" for token in tokens):
        return tokens
    if any(token.kind == "function" and token.value not in {"frac", "sqrt"} for token in tokens):
        return tokens
    changed: list[Token] = []
    depth = 0
    for at, token in enumerate(tokens):
        depth += (token.kind == "open") - (token.kind == "close")
        closes = (
            at + 1 == len(tokens)
            or tokens[at + 1].kind in {"number", "text"}
            or (tokens[at + 1].value in _TEMPERATURES and at + 2 == len(tokens))
        )
        minutes = token.value == "degree" or any(before.value == "degree" for before in changed)
        if token.kind == "postfix" and token.value in _SIXTIETHS and depth == 0 and closes and minutes:
            changed.append(replace(token, kind="text", value=_SIXTIETHS[token.value]))
        elif changed and changed[-1].value == "degree" and token.value in _TEMPERATURES:
            changed[-1] = replace(token, kind="text", value=_TEMPERATURES[token.value])
        else:
            changed.append(token)
    return changed


def _segments(tokens: list[Token]) -> list[tuple[list[Token], list[Token]]]:
    """Split `5 ft 3 in` into pairs of a value and what stands behind it."""
    segments: list[tuple[list[Token], list[Token]]] = [([], [])]
    depth = 0
    for token in tokens:
        depth += (token.kind == "open") - (token.kind == "close")
        is_text = token.kind == "text" and not token.value.startswith("_") and depth == 0
        value, behind = segments[-1]
        if is_text or (behind and not _starts_value(token, behind)):
            behind.append(token)
        elif behind:
            segments.append(([token], []))
        else:
            value.append(token)
    return segments


def _starts_value(token: Token, behind: list[Token]) -> bool:
    return token.kind == "number" and not (behind[-1].kind == "operator" and behind[-1].value in "^*/")


def _segment(value: list[Token], behind: list[Token], sign: str = "") -> Scalar:
    if not value:
        raise UnreadableError("words before a value")
    tree = _renamed(parse_expression(value))
    words = " ".join(token.value for token in behind).split()
    scale = SCALES.get(words[0].lower().removesuffix("s")) if words else None
    if scale:
        tree = Call("mul", (tree, Number(Fraction(scale))))
    rest = " ".join(words[1:] if scale else words).lower()
    bare = not sign and not any(token.value == "%" for token in value)
    return _measured(value_of(tree), f"{sign} {rest}".strip(), bare=bare)


def _measured(value: Fingerprint, words: str, *, bare: bool) -> Scalar:
    """Return the value with all the words behind it: a unit, or the noun of a bare count."""
    if not words:
        return Scalar(value)
    measure, per = price(without_closing(words))
    unit = parse_unit(measure) if measure else None
    if unit:
        return replace(_with_unit(value, unit), per=per)
    count = rational(Scalar(value)) if bare and value.positive[0] == "q" else None
    noun = counted(words, one=0 < count <= 1) if count is not None and count >= 0 else None
    if noun is None:
        raise UnreadableError(f"words behind a value: {words[:40]}")
    return Scalar(value, noun=noun)


def value_of(tree: Expression) -> Fingerprint:
    """Return the keys of a value, infinities and number sets among them."""
    return infinity(tree) or fingerprint(tree)


def infinity(tree: Expression) -> Fingerprint | None:
    """Return the keys of what has no digits: ±∞ and named sets."""
    match tree:
        case Symbol("infty"):
            return infinite(1)
        case Call("neg", (Symbol("infty"),)):
            return infinite(-1)
        case Symbol(name) if name.startswith("set ") or name == "emptyset":
            return _constant(("text", name))
    return None


def infinite(sign: int) -> Fingerprint:
    """Return the keys of ±∞."""
    return _constant(("infinity", sign))


def _constant(key: Key) -> Fingerprint:
    return Fingerprint(key, key, real=True)


def _renamed(tree: Expression) -> Expression:
    """Give a lone letter one case, and the parameter of a family of solutions (`nπ`, `kπ`) one name."""
    if isinstance(tree, Symbol):
        return lone_letter(tree.name) if len(tree.name) == 1 and tree.name not in {"e", "i"} else tree
    names = symbols(tree)
    if len(names) == 1 and names <= _PARAMETERS and _holds_pi(tree):
        return _substitute(tree, next(iter(names)), "k")
    return _with_one_constant(tree, names)


def _with_one_constant(tree: Expression, names: frozenset[str]) -> Expression:
    """Give the constant of integration one name: `x^2 + c`, `x^2 + C`, `x^2 + K`."""
    constants = (
        [term.name for term in tree.arguments if isinstance(term, Symbol)] if isinstance(tree, Call) else []
    )
    constants = [name for name in constants if name in _CONSTANTS]
    added = isinstance(tree, Call) and tree.name == "add" and len(constants) == 1 == len(names & _CONSTANTS)
    if not added or not names & _INTEGRATED or not isinstance(tree, Call):
        return tree
    others = Call("add", tuple(term for term in tree.arguments if term != Symbol(constants[0])))
    return tree if constants[0] in symbols(others) else _substitute(tree, constants[0], "C")


def lone_letter(name: str) -> Symbol:
    """Return the symbol that a letter on its own is, whatever its case: a choice or a variable."""
    lower = name.lower()
    return Symbol(f"letter {lower}" if lower in {"e", "i"} else lower)


def _holds_pi(tree: Expression) -> bool:
    if isinstance(tree, Call):
        return tree.name == "degree" or any(_holds_pi(argument) for argument in tree.arguments)
    return tree == Symbol("pi")


def _substitute(tree: Expression, name: str, new: str) -> Expression:
    if isinstance(tree, Call):
        return Call(tree.name, tuple(_substitute(argument, name, new) for argument in tree.arguments))
    return Symbol(new) if tree == Symbol(name) else tree


def _with_unit(value: Fingerprint, unit: Unit | None) -> Scalar:
    if unit is None:
        return Scalar(value)
    if value.positive[0] != "q":
        return Scalar(value, unit=unit, measured=("measure", unit.dimension, unit.factor, value.positive))
    size = rational(Scalar(value)) * unit.factor
    if unit.dimension == (("degree", 1),):
        radians = fingerprint(Call("degree", (Number(size),)))
        return Scalar(value, unit=unit, measured=("angle", radians.positive))
    if unit.dimension == (("dozen", 1),):
        return Scalar(value, unit=unit, measured=("count", fingerprint(Number(size)).positive))
    return Scalar(value, unit=unit, measured=("measure", unit.dimension, size))


def compound(forms: Sequence[Form]) -> Scalar | None:
    """Return 3 hours and 20 minutes as one quantity where the units fit and get smaller."""
    scalars = [
        form for form in forms if isinstance(form, Scalar) and form.unit and form.value.positive[0] == "q"
    ]
    if len(scalars) != len(forms) or len(forms) < 2:
        return None
    units = [scalar.unit for scalar in scalars if scalar.unit]
    factors = [unit.factor for unit in units]
    if len({unit.dimension for unit in units}) > 1 or any(a <= b for a, b in pairwise(factors)):
        return None
    total = sum((rational(s) * f for s, f in zip(scalars, factors, strict=True)), Fraction(0)) / factors[0]
    return _with_unit(fingerprint(Number(total)), units[0])


def rational(scalar: Scalar) -> Fraction:
    """Return the exact value of a scalar that has one."""
    match scalar.value.positive:
        case ("q", int() as above, int() as below):
            return Fraction(above, below)
    raise UnreadableError("not rational")


def clock(sides: list[list[Token]]) -> Scalar | None:
    """Read 7:05, 12:30 pm and 20:34:00 as times of day; 7:32 may be a ratio too, and equals 7/32 where that is meant."""
    numbers = [side[0].value if side and side[0].kind == "number" else "" for side in sides]
    half = sides[-1][1].value.lower() if len(sides[-1]) == 2 and sides[-1][1].kind == "text" else ""
    if half and half not in _HALVES:
        return None
    if any(len(side) > 1 for side in sides[:-1]) or len(sides[-1]) > 1 + bool(half):
        return None
    if not 2 <= len(sides) <= 3 or not all(number.isdigit() for number in numbers) or len(numbers[1]) != 2:
        return None
    hour, minute, second = map(int, [*numbers, "0"][:3])
    if len(numbers[0]) > 2 or hour > 24 or minute > 59 or second > 59:
        return None
    noon = 12 if half.startswith("p") else 0
    key: Key = ("clock", (hour % 12 + noon if half else hour) * 3600 + minute * 60 + second)
    if half or not minute:
        return Scalar(_constant(key), clock=key)
    return Scalar(fingerprint(Number(Fraction(hour, minute))), clock=key)
