"""Tokens of a problem as mathematics reads them: what changes its meaning stays, what changes only its looks goes.

Signs, operators, relations, numbers and the order of everything are kept. Delimiters of formulas, commands for spacing and size, spellings of
one symbol, and punctuation of prose are not. Two texts of equal tokens are one problem; where a rule could not be sure, the tokens differ.
"""

import re
import unicodedata

from kpmath_builder.curation.commands import plain_commands
from kpmath_builder.curation.dollars import without_formula_signs
from kpmath_builder.curation.latex import FUNCTIONS, SYMBOLS
from kpmath_builder.curation.lookalikes import plain_characters
from kpmath_builder.curation.punctuation import meaningful_punctuation
from kpmath_builder.curation.units import plain_units

__all__ = ["raw_tokens"]

_FUNCTION_NAMES = "|".join(sorted(FUNCTIONS, key=len, reverse=True))
_TOKEN = re.compile(
    r"\\[A-Za-z]+\*?|\\[^\sA-Za-z]"
    r"|\d+(?:\.\d+)?"
    r"|[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|(?:\.|\?)(?=[\"')\]}$*]*(?:\s|$|\\[\])]))"  # ends a sentence
    r"|<=|>=|\S",
)
_LATEX = re.compile(r"[\\{}~]|<=|>=")
_BARE_DECIMAL = re.compile(r"\.(?<!\d\.)(?=\d)")
_ELLIPSIS = re.compile(r"\.\s?\.\s?\.")
_WORD_HYPHEN = re.compile(r"-(?<=[^\W\d_]{2}-)(?=[^\W\d_]{2})")
_NUMBER_HYPHEN = re.compile(rf"-(?<=\d-)(?=(?!(?:{_FUNCTION_NAMES})\b)[^\W\d_]{{2}})")
_DASH = re.compile(r"—|--(?<=[^\W\d_]{2}--)-?(?=[^\W\d_]{2})|--(?<=[^\W\d_]{2} --)-?(?= [^\W\d_]{2})")
_THOUSANDS = re.compile(r"(?<![\d.,])([1-9]\d{0,2})((?:(?:,|\{,\}|,?\\[,!;: ])\d{3})++)(?!,?\d)")
_LIST = re.compile(r"[({\[]\s*[\d,]+\s*[)}\]]")
_ABBREVIATED = re.compile(
    r"\.(?:(?<=\b(?:Mr|Ms|Dr|St|Jr|Sr|vs|no)\.)|(?<=\b(?:Mrs|etc)\.)|(?<=\bProf\.))(?=\s+[\w$])"
)
_DISPLAY = re.compile(
    r"\\(?:begin|end)\{(?:align|alignat|aligned|equation|gather|gathered|multline|eqnarray|center|split)\*?\}"
)
_SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
_FROM_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")


def raw_tokens(text: str) -> list[str]:
    """Return the tokens with their case, `SENTENCE` after each sentence; see the head of this file for what is left out."""
    prepared = _prepared(plain_characters(text))
    tokens = _TOKEN.findall(prepared)
    return meaningful_punctuation(plain_units(plain_commands(tokens) if _LATEX.search(prepared) else tokens))


def _prepared(text: str) -> str:
    if not text.isascii():
        text = _SUPERSCRIPTS.sub(lambda found: f"^{{{found[0].translate(_FROM_SUPERSCRIPT)}}}", text)
        text = unicodedata.normalize("NFKC", text.translate(SYMBOLS))
    text = _ABBREVIATED.sub(" ", text)
    if "\\begin" in text:
        text = _DISPLAY.sub(" ", text)
    if "$" in text:
        text = without_formula_signs(text)
    if "--" in text or "—" in text:
        text = _DASH.sub(" , ", text)
    if "-" in text:
        text = _NUMBER_HYPHEN.sub(" ", _WORD_HYPHEN.sub(" ", text))
    if ".." in text or ". ." in text:
        text = _ELLIPSIS.sub(r" \\dots ", text)
    text = _BARE_DECIMAL.sub("0.", text)
    return _THOUSANDS.sub(_joined, text) if "," in text or "\\" in text else text


def _joined(found: re.Match[str]) -> str:
    whole, start, end = found.string, found.start(), found.end()
    if _LIST.fullmatch(whole[max(0, start - 1) : end + 1]):
        return found[0]  # {100,200,300} lists three numbers
    return found[1] + re.sub(r"\D", "", found[2])
