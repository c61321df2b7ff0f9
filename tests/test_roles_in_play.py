"""Roles that only some recipes have: a recipe without them says nothing of them, and one with them says all."""

import re

import pytest

from kpmath_builder.dataset.provenance import sources_of
from kpmath_builder.estimation.assumptions import assume
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.seeds import load_seeds

REFEREE = {
    "consensus": {"referee": True},
    "roles": {"referee": {"kind": "openai", "model": "m"}},
}
REFERENCE = {"roles": {"reference": {"error_rate": 0.4}}}
OPTIONAL = r"compare|attempt\b|harder|referee|reference"


def spec_of(made: Recipe) -> dict[str, object]:
    spec = BuildSpec.of(made, Prompts.load(), "", {}, asking=True)
    return {**spec.origin, **spec.layout, **spec.asked, **spec.decided}


def test_a_recipe_without_optional_roles_says_nothing_of_them():
    made = Recipe()
    said = [*spec_of(made), *(key.name for key in made.public()), *sources_of(made, Prompts.load())]
    assert [name for name in said if re.search(OPTIONAL, name)] == []
    assert list(made.teachers) == ["extractor", "writer", "judge", "solver"]


@pytest.mark.parametrize(
    ("tree", "role", "task", "table"),
    [(REFEREE, "referee", "compare", "referee"), (REFERENCE, "reference", "attempt", "reference")],
    ids=["referee", "reference"],
)
def test_a_role_in_play_is_part_of_all_that_is_said_of_a_build(
    tree: dict[str, object], role: str, task: str, table: str
):
    made = Recipe.of(tree)
    assert spec_of(made).keys() - spec_of(Recipe()).keys() >= {
        f"roles.{role}.model",
        f"the prompt of {task}",
        f"{table}.temperature",
    }
    assert role in made.teachers
    assert task in made.tasks_in_play
    assert f"{table}.max_tokens" in {key.name for key in made.public()}
    assert f"provenance/prompts/{task}.txt" in sources_of(made, Prompts.load())
    assert assume(made, Prompts.load(), load_seeds().problems).loads.keys() >= {task}


def test_a_role_that_nobody_asks_is_neither_checked_nor_part_of_the_spec():
    """So that `rescore --set consensus.referee=false` needs no other file."""
    made = Recipe.of({"roles": {"referee": {"kind": "openai", "model": "m"}}})
    assert "referee" not in made.teachers
    assert spec_of(made) == spec_of(Recipe())
    assert [key.name for key in made.public()] == [key.name for key in Recipe().public()]
