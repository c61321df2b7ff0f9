"""What LaTeX writes in several ways, and what of it is only looks."""

from collections.abc import Mapping

__all__ = ["DROPPED", "FUNCTIONS", "SPELLINGS", "SYMBOLS", "TEXT_COMMANDS", "TWO_ARGUMENTS"]

_FUNCTIONS = """
arccos arcsin arctan arg cos cosh cot csc deg det dim exp gcd inf ker lcm lim ln log max min mod sec sin sinh sup tan tanh
"""
_TEXT = """
text textbf textit textnormal textrm textsf texttt textup emph mbox hbox fbox mathrm mathbf mathit mathsf mathtt mathop boldsymbol bold bm
operatorname underline ensuremath rm bf it
"""
_SPACING = r"""
\( \) \[ \] \, \; \: \! \> \/ \- ~ \left \right \middle \quad \qquad \displaystyle \textstyle \scriptstyle \scriptscriptstyle \limits
\nolimits \noindent \indent \allowbreak \newline \par \smallskip \medskip \bigskip \tiny \small \footnotesize \normalsize \large \Large \LARGE
\huge \Huge \thinspace \medspace \thickspace \enspace \negthinspace \nonumber \centering
"""
_SIZES = [rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")]

FUNCTIONS = frozenset(_FUNCTIONS.split())
TWO_ARGUMENTS = frozenset({r"\frac", r"\binom"})
TEXT_COMMANDS = frozenset(rf"\{name}" for name in _TEXT.split())
"""Commands for the looks of a text: they go, with the braces of their argument."""
DROPPED = frozenset([*_SPACING.split(), "\\", *_SIZES])
"""Commands for spacing and size, and the signs that begin and end a formula."""

_SAME: Mapping[str, str] = {
    r"\frac": "dfrac tfrac cfrac",
    r"\binom": "dbinom tbinom",
    r"\le": "leq leqslant leqq",
    r"\ge": "geq geqslant geqq",
    r"\ne": "neq",
    r"\dots": "ldots cdots dotsb dotsc dotsm dotsi dotso",
    r"\to": "rightarrow longrightarrow",
    r"\{": "lbrace",
    r"\}": "rbrace",
    "|": "vert lvert rvert mid",
    r"\|": "Vert lVert rVert",
    "<": "lt",
    ">": "gt",
    "'": "prime",
    "degree": "circ degree",
    r"\pmod": "mod",
    r"\varnothing": "emptyset",
    r"\epsilon": "varepsilon",
    r"\phi": "varphi",
    r"\overline": "bar",
    r"\hat": "widehat",
    r"\triangle": "bigtriangleup vartriangle",
    r"\implies": "Rightarrow Longrightarrow",
    r"\iff": "Leftrightarrow Longleftrightarrow",
    "%": "%",
    "#": "#",
    "&": "&",
    "_": "_",
}
SPELLINGS: Mapping[str, str] = {
    **{rf"\{other}": one for one, others in _SAME.items() for other in others.split()},
    **{rf"\{name}": name for name in FUNCTIONS - {"mod", "deg", "min", "sec"}},
    "<=": r"\le",
    ">=": r"\ge",
}
"""Each way to write a symbol to the one that stands for all."""

SYMBOLS = str.maketrans(
    {
        **dict.fromkeys("‘’ʼ′", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("‐‑‒–", "-"),
        **dict.fromkeys("\u2044\u2215", "/"),
        "¶": r" \P ",
        **dict.fromkeys("\u2028\u2029", "\n"),
        **{
            sign: f" {command} "
            for sign, command in {
                "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "⩽": r"\le", "⩾": r"\ge", "⊂": r"\subset", "⊆": r"\subseteq", "⊃": r"\supset", "∉": r"\notin", "∣": "|", "×": r"\times", "·": r"\cdot", "⋅": r"\cdot", "÷": r"\div", "±": r"\pm",
                "∓": r"\mp", "∞": r"\infty", "√": r"\sqrt", "∠": r"\angle", "△": r"\triangle", "∈": r"\in", "∪": r"\cup",
                "∩": r"\cap", "≈": r"\approx", "≡": r"\equiv", "≅": r"\cong", "∼": r"\sim", "→": r"\to", "…": r"\dots",
                "⋯": r"\dots", "∑": r"\sum", "∏": r"\prod", "∫": r"\int", "⊥": r"\perp", "∥": r"\parallel", "⌊": r"\lfloor",
                "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "∅": r"\varnothing", "°": r"\circ", "º": r"\circ", "¢": "cents",
                "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "Δ": r"\Delta", "ε": r"\epsilon", "θ": r"\theta",
                "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\phi", "η": r"\eta", "ζ": r"\zeta", "κ": r"\kappa", "ν": r"\nu", "ξ": r"\xi", "χ": r"\chi", "ψ": r"\psi", "Γ": r"\Gamma",
                "Θ": r"\Theta", "Λ": r"\Lambda", "Π": r"\Pi", "Σ": r"\Sigma", "Φ": r"\Phi", "Ψ": r"\Psi", "ω": r"\omega",
                "Ω": r"\Omega",
            }.items()
        },
    }
)  # fmt: skip
"""Signs beyond ASCII to the LaTeX that means the same."""
