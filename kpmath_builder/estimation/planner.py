"""`plan`: what a recipe will take, measured as far as its folder shows it."""

from collections.abc import Sequence

from kpmath_builder.controls.foreseen import ForeseenControls
from kpmath_builder.errors import InputError
from kpmath_builder.estimation.assumptions import assume
from kpmath_builder.estimation.measurements import measure
from kpmath_builder.estimation.plan import BuildPlan, Pace, pace_of, plan_size, questions_for
from kpmath_builder.folder.guards import check_held_back
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe, check_is_recipe
from kpmath_builder.records import SeedProblem
from kpmath_builder.seeds import load_seeds

__all__ = ["plan", "plan_of_seeds"]

_FURTHER_SIZES = (10_000, 800_000)
"""A build to try, and the paper's."""


def plan(recipe: Recipe, *, tokens_per_second: float | None = None) -> BuildPlan:
    """Return what a recipe will take, for its own number of questions, 10,000 and 800,000; asks no server.

    Prompts are counted as they will be sent. The lengths of replies and the yields are assumed until the folder of the recipe
    holds answers (of a small build, say); from then on they are measured.

    Parameters
    ----------
    recipe
        What would be built.
    tokens_per_second
        What each model writes on one GPU; unset: as measured in the folder, else 2,000.

    Raises
    ------
    InputError
        When seeds or prompts are not as the recipe says, or no model can be so slow.
    """
    check_is_recipe(recipe)
    check_held_back(recipe)
    prompts = Prompts.of(recipe)
    if tokens_per_second is not None and not tokens_per_second > 0:
        raise InputError(f"--tokens-per-second is {tokens_per_second:g}: give a number above 0.")
    return plan_of_seeds(recipe, prompts, load_seeds(**dict(recipe.seeds)).problems, tokens_per_second)


def plan_of_seeds(
    recipe: Recipe, prompts: Prompts, seeds: Sequence[SeedProblem], tokens_per_second: float | None = None
) -> BuildPlan:
    """Return the plan for seeds that are read already; as `plan`."""
    profile = measure(Workspace(recipe.build.folder), recipe, prompts, assume(recipe, prompts, seeds))
    paces: dict[str, Pace] = {}
    for settings in recipe.teachers.values():
        if pace := pace_of(settings, tokens_per_second, profile.rates):
            paces[settings.model_name] = pace
    build = recipe.build
    own = build.questions if build.rows is None else questions_for(build.rows, profile, build.questions)
    sizes = dict.fromkeys((own, *_FURTHER_SIZES))
    return BuildPlan(
        name=recipe.name,
        sizes=tuple(plan_size(recipe, profile, questions, paces) for questions in sizes),
        paces=paces,
        done=profile.done,
        measured_questions=profile.measured_questions,
        rows_wanted=build.rows,
        controls=ForeseenControls.of(recipe, seeds, own),
    )
