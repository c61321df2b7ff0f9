"""Tokens of a problem as mathematics reads them: what changes its meaning stays, what changes only its looks goes.

Signs, operators, relations, numbers and the order of everything are kept. Delimiters of formulas, commands for spacing and size, spellings of
one symbol, and punctuation of prose are not. Two texts of equal tokens are one problem; where a rule could not be sure, the tokens differ.
"""

import re
import unicodedata

from kpmath_builder.curation.commands import plain_commands, plain_products
from kpmath_builder.curation.dollars import without_formula_signs
from kpmath_builder.curation.fractions import plain_fractions
from kpmath_builder.curation.hyphens import MINUS, marked_formulas, without_hyphens
from kpmath_builder.curation.latex import SYMBOLS
from kpmath_builder.curation.lookalikes import plain_characters
from kpmath_builder.curation.markup import without_markup
from kpmath_builder.curation.number_words import plain_number_words
from kpmath_builder.curation.punctuation import meaningful_punctuation
from kpmath_builder.curation.scripts import plain_scripts
from kpmath_builder.curation.thousands import joined_thousands
from kpmath_builder.curation.units import plain_units

__all__ = ["raw_tokens", "without_capital_articles"]

_TOKEN = re.compile(
    r"[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|\d+(?:\.\d+)?"
    r"|\\[A-Za-z]+\*?|\\[^\sA-Za-z]"
    r"|(?:\.|\?)(?=[\"')\]}$*]*(?:\s|$|\\[\])]))"  # ends a sentence
    r"|<=|>=|\S",
)
_LATEX = re.compile(r"[\\{}~]|<=|>=")
_BARE_DECIMAL = re.compile(r"\.(?<!\d\.)(?=\d)")
_ARTICLE = re.compile(
    r"A(?<![^\s\"'(]A)(?=\s+(?!(?i:and|or|is|to|be|in|on|at|has|are|was|if|then|with|from|by)\b)[^\W\d_]{2})"
)
_ELLIPSIS = re.compile(r"\.\s?\.\s?\.")
_DASH = re.compile(r"—|--(?<=[^\W\d_]{2}--)-?(?=[^\W\d_]{2})|--(?<=[^\W\d_]{2} --)-?(?= [^\W\d_]{2})")
_ABBREVIATED = re.compile(
    r"\.(?:(?<=\b(?:Mr|Ms|Dr|St|Jr|Sr|vs|no)\.)|(?<=\b(?:Mrs|etc)\.)|(?<=\bProf\.))(?=\s+[\w$])"
    r"|\.(?:(?<=\b(?:ft|in|lb|oz|hr|yd|cm|mm|km|kg|mi|sq|cu)\.)|(?<=\b(?:min|sec|lbs|hrs|yds|gal)\.))(?=\s+[a-z])"
)
_UNEQUAL = re.compile(r"(?<=\s)!=")
_CLOCK = re.compile(
    r"(?:(?<=\d)|(?<=\d\$)|(?<=\d\\\)))(?:[\s~]|\\[,;: ]){0,3}([AaPp])(?:\.\s?[Mm]\.(\s+[a-z\d]|[,;:?!)]|-)?|[Mm]\b"
    r"(?!\(|\$|\\[)\]]|\s?[\^'=+*/<>≤≥{]|\s?-(?!\s?\d[\d:]*\s?[AaPp]\.?[Mm])))"
)
"""With a sign of formulas behind it, `2AM` may be a product, or a length between two points."""
_CLOCK_TEXT = re.compile(
    r"(?<=\d)(?:[\s~]|\\[,;: ]){0,3}\\(?:text|textrm|mbox)\s?\{\s*([AaPp])\.?\s?[Mm](\.?)\s*\}"
    r"(?=(\$?(?:\s+[a-z\d]|[,;:?!).-]))?)"
)
_DISPLAY = re.compile(
    r"\\(begin|end)\{(align|alignat|aligned|equation|gather|gathered|multline|eqnarray|center|split)\*?\}"
)


def raw_tokens(text: str) -> list[str]:
    """Return the tokens with their case, `SENTENCE` after each sentence; see the head of this file for what is left out."""
    prepared = _prepared(plain_characters(text))
    tokens = _TOKEN.findall(prepared)
    if _LATEX.search(prepared):
        tokens = plain_commands(tokens)
    return meaningful_punctuation(plain_units(plain_number_words(plain_products(tokens))))


def _prepared(text: str) -> str:
    text = without_markup(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", plain_scripts(text).translate(SYMBOLS)).translate(SYMBOLS)
    text = _plain_clock(_ABBREVIATED.sub(" ", text))
    if "\\begin" in text:
        text = _DISPLAY.sub(_delimiter, text)
    if "$" in text:
        text = without_formula_signs(text)
    text = plain_fractions(without_capital_articles(text))
    if "-" in text or "\\" in text:
        text = marked_formulas(text)
    if "--" in text or "—" in text:
        text = _DASH.sub(" , ", text)
    if "-" in text:
        text = without_hyphens(text)
    if "!=" in text:
        text = _UNEQUAL.sub(r"\\ne ", text)
    if ".." in text or ". ." in text:
        text = _ELLIPSIS.sub(r" \\dots ", text)
    text = _BARE_DECIMAL.sub("0.", text)
    if "," in text or "\\" in text:
        text = joined_thousands(text)
    return text.replace(MINUS, "-")


def _plain_clock(text: str) -> str:
    if r"\text" in text or r"\mbox" in text:
        text = _CLOCK_TEXT.sub(
            lambda found: rf"\text{{ {found[1].lower()}m}}{'' if found[3] else found[2]}", text
        )
    return _CLOCK.sub(_clock, text)


def _clock(found: re.Match[str]) -> str:
    """Write ` pm` for `p.m.` and `PM`; a full stop that may end the sentence stays."""
    stop = "." if "." in found[0] and found[2] is None else found[2] or ""
    return f" {found[1].lower()}m{stop}"


def _delimiter(found: re.Match[str]) -> str:
    if found[2] == "center":
        return " "
    return r" \[ " if found[1] == "begin" else r" \] "


def without_capital_articles(text: str) -> str:
    """Write the article of `A man` small, because the case of a letter that stands alone matters."""
    return _ARTICLE.sub("a", text)
