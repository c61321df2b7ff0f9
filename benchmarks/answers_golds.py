"""The laws of an equality on every gold answer of MATH and GSM8K."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from answers_data import rows_of, table

from kpmath_builder.answers import equivalent, final_answer
from kpmath_builder.answers.canonical import form_of
from kpmath_builder.answers.forms import Opaque

__all__ = ["golds"]

PAIRS = 200_000


def golds(data: Path, *, rows: bool) -> None:
    """Print how many are read, equal themselves and their respellings, and which random pairs are equal."""
    solutions = {
        "MATH": [
            row["solution"]
            for name in ("train.jsonl.gz", "test.jsonl")
            for row in rows_of(data / "math" / name)
        ],
        "GSM8K": [
            row["answer"] for name in ("train.jsonl", "test.jsonl") for row in rows_of(data / "gsm8k" / name)
        ],
    }
    body = []
    for name, texts in solutions.items():
        answers = [final_answer(text) for text in texts]
        unread = sum(answer is not None and isinstance(form_of(answer.parts), Opaque) for answer in answers)
        reflexive = sum(answer is not None and equivalent(answer, str(answer)).equal for answer in answers)
        body.append((name, len(texts), sum(answer is None for answer in answers), unread, reflexive))
    table(("golds", "solutions", "abstained (empty box)", "not in canonical form", "equal themselves"), body)
    distinct = sorted({str(answer) for text in solutions["MATH"] if (answer := final_answer(text))})
    _respelt(distinct)
    _pairs(distinct, rows=rows)


def _respelt(distinct: list[str]) -> None:
    tried, failed = Counter[str](), Counter[str]()
    for text in distinct:
        for rule, respelling in _respellings(text):
            tried[rule] += 1
            failed[rule] += not equivalent(text, respelling).equal
    table(
        ("respelling", "distinct MATH golds", "not equal"),
        ((rule, tried[rule], failed[rule]) for rule in tried),
    )


def _respellings(text: str) -> Iterator[tuple[str, str]]:
    yield "`\\frac` as `\\dfrac`", re.sub(r"\\[dt]?frac", r"\\dfrac", text)
    yield "in `$…$`", f"${text}$"
    yield "in `\\(…\\)`", f"\\({text}\\)"
    yield "in `\\boxed{}`", f"\\boxed{{{text}}}"
    yield "with a full stop", f"{text}."
    yield "spaces around + and =", text.replace("+", " + ").replace("=", " = ")
    if "\\left" in text and "\\left." not in text and "\\right." not in text:
        yield "without `\\left`, `\\right`", re.sub(r"\\(?:left|right)(?![a-z])", "", text)
    if "(" in text and "\\left" not in text and text.count("(") == text.count(")") and "text" not in text:
        yield "with `\\left(`, `\\right)`", text.replace("(", "\\left(").replace(")", "\\right)")


def _pairs(distinct: list[str], *, rows: bool) -> None:
    rng = random.Random(7)
    hits = set()
    for _ in range(PAIRS):
        a, b = sorted(rng.sample(distinct, 2))
        if equivalent(a, b).equal:
            hits.add((a, b))
    print(f"{PAIRS:,} random pairs of distinct MATH golds: {len(hits)} equal\n")
    if rows:
        table(("gold", "equal to"), ((f"`{a}`", f"`{b}`") for a, b in sorted(hits)))
