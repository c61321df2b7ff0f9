r"""One spelling for what is written in many ways: Unicode signs, `\dfrac`, `\left`, spacing commands, thousands marks.

Only spelling changes here; nothing is read as mathematics yet.
"""

import re

from kpmath_builder.answers.wrappers import mend_escapes

__all__ = ["ROW_BREAK", "normalise", "squeeze"]

_SIGNS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "－": "-",
    "×": "*", "⋅": "*", "·": "*", "∙": "*", "•": "*", "∗": "*", "＊": "*",
    "÷": "/", "⁄": "/", "∕": "/", "／": "/",
    "≤": r"\le ", "⩽": r"\le ", "≦": r"\le ", "≥": r"\ge ", "⩾": r"\ge ", "≧": r"\ge ",
    "≠": r"\ne ", "≈": r"\approx ", "≡": r"\equiv ", "∈": r"\in ", "∪": r"\cup ", "∩": r"\cap ", "∅": r"\emptyset ",
    "±": r"\pm ", "∓": r"\mp ", "√": r"\sqrt ", "∛": r"\sqrt[3]", "∞": r"\infty ", "°": r"\degree ", "º": r"\degree ",
    "π": r"\pi ", "θ": r"\theta ", "α": r"\alpha ", "β": r"\beta ", "γ": r"\gamma ", "λ": r"\lambda ", "μ": r"\mu ",
    "σ": r"\sigma ", "φ": r"\phi ", "ω": r"\omega ", "ρ": r"\rho ", "Δ": r"\Delta ", "ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}",
    "½": r"\frac{1}{2}", "⅓": r"\frac{1}{3}", "⅔": r"\frac{2}{3}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}",
    "⅕": r"\frac{1}{5}", "⅛": r"\frac{1}{8}",
    "′": "'", "’": "'", "″": "''", "“": '"', "”": '"', "∀": r"\forall ", "→": r"\to ", "…": r"\ldots ",
    "（": "(", "）": ")", "［": "[", "］": "]", "，": ", ", "；": "; ", "：": ":", "＝": "=", "＋": "+", "＞": ">", "＜": "<",
    "％": "%", "。": ".", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "€": "€", "⟨": r"\langle ", "⟩": r"\rangle ",
}  # fmt: skip
_ORNAMENTS = re.compile("[✓✔✅☑🎉⭐️]")
"""Marks of approval that models put beside an answer."""
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣ", "0123456789+-nx")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₙₓ", "0123456789+-nx")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿˣ]+")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋ₙₓ]+")
_CIRCLED = re.compile("[①②③④⑤⑥⑦⑧⑨]")
_SIGN_TABLE = str.maketrans(_SIGNS)

_SIGN = r"(?:[^a-zA-Z\\]|\\(?!text|math|mbox)[a-zA-Z]+|\\[^a-zA-Z])"
"""A sign of a value without words and variables: what stands before an approximation in brackets."""
_TEXT = r"(?:\\text\s*\{\s*)"
_RULES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("<sup",), r"<sup>([^<]{1,80})</sup>", r"^{\1}"),
    (("<sub",), r"<sub>([^<]{1,80})</sub>", r"_{\1}"),
    (("{",), r"(?<=[\d.)])\{([a-zA-Z. ]{2,40})\}", r" \1"),
    (
        (
            r"\begin",
            r"\end",
        ),
        r"\\begin\{(?:align|aligned|gather|equation|split)\*?\}|\\end\{(?:align|aligned|gather|equation|split)\*?\}",
        " ",
    ),
    (("frac",), r"\\(?:d|t|c)frac(?![a-zA-Z])", r"\\frac"),
    (("binom",), r"\\(?:d|t)binom(?![a-zA-Z])", r"\\binom"),
    (
        (
            r"\left",
            r"\right",
            r"\middle",
            r"\big",
            r"\Big",
            r"\bigg",
            r"\Bigg",
        ),
        r"\\(?:left|right|middle|(?:big|Big|bigg|Bigg)[lrm]?)(?![a-zA-Z])\s*\.?",
        "",
    ),
    (
        ("\\",),
        r"\\(?:displaystyle|textstyle|limits|nolimits|noindent|rm|bf|hline|mathstrut|strut|boldmath|small|large|Large|tiny)(?![a-zA-Z])",
        " ",
    ),
    (
        (
            "m",
            "M",
        ),
        r"\b([aApP])\.\s?[mM]\b\.?",
        r"\1m",
    ),
    ((r"\phantom",), r"\\phantom\s*(?:-|\w)", " "),
    (
        (
            "space",
            r"\phantom",
            r"\hphantom",
            r"\label",
            r"\tag",
        ),
        r"\\(?:hspace|vspace|phantom|hphantom|label|tag)\*?\{[^{}]*\}",
        " ",
    ),
    (
        (
            "quad",
            "space",
        ),
        r"\\(?:quad|qquad|enspace|thinspace|nobreakspace)",
        " ",
    ),
    (("{",), r"(?<=\d)\s*\{\s*,\s*\}\s*(?=\d)", ""),
    (
        (
            r"\!",
            r"\,",
        ),
        r"(?<=\d)(?:,\\!|\\!,?|\\,)\s*(?=\d{3}(?!\d))",
        "",
    ),
    (
        (
            "\\",
            "~",
        ),
        r"\\[,;:!> ]|\\(?=\s|$)|~",
        " ",
    ),
    ((r"\)",), r"\\\(((?:(?!\\[()]).)*)\\\)", r" \1 "),
    ((r"\]",), r"\\\[((?:(?!\\[\[\]]).)*)\\\]", r" \1 "),
    ((r"\lt",), r"\\(?:lt)(?![a-zA-Z])", "<"),
    ((r"\gt",), r"\\(?:gt)(?![a-zA-Z])", ">"),
    (
        (
            r"\leq",
            "<=",
            "=<",
        ),
        r"\\(?:leq|leqslant|leqq)(?![a-zA-Z])|<=|=<",
        r"\\le ",
    ),
    (
        (
            r"\geq",
            ">=",
            "=>",
        ),
        r"\\(?:geq|geqslant|geqq)(?![a-zA-Z])|>=|=>",
        r"\\ge ",
    ),
    (
        (
            r"\neq",
            r"\not",
            "!=",
        ),
        r"\\(?:neq|not\s*=)(?![a-zA-Z])|!=",
        r"\\ne ",
    ),
    (
        (
            r"\cdot",
            r"\times",
            r"\ast",
        ),
        r"\\(?:cdot|times|ast|cdotp)(?![a-zA-Z])",
        "*",
    ),
    ((r"\div",), r"\\div(?![a-zA-Z])", "/"),
    ((r"\lbrace",), r"\\lbrace(?![a-zA-Z])", r"\\{"),
    ((r"\rbrace",), r"\\rbrace(?![a-zA-Z])", r"\\}"),
    ((r"\lbrack",), r"\\(?:lbrack)(?![a-zA-Z])", "["),
    ((r"\rbrack",), r"\\(?:rbrack)(?![a-zA-Z])", "]"),
    (
        (
            r"\mid",
            r"\vert",
            r"\lvert",
            r"\rvert",
        ),
        r"\\(?:mid|vert|lvert|rvert)(?![a-zA-Z])",
        "|",
    ),
    ((r"\varnothing",), r"\\(?:varnothing)(?![a-zA-Z])", r"\\emptyset"),
    ((r"\varphi",), r"\\(?:varphi)(?![a-zA-Z])", r"\\phi"),
    (
        (
            "dots",
            "...",
        ),
        r"\\(?:dots|cdots|dotsc|dotsb|dotsm)(?![a-zA-Z])|\.\.\.+",
        r"\\ldots ",
    ),
    (("^",), r"\^\s*(?:\{\s*\\circ\s*\}|\\circ|\{\s*\\degree\s*\}|\\degree|o(?![a-zA-Z]))", r"\\degree "),
    ((r"\circ",), r"\\circ\b(?=\s*$)", r"\\degree "),
    (
        ("^",),
        r"\^\s*\{?\s*(?:\\(?:text|mathrm|textrm)\s*\{)?\s*(st|nd|rd|th)\s*\}?\s*\}?(?![a-zA-Z])",
        r" \1",
    ),
    (
        (
            "x",
            "X",
        ),
        r"(?<=\d)\s*[xX]\s*(?=10\s*\^)",
        "*",
    ),
    (
        ("C",),
        r"(?<![\w})\]])(?:\{\s*\})?\s*[_^]\s*\{?\s*(\w+)\s*\}?\s*C\s*_\s*\{?\s*(\w+)\s*\}?",
        r"\\binom{\1}{\2}",
    ),
    (("C",), r"(?<!\w)(\d+)C(\d+)(?!\w)", r"\\binom{\1}{\2}"),
    (("math",), r"\\([ij])math(?![a-zA-Z])", r"\1"),
    (
        (
            "color",
            "</",
            ">",
        ),
        r"\\(?:text)?color\s*\{[a-zA-Z]+\}|</?(?:b|i|em|strong|u)>",
        " ",
    ),
    (("<",), r"\A\s*<([^<>]*,[^<>]*)>\s*\Z", r"\\langle \1\\rangle "),
    (("mod",), r"\(\s*\\?(?:p|b)?mod\b\s*([^()]*)\)", r"\\mod \1"),
    ((".",), r"(?<!\\)\b(sq|cu|approx|hr|hrs|ft|in|min|sec|lb|lbs|oz|yd|Rs)\.(?=[\s}0-9]|$)", r"\1 "),
    ((".",), r"(?<=[\d}])\.(?=\s*[\])])", ""),
    ((r'"',), r"\"(\w[^\"]{0,80})\"", r"\1"),
    ((" to ",), r"\b(\d+(?:\.\d+)?) to (\d+(?:\.\d+)?)$", r"\1:\2"),
    ((r"\prime",), r"\\prime(?![a-zA-Z])", "'"),
    (("^",), r"\^\s*\{\s*('+)\s*\}", r"\1"),
    (
        ("approx", "about", "roughly"),
        rf"\A(?={_SIGN}*?\d)({_SIGN}*?)\s*{_TEXT}?\(\s*(?:approximately|approx\.?|about|roughly|\\approx)\s*\}}?\s*(-?[\d.,]*\d)\s*{_TEXT}?\)\s*\}}?\s*\Z",
        r"\1 \\approx \2",
    ),
    (("**",), r"\*\*", "^"),
)
"""What must stand in a text for a rule to apply, its pattern, and what is written instead."""
_REWRITES = tuple((needs, re.compile(pattern), replacement) for needs, pattern, replacement in _RULES)
ROW_BREAK = "\ue000"
"""Stands for the end of a matrix row, so that no rule for single backslashes meets it."""
_VECTOR = re.compile(r"\\(?:vec|mathbf|boldsymbol|bm|overrightarrow|hat)\b")
"""Between vectors a cross is another product than a dot."""
_DOUBLED = re.compile(r"\\\\(?=(?:[a-zA-Z]{2,}|[{}%$]))")
_LOST_F = re.compile(r"(?<![a-zA-Z\\])rac(?=\{)")
_LOST_T = re.compile(r"(?<![a-zA-Z\\])ext(?=\{)|(?<![a-zA-Z\\])extcirc\b|(?<![a-zA-Z\\])imes\b")


def normalise(text: str) -> str:
    """Return the text in one spelling, on one line."""
    if text.isascii() and text.isalnum():
        return text
    text = _mend(mend_escapes(text))
    if not text.isascii():
        text = _ascii(text)
    if "\\times" in text and _VECTOR.search(text):
        text = text.replace("\\times", "\\crossproduct")
    if "\\" in text or not text.isalnum():
        for needs, pattern, replacement in _REWRITES:
            if any(map(text.__contains__, needs)):
                text = pattern.sub(replacement, text)
    return " ".join(_dollars(text).split())


def _mend(text: str) -> str:
    if "\\\\" in text and "\\begin" not in text:
        text = _DOUBLED.sub(lambda _: "\\", text)
    if "rac{" in text:
        text = _LOST_F.sub(lambda _: "\\frac", text)
    if "ext" in text or "imes" in text:
        text = _LOST_T.sub(lambda lost: "\\degree " if lost[0] == "extcirc" else "\\t" + lost[0], text)
    if "\\\\" in text:
        text = text.replace("\\\\", ROW_BREAK if "\\begin" in text else " ")
    return text.replace("^\\degree", "\\degree")


def _ascii(text: str) -> str:
    text = _RAISED.sub(lambda m: "^{" + m[0].translate(_SUPERSCRIPTS) + "}", text)
    text = _LOWERED.sub(lambda m: "_{" + m[0].translate(_SUBSCRIPTS) + "}", text)
    text = (
        _CIRCLED.sub(lambda m: f" {ord(m[0]) - ord('①') + 1} , ", text).strip(" ,")
        if _CIRCLED.search(text)
        else text
    )
    return _ORNAMENTS.sub(" ", text).translate(_SIGN_TABLE)


def _dollars(text: str) -> str:
    r"""Drop the `$` of mathematics and leave `\$` where money is meant: before a number, not after one."""
    if "$" not in text:
        return text
    signs = [m.start() for m in re.finditer(r"(?<!\\)\$", text)]
    money = [
        at for at in signs if re.match(r"\$\s?-?[\d.]", text[at:]) and (at == 0 or text[at - 1] in " (-=:,+")
    ]
    if signs and len(money) == len(signs) and (len(signs) % 2 or " " in text):
        return re.sub(r"(?<!\\)\$", r"\\$", text)
    if len(signs) == 1:
        return text.replace("$", " ") if not money else re.sub(r"(?<!\\)\$", r"\\$", text)
    return re.sub(r"(?<!\\)\$", " ", text)


def squeeze(text: str) -> str:
    """Return the text without spaces and braces that group one sign: what is left when nothing else can be read."""
    text = re.sub(r"\{(\w)\}", r"\1", text)
    return re.sub(r"\s+", "", text)
