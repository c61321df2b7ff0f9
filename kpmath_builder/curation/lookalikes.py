"""Characters that a reader takes for others, or does not see: folded before a text is read, so that they hide no copy.

Letters of other alphabets become the Latin letters that they look like in every common font; of Greek only those that mathematics never
tells from Latin ones (it writes no capital alpha, and no omicron). A Cyrillic text stays a text of its own, in another spelling.
"""

import html
import re

__all__ = ["plain_characters"]

_CYRILLIC = ("асеһіјорԛѕԝхуАВСЕНІЈКМОРЅТХУ", "acehijopqswxyABCEHIJKMOPSTXY")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo")
_UNSEEN = (
    "\u034f\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069"
)
"""Controls of direction, joiners of glyphs, and operators that are not written."""
_FOLDED = {
    **str.maketrans(*_CYRILLIC),
    **str.maketrans(*_GREEK),
    **str.maketrans("", "", _UNSEEN),
}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]+);")


def plain_characters(text: str) -> str:
    """Return a text with HTML's entities as characters, and characters as those that they look like."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text if text.isascii() else text.translate(_FOLDED)
