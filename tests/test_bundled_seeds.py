"""The seed problems that ship with the package: right to the last digit, our own, and fit for changing their numbers."""

import ast
import json
import operator
import re
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import pytest

from kpmath_builder.seeds import load_seeds

ROWS = [
    json.loads(line)
    for line in (files("kpmath_builder") / "data" / "seeds.jsonl").read_text("utf-8").splitlines()
]
EACH = pytest.mark.parametrize("row", ROWS, ids=[row["question"][:40] for row in ROWS])
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def value(node: ast.expr) -> Fraction:
    """Compute exactly; anything but whole numbers and + - * / is a KeyError or an assertion."""
    if isinstance(node, ast.BinOp):
        return Fraction(OPERATORS[type(node.op)](value(node.left), value(node.right)))
    assert isinstance(node, ast.Constant)
    assert type(node.value) is int
    return Fraction(node.value)


def steps(row: dict[str, str]) -> list[tuple[str, str]]:
    return re.findall(r"<<([^=<>]+)=([^=<>]+)>>", row["answer"])


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def test_they_load_without_a_note():
    seeds = load_seeds()
    assert seeds.notes() == ()
    assert len(seeds.problems) == len(ROWS) >= 60
    assert {(seed.source, seed.licence, seed.shareable) for seed in seeds.problems} == {
        ("kpmath-builder", "apache-2.0", True)
    }
    assert seeds.problems[0].id == "bundled/00000"
    assert len({" ".join(re.findall(r"[a-z]+", seed.problem.lower())) for seed in seeds.problems}) == len(
        ROWS
    )


@EACH
def test_every_step_computes_to_what_it_says(row: dict[str, str]):
    """Each line but the last has one annotation, repeated in plain text before it and stated after it."""
    *lines, final = row["answer"].splitlines()
    assert 2 <= len(lines) <= 5
    for line in lines:
        match = re.fullmatch(
            r"[^<>=]*?(\d+(?: [-+*/] \d+)+) = \$?<<([^=<>]+)=(\d+)>>(\d+)\b[^<>=\d]*\.", line
        )
        assert match, line
        spelt, expression, result, stated = match.groups()
        assert spelt.replace(" ", "") == expression
        assert result == stated
        assert value(ast.parse(expression, mode="eval").body) == int(result) > 0
    assert final == f"#### {steps(row)[-1][1]}"


@EACH
def test_every_number_is_told_apart(row: dict[str, str]):
    """Each given occurs once and is used, each result is new, and each result but the last is used later."""
    given = numbers(row["question"])
    results = [result for _, result in steps(row)]
    operands = [numbers(expression) for expression, _ in steps(row)]
    assert len({*given, *results}) == len(given) + len(results)
    assert set(given) <= {number for numbers_used in operands for number in numbers_used}
    for i, result in enumerate(results[:-1]):
        assert any(result in numbers_used for numbers_used in operands[i + 1 :])


@EACH
def test_the_last_sentence_asks(row: dict[str, str]):
    *_, last = re.split(r"(?<=[.?!]) ", row["question"])
    assert re.fullmatch(r"(How many|How much|What) [^.?!]+\?", last)
    assert row["question"].count("?") == 1


def grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 8]) for i in range(len(words) - 7)}


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_question_shares_eight_words_in_a_row_with_gsm8k(shared_data: Path, split: str):
    theirs = {
        gram
        for line in (shared_data / "gsm8k" / f"{split}.jsonl").read_text("utf-8").splitlines()
        for gram in grams(json.loads(line)["question"])
    }
    assert len(theirs) > 10_000
    shared = {gram for row in ROWS for gram in grams(row["question"])} & theirs
    assert not shared
