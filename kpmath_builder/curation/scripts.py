r"""Characters that Unicode sets high or low, and its fractions, as LaTeX: NFKC alone would make `2ˣ` into `2x`."""

import re
import unicodedata

__all__ = ["plain_scripts"]

_BLOCKS = "\u00b2\u00b3\u00b9" + "".join(
    chr(code)
    for first, last in (
        (0x02B0, 0x02E4),
        (0x1D2C, 0x1D6A),
        (0x1D9B, 0x1DBF),
        (0x2070, 0x209C),
        (0x2C7C, 0x2C7D),
    )
    for code in range(first, last + 1)
)
_HIGH, _LOW = (
    "".join(sign for sign in _BLOCKS if unicodedata.decomposition(sign).startswith(kind))
    for kind in ("<super>", "<sub>")
)
_SCRIPTS = re.compile(rf"[{_HIGH}]++|[{_LOW}]++")
_ROOT = re.compile(r"([√∛∜])\s?(?:(\d+(?:\.\d+)?|[^\W\d_](?![^\W\d_]))|\(([^()]*)\))")
_DEGREES = {"√": "", "∛": "[3]", "∜": "[4]"}
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215f\u2189]")


def plain_scripts(text: str) -> str:
    r"""Write `x₁²` as `x_{1}^{2}`, `3½` as `3\frac{1}{2}` and `√50` as `\sqrt{50}`."""
    return _ROOT.sub(_root, _FRACTION.sub(_fraction, _SCRIPTS.sub(_script, text)))


def _script(found: re.Match[str]) -> str:
    sign = "^" if found[0][0] in _HIGH else "_"
    return f"{sign}{{{unicodedata.normalize('NFKC', found[0])}}}"


def _fraction(found: re.Match[str]) -> str:
    above, _, below = unicodedata.normalize("NFKC", found[0]).partition("\u2044")
    return rf"\frac{{{above}}}{{{below}}}"


def _root(found: re.Match[str]) -> str:
    return rf"\sqrt{_DEGREES[found[1]]}{{{found[2] or found[3]}}}"
