"""Characters that a reader does not see, or takes for others: by the Unicode categories, names and bidirectional classes.

Greek letters and the mathematical alphabets are normal in mathematics, and pass. A joiner passes between letters of scripts that need
it, and inside an emoji. Which Cyrillic, Armenian, … letter looks like a Latin one need not be known: no word mixes such a script
with Latin letters. Only of Greek letters, which do stand beside Latin ones, those that look like Latin letters are listed.
"""

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache

__all__ = ["CharacterFault", "character_faults", "script_of"]

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_OVERRIDES = frozenset("\u202d\u202e")
"""No text needs them."""
_JOINERS = frozenset("\u200c\u200d")
_IGNORABLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufffc")
"""Invisible by Unicode's Default_Ignorable_Code_Point or as a blank letter, though of another category than `Cf`."""
_MATHEMATICAL = frozenset("\u2061\u2062\u2063\u2064")
"""Invisible times and its like: what formulas copied from a page bring with them."""
_LINE_ENDS = frozenset("\t\n\r")
_ODD = re.compile(r"[^\t\n\r -~]")
"""What is neither printable ASCII nor a line end: most texts hold none."""
_GREEK_LOOKALIKES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυχγ")
"""Greek letters that look like Latin ones in common fonts."""
_SIGNS = frozenset("ℓℂℍℕℙℚℝℤ")
"""Letters of style alphabets that mathematics uses as signs of their own."""
_SMALL_BEFORE = re.compile(r"[a-z]+$")
_SMALL_AFTER = re.compile(r"[a-z]+")
_VOWELS = frozenset("aeiou")
_FUNCTIONS = re.compile(
    r"arc(?:sin|cos|tan)|(?:sin|cos|tan|cot|sec|csc)h?|log|ln|lim|exp|det|max|min|gcd|lcm|mod|deg|cis|Re|Im"
)
_RIGHT_TO_LEFT = 0.2
_MIXED_AT_LEAST = 3
"""Latin letters in a word with a Greek one: 2πr and Δx are formulas."""
_LATIN = "LATIN"
_NEVER_JOINED = frozenset({_LATIN, "GREEK", "CYRILLIC", "COMBINING", "MODIFIER"})
_HAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL"})
_OTHER_LETTERS = frozenset(
    {
        "MATHEMATICAL",
        "DOUBLE-STRUCK",
        "SCRIPT",
        "BLACK-LETTER",
        "MODIFIER",
        "FEMININE",
        "MASCULINE",
        "MICRO",
        "OHM",
    }
    | {
        "KELVIN",
        "ANGSTROM",
        "PLANCK",
        "EULER",
        "ALEF",
        "BET",
        "GIMEL",
        "DALET",
        "SUPERSCRIPT",
        "SUBSCRIPT",
        "FULLWIDTH",
    }
)
"""First words of the names of letters that belong to no script of their own: alphabets of mathematics, signs, powers."""


class CharacterFault(StrEnum):
    """What is the matter with a character."""

    BIDIRECTIONAL = "bidirectional control"
    TAG = "tag character"
    INVISIBLE = "invisible character"
    PRIVATE = "private or unassigned character"
    MATHEMATICAL = "invisible mathematical operator"
    MIXED = "letters of two scripts in one word"


def character_faults(text: str) -> Iterator[tuple[CharacterFault, str]]:
    """Yield each fault of a text with what shows it: the characters' numbers and names, or the word with its foreign letters."""
    odd = [found.start() for found in _ODD.finditer(text)]
    if not odd:
        return
    for place in odd:
        fault = _fault(text, place)
        if (
            fault is CharacterFault.BIDIRECTIONAL
            and text[place] not in _OVERRIDES
            and _reads_right_to_left(text)
        ):
            continue  # a right-to-left text needs them
        if fault:
            yield fault, _said(text[place])
    for word in re.findall(r"[^\W\d_]{2,}", text):
        if not word.isascii() and (strangers := _strangers(word)):
            yield CharacterFault.MIXED, f"{word} ({', '.join(map(_said, strangers))})"


def _fault(text: str, place: int) -> CharacterFault | None:
    character = text[place]
    if character in _BIDI:
        return CharacterFault.BIDIRECTIONAL
    if 0xE0000 <= ord(character) <= 0xE0FFF:
        return CharacterFault.TAG
    if character in _MATHEMATICAL:
        return CharacterFault.MATHEMATICAL
    if 0xFE00 <= ord(character) <= 0xFE0F:  # a variation selector, as emoji have
        return None if place and _is_symbol(text[place - 1]) else CharacterFault.INVISIBLE
    if character in _JOINERS:
        return None if place and _takes_joiner(text[place - 1]) else CharacterFault.INVISIBLE
    category = unicodedata.category(character)
    if category in {"Co", "Cn", "Cs"}:
        return CharacterFault.PRIVATE
    if category in {"Cf", "Zl", "Zp"} or character in _IGNORABLE:
        return CharacterFault.INVISIBLE
    return CharacterFault.INVISIBLE if category == "Cc" and character not in _LINE_ENDS else None


def _is_symbol(character: str) -> bool:
    """Whether a variation selector or a joiner may follow: a symbol, a skin tone, a digit of a keycap, or a selector itself."""
    return unicodedata.category(character) in {"So", "Sm", "Sk"} or character in "0123456789#*\ufe0f"


def _takes_joiner(character: str) -> bool:
    """Whether a joiner may follow: an emoji, or a letter or sign of a script that is joined."""
    if _is_symbol(character):
        return True
    script = unicodedata.name(character, "LATIN").split(" ")[0]
    return unicodedata.category(character)[0] in "LM" and script not in _NEVER_JOINED


def _reads_right_to_left(text: str) -> bool:
    """Whether a good part of the letters are of a right-to-left script; one such letter is no reason for a control."""
    letters = [unicodedata.bidirectional(c) for c in text if c.isalpha()]
    return sum(kind in {"R", "AL"} for kind in letters) >= max(1, _RIGHT_TO_LEFT * len(letters))


def _strangers(word: str) -> list[str]:
    """Return the letters of a word that do not belong beside its Latin ones."""
    word = _FUNCTIONS.sub(" ", word)
    latin = sum(script_of(c) == _LATIN for c in word)
    if not latin:
        return []
    return [letter for place, letter in enumerate(word) if _is_stranger(word, place, latin)]


def _is_stranger(word: str, place: int, latin: int) -> bool:
    """Whether a letter passes for a Latin one of the same word."""
    letter = word[place]
    script = script_of(letter)
    if script == _LATIN or script in _HAN:
        return False
    if script == "GREEK":
        return latin >= _MIXED_AT_LEAST and (letter in _GREEK_LOOKALIKES or _is_within(word, place))
    if not script:
        return latin >= _MIXED_AT_LEAST and _is_styled(letter)
    return True


def _is_within(word: str, place: int) -> bool:
    """Whether a small Greek letter stands inside what reads as a word, and not in a product such as `aλbμc` or `drdθdz`."""
    before, after = _SMALL_BEFORE.search(word, 0, place), _SMALL_AFTER.match(word, place + 1)
    if not (word[place].islower() and before and after):
        return False
    runs = [run[0] for run in (before, after) if len(run[0]) > 1]
    has_syllable = any(not _VOWELS.isdisjoint(run) for run in runs)
    return has_syllable or (len(runs) == 2 and not before[0].endswith("d"))


def _is_styled(letter: str) -> bool:
    """Whether a letter is a Latin one of a style alphabet, such as a fullwidth or a bold one."""
    plain = unicodedata.normalize("NFKC", letter)
    return (
        plain != letter
        and letter not in _SIGNS
        and plain.isascii()
        and plain.isalpha()
        and unicodedata.category(letter) in {"Lu", "Ll"}
    )


@lru_cache(maxsize=65_536)
def script_of(letter: str) -> str:
    """Return the script of a letter by the first word of its Unicode name; "" for what is no letter, and for signs of mathematics."""
    if letter.isascii():
        return _LATIN if letter.isalpha() else ""
    if not letter.isalpha():
        return ""
    name = unicodedata.name(letter, "").split(" ")[0]
    return "" if name in _OTHER_LETTERS else name


def _said(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"
