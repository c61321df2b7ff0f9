"""Numbers in words as digits: `twelve`, `twenty-five` and `two hundred` are 12, 25 and 200."""

from collections.abc import Sequence

from kpmath_builder.curation.token_kinds import Remembered, is_number

__all__ = ["NUMBERS", "SCALES", "hyphenated_number", "is_one_number", "plain_number_words"]

_TO_NINETEEN = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_SMALL = {name: number for number, name in enumerate(_TO_NINETEEN.split())}
_TENS = {
    name: 10 * number
    for number, name in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)  # noqa: SIM905
}
NUMBERS = _SMALL | _TENS
SCALES = {"hundred": 100, "thousand": 1000}
_LARGER = frozenset({*SCALES, "million", "billion", "trillion"})
_TEN, _PAIR = 10, 2


def _part(token: str) -> bool:
    return token.lower() in NUMBERS or token.lower() in _LARGER


_IS_PART = Remembered(_part)


def plain_number_words(tokens: Sequence[str]) -> list[str]:
    """Return the tokens with numbers in digits; several words of numbers in a row stay, unless they are a number and its scale."""
    found = list(tokens)
    places = [place for place, token in enumerate(tokens) if _IS_PART[token]]
    for run in reversed(_runs(places)):
        words = [tokens[place].lower() for place in run]
        value = _value(words)
        if value is not None and not _goes_on(tokens, run):
            found[run[0] : run[-1] + 1] = [str(value)]
    return found


def hyphenated_number(before: str, after: str) -> str | None:
    """Return the digits of `twenty-five`, given its parts, or None."""
    tens, ones = _TENS.get(before.lower()), _SMALL.get(after.lower(), 0)
    return str(tens + ones) if tens and 0 < ones < _TEN else None


def is_one_number(before: str, after: str) -> bool:
    """Return whether two words side by side may be read as one number: "three hundred", "25 thousand", "twenty five"."""
    if is_number(before):
        return after.lower() in _LARGER
    if before.lower() in _TENS or before.lower() in _LARGER:
        return _IS_PART[after]
    return before.lower() in _SMALL and after.lower() in _LARGER


def _runs(places: Sequence[int]) -> list[list[int]]:
    """Return the places that stand side by side."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _value(words: Sequence[str]) -> int | None:
    number = NUMBERS.get(words[0])
    if number is None or len(words) == 1:
        return number
    scale = SCALES.get(words[1]) if len(words) == _PAIR else None
    return number * scale if number and scale else None


def _goes_on(tokens: Sequence[str], run: Sequence[int]) -> bool:
    """Return whether the number may be part of a longer one: "one hundred and five"."""
    end = run[-1] + 1
    joined = list(tokens[end : end + 2])
    scaled = tokens[run[-1]].lower() in _LARGER
    return scaled and len(joined) > 1 and joined[0] == "and" and (_IS_PART[joined[1]] or is_number(joined[1]))
