"""Units of measure, so that 5 cm = 0.05 m and 5 cm is not 5 m; words that name no unit (apples) are no unit at all."""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

__all__ = ["DEGREE", "Unit", "parse_unit"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of base units with a factor: 1 km/h is 5/18 of metre per second."""

    dimension: tuple[tuple[str, int], ...]
    factor: Fraction


_BASE: dict[str, tuple[str, str, str]] = {
    # names: (base unit, factor as a fraction)
    "m meter metre": ("m", "1", ""),
    "km kilometer kilometre": ("m", "1000", ""),
    "cm centimeter centimetre": ("m", "1/100", ""),
    "mm millimeter millimetre": ("m", "1/1000", ""),
    "dm decimeter decimetre": ("m", "1/10", ""),
    "inch inches in": ("m", "254/10000", ""),
    "ft foot feet": ("m", "3048/10000", ""),
    "yd yard": ("m", "9144/10000", ""),
    "mi mile": ("m", "1609344/1000", ""),
    "g gram": ("g", "1", ""),
    "kg kilogram kilo": ("g", "1000", ""),
    "mg milligram": ("g", "1/1000", ""),
    "lb lbs pound": ("lb", "1", ""),
    "oz ounce": ("oz", "1", ""),
    "ton tonne": ("ton", "1", ""),
    "s sec second": ("s", "1", ""),
    "ms millisecond": ("s", "1/1000", ""),
    "min minute": ("s", "60", ""),
    "h hr hour": ("s", "3600", ""),
    "day": ("s", "86400", ""),
    "week": ("s", "604800", ""),
    "month": ("month", "1", ""),
    "yr year": ("month", "12", ""),
    "decade": ("month", "120", ""),
    "century": ("month", "1200", ""),
    "l liter litre": ("litre", "1", ""),
    "ml milliliter millilitre": ("litre", "1/1000", ""),
    "gal gallon": ("gallon", "1", ""),
    "qt quart": ("gallon", "1/4", ""),
    "pint": ("gallon", "1/8", ""),
    "dollar usd": ("dollar", "1", ""),
    "cent": ("dollar", "1/100", ""),
    "euro eur": ("euro", "1", ""),
    "gbp": ("gbp", "1", ""),
    "rupee": ("rupee", "1", ""),
    "yuan": ("yuan", "1", ""),
    "dozen": ("", "12", ""),
    "degree": ("degree", "1", ""),
    "arcminute": ("degree", "1/60", ""),
    "arcsecond": ("degree", "1/3600", ""),
    "radian rad": ("radian", "1", ""),
    "celsius": ("celsius", "1", ""),
    "fahrenheit": ("fahrenheit", "1", ""),
    "joule": ("joule", "1", ""),
    "watt": ("watt", "1", ""),
    "newton": ("newton", "1", ""),
    "volt": ("volt", "1", ""),
    "hz hertz": ("hertz", "1", ""),
    "acre": ("acre", "1", ""),
    "hectare": ("hectare", "1", ""),
}
_UNITS: dict[str, tuple[str, Fraction]] = {}
for _names, (_base, _factor, _) in _BASE.items():
    for _name in _names.split():
        _UNITS[_name] = (_base, Fraction(_factor))

_SPECIAL = {
    "mph": "mile/hour", "kph": "km/hour", "kmh": "km/hour", "kmph": "km/hour", "sqft": "foot^2", "cc": "cm^3",
    "sq": "square", "cu": "cubic", "am": "", "pm": "",
}  # fmt: skip
_DIVISION = re.compile(r"\bper\b|/|\ban?\b(?=\s+(?:hour|day|week|month|year|minute|second)\b)")
_FACTOR = re.compile(r"(?:(square|sq\.?|cubic|cu\.?)\s+)?([a-z]+)\.?\s*(?:\^?\s*\{?\s*(-?[1-4])\s*\}?|\s+(squared|cubed))?")
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
DEGREE = Unit((("degree", 1),), Fraction(1))
_MAX_UNIT_TEXT = 80


@lru_cache(maxsize=4096)
def parse_unit(words: str) -> Unit | None:
    """Return the unit that the words name, or None where they name none ("apples", "of the total", "units")."""
    text = _spelled(words)
    if not text or len(text) > _MAX_UNIT_TEXT:
        return None
    dimension: dict[str, int] = {}
    factor = Fraction(1)
    for place, product in enumerate(_DIVISION.split(text)):
        sign = 1 if place == 0 else -1
        for scale in re.split(r"[*\s]+(?=(?:square|cubic|sq|cu)?\s*[a-z])(?<!square\s)(?<!cubic\s)(?<!sq\s)(?<!cu\s)", product.strip()):
            named = _factor(scale.strip())
            if named is None:
                continue
            base, size, power = named
            factor *= size ** (power * sign)
            if base:
                dimension[base] = dimension.get(base, 0) + power * sign
    known = tuple(sorted((base, power) for base, power in dimension.items() if power))
    return Unit(known, factor) if known else None


def _spelled(words: str) -> str:
    text = words.lower().replace("\\", " ").replace("$", " dollar ").replace("€", " euro ").replace("£", " gbp ")
    text = re.sub(r"[(){},;:.]+(?=\s|$)|^[\s(){},;:.]+", " ", text).strip()
    return " ".join(_SPECIAL.get(word, word) for word in text.split())


def _factor(text: str) -> tuple[str, Fraction, int] | None:
    found = _FACTOR.fullmatch(text)
    if found is None:
        return None
    base = _UNITS.get(found[2]) or _UNITS.get(found[2].removesuffix("s")) or _UNITS.get(found[2].removesuffix("es"))
    if base is None:
        return None
    power = int(found[3] or 1)
    for name in (found[1], found[4]):
        power = _POWERS[name.rstrip(".")] if name else power
    return base[0], base[1], power
