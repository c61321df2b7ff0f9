"""Units of measurement in all their spellings, to the one that stands for all."""

from collections.abc import Mapping, Sequence

from kpmath_builder.curation.token_kinds import folded_token, is_number

__all__ = ["plain_units"]

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
_DOLLAR = "dollar"
_DOLLAR_SIGNS = frozenset({r"\$"})
_SCALES = frozenset({"hundred", "thousand", "million", "billion", "trillion"})


def plain_units(tokens: Sequence[str]) -> list[str]:
    """Spell units in one way: `5 km`, `5 kilometers`; `$5`, `5 dollars`; `5 cm^2`, `5 square centimeters`."""
    found: list[str] = []
    place, count = 0, len(tokens)
    while place < count:
        token = tokens[place]
        place += 1
        if token in _DOLLAR_SIGNS:
            if place < count and is_number(tokens[place]):
                found.append(tokens[place])
                place += 1
                if place < count and tokens[place] in _SCALES:
                    found.append(tokens[place])
                    place += 1
            found.append(_DOLLAR)
            continue
        folded = folded_token(token)
        counted = bool(found) and is_number(found[-1])
        unit = _ANYWHERE.get(folded) or (_WITH_NUMBER.get(folded) if counted else None)
        if unit is None:
            found.append(token)
            continue
        if unit == "degree" and found and found[-1] == "^":
            del found[-1]
        elif counted and (power := _POWERS.get(" ".join(tokens[place : place + 2]))):
            found.append(power)
            place += 2
        found.append(unit)
    return found


_POWERS = {"^ 2": "square", "^ 3": "cubic"}
