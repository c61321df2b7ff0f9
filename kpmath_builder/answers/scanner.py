r"""Cuts a normalised answer into tokens in one pass."""

import re
from dataclasses import replace

from kpmath_builder.answers.boxes import braced
from kpmath_builder.answers.normalise import ROW_BREAK
from kpmath_builder.answers.tokens import (
    FUNCTIONS,
    GREEK,
    Kind,
    Token,
    UnboundedError,
    UnknownCommandError,
    UnreadableError,
)
from kpmath_builder.answers.units import names_unit
from kpmath_builder.answers.vocabulary import ENGLISH, NUMBER_WORDS, SHORT_WORDS, names

__all__ = ["tokenize"]

_MAX_NESTING = 60
MAX_TOKENS = 1_500
_DECORATIONS = names(
    "mathbf boldsymbol bm vec hat bar overline mathcal mathfrak widehat tilde overrightarrow mathsf mathit"
)
_FONTS = names("mathbf boldsymbol bm mathcal mathfrak mathsf mathit")
_VECTORS = names("mathbf boldsymbol bm vec hat widehat")
_TEXTS = names("text mbox mathrm textbf textit textnormal texttt operatorname hbox textrm mathord boxed")
_OPERATORS = {"pm": "pm", "mp": "mp", "cup": "cup", "cap": "cap", "setminus": "setminus"}
_RELATIONS = {
    "le": "<=",
    "ge": ">=",
    "ne": "!=",
    "approx": "~",
    "sim": "~",
    "in": "in",
    "equiv": "==",
    "cong": "==",
    "simeq": "~",
}
_NAMED_BRACKETS: dict[str, tuple[Kind, str]] = {
    "{": ("open", "set"), "}": ("close", "set"), "langle": ("open", "<"), "rangle": ("close", "<"),
    "lfloor": ("open", "floor"), "rfloor": ("close", "floor"), "lceil": ("open", "ceil"), "rceil": ("close", "ceil"),
}  # fmt: skip
_MATRICES = frozenset(("matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix"))
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d{1,6}(?![\d.]))?|\.\d+|\d+\.(?!\d)")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?![\d,])(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"(?:(0),(\d{3})|(\d{4,}),(\d\d))(?=\s*\Z)")
_SPACED = re.compile(r"\d{1,3}(?: \d{3})+(?!\d)(?: *$)")
_MIXED = re.compile(r"(\d+) +(\d+) */ *(\d+)(?![\d.])")
_REPEATING = re.compile(r"(\d*)\.(\d*)\\(?:overline|bar|dot|overset)\{(\d+)\}|(\d*)\.(\d*)\\overline *(\d)")
_NAME = re.compile(r"\\[a-zA-Z]+|\\.")
_WORD = re.compile(r"[a-zA-Z]+(?:-[a-zA-Z]{2,})*")
_SUBSCRIPT = re.compile(r"\s*_\s*(?:(\{)|(\\[a-zA-Z]+|[A-Za-z0-9]))")
_CAPITALS = re.compile(r"\s*\{?\s*([A-Z]{1,6})(?![A-Za-z])\s*\}?")
_BLACKBOARD = re.compile(r"\s*\{?\s*([A-Z])\s*\}?((?:\s*[_^]\s*(?:\{[^{}]*\}|\S))*)")
_ENVIRONMENT = re.compile(r"\\begin\{([a-z]+\*?)\}(?:\{[^{}]*\})?")
_ALSO_WORDS = names("frac max min floor ceil sec")
_BEHIND: dict[str, tuple[Kind, str]] = {
    "degrees": ("postfix", "degree"), "degree": ("postfix", "degree"), "deg": ("postfix", "degree"),
    "mod": ("operator", "mod"), "bmod": ("operator", "mod"), "pmod": ("operator", "mod"),
}  # fmt: skip
"""Words that are signs behind a value."""
_PERCENT = re.compile(r"per\s?cent(?:age)?(?![a-zA-Z])|pct(?![a-zA-Z])", re.IGNORECASE)
_PREFIX = re.compile(r"sqrt(?=.)|(?:sin|cos|tan|log|ln)(?=[a-z]\Z)")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a normalised text.

    Raises
    ------
    UnreadableError
        For signs that are not known, and for more than 1,500 tokens.

    """
    return _Scanner(text).run()


class _Scanner:
    """Walks over the text once; `depth` counts open brackets, inside which a comma never groups thousands."""

    def __init__(self, text: str, *, prose: bool = False) -> None:
        self.text = text
        self.prose = prose
        self.at = 0
        self.depth = 0
        self.nesting = 0
        self.tokens: list[Token] = []

    def run(self) -> list[Token]:
        while self.at < len(self.text):
            if len(self.tokens) > MAX_TOKENS:
                raise UnreadableError("too long")
            self._step(self.text[self.at])
        return self.tokens

    def _add(self, kind: Kind, value: str, end: int, cells: tuple[tuple[str, ...], ...] = ()) -> None:
        self.tokens.append(Token(kind, value, self.at, end, cells))
        self.at = end

    def _step(self, char: str) -> None:
        if char == " ":
            self.at += 1
        elif char.isdigit() or (char == "." and self.text[self.at + 1 : self.at + 2].isdigit()):
            self._number()
        elif char == "\\":
            self._command()
        elif char.isalpha():
            self._word()
        elif char in "+-*/^!|'&":
            self._operator(char)
        elif char in "([{":
            self._nest(1)
            self.depth += char != "{"
            self._add("open", char, self.at + 1)
        elif char in ")]}":
            self._nest(-1)
            self.depth -= char != "}"
            self._add("close", char, self.at + 1)
        elif char in "=<>":
            self._add("relation", char, self.at + 1)
        elif char in ",;":
            self._add("separator", char, self.at + 1)
        else:
            self._sign(char)

    def _nest(self, step: int) -> None:
        self.nesting += step
        if self.nesting > _MAX_NESTING:
            raise UnboundedError("nested too deep")

    def _sign(self, char: str) -> None:
        if char == ":":
            self._add("relation", ":", self.at + 1)
        elif char == "%":
            self._add("postfix", "%", self.at + 1)
        elif char in "€£₹":
            self._add("text", char, self.at + 1)
        elif char in ".?" and not self.text[self.at + 1 :].strip(" .?"):
            self.at = len(self.text)  # what closes a sentence
        else:
            raise UnreadableError(f"unknown sign {char!r}")

    def _operator(self, char: str) -> None:
        if char == "'":
            end = self.at + (2 if self.text.startswith("''", self.at) else 1)
            self._add("postfix", self.text[self.at : end], end)
        else:
            self._add("operator", char, self.at + 1)

    def _number(self) -> None:
        repeating = _REPEATING.match(self.text, self.at)
        if repeating:
            whole, fixed, period = (repeating[i] or repeating[i + 3] or "" for i in (1, 2, 3))
            self._add("number", f"{whole}.{fixed}({period})", repeating.end())
            return
        comma = (
            _DECIMAL_COMMA.match(self.text, self.at)
            if not self.tokens or self.tokens[-1].value == "-"
            else None
        )
        if comma:
            self._add("number", f"{comma[1] or comma[3]}.{comma[2] or comma[4]}", comma.end())
            return
        mixed = _MIXED.match(self.text, self.at)
        if mixed:
            self._add("number", f"{mixed[1]} {mixed[2]}/{mixed[3]}", mixed.end())
            return
        grouped = _GROUPED.match(self.text, self.at) if self.depth <= 0 else None
        grouped = grouped or (_SPACED.match(self.text, self.at) if not self.tokens else None)
        found = grouped or _NUMBER.match(self.text, self.at)
        if found is None:
            raise UnreadableError("unknown digit")
        end = found.end()
        base = _SUBSCRIPT.match(self.text, end)
        if base:
            content, after = self._subscript(base)
            self._add("number", f"{found[0]}_{content}", after)
        else:
            self._add("number", found[0].replace(",", "").replace(" ", ""), end)

    def _subscript(self, found: re.Match[str]) -> tuple[str, int]:
        if not found[1]:
            return found[2], found.end()
        end = braced(self.text, found.end() - 1)
        if end < 0:
            raise UnreadableError("open brace")
        content = re.sub(r"\\(?:text|mathrm|mbox)|[{}\s\\]", "", self.text[found.end() : end - 1])
        return NUMBER_WORDS.get(content.lower(), content), end

    def _symbol(self, name: str, end: int) -> None:
        below = _SUBSCRIPT.match(self.text, end)
        if below:
            content, end = self._subscript(below)
            name += "_" + content
        while self.text.startswith("'", end):
            name, end = name + "'", end + 1
        self._add("symbol", name, end)

    def _command(self) -> None:
        found = _NAME.match(self.text, self.at)
        if found is None:
            raise UnreadableError("a lone backslash")
        name, end = found[0][1:], found.end()
        if name in _TEXTS or name in _DECORATIONS:
            self._wrapped(name, end)
        elif name in FUNCTIONS:
            self._function(name, end)
        elif name in GREEK or name in {
            "pi",
            "infty",
            "hbar",
            "star",
            "heartsuit",
            "diamondsuit",
            "clubsuit",
            "spadesuit",
            "square",
        }:
            self._symbol(name, end)
        elif name in _OPERATORS:
            self._add("operator", _OPERATORS[name], end)
        elif name in _RELATIONS:
            self._add("relation", _RELATIONS[name], end)
        else:
            self._rare(name, end)

    def _function(self, name: str, end: int) -> None:
        self._add("function", name, end)
        below = _SUBSCRIPT.match(self.text, end) if name in {"log", "ln"} else None
        if below:
            content, after = self._subscript(below)
            self._add("text", "_" + content, after)

    def _rare(self, name: str, end: int) -> None:
        if name in _NAMED_BRACKETS:
            kind, bracket = _NAMED_BRACKETS[name]
            self._nest(1 if kind == "open" else -1)
            self.depth += 1 if kind == "open" else -1
            self._add(kind, bracket, end)
        elif name in {"%", "degree"}:
            self._add("postfix", name, end)
        elif name in {"pmod", "bmod", "mod"}:
            self._add(*_BEHIND[name], end)
        elif name in {"$", "|"}:
            self._add("text" if name == "$" else "operator", name, end)
        elif name == "emptyset":
            self._add("symbol", name, end)
        elif name in {"triangle", "angle", "mathbb"}:
            self._blackboard(end) if name == "mathbb" else self._figure(name, end)
        elif name == "forall":
            self._add("text", name, end)
        elif name == "begin":
            self._matrix()
        else:
            raise UnknownCommandError(f"unknown command \\{name}")

    def _figure(self, name: str, end: int) -> None:
        r"""Add `\triangle ABC` or `\angle B` as one symbol: its letters are a name, not a product."""
        letters = _CAPITALS.match(self.text, end)
        self._symbol(f"{name} {letters[1]}", letters.end()) if letters else self._symbol(name, end)

    def _blackboard(self, end: int) -> None:
        found = _BLACKBOARD.match(self.text, end)
        if found is None:
            raise UnreadableError("open \\mathbb")
        marks = re.sub(r"[{}\s]", "", found[2])
        self._add("symbol", f"set {found[1]}{marks}", found.end())

    def _wrapped(self, name: str, end: int) -> None:
        start = len(self.text) - len(self.text[end:].lstrip())
        if self.text[start : start + 1] != "{":
            self.at = end
            return
        after = braced(self.text, start)
        if after < 0:
            raise UnreadableError("open brace")
        content = self.text[start + 1 : after - 1].strip()
        if name in _FONTS and not re.fullmatch(r"[A-Za-z]", content):
            self.at = end  # a font says nothing about a number or an expression
        elif name in _DECORATIONS:
            self._decorated(name, content, after)
        elif content in FUNCTIONS and not self._measures(name, content):
            self._function(content, after)
        elif name in {"mathrm", "text", "textit"} and content in {"e", "i"}:
            self._symbol(content, after)
        else:
            self._text(content, after)

    def _measures(self, name: str, content: str) -> bool:
        r"""Whether `min` or `sec` is a unit: `9 \text{ min}`, not `\operatorname{min}(a, b)`."""
        behind = bool(self.tokens) and self.tokens[-1].kind in {"number", "close"}
        return content in {"min", "sec"} and behind and name != "operatorname"

    def _decorated(self, name: str, content: str, after: int) -> None:
        r"""Add a symbol with its mark; \mathbf{i} and \hat{i} are written for one unit vector."""
        if content in {"i", "j", "k"} and name in _VECTORS:
            self._symbol(f"unit {content}", after)
        else:
            plain = re.sub(r"[{}\s]", "", content)
            self._symbol(f"{'bold' if name in _FONTS else name} {plain}", after)

    def _text(self, content: str, after: int) -> None:
        """Scan what stands in a text command: its letters are words, also a single one, and never products."""
        if content.isdigit():  # \\text{1101}_2
            self.text = f"{self.text[: self.at]}{content}{self.text[after:]}"
            return
        inner = _Scanner(content, prose=True)
        inner.nesting, inner.depth = self.nesting + 1, self.depth
        for token in inner.run():
            self.tokens.append(replace(token, start=self.at, end=after))
        self.at = after

    def _word(self) -> None:
        found = _WORD.match(self.text, self.at)
        if found is None:
            raise UnreadableError(f"unknown letter {self.text[self.at]!r}")
        word, end = found[0], found.end()
        lower = word.lower()
        if lower in {"and", "or"}:
            self._add("separator", lower, end)
        elif word in FUNCTIONS and not (word in _ALSO_WORDS and (self.prose or not self._calls(end))):
            self._function(word, end)
        elif lower in {"pi", "infinity", "infty", "inf", "oo"}:
            self._symbol("pi" if lower == "pi" else "infty", end)
        elif word in GREEK:
            self._symbol(word, end)
        elif percent := _PERCENT.match(self.text, self.at):
            self._add("postfix", "%", percent.end())
        elif lower in _BEHIND and self.tokens:
            self._add(*_BEHIND[lower], end)
        elif self.prose:
            self._add("text", word, end)
        else:
            self._letters(word, end)

    def _calls(self, end: int) -> bool:
        """Whether a word that is a function too is one here: `max(a, b)`, `sec x`, but `5 sec`."""
        behind = bool(self.tokens) and self.tokens[-1].kind in {"number", "close"}
        return self.text[end : end + 1] == "(" or (self.text.startswith("sec", self.at) and not behind)

    def _letters(self, word: str, end: int) -> None:
        """Read a run of letters as a function and what follows (`sinx`), a product (`xe`, `abc`), or a word."""
        prefix = _PREFIX.match(word)
        if len(word) == 1:
            self._symbol(word, end)
        elif prefix and word.lower() not in ENGLISH:
            self._add("function", prefix[0], self.at + len(prefix[0]))
        elif _is_product(word) and (word.islower() or self.tokens or end < len(self.text)):
            self._symbol(word[0], self.at + 1)
        else:
            self._add("text", word, end)

    def _matrix(self) -> None:
        opening = _ENVIRONMENT.match(self.text, self.at)
        if opening is None:
            raise UnreadableError("open environment")
        name = opening[1].rstrip("*")
        close = self.text.find(f"\\end{{{opening[1]}}}", opening.end())
        if close < 0 or (name not in _MATRICES and name not in {"cases", "array"}):
            raise UnknownCommandError(f"environment {name}")
        body = self.text[opening.end() : close]
        rows = tuple(tuple(c.strip() for c in row.split("&")) for row in body.split(ROW_BREAK) if row.strip())
        self._add("matrix", name, close + len(f"\\end{{{opening[1]}}}"), rows)


def _is_product(word: str) -> bool:
    """Whether letters side by side are variables: up to three that are no word, or up to six without a vowel."""
    lower = word.lower()
    if lower in SHORT_WORDS or lower in NUMBER_WORDS or names_unit(word):
        return False
    if len(word) <= 3:
        return word.islower() or not _VOWEL.search(word[1:] if len(word) < 3 else word)
    return len(word) <= 6 and word.islower() and not _VOWEL.search(word)
