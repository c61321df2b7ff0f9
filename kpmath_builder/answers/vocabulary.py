"""Words that several readers know: sets of names written as one line, and the numbers that are words."""

__all__ = ["ENGLISH", "NUMBER_WORDS", "SCALES", "SHORT_WORDS", "TENS", "names"]


def names(words: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(words.split())


_COUNTING = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
NUMBER_WORDS = {word: str(number) for number, word in enumerate(_COUNTING)}
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
"""Words that multiply the number before them."""

SHORT_WORDS = names(
    "is of in on at to by as an if so it be we no up do go he me my us or am pm th st nd rd ok vs "
    "ago odd one two six ten day red per all any and are but can end few for get had has her him his how its let may new nor not "
    "now off old our out own put ran sat see set she sum the too try use was way who why win yes yet you men bag box boy car "
    "cat cow cup cut dog egg fan gas hat hen jar job key kid leg lot low big man map mom dad net nut pan pea pen pet pie pig "
    "pin pit pot row sun tax tea tie tin toy van web won zoo far dry hot tan top did does non usd eur gbp inr cad aud kwh wpm "
    "max min dne mid ray arc area base edge face line cost rate time each only more less some most both none zero four five "
    "nine"
)
"""Words of two to four letters that stand in answers, so that they are no product of variables.

A word that is missing here is read as a product, which equals no number: nothing is dropped either way.
"""
ENGLISH = names("cost cosy sine tank tang tans logs cosine login long lone lend")
"""Words that begin like a function."""
