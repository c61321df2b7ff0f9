"""A word, letter, sign, label or condition put into one side of a pair makes it unequal, unless a stated rule says otherwise.

The rules are those of docs/answers.md; each is a short function below, and each says in its name what carries no meaning.
"""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from families import first

from kpmath_builder.answers.equivalence import compare
from kpmath_builder.answers.wrappers import unwrap

GOLDS = [
    "18", "-7", r"\frac{3}{8}", "0.375", r"2\sqrt{3}", r"\sqrt{ab}", "x^2-5x+6", "2xe^x", r"\frac{x+1}{x-2}", "(3,-2)", "(1,2,3)", "1, 2, 3",
    r"\{1,2\}", "[0,1)", r"(-\infty,2]\cup(5,\infty)", "x=5", "f(x)=2x+1", "y=2x-3", "x>2", r"-1\le x\le3", r"\frac{\pi}{4}+k\pi", "3+4i", "5 cm",
    r"18\text{ apples}", r"12\text{ square units}", "$5", r"25\%", r"90^\circ", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\lfloor n/2\rfloor", "|x-1|",
    r"\text{even}", r"\text{Monday}", r"\text{two lines}", "parabola", "7:30 pm", "5:8", "1:2:3", r"1101_2", r"\binom{5}{2}", r"\log_2 7", r"\sum_{k=1}^{n}k",
    r"x=1, y=2", r"\text{length}=5, \text{width}=3", r"n\equiv1\pmod3", r"n=2^k \text{ for } k\ge1", r"\begin{cases}1&n\text{ odd}\\2&n\text{ even}\end{cases}",
    "5 nickels and 3 dimes", r"\{2k : k\in\mathbb{Z}\}", r"\triangle ABC", "no solution", "xyz", "AB=12", r"\pm 3",
]  # fmt: skip
WORDS = [
    "increase", "decrease", "north", "older", "squared", "less", "more", "odd", "even", "at_most", "at_least", "max", "not", "prime", "fox", "only",
    "below", "clockwise", "if", "unless", "positive", "negative", "minus", "times", "half", "hundred", "percent", "twice", "first", "except",
    "without", "between",
]  # fmt: skip
LETTERS = list("abcxyzknmAB")
SIGNS = [*"+-*/^!|'%<>_()[]{}&#@°π∞√±", r"\pm", r"\le", r"\ne", r"\in"]
LABELS = ["x = ", "y = ", "f(1)=", "Tom: ", r"\max=", r"\min=", "Area = ", "P(A)="]
CONDITIONS = [
    " if n is odd", " for x>0", ", k\\ge 1", " where n is even", r" \text{ for } k\ge 0", " unless x=2", " when y=3", r" (x \neq 1)", r", n \in \mathbb{N}",
]  # fmt: skip


def unsigned(text: str) -> str:
    """Return the text without signs that change no value: a plus, a pair of minuses, a product sign, LaTeX spaces."""
    return re.sub(
        r"(?<![\d\w)])\+|0\+(?=\.)|(?<=\})\+(?= k)|--|\*|\\\\>|\\\\(?=sqrt)|\s", "", text.replace("0.", ".")
    )


def says_nothing(before: str, after: str, inserted: str) -> bool:
    """Whether a stated rule says that the insertion carries no meaning."""
    return (
        unsigned(before) == unsigned(after.replace(r"\>sqrt", r"\sqrt"))
        or _of_a_zero(after, inserted)
        or _of_a_unit(before, after, inserted)
        or _in_a_noun(before, after)
        or _of_a_delimiter(before, inserted)
        or _of_one(before, inserted)
        or _of_a_name(before, after, inserted)
        or _of_both_signs(before, inserted)
    )


def _of_a_zero(after: str, inserted: str) -> bool:
    """0·x, 0!·…, -0 and ±0 are 0."""
    return bool(
        re.search(rf"(?<![\d.])(?:{re.escape(inserted)}\s*0|0\s*{re.escape(inserted)})(?![\d.])", after)
    )


def _of_a_unit(before: str, after: str, inserted: str) -> bool:
    """Degrees are a unit, and a unit may be left out; where there is one already they are another."""
    return inserted == "°" and not re.search(r"text|cm|circ|%|\$", before) and after != before


def _in_a_noun(before: str, after: str) -> bool:
    """`18 apples` is 18, and so is 18 of anything else that is counted."""
    return bool(re.fullmatch(r"1[28]\\text\{ .*\}", before)) and bool(
        re.fullmatch(r"1[28]\\text\{ .*s\}", after)
    )


def _of_a_delimiter(before: str, inserted: str) -> bool:
    """Braces that group nothing are LaTeX; quotes and brackets around words are punctuation."""
    return inserted in {"{", "}", "'", "[", "]", "(", ")", "#", "@"} and bool(re.search(r"[a-z]{3}", before))


def _of_one(before: str, inserted: str) -> bool:
    """1! is 1, 2! is 2, √1 is 1."""
    return inserted in {"!", "√"} and bool(re.search(r"[012]", before))


def _of_a_name(before: str, after: str, inserted: str) -> bool:
    """`A(3, -2)` is the point A; an article before a word is none."""
    article = inserted in {"a", "A"} and r"\text" in before
    return article or (before.startswith("(") and after == inserted + before and inserted in {"A", "B"})


def _of_both_signs(before: str, inserted: str) -> bool:
    """±(-3) is ±3; `!` closes a sentence of words."""
    return (r"\pm" in before and inserted in {"-", "+", "±", r"\pm"}) or (
        inserted == "!" and before.replace(" ", "").isalpha()
    )


def inserted_anywhere(rng: random.Random, text: str, pieces: list[str]) -> tuple[str, str]:
    piece = rng.choice(pieces)
    at = rng.randint(0, len(text))
    spaced = (
        f" {piece.replace('_', ' ')} " if len(piece) > 2 and piece.isascii() and piece[0].isalpha() else piece
    )
    return text[:at] + spaced + text[at:], piece


def condition(rng: random.Random, text: str) -> tuple[str, str]:
    piece = rng.choice(CONDITIONS)
    return text + piece, piece


KINDS: dict[str, Callable[[random.Random, str], tuple[str, str]]] = {
    "word": lambda rng, text: inserted_anywhere(rng, text, WORDS),
    "letter": lambda rng, text: inserted_anywhere(rng, text, LETTERS),
    "sign": lambda rng, text: inserted_anywhere(rng, text, SIGNS),
    "condition": condition,
}


def equal(a: str, b: str) -> bool:
    return compare((unwrap(a),), (unwrap(b),)).equal


@pytest.mark.parametrize("golds", first(1, [GOLDS[:18], GOLDS]), ids=["a third", "all"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_insertion_is_never_overlooked(kind: str, golds: list[str]):
    rng = random.Random(20261126)
    overlooked = []
    for gold in golds:
        for _ in range(60):
            changed, piece = KINDS[kind](rng, gold)
            if equal(gold, changed) and not says_nothing(gold, changed, piece):
                overlooked.append((gold, changed))
    assert overlooked == []


@pytest.mark.parametrize("label", LABELS)
def test_a_label_may_be_left_out_but_not_exchanged(label: str):
    for gold in ("18", r"\frac{3}{8}", "(3,-2)", "[0,1)", "5 cm", "2t+1"):
        assert equal(label + gold, gold)
        for other in LABELS:
            assert equal(label + gold, other + gold) == (label == other), (label, other, gold)


@pytest.mark.slow
def test_insertions_into_real_golds_are_not_overlooked(shared_data: Path):
    """The golds of the labelled cases, each with a handful of words and conditions."""
    rows = [
        json.loads(line)
        for name in ("pairs_sources", "pairs_shapes", "pairs_traps")
        for line in (shared_data / "answer_cases" / f"{name}.jsonl").read_text().splitlines()
    ]
    golds = sorted({row["reference"] for row in rows if row["equal"] and "boxed" not in row["reference"]})
    rng = random.Random(20261126)
    overlooked = []
    for gold in golds:
        for make in (KINDS["word"], condition):
            for _ in range(10):
                changed, piece = make(rng, gold)
                if equal(gold, changed) and not says_nothing(gold, changed, piece):
                    overlooked.append((gold, changed))
    assert overlooked == []
