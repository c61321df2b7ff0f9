"""The examples of docs/answers.md hold."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder.answers import ArithmeticCheck, check_arithmetic, equivalent

PAGE = Path(__file__).resolve().parents[1] / "docs" / "answers.md"
_ROW = re.compile(
    r"\| `([^`]+)` \| (?:`([^`]+)` \| )?(equal|different|unknown|right|wrong|nothing|unread) \|"
)


def rows() -> Iterator[tuple[str, str | None, str]]:
    for match in _ROW.finditer(PAGE.read_text()):
        yield match[1], match[2], match[3]


@pytest.mark.parametrize(("a", "b", "verdict"), [row for row in rows() if row[1]])
def test_two_answers_compare_as_the_page_says(a: str, b: str, verdict: str):
    assert equivalent(a, b).kind == equivalent(b, a).kind == verdict


@pytest.mark.parametrize(("statement", "verdict"), [(row[0], row[2]) for row in rows() if not row[1]])
def test_a_statement_is_judged_as_the_page_says(statement: str, verdict: str):
    expected = {
        "right": (True, 0, 0),
        "wrong": (True, 1, 0),
        "nothing": (False, 0, 0),
        "unread": (False, 0, 1),
    }
    found: ArithmeticCheck = check_arithmetic(statement)
    assert (found.checked > 0, len(found.wrong), len(found.unread)) == expected[verdict]


@pytest.mark.parametrize(
    ("a", "b", "strict", "published"),
    re.findall(r"\| `([^`]+)` \| `([^`]+)` \| (different|unknown) \| (equal|different) \|", PAGE.read_text()),
)
def test_published_graders_find_equal_what_the_page_says(a: str, b: str, strict: str, published: str):
    assert equivalent(a, b).kind == strict
    assert equivalent(a, b, rule="published").kind == equivalent(b, a, rule="published").kind == published


def test_the_page_has_its_tables():
    assert sum(1 for _ in rows()) > 60


def test_the_reward_functions_of_the_page_work():
    """TRL calls with lists and the columns of the data set, verl with one text and further facts."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)  # the page is ours
    conversation = [{"role": "assistant", "content": r"\boxed{12}"}]
    assert names["correct"](
        prompts=["?", "?"], completions=[conversation, "13"], answer=["12", "12"], level=[1, 2]
    ) == [1.0, 0.0]
    assert names["compute_score"]("gsm8k", r"\boxed{12}", "12", extra_info={"index": 0}) == 1.0
