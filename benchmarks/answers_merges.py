"""Every merge of two different texts over the model outputs, by kind, and a sample of them to read by eye."""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from answers_data import OUTPUTS, outputs, table

from kpmath_builder.answers import final_answer, forms, vote
from kpmath_builder.answers.canonical import form_of

__all__ = ["merges"]

SAMPLE = 200
_LEFT_OUT = {
    "LABEL": "a label left out",
    "UNIT": "a unit or noun left out",
    "PER": "what a price is for left out",
    "CONTENT": "the content of a choice left out",
    "CLOCK": "a time of day and a ratio",
    "BRACKETS": "brackets left out",
}
_PLAIN = re.compile(r"[-+\\$€£\s{}!,.\d]*(?:\\?%)?")


def merges(data: Path, *, rows: bool) -> None:
    """Print how many pairs of texts of one question are merged by kind; with rows, a sample of each kind."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    texts = 0
    for name in OUTPUTS:
        for problem in outputs(data, name):
            read = [final_answer(output["text"]) for output in problem["outputs"]]
            texts += sum(answer is not None for answer in read)
            for a, b in _merged([str(answer) for answer in read if answer]):
                found[_kind(a, b)].append((a, b))
    number = sum(map(len, found.values()))
    print(f"{texts:,} answers; {number:,} merges of two different texts\n")
    table(
        ("kind", "merges"),
        sorted(Counter({k: len(v) for k, v in found.items()}).items(), key=lambda item: -item[1]),
    )
    if rows:
        every = [(kind, *pair) for kind, pairs in sorted(found.items()) for pair in pairs]
        sample = random.Random(20261126).sample(every, min(SAMPLE, len(every)))
        table(("kind", "answer", "merged with"), ((k, f"`{a}`", f"`{b}`") for k, a, b in sorted(sample)))


def _merged(answers: list[str]) -> Iterator[tuple[str, str]]:
    """Yield neighbours among the different texts of each class."""
    for group in vote(answers, "paper").classes:
        yield from pairwise(sorted({answers[member] for member in group.members}))


def _kind(a: str, b: str) -> str:
    first, second = form_of((a,)), form_of((b,))
    for name, kind in _LEFT_OUT.items():
        if (first.has ^ second.has) & getattr(forms.Decoration, name):
            return kind
    if isinstance(first, forms.Opaque) or isinstance(second, forms.Opaque):
        return "found by the checker"
    if isinstance(forms.bare(first), forms.Word):
        return "words spelt otherwise"
    return "a number spelt otherwise" if all(map(_PLAIN.fullmatch, (a, b))) else _same_value(first)


def _same_value(form: forms.Form) -> str:
    return f"the same value ({type(forms.bare(form)).__name__.lower()})"
