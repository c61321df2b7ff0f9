"""Answers in words: yes and no, choice letters, names for no solution, and sentences that state one quantity."""

import re
from collections.abc import Iterator

from kpmath_builder.answers.phrases import QUALIFIED
from kpmath_builder.answers.precision import Key

__all__ = [
    "WORDS_FOR",
    "choice_of",
    "criterion",
    "stated",
    "stated_word",
    "without_reason",
    "word_key",
    "yes_or_no",
]

_COMMAND = re.compile(r"\\(?:text|mbox|mathrm|textbf|textit|textnormal|mathbf|hbox|operatorname)\s*(?=\{)")
_YES = re.compile(
    r"(yes|true)(?=[.,;:!\s]*\Z|[.,;:!]\s*\S|\s+(?:it|there|the|this|they|he|she|we)\s)", re.IGNORECASE
)
_NO = re.compile(r"(no|false)(?=[.,;:!\s]*\Z|[.,;:!]\s|,\S)", re.IGNORECASE)
_LIMITED = re.compile(
    r"\b(?:if|when|whenever|unless|except|only|but|provided|until|or|yes|no|true|false)\b", re.IGNORECASE
)
"""What makes an explanation of yes or no more than one."""
_STATEMENT = re.compile(
    r"[.,;:!]?\s*(?!(?:for|where|with|at|in)\b).*?\b(?:is|are|was|were|does|do|has|have|can|will|there|suggests?|differs?|shows?)\b",
    re.IGNORECASE | re.DOTALL,
)
"""How an explanation looks in which numbers stand."""
_BOUNDS = re.compile(r"[<>≤≥≠∈]|\\(?:le|ge|ne|in)\b")
_SIGNS = re.compile(r"\d|\\[a-zA-Z]|[=<>^+*/]")
_CHOICE = re.compile(
    r"(?:(?:option|choice|answer|set)\s*)?(?:([A-Za-z])|\(\s*([A-Za-z])\s*\)|\[\s*([A-Za-z])\s*\]|([A-Za-z])\))[.:]?",
    re.IGNORECASE,
)
_CHOICE_SAYS = re.compile(r"(?:\(([A-H])\)|([A-H])[.)])\s+(\S.*)", re.DOTALL)
_NO_CONTENT = re.compile(
    r"\A[^\w\\({\[$+-]|\A[^a-zA-Z0-9]*\Z|\A\([^()]*(?:[<>=]|\\(?:le|ge|ne|in)\b)[^()]*\)\Z"
    r"|\A(?:\\text\s*\{)?\s*(?:if|for|when|where|unless|except|and|or|only|not|with|given)\b",
    re.IGNORECASE,
)
"""What follows a letter and is no content of the choice: punctuation, or a condition."""
_WORD = re.compile(r"\\[a-zA-Z]+|[^\W\d_]+(?:['’][a-z]+)?|\d+(?:[.,:]\d+)*|\S")
_PUNCTUATION = frozenset(".,;:\"'“”’`$")
_ARTICLES = frozenset(("a", "an", "the", "is", "are"))
WORDS_FOR = {
    "emptyset": frozenset(
        (
            "none",
            "empty set",
            "no solution",
            "no solutions",
            "there no solution",
            "there no solutions",
            "none exist",
        )
    ),
    "no real number": frozenset(
        ("no real solution", "no real solutions", "no real roots", "there no real solutions")
    ),
    "undefined": frozenset(("dne", "does not exist", "limit does not exist")),
    "infinity": frozenset(
        ("infinitely many", "infinite", "infinity", "infinitely many solutions", "infinite solutions")
    ),
}
"""Ways of saying in words that there is no solution, no value, no end; as `word_key` leaves them."""
_STATES = re.compile(r"\b(?:is|are|was|were|equals?)\b[:\s]*", re.IGNORECASE)
_QUANTITY = re.compile(r"(?<![\w.^_{])-?(?:\\?\$)?\d[\d,]*(?:\.\d+)?(?:/\d+)?(?:\s*\\?%)?")
_IS_WORD = re.compile(r"(?:is|are)\s+(?:an?\s+|the\s+)?([A-Za-z]{3,}(?:-[a-z]+)?)[.!]?\s*\Z")
_REASON = re.compile(r"\s*,?\s+(?:because|since)\s+(?=[a-z])", re.IGNORECASE)
_CLOSES = re.compile(r"\$?\s+(?:is|are) the (?:final |correct |only )?(?:answer|solution|result)s?\s*\Z")
_CRITERION = re.compile(
    r"\s*\$?\s*(?:\\text\s*\{)?\s*\bis\s+(?:both\s+)?(?:a|the)\s+necessary\s+and\s+sufficient\s+condition\b(?P<rest>.*)",
    re.DOTALL,
)
"""Behind an equation: what it is the condition of. One that is only necessary, or only sufficient, is another answer."""
_MAX_SENTENCE = 600
_MIN_SENTENCE = 4
_FORMULA = re.compile(r"(?<!\\)\$([^$]+)\$")
_FORMAL = re.compile(r"[\d\\=<>^]")
"""What makes of the words around a number a formula, or a second number."""
_PREDICATE = re.compile(
    r"\b(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should|must|may)\b", re.IGNORECASE
)
"""Behind a quantity: the sentence then says something about it (`the root $x = 5$ is extraneous`), it does not give it."""
_PROSE = re.compile(r"(?<![\\a-zA-Z])[A-Za-z]{2,}")


def word_key(text: str) -> Key | None:
    """Return the key of an answer in words, or None where it holds no word.

    Case, articles and punctuation do not count; every other word and sign does.
    """
    plain = _plain(text)
    choice = _CHOICE.fullmatch(plain)
    if choice:
        return ("letter", next(letter for letter in choice.groups() if letter).lower())
    found = _WORD.findall(plain.rstrip("!? "))
    words = [
        word if len(word) == 1 else word.casefold()
        for at, word in enumerate(found)
        if word not in _PUNCTUATION
        and not (word.casefold() in _ARTICLES and _is_word(found[at + 1 : at + 2]))
    ]
    return ("text", *words) if any(word[-1].isalpha() for word in words) else None


def _plain(text: str) -> str:
    return re.sub(r"[{}]", " ", _COMMAND.sub(" ", text)).strip()


def yes_or_no(text: str) -> tuple[str, Key] | None:
    """Return yes or no and the key of its explanation: () unless numbers or mathematics stand in it.

    A condition is no explanation: `yes, if n is odd` is neither.
    """
    plain = _plain(text)
    for pattern, meaning in ((_YES, "yes"), (_NO, "no")):
        found = pattern.match(plain)
        tail = plain[found.end() :] if found else ""
        if not found or _LIMITED.search(tail):
            continue
        if not _SIGNS.search(tail):
            return meaning, ()
        if _STATEMENT.match(tail) and not _BOUNDS.search(tail):
            return meaning, word_key(tail) or ("signs", tail)
    return None


def _is_word(following: list[str]) -> bool:
    """Whether a word follows, so that an `a` before it is an article and no variable."""
    return bool(following) and len(following[0]) > 1 and following[0].isalpha()


def choice_of(text: str) -> tuple[str, str] | None:
    """Return letter and content of a choice that says what it stands for: `C. 12`, `(C) 12`."""
    plain = re.sub(r"\\(?:text|textbf|mathrm|mathbf|mbox|textit)\s*\{\s*(\(?[A-H][.)])\s*\}", r"\1", text)
    plain = re.sub(
        r"\\(?:text|textbf|mathrm|mathbf|mbox|textit)\s*\{\s*(\(?[A-H][.)])\s+", r"\1 \\text{", plain
    )
    found = _CHOICE_SAYS.fullmatch(plain.strip())
    return (found[1] or found[2], found[3]) if found and not _NO_CONTENT.search(found[3]) else None


def without_reason(text: str) -> str:
    """Return an answer without what only comments on it: `42 because geometry proves it`, `x ≥ 5 is the solution`."""
    closing = _CLOSES.search(text)
    if closing and _SIGNS.search(text[: closing.start()]):
        text = text[: closing.start()] + text[closing.start() : closing.start() + 1].replace(" ", "")
    found = _REASON.search(text)
    reason = text[found.end() :] if found else ""
    return (
        text[: found.start()] if found and not _LIMITED.search(reason) and not _SIGNS.search(reason) else text
    )


def criterion(text: str) -> tuple[str, Key] | None:
    """Return the equation of `R = 1 is a necessary and sufficient condition for …`, and the key of what it is the condition of."""
    found = _CRITERION.search(text)
    equation = text[: found.start()] if found else ""
    if found is None or not re.search(r"[=<>]|\\(?:le|ge|ne)\b", equation) or _PROSE.search(equation):
        return None
    return equation, word_key(found["rest"]) or ()


def stated_word(text: str) -> tuple[str, str] | None:
    """Return the one word that a sentence says of its subject, and the subject: `The function f(x) is odd.`."""
    found = _IS_WORD.search(text) if len(text) <= _MAX_SENTENCE else None
    subject = text[: found.start()] if found else ""
    long_enough = len(re.findall(r"[A-Za-z]{2,}", subject)) >= 2 and subject[:1].isupper()
    return (found[1], subject) if found and long_enough and not QUALIFIED.search(subject) else None


def stated(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a sentence may state as its one quantity, best first, each with the words around it, which are its label."""
    if len(text) > _MAX_SENTENCE or QUALIFIED.search(text):
        return
    for verb in reversed(list(_STATES.finditer(text))[-3:]):
        tail = text[verb.end() :].strip(" .")
        if tail and (tail[0] in "\\-([{$√π" or tail[0].isdigit()):
            yield tail, text[: verb.start()]
    if not text.lstrip()[:1].isalpha():
        return  # a value with something behind it is no sentence
    formulas = list(_FORMULA.finditer(text))
    if len(formulas) == 1:
        only = formulas[0]
        if not _PREDICATE.search(text, only.end()):
            yield only[1], text.replace(only[0], "#")
        return
    numbers = list(_QUANTITY.finditer(text))
    sentence = len(_PROSE.findall(text)) >= _MIN_SENTENCE  # "October 30" is not 30
    if sentence and len(numbers) == 1 and not formulas:
        only = numbers[0]
        around = text.replace(only[0], "#")
        if not _FORMAL.search(around) and not _PREDICATE.search(text, only.end()):
            yield only[0], around
