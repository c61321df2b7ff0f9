"""Units of measure, so that 5 cm = 0.05 m and 5 cm is not 5 m; words that name no unit (apples) are no unit at all."""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

__all__ = ["Unit", "names_unit", "parse_unit", "price"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of base units with a factor: 1 km/h is 5/18 of metre per second."""

    dimension: tuple[tuple[str, int], ...]
    factor: Fraction


# Base unit, then size in it and names. Pounds, ounces and tons stay apart: each is more than one unit.
_TABLE = """
m: 1 m meter metre; 1000 km kilometer kilometre; 1/100 cm centimeter centimetre; 1/1000 mm millimeter millimetre
m: 1/10 dm decimeter decimetre; 127/5000 in inch; 381/1250 ft foot feet; 1143/1250 yd yard; 201168/125 mi mile
g: 1 g gram gm; 1000 kg kilogram kilo; 1/1000 mg milligram
lb: 1 lb pound
oz: 1 oz ounce
ton: 1 ton tonne
s: 1 s sec second; 1/1000 ms millisecond; 60 min minute; 3600 h hr hour; 86400 day; 604800 week
month: 1 month; 12 yr year; 120 decade; 1200 century centurie
litre: 1 l liter litre; 1/1000 ml milliliter millilitre
gallon: 1 gal gallon; 1/4 qt quart; 1/8 pint
dollar: 1 dollar usd buck; 1/100 cent
euro: 1 euro eur
gbp: 1 gbp
peso: 1 peso
rupee: 1 rupee rs inr
yuan: 1 yuan; 1/10 jiao
yen: 1 yen
won: 1 won
ruble: 1 ruble rouble; 1/100 kopeck
degree: 1 degree deg; 1/60 arcminute; 1/3600 arcsecond
radian: 1 radian rad
celsius: 1 celsius
fahrenheit: 1 fahrenheit
joule: 1 j joule; 3600000 kwh
watt: 1 w watt; 1000 kw kilowatt
newton: 1 n newton
volt: 1 volt
hertz: 1 hz hertz
acre: 1 acre
dozen: 12 dozen
hectare: 1 hectare
"""
_MONEY = frozenset(("dollar", "euro", "gbp", "rupee", "yuan", "peso", "yen", "won", "ruble"))


def _table() -> dict[str, tuple[str, Fraction]]:
    units: dict[str, tuple[str, Fraction]] = {}
    for line in _TABLE.strip().splitlines():
        base, rest = line.split(": ")
        for entry in rest.split("; "):
            size, *names = entry.split()
            units |= dict.fromkeys(names, (base, Fraction(size)))
    return units


_UNITS = _table()
_SPELLINGS = {
    "mph": "mile per hour", "kph": "km per hour", "kmh": "km per hour", "kmph": "km per hour", "sqft": "square foot",
    "years old": "year", "year old": "year", "kilowatt-hours?": "kwh", "cc": "cubic cm", "sq": "square", "cu": "cubic",
}  # fmt: skip
_POWERS = {"square": 2, "cubic": 3, "squared": 2, "cubed": 3}
_SIGNS = {"$": "dollar", "€": "euro", "£": "gbp", "₹": "rupee"}
_PER = frozenset(("per", "/", "a", "an", "each", "every"))
_WORD = re.compile(r"[a-z]+|-?[1-4](?!\d)|\S")
_PRICE = re.compile(r"(\S+(?: \w+)?) ?(?:/|\bper\b|\beach\b|\ban?\b) ?([a-z][a-z -]{0,30})")
_MAX_UNIT_TEXT = 80


def names_unit(word: str) -> bool:
    """Whether a word is the name of a unit, in singular or plural."""
    return _named(word.lower()) is not None or word.lower() in _SPELLINGS


def _named(word: str) -> tuple[str, Fraction] | None:
    plain = _UNITS.get(word)
    if plain or len(word) < 3:
        return plain
    return _UNITS.get(word.removesuffix("s")) or _UNITS.get(word.removesuffix("es"))


@lru_cache(maxsize=4096)
def parse_unit(words: str) -> Unit | None:
    """Return the unit that the words are, or None if they are not one unit from the first word to the last."""
    powers: list[tuple[str, Fraction, int]] = []
    raised, sign, fixed = 1, 1, False
    for at, word in enumerate(spelled := _spelled(words)):
        named = _named(word)
        if named:
            powers.append((*named, raised * sign))
            fixed, raised = raised > 1, 1
        elif word in _PER and powers and at + 1 < len(spelled):
            sign = -1
        elif word in _POWERS and word.endswith("ed") and powers and not fixed:
            powers[-1], fixed = (*powers[-1][:2], _POWERS[word] * sign), True
        elif word in _POWERS and not word.endswith("ed") and raised == 1:
            raised = _POWERS[word]
        elif word == "^" and powers and at + 1 < len(spelled):
            continue
        elif word.lstrip("-").isdecimal() and powers and not fixed:
            powers[-1], fixed = (*powers[-1][:2], int(word) * sign), True
        else:
            return None
    if raised > 1:
        return None
    return _product(powers)


def price(words: str) -> tuple[str, str]:
    """Return money and what it is the price of: `dollars per day`; a price without it may be meant."""
    found = _PRICE.fullmatch(words)
    unit = parse_unit(found[1]) if found else None
    money = unit is not None and len(unit.dimension) == 1 and unit.dimension[0][0] in _MONEY
    return (found[1], found[2].removesuffix("s")) if found and money else (words, "")


def _spelled(words: str) -> list[str]:
    if len(words) > _MAX_UNIT_TEXT or words.startswith("*") or words.endswith("*"):
        return ["?"]
    text = unicodedata.normalize("NFKC", words.lower()).replace("*", " ")  # m³ is m3
    for sign, name in _SIGNS.items():
        text = text.replace(sign, f" {name} ")
    for short, long in _SPELLINGS.items():
        text = re.sub(rf"\b{short}\b", long, text)
    return _WORD.findall(text)


def _product(powers: list[tuple[str, Fraction, int]]) -> Unit | None:
    dimension: dict[str, int] = {}
    factor = Fraction(1)
    for base, size, power in powers:
        factor *= size**power
        if base:
            dimension[base] = dimension.get(base, 0) + power
    known = tuple(sorted((base, power) for base, power in dimension.items() if power))
    return Unit(known or (("ratio", 1),), factor) if dimension else None
