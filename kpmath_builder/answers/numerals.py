"""Numbers in words: five, twenty-five, two hundred, three-fourths, half an hour, a dozen."""

from collections.abc import Sequence
from fractions import Fraction

from kpmath_builder.answers.tokens import Token
from kpmath_builder.answers.vocabulary import NUMBER_WORDS, SCALES, TENS, names

__all__ = ["ORDINALS", "with_numerals"]

_SMALL = {word: int(digits) for word, digits in NUMBER_WORDS.items()} | TENS
_PARTS = {
    "half": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "hundredth": 100,
}  # fmt: skip
_PARTS |= {f"{name}s": part for name, part in _PARTS.items()} | {"halves": 2}
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_VERBS = names("is are be equals exactly")


def with_numerals(tokens: list[Token]) -> list[Token]:
    """Return the tokens with each number in words as one number token.

    A number is read only at the beginning of a run of words: `no one` and `number two` stay words.
    """
    if not any(token.kind == "text" for token in tokens):
        return tokens
    changed: list[Token] = []
    at = 0
    while at < len(tokens):
        value, end = (None, at) if _inside(changed) else _numeral(tokens, at)
        if value is None:
            changed.append(tokens[at])
            at += 1
        else:
            changed.append(Token("number", _written(value), tokens[at].start, tokens[end - 1].end))
            at = end
    return changed


def _inside(before: list[Token]) -> bool:
    return (
        bool(before)
        and before[-1].kind in {"text", "symbol", "number"}
        and before[-1].value.lower() not in _VERBS
    )


def _written(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"0 {value.numerator}/{value.denominator}"


def _numeral(tokens: Sequence[Token], start: int) -> tuple[Fraction | None, int]:
    """Return the number that begins at a token, and the place after it."""
    words: list[tuple[str, int]] = []
    for at in range(start, min(len(tokens), start + 8)):
        token = tokens[at]
        if token.kind != "text" and not (token.kind == "symbol" and token.value in {"a", "A"}):
            break
        words += [(word, at + 1) for word in token.value.lower().split("-")]
    return _value(words, start)


def _value(words: list[tuple[str, int]], start: int) -> tuple[Fraction | None, int]:
    plain = [word for word, _ in words]
    if plain[:1] in (["a"], ["an"]):
        following = plain[1] if len(plain) > 1 else ""
        if following == "dozen":
            return Fraction(12), words[1][1]
        if following in SCALES:
            return Fraction(SCALES[following]), words[1][1]
        return (Fraction(1, _PARTS[following]), words[1][1]) if following in _PARTS else (None, start)
    if plain[:1] == ["half"]:
        return Fraction(1, 2), words[1][1] if plain[1:2] in (["a"], ["an"]) else words[0][1]
    return _counted(plain, words, start)


def _counted(plain: list[str], words: list[tuple[str, int]], start: int) -> tuple[Fraction | None, int]:
    total = current = used = 0
    for at, word in enumerate(plain):
        small = _SMALL.get(word)
        if (
            small is not None
            and (current % 100 == 0 or (current % 10 == 0 and 0 < small < 10 < current % 100))
            and not (at and small == 0)
        ):
            if current and current % 100 == 0 and plain[at - 1] not in SCALES:
                break
            current += small
        elif word in SCALES and current:
            current *= SCALES[word]
            if word != "hundred":
                total, current = total + current, 0
        else:
            break
        used = at + 1
    if not used:
        return None, start
    part = _PARTS.get(plain[used]) if used < len(plain) else None
    if part:
        return Fraction(total + current, part), words[used][1]
    if used < len(words) and words[used][1] == words[used - 1][1]:
        return None, start  # two-digit, one-way: the word goes on
    return Fraction(total + current), words[used - 1][1]
