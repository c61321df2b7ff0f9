"""The examples of docs/answers.md hold."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

import kpmath_builder
from kpmath_builder.answers import ArithmeticCheck, check_arithmetic, equivalent

pytestmark = pytest.mark.usefixtures("patient_checker")
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


class GRPOTrainer:
    """Calls the reward function as TRL's trainer of this name does: with keywords, each column of the data set as a list."""

    rewards: list[float]

    def __init__(self, model: str, reward_funcs: Callable[..., list[float]], train_dataset: Dataset) -> None:
        assert model
        self.function, self.rows = reward_funcs, train_dataset

    def train(self) -> None:
        """Answer every prompt with 12."""
        inputs = [*self.rows]
        columns = {
            name: [row[name] for row in inputs] for name in inputs[0] if name not in {"prompt", "completion"}
        }
        GRPOTrainer.rewards = self.function(
            prompts=[row["prompt"] for row in inputs],
            completions=[[{"role": "assistant", "content": r"\boxed{12}"}] for _ in inputs],
            completion_ids=[[1, 2]] * len(inputs),
            **columns,
            trainer_state=None,
            log_extra=print,
            log_metric=print,
        )


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the Python of the page over a stand-in for TRL and three rows, and return its names."""
    rows = [
        {"question": "3 * 4?", "consensus_winner": answer, "id": answer} for answer in ("12", "13", "12.0")
    ]
    monkeypatch.setattr(kpmath_builder, "load", lambda *_, **__: Dataset.from_list(rows), raising=False)
    monkeypatch.setitem(sys.modules, "trl", SimpleNamespace(GRPOTrainer=GRPOTrainer))
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, names)  # the page is ours
    return names


def test_the_reward_function_of_the_page_works_as_trl_calls_it(page: dict[str, Any]):
    assert GRPOTrainer.rewards == [1.0, 0.0, 1.0]
    assert page["correct"](prompts=["?"], completions=["13"], answer=[np.int64(13)], level=[1]) == [1.0]


def test_the_score_of_the_page_works_as_verl_calls_it(page: dict[str, Any]):
    told = {"data_source": "gsm8k", "ground_truth": "12", "extra_info": {"index": 0}}
    assert page["compute_score"](solution_str=r"\boxed{12}", **told) == 1.0
    assert page["compute_score"](solution_str=r"\boxed{13}", **told, num_turns=1) == 0.0
