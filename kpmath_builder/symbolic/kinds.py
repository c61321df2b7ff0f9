"""What a number counts or measures, read from the words behind it, so that a result only replaces a quantity of its own kind.

A kind is the canonical name of a unit ("hours", "square feet"), `money`, or what is counted: `people`, `times`, `points`
or `things`. The empty kind is what the words do not say; nothing may be linked to it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "COUNTED",
    "MONEY",
    "UNITS",
    "answers_in_another_unit",
    "is_definition",
    "is_person",
    "kind_asked",
    "kind_of_words",
]

MONEY = "money"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DIMENSIONS: Mapping[str, Mapping[str, str]] = {
    "length": {
        "inches": "inch inches", "feet": "foot feet ft", "yards": "yard yards yd", "miles": "mile miles",
        "meters": "meter meters metre metres", "millimeters": "millimeter millimeters mm",
        "centimeters": "centimeter centimeters centimetre centimetres cm",
        "kilometers": "kilometer kilometers kilometre kilometres km", "blocks": "block blocks",
    },
    "weight": {
        "ounces": "ounce ounces oz", "pounds": "pound pounds lb lbs", "tons": "ton tons tonne tonnes",
        "milligrams": "milligram milligrams mg", "grams": "gram grams g",
        "kilograms": "kilogram kilograms kilo kilos kg kgs",
    },
    "volume": {
        "gallons": "gallon gallons", "quarts": "quart quarts", "pints": "pint pints", "cups": "cup cups",
        "liters": "liter liters litre litres", "milliliters": "milliliter milliliters ml",
        "tablespoons": "tablespoon tablespoons tbsp", "teaspoons": "teaspoon teaspoons tsp", "ounces": "ounce ounces oz",
    },
    "time": {
        "seconds": "second seconds", "minutes": "minute minutes", "hours": "hour hours", "days": "day days",
        "weeks": "week weeks", "months": "month months", "years": "year years", "decades": "decade decades",
        "nights": "night nights", "mornings": "morning mornings", "evenings": "evening evenings",
        "afternoons": "afternoon afternoons", "weekends": "weekend weekends", "weekdays": "weekday weekdays",
    },
    "energy": {"calories": "calorie calories"},
    "data": {
        "kilobytes": "kilobyte kilobytes kb", "megabytes": "megabyte megabytes mb", "gigabytes": "gigabyte gigabytes gb",
    },
    "area": {"acres": "acre acres", "hectares": "hectare hectares"},
    "angle": {"degrees": "degree degrees"},
    "share": {"percent": "percent percents percentage"},
}  # fmt: skip
"""By dimension the canonical name of each unit with its spellings; an ounce weighs or fills."""
UNITS: Mapping[str, str] = {
    spelling: unit
    for units in _DIMENSIONS.values()
    for unit, spellings in units.items()
    for spelling in spellings.split()
}
_PEOPLE = _words("""people person persons students student children child kids kid adults adult men man women woman boys boy girls girl
    friends friend customers customer guests guest passengers players player members member workers employees teachers visitors
    patients attendees fans followers brothers brother sisters sister cousins siblings parents classmates residents voters
    campers participants soldiers singers dancers riders viewers readers neighbors neighbours pupils scouts tourists
    travelers patrons shoppers buyers subscribers volunteers babies teens teenagers males females colleagues contestants
    runners drivers nurses doctors engineers applicants clients freshmen seniors sophomores juniors citizens spectators
    actors loggers sailors roommates grandchildren nephews nieces sons daughters toddlers infants hikers
    swimmers invitees relatives coworkers managers farmers uncles aunts wives husbands couples families
    granddaughters grandsons grandkids grandparents grandmothers grandfathers mothers fathers twins triplets ladies gentlemen
    bridesmaids groomsmen cheerleaders racers surfers joggers athletes gymnasts defenders teammates linemen builders carpenters painters
    mechanics plumbers cashiers waiters waitresses helpers babysitters instructors tutors kindergartners kindergarteners
    musicians drummers pianists violinists artists entertainers scientists dentists specialists agents firefighters fishermen collectors
    winners outsiders inhabitants inpatients""")
_TIMES = _words("""times time trips trip laps lap rounds round jumps visits steps beats turns coughs situps pushups strides shots
    sessions repetitions reps swings punches kicks""")
_POINTS = _words("points point marks scores score")
_SKIPPED = _words("""more additional extra other new different fewer less total of the his her its their our my your these those such
    separate full whole another entire""")
"""Words between a number and its noun that say nothing of its kind."""
_STOPS = _words("""than is are was were has have had do does did will would can could should must might per a an each every and or but
    to in on at for from with by as that which who how when while if so them it he she they we you i all left""")
COUNTED = ("people", "times", "points", "things")
_PLURAL = re.compile(
    r"(?:[a-z]+(?:ren|men|eet|eeth|ice|eople|sheep|fish|deer)|sheep|fish|deer|[a-z]+[a-rt-z]s|[a-z]+(?:sses|uses))$"
)
_NO_NOUN = _words("this less plus us always across yes thus times various")
_FACTOR = re.compile(
    r"\s?times (?:as|more|that|the|this|his|her|older|bigger|larger|longer|faster|what|less|fewer|greater|higher)\b"
)
_SPEED = re.compile(r"\s*(?:per|an?|each|every|/|in an?)\s*(hour|minute|second|day)\b")
_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*|[^\sa-z]")
_MOST_WORDS = 5


def kind_of_words(after: str) -> str:
    """Return the kind that the words behind a number, or behind "how many", say; empty if they do not."""
    after = after.lower().lstrip(" -")
    if _FACTOR.match(after):
        return ""
    words = _WORDS.findall(after)[:_MOST_WORDS]
    for place, word in enumerate(words):
        if word in _SKIPPED:
            continue
        if word in _STOPS or not word[0].isalpha():
            return ""
        kind = _unit(words[place : place + 2], after) or _counted(word)
        if kind:
            return kind
    return ""


def _unit(words: Sequence[str], after: str) -> str:
    if words[0] in ("square", "sq", "cubic") and len(words) > 1 and words[1] in UNITS:
        return f"{'cubic' if words[0] == 'cubic' else 'square'} {UNITS[words[1]]}"
    if words[0] in ("dollars", "dollar", "bucks"):
        return MONEY
    if words[0] in ("mph", "kph"):
        return {"mph": "miles per hour", "kph": "kilometers per hour"}[words[0]]
    unit = UNITS.get(words[0], "")
    if unit in _DIMENSIONS["length"]:
        speed = _SPEED.match(after.partition(words[0])[2])
        return f"{unit} per {speed[1]}" if speed else unit
    return unit


def _counted(word: str) -> str:
    """Return the kind of what a noun counts; empty for a word that is no noun in the plural."""
    if word in _PEOPLE:
        return "people"
    if word in _TIMES:
        return "times"
    if word in _POINTS:
        return "points"
    return "things" if _PLURAL.fullmatch(word) and word not in _NO_NOUN else ""


def is_person(word: str) -> bool:
    """Return whether a noun counts people."""
    return word.lower() in _PEOPLE


_HOW_MANY = re.compile(r"\bhow many\b|\bnumber of\b", re.IGNORECASE)
_IN_UNIT = re.compile(r"\bin (?:terms of )?((?:square |cubic )?[a-z]+)\b")
_NO_QUANTITY = re.compile(
    r"\b(?:percent\w*|fraction|ratio|probability|chance|odds|how old|age|what (?:time|day|date|year|month))\b|%|\btimes (?:more|as)\b|[€£¢]|\bcents\b",
    re.IGNORECASE,
)


def kind_asked(final: str, solution: str) -> str:
    """Return the kind of the number that a question asks for, from its words and those around the answer in its solution."""
    if _NO_QUANTITY.search(final):
        return ""
    asked = _HOW_MANY.search(final)
    if asked and (kind := kind_of_words(final[asked.end() :])):
        return kind
    for named in _IN_UNIT.finditer(final.lower()):
        if kind := _unit(named[1].split(), ""):
            return kind
    for before, after in _statements(solution):
        if before.endswith("$"):
            return MONEY
        kind = kind_of_words(after)
        if kind and (asked or kind not in COUNTED):
            return kind
    return ""


def answers_in_another_unit(final: str, solution: str) -> bool:
    """Return whether a question asks for "how many milligrams" and its solution answers with milliliters."""
    asked = _HOW_MANY.search(final)
    unit = kind_of_words(final[asked.end() :]) if asked else ""
    stated = {kind_of_words(after) for _, after in _statements(solution)} & set(UNITS.values())
    return unit in UNITS.values() and bool(stated) and unit not in stated


def _statements(solution: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind the answer wherever the last line of a solution states it."""
    body, _, gold = solution.rpartition("####")
    lines = [line for line in re.sub("<<.*?>>", "", body).split("\n") if line.strip()]
    digits = re.escape(gold.strip().replace(",", ""))
    for found in (
        re.finditer(rf"(?<![\d.]){digits}(?:\.0+)?(?![\d.]*\d)", lines[-1].replace(",", "")) if lines else ()
    ):
        yield found.string[: found.start()].rstrip(), found.string[found.end() :]


_DETERMINED = r"(?:an?|one|1|each|every|per|the)\s+(?:single |full |leap |regular |normal |calendar )?(?P<other>(?:cubic |square )?[a-z]+)"
_STATED_AFTER = re.compile(
    rf"\s*(?P<own>(?:square |cubic )?[a-z]+)\s+(?:\w+\s+)?(?:in|is|are|equals?|to|per|for|makes?|make up|=|there are in)\s+{_DETERMINED}\b"
)
_STATED_PER = re.compile(r"\s*(?P<own>[a-z]+) per (?P<other>[a-z]+)\b")
_STATED_BEFORE = re.compile(
    rf"\b{_DETERMINED}(?: of \w+)?\s+(?:is|are|has|have|had|equals?|=|contains?|holds?|weighs?|makes?|consists? of|includes?)(?: about| approximately| only)?\s+$"
)


def is_definition(before: str, after: str) -> bool:
    """Return whether a number between `before` and `after` states how one unit makes up another: "16 cups in a gallon"."""
    before, after = before.lower(), after.lower()
    if stated := _STATED_AFTER.match(after):
        return _one_dimension(stated["own"], stated["other"])
    stated = _STATED_PER.match(after)
    if stated and "time" not in _dimensions(stated["own"]):  # "5 days per week" is a habit
        return _one_dimension(stated["own"], stated["other"])
    stated = _STATED_BEFORE.search(before)
    own = re.match(r"\s*((?:square |cubic )?[a-z]+)", after)
    return bool(stated and own and _one_dimension(own[1], stated["other"]))


def _one_dimension(own: str, other: str) -> bool:
    left, right = _dimensions(own), _dimensions(other)
    return bool(left & right) and own.rstrip("s") != other.rstrip("s")


def _dimensions(words: str) -> set[str]:
    power, _, unit = words.rpartition(" ")
    if unit not in UNITS:
        return set()
    if power:
        return {"volume" if power == "cubic" else "area"}
    return {name for name, units in _DIMENSIONS.items() if UNITS[unit] in units}
