"""What the controls of a build teach, and which of them a model may have by heart."""

from types import SimpleNamespace
from typing import Any

import pytest

from kpmath_builder import Recipe
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.dataset.deciding import Decider
from kpmath_builder.records import PlantedQuestion, Tokens

PRACTICE = "Ann has 3 pears and buys 4 more. How many pears does she have now?"
OF_A_TEST = "How many marbles does Tom have if he finds 12 and loses 5 of them?"


def decider(**controls: float) -> Decider:
    """Return one that has only what decides over controls."""
    made = Decider.__new__(Decider)
    whole_tests = {OF_A_TEST: ["a test set"]}.get
    made.__dict__ |= {
        "_practices": ProblemIndex([("s", PRACTICE)]),
        "checks": SimpleNamespace(whole_tests=lambda problem: iter(whole_tests(problem, []))),
        "_recipe": Recipe.of({"teacher": {"kind": "openai", "model": "m"}, "controls": controls}),
    }
    return made


@pytest.mark.parametrize(
    ("problem", "known"), [(PRACTICE, True), (OF_A_TEST, True), ("What is 17 times 23?", False)]
)
def test_practices_and_problems_of_test_sets_are_known(problem: str, known: bool) -> None:  # noqa: FBT001
    assert decider()._is_known(problem) is known


@pytest.mark.parametrize(
    ("controls", "counted"),
    [({"share": 0.1, "judge_share": 0.0}, 1), ({"share": 0.0, "judge_share": 0.1}, 1), ({"share": 0.0, "judge_share": 0.0}, 0)],
    ids=["controls alone", "planted questions alone", "neither"],
)  # fmt: skip
def test_what_was_asked_beside_counts_if_the_recipe_asks_for_any_of_it(
    controls: dict[str, Any], counted: int
) -> None:
    asked = [PlantedQuestion(kind="sound", id="s", spent=Tokens(requests=1))]
    assert len(decider(**controls)._labels(lambda: asked).report().planted) == counted
