"""How many controls a build will ask, before it does, and what is said of too few."""

import json
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder import InputError, Recipe, build, plan, preview
from kpmath_builder.controls.choice import is_held_back
from kpmath_builder.controls.foreseen import ForeseenControls
from kpmath_builder.controls.pool import ControlPool
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.guards import check_folder, check_held_back
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.previewing.preview import _notes
from kpmath_builder.prompts import Prompts
from kpmath_builder.seeds import load_seeds

SEEDS = load_seeds().problems


def recipe(tree: dict[str, Any] | None = None, **controls: Any) -> Recipe:
    return Recipe.of({"teacher": {"kind": "openai", "model": "any"}, "controls": controls, **(tree or {})})


def foreseen(made: Recipe, draws: int) -> ForeseenControls:
    its = ForeseenControls.of(made, SEEDS, draws)
    assert its is not None
    return its


@pytest.mark.parametrize("draws", [1, 77, 600])
@pytest.mark.parametrize(
    "controls",
    [
        {"share": 0.3},
        {"share": 0.02, "held_back": 0.5},
        {"share": 0.9, "sources": ["file", "seeds"]},
        {"share": 0.5, "sources": ["seeds", "symbolic", "file"], "held_back": 0.3},
    ],
    ids=["seeds", "few", "file first", "three"],
)
def test_as_many_are_foreseen_as_a_build_asks(tmp_path: Path, controls: dict[str, Any], draws: int) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text("".join(json.dumps({"problem": f"{n} + 1?", "answer": n + 1}) + "\n" for n in range(25)))
    made = recipe(path=str(file), **controls)
    pool = ControlPool(made, [seed for seed in SEEDS if is_held_back(seed.id, made.held_back)])
    asked = sum(pool.beside(index) is not None for index in range(draws))
    assert foreseen(made, draws).count == pytest.approx(asked, abs=1)


def test_a_bound_that_too_few_controls_make_idle_is_a_warning_with_what_to_raise() -> None:
    bound = {"selection": {"min_p_correct": 0.9}}
    few = foreseen(recipe(bound, held_back=0.5), 1000)
    assert few.count == 20
    assert "selection.min_p_correct = 0.9 will drop nothing" in few.warning
    assert "Raise controls.share to 0.04, or build.questions." in few.warning
    assert foreseen(recipe(bound, held_back=0.5, share=0.04), 1000).warning == ""
    assert foreseen(recipe(held_back=0.5), 1000).warning == ""
    assert "so there will be none. Raise" in foreseen(recipe(held_back=0.5), 1000).sentence


def test_just_enough_controls_are_enough_and_draws_that_no_share_helps_are_to_be_more() -> None:
    assert foreseen(recipe(held_back=0.5, share=0.1), 300).count == 30
    assert "so there will be none" not in foreseen(recipe(held_back=0.5, share=0.1), 300).sentence
    assert "Raise build.questions to 1,800." in foreseen(recipe(held_back=0.5), 20).sentence


def test_composed_questions_need_two_seeds_that_are_held_back() -> None:
    made = recipe(share=0.5, sources=["symbolic"], held_back=0.5)
    held = [seed for seed in SEEDS if is_held_back(seed.id, 0.5)]
    counts = [ForeseenControls.of(made, held[:number], 100) for number in (0, 1, 2)]
    assert [its and its.count for its in counts] == [0, 0, 50]


def test_sources_that_hold_too_few_are_named_as_the_cause() -> None:
    its = foreseen(recipe({"selection": {"min_p_correct": 0.9}}, held_back=0.02), 100_000)
    assert its.count < 30
    assert "raise controls.held_back" in its.warning


def test_a_recipe_without_controls_foresees_none() -> None:
    assert ForeseenControls.of(Recipe(), SEEDS, 1000) is None
    assert ForeseenControls.of(recipe(share=0), SEEDS, 1000) is None


def test_a_plan_says_how_many_there_will_be(tmp_path: Path) -> None:
    made = recipe(
        {"build": {"folder": str(tmp_path), "questions": 500}, "seeds": {"limit": 50}}, held_back=0.5
    )
    planned = plan(made)
    assert planned.controls is not None
    assert planned.controls.sentence in str(planned)
    assert planned.as_json()["controls"]["count"] == planned.controls.count == 10


def rows_of(folder: Path, rows: int, questions: int, share: float) -> Recipe:
    tree = {
        "build": {"folder": str(folder), "rows": rows, "questions": questions},
        "selection": {"min_p_correct": 0.9},
        "seeds": {"limit": 50},
    }
    return recipe(tree, share=share, sources=["symbolic"], held_back=0.5)


def test_rows_ask_for_as_many_controls_as_the_questions_that_they_take_and_not_as_may_be_drawn(
    tmp_path: Path,
) -> None:
    """`build.questions` is only the bound then."""
    few, many = (plan(rows_of(tmp_path, rows, 100_000, 0.1)).controls for rows in (20, 5_000))
    assert few is not None
    assert many is not None
    assert few.draws < 100
    assert few.count < 30
    assert "will drop nothing" in few.warning
    assert many.count >= 30
    assert many.warning == ""
    made = rows_of(tmp_path, 20, 100_000, 0.1)
    assert list(_notes(made, Prompts.of(made), load_seeds(limit=50))) == [few.warning]


def test_what_is_too_few_is_remedied_by_what_decides_how_many_are_drawn(tmp_path: Path) -> None:
    by_rows = plan(rows_of(tmp_path, 20, 100_000, 0.1)).controls
    assert by_rows is not None
    raised = int(by_rows.warning.partition("Raise build.rows to ")[2].rstrip(".").replace(",", ""))
    again = plan(rows_of(tmp_path, raised, 100_000, 0.1)).controls
    assert again is not None
    assert again.warning == ""
    bounded = plan(rows_of(tmp_path, 20_000, 20, 0.1)).controls
    assert bounded is not None
    assert "Raise build.questions to 360." in bounded.warning


def test_a_new_build_holds_no_more_than_half_of_the_seeds_back(tmp_path: Path) -> None:
    made = recipe({"build": {"folder": str(tmp_path / "new")}}, held_back=0.6)
    for begin in (plan, build, preview):
        with pytest.raises(InputError, match=r"controls\.held_back is 0\.6, .* set it to 0\.5 or less"):
            begin(made)
    assert not (tmp_path / "new").exists()
    check_held_back(recipe({"build": {"folder": str(tmp_path / "new")}}, held_back=0.6, share=0))


def test_a_build_that_held_more_back_before_can_be_read_and_go_on(tmp_path: Path) -> None:
    made = recipe({"build": {"folder": str(tmp_path)}}, held_back=0.6)
    workspace = Workspace(tmp_path)
    workspace.make()
    workspace.begin(made, BuildSpec.of(made, Prompts.of(made), "", {}, asking=True), print)
    assert workspace.read_recipe().controls.held_back == 0.6
    check_folder(made, shrink=False)
    assert plan(made).controls is not None
