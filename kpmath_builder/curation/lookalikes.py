"""Characters that a reader takes for others, or does not see: folded before a text is read, so that they hide no copy.

Letters of other alphabets become the Latin letters that they look like in every common font; of Greek only those that mathematics never
tells from Latin ones (it writes no capital alpha, and no omicron). A Cyrillic text stays a text of its own, in another spelling.
"""

import html
import re

__all__ = ["BLANK", "UNSEEN", "plain_characters"]

_CYRILLIC = ("асеһіјорԛѕԝхуАВСЕНІЈКМОРЅТХУ", "acehijopqswxyABCEHIJKMOPSTXY")
_GREEK = ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEZHIKMNOPTYXo")
_ALONE = "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\ufeff\uffa0"
_RANGES = ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xE0000, 0xE0FFF))
UNSEEN = _ALONE + "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES)
"""What Unicode calls ignorable by default, as a set of a regular expression (without brackets): controls of direction, joiners, selectors
of glyphs, tags, operators that are not written. In ranges: each tag by itself would be compared with each character of a text.
"""
BLANK = "\u2800"
"""A pattern of Braille without a dot: it looks like a space, and is none to Unicode."""
_FOLDED = {
    **str.maketrans(*_CYRILLIC),
    **str.maketrans(*_GREEK),
    **str.maketrans("", "", _ALONE),
    **{code: None for first, last in _RANGES for code in range(first, last + 1)},
    **str.maketrans(BLANK, " "),
}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]+);")


def plain_characters(text: str) -> str:
    """Return a text with HTML's entities as characters, and characters as those that they look like."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text if text.isascii() else text.translate(_FOLDED)
