"""Units of measurement in all their spellings, to the one that stands for all."""

from collections.abc import Mapping, Sequence

from kpmath_builder.curation.token_kinds import Remembered, is_number

__all__ = ["is_unit", "plain_units"]

_TABLE = """
kilometer: kilometers kilometre kilometres km kms
centimeter: centimeters centimetre centimetres cm cms
millimeter: millimeters millimetre millimetres mm
decimeter: decimeters decimetre decimetres | dm
meter: meters metre metres | m
inch: inches | in
foot: feet ft
yard: yards yd yds
mile: miles | mi
kilogram: kilograms kilogramme kilogrammes kg kgs
gram: grams gramme grammes | g
milligram: milligrams mg
pound: pounds lb lbs
ounce: ounces oz
liter: liters litre litres | l
milliliter: milliliters millilitre millilitres ml
gallon: gallons gal gals
quart: quarts | qt
pint: pints | pt
second: seconds secs | s sec
minute: minutes mins | min
hour: hours hr hrs | h
day: days
week: weeks wk wks
month: months
year: years yr yrs
dollar: dollars | bucks buck usd
cent: cents
euro: euros eur €
degree: degrees
%: percent
mph: mph
kph: kph
"""
"""Canonical spelling: spellings that always mean it | those that mean it only behind a number."""

_ANYWHERE: Mapping[str, str] = {
    spelling: unit
    for unit, _, spellings in (line.partition(": ") for line in _TABLE.strip().splitlines())
    for spelling in [unit, *spellings.partition("|")[0].split()]
}
_WITH_NUMBER: Mapping[str, str] = {
    spelling: unit
    for unit, _, spellings in (line.partition(": ") for line in _TABLE.strip().splitlines())
    for spelling in spellings.partition("|")[2].split()
}
_DOLLAR, _EURO = "dollar", "€"
_MONEY = frozenset({_DOLLAR, "euro"})
_DOLLAR_SIGNS = frozenset({r"\$"})
_SCALES = frozenset({"hundred", "thousand", "million", "billion", "trillion"})
_RATES = {"mph": ["mile", "per", "hour"], "kph": ["kilometer", "per", "hour"]}
_SHORT_POWERS = {"sq": "square", "cu": "cubic"}
_OF_NOUNS = frozenset("a an the this that these those his her its their my our your".split())  # noqa: SIM905
_POWERS = {"^ 2": "square", "^ 3": "cubic"}


def _spelling(word: str) -> str:
    """Return the word in lower case, but for those that mean something else with a capital: `5 Mg`, `5 M`."""
    return word if word == "Mg" or (len(word) == 1 and word != "L") else word.lower()


def is_unit(token: str) -> bool:
    """Return whether the token is a unit behind a number."""
    return _spelling(token) in _ANYWHERE or _spelling(token) in _WITH_NUMBER


def _may_be_unit(token: str) -> bool:
    return is_unit(token) or token in _DOLLAR_SIGNS or token in _SHORT_POWERS


_MAY_BE_UNIT = Remembered(_may_be_unit)


def plain_units(tokens: Sequence[str]) -> Sequence[str]:
    """Spell units in one way: `5 km`, `5 kilometers`; `$5`, `5 dollars`; `5 cm^2`, `5 square centimeters`."""
    places = [place for place, token in enumerate(tokens) if _MAY_BE_UNIT[token]]
    found: list[str] = []
    done = 0
    for place in places:
        if place < done:
            continue
        found += tokens[done:place]
        done = place + 1
        token = _spelling(tokens[place])
        counted = bool(found) and is_number(found[-1])
        if token in _DOLLAR_SIGNS:
            amount = _amount(tokens, done)
            found += [*map(_without_cents, tokens[done : done + 1]), *tokens[done + 1 : amount], _DOLLAR]
            done = amount + _per(tokens, amount, found)
        elif token == _EURO and not counted and done < len(tokens) and is_number(tokens[done]):
            found += [_without_cents(tokens[done]), _ANYWHERE[token]]
            done += 1
        elif unit := _ANYWHERE.get(token) or (
            _WITH_NUMBER.get(token)
            if counted and not _is_preposition(token, tokens[done : done + 1])
            else None
        ):
            if unit in _MONEY and counted:
                found[-1] = _without_cents(found[-1])
            if unit == "degree" and found and found[-1] == "^":
                del found[-1]
            elif power := _POWERS.get(" ".join(tokens[done : done + 2])):
                found.append(power)
                done += 2
            found += _RATES.get(unit, [unit])
            done += _per(tokens, done, found) if counted else 0
        elif token in _SHORT_POWERS and _unit_at(tokens, done):
            found.append(_SHORT_POWERS[token])
        else:
            found.append(tokens[place])
    found += tokens[done:]
    return found


def _is_preposition(word: str, following: Sequence[str]) -> bool:
    """Return whether `in` is no inch: "the one in the middle", "1 in 3 people"."""
    return word == "in" and any(is_number(it) or it.lower() in _OF_NOUNS for it in following)


def _per(tokens: Sequence[str], place: int, found: list[str]) -> int:
    """Note `/hour` behind a quantity as `per hour`; return of how many tokens it is made."""
    other = _unit_at(tokens, place + 1) if tokens[place : place + 1] == ["/"] else None
    if other:
        found += ["per", other]
    return 2 if other else 0


def _unit_at(tokens: Sequence[str], place: int) -> str | None:
    """Return the unit that stands there, or None."""
    token = _spelling(tokens[place]) if place < len(tokens) else ""
    return _ANYWHERE.get(token) or _WITH_NUMBER.get(token)


def _without_cents(amount: str) -> str:
    """Return `5` for `5.00` and `2.5` for `2.50`."""
    return amount.rstrip("0").rstrip(".") if "." in amount and is_number(amount) else amount


def _amount(tokens: Sequence[str], start: int) -> int:
    """Return where the number ends that begins there: `5`, `5 million`."""
    if start == len(tokens) or not is_number(tokens[start]):
        return start
    return start + 1 + (start + 1 < len(tokens) and tokens[start + 1] in _SCALES)
