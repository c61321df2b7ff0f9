"""The canonical form of an answer, and the key under which equal answers meet.

Reading is tried in this order: a word that stands for a value, mathematics, a sentence that states one quantity, words.
What is left is opaque: it equals what is spelt alike, and the checker may be asked about it.
"""

import re
from functools import lru_cache
from hashlib import blake2b

from kpmath_builder.answers.expressions import is_expression
from kpmath_builder.answers.forms import ALL, Form, Group, Labelled, Opaque, Scalar, Word
from kpmath_builder.answers.normalise import normalise, squeeze
from kpmath_builder.answers.numerals import ORDINALS
from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.prose import (
    WORDS_FOR,
    choice_of,
    criterion,
    stated,
    stated_word,
    without_reason,
    word_key,
    yes_or_no,
)
from kpmath_builder.answers.quantities import infinite, lone_letter, value_of
from kpmath_builder.answers.shapes import read_shape
from kpmath_builder.answers.tokens import UnboundedError, UnknownCommandError, UnreadableError
from kpmath_builder.answers.trees import Symbol, number
from kpmath_builder.answers.values import fingerprint

__all__ = ["Parts", "form_of", "key_of"]

Parts = tuple[str, ...]

_MAX_LENGTH = 3_000
_MAX_REMEMBERED = 500
_PLAIN_NUMBER = re.compile(r"-?\d{1,60}")
_LETTER = re.compile(
    r"([A-Za-df-hj-z])[.:)]?|\(\s*[A-Za-df-hj-z]\s*\)[.:]?|\[\s*[A-Za-df-hj-z]\s*\]|\{[A-Za-df-hj-z]\}"
)
_HAS_WORD = re.compile(r"\\(?:text|mathrm|mbox|mathbf)|(?<![\\a-zA-Z])[a-zA-Z]{2,}")
_DATE = re.compile(r"\d{1,2}([/.-])\d{1,2}\1\d{4}|\d{4}([/-])\d\d\2\d\d")
_WORDS = re.compile(r"[a-zA-Z]{3,}")
_COMMANDS = re.compile(r"\\(?!text|mbox|mathrm|quad|,|;|!|:| )[a-zA-Z]+")


def form_of(parts: Parts) -> Form:
    """Return the form of an answer given as its parts; several parts are read as a tuple."""
    return _known_form(parts) if _short(parts) else _form(parts)


def key_of(form: Form) -> Key:
    """Return the key under which answers that are written with the same decorations, in the same order, are equal."""
    return form.key(ALL, ordered=True)


def _short(parts: Parts) -> bool:
    """Whether an answer is worth remembering: long ones hardly come twice and would fill the memory."""
    return sum(map(len, parts)) <= _MAX_REMEMBERED


@lru_cache(maxsize=1 << 15)
def _known_form(parts: Parts) -> Form:
    return _form(parts)


def _form(parts: Parts) -> Form:
    forms = tuple(_read(part) for part in parts)
    if len(forms) == 1:
        return forms[0]
    return Group("pair" if len(forms) == 2 else "tuple", forms, "()")


def _read(text: str) -> Form:
    if _PLAIN_NUMBER.fullmatch(text):
        return Scalar(
            fingerprint(number(text)) if text[0] != "-" else fingerprint(number(text[1:]).negative())
        )
    if len(text) > _MAX_LENGTH:
        return Opaque(
            blake2b(squeeze(text).encode(errors="replace")).hexdigest(),
            checkable=False,
            reason="too long to read",
        )
    condition = criterion(text) if "sufficient" in text else None
    if condition:
        return Labelled(("condition of", condition[1]), _read(condition[0]))
    text = without_reason(text)
    plain = normalise(text)
    if _DATE.fullmatch(plain):
        return Word(("date", plain))
    return _word(plain) or _choice(plain) or _mathematics(text, plain)


def _word(plain: str) -> Form | None:
    if _LETTER.fullmatch(plain):
        key = word_key(plain)
        return Scalar(fingerprint(lone_letter(str(key[1])))) if key else None
    if not _HAS_WORD.search(plain):
        return None
    affirmed = yes_or_no(plain)
    if affirmed:
        word = Word(("text", affirmed[0]))
        return Labelled(("explained", affirmed[1]), word) if affirmed[1] else word
    key = word_key(plain)
    if key is None:
        return None
    if key[0] == "letter":
        return Scalar(fingerprint(lone_letter(str(key[1]))))
    spelt = " ".join(str(word) for word in key[1:])
    meaning = next((name for name, words in WORDS_FOR.items() if spelt in words), "")
    if meaning == "infinity":
        return Scalar(infinite(1))
    if meaning == "emptyset":
        return Scalar(value_of(Symbol("emptyset")))
    if spelt in ORDINALS:
        return Scalar(fingerprint(number(str(ORDINALS[spelt]))))
    return Word(("text", meaning)) if meaning else None


def _choice(plain: str) -> Form | None:
    """Return a choice that says what it stands for."""
    found = choice_of(plain)
    if found is None:
        return None
    content = _mathematics(found[1], found[1]).key(ALL, ordered=False)
    return Scalar(fingerprint(lone_letter(found[0])), content=content)


def _mathematics(text: str, plain: str) -> Form:
    try:
        return read_shape(plain)
    except (UnboundedError, RecursionError) as error:
        return Opaque(squeeze(plain), checkable=False, reason=str(error))
    except UnreadableError as error:
        return _worked_out(plain, error) or _sentence(text) or _words(plain) or _opaque(plain, error)


def _worked_out(plain: str, error: UnreadableError) -> Form | None:
    r"""Return `\int_0^1 x\,dx = \frac12` as the value: the sum, integral or limit, which is not read here, is its label."""
    at = _last_equals(plain) if isinstance(error, UnknownCommandError) else -1
    if at < 0 or not is_expression(plain[:at]):
        return None
    try:
        return Labelled(("expression", squeeze(plain[:at])), read_shape(plain[at + 1 :]))
    except UnreadableError:
        return None


def _last_equals(plain: str) -> int:
    """Return the place of the last equals sign outside braces, or -1."""
    depth, found = 0, -1
    for at, char in enumerate(plain):
        depth += (char == "{") - (char == "}")
        if char == "=" and depth == 0:
            found = at
    return found


def _sentence(text: str) -> Form | None:
    """Return the quantity or the word that a sentence states, with the rest of the sentence as its label."""
    if not _WORDS.search(text) or " " not in text.strip():
        return None
    for quantity, around in stated(text):
        try:
            form = read_shape(normalise(quantity))
        except UnreadableError:
            continue
        if not isinstance(form, Word):
            return Labelled(("sentence", word_key(around) or ()), form)
    word = stated_word(text)
    key = word_key(word[0]) if word else None
    return Labelled(("sentence", word_key(word[1]) or ()), Word(key)) if word and key else None


def _words(plain: str) -> Form | None:
    words = len(_WORDS.findall(plain))
    if not words or (words < 4 and (_COMMANDS.search(plain) or re.search(r"[=<>^]", plain))):
        return None
    key = word_key(plain)
    return Word(key) if key and key[0] == "text" else None


def _opaque(plain: str, error: UnreadableError) -> Form:
    """Return an unread answer; the checker is asked only about whole expressions with a command that is unknown here."""
    checkable = isinstance(error, UnknownCommandError) and is_expression(plain)
    return Opaque(squeeze(plain), checkable=checkable, reason=str(error))
