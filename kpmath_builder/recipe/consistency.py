"""Settings of different tables that contradict each other: each is found when the recipe is read, and said in one sentence."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from kpmath_builder.protocol import canonical_json
from kpmath_builder.recipe.players import TABLE_OF

if TYPE_CHECKING:
    from kpmath_builder.recipe import Recipe

__all__ = ["check_consistency"]


def check_consistency(recipe: Recipe) -> None:
    """Raise a ValueError for the first contradiction."""
    for check in _CHECKS:
        check(recipe)


def _room_after_thinking(recipe: Recipe) -> None:
    for player in recipe.players:
        budget = player.settings.request_fields.get("thinking_token_budget")
        if isinstance(budget, int) and budget >= player.sampling.max_tokens:
            own = f"solvers.{player.solver}" if player.solver else f"roles.{player.role}"
            raise ValueError(
                f"thinking_token_budget of {budget} leaves the {player.name} no token for its reply: raise "
                f"{TABLE_OF[player.role]}.max_tokens above it, or give the {player.name} an extra of its own in [{own}]"
            )


def _referee_is_a_model(recipe: Recipe) -> None:
    if recipe.consensus.referee and not recipe.teacher_for("referee").uses_prompts:
        raise ValueError(
            "consensus.referee is true, but the referee is the embedded program, which compares nothing that the builder does not: name a "
            "model in [roles.referee]"
        )


def _solvers_differ(recipe: Recipe) -> None:
    """Two solvers with equal requests get equal answers, which would agree without having been found twice."""
    asked: dict[str, str] = {}
    for name, solver in sorted(recipe.solvers.items()):
        sampling = recipe.sampled_by("solver", name).request_sampling
        same = canonical_json(
            [recipe.teacher_for("solver", name).asked("solve"), asdict(sampling), str(solver.prompt)]
        )
        if (other := asked.setdefault(same, name)) != name:
            raise ValueError(
                f"solvers {other} and {name} would be asked the same: give one of them another model, sampling, extra or prompt, or "
                "make them one solver with all the addresses"
            )


def _something_weighs_the_solvers(recipe: Recipe) -> None:
    if not recipe.weighs_solvers:
        return
    if len(recipe.solvers) < 2:
        raise ValueError(
            "consensus.weights is controls, which weighs several solvers against each other, and there is one: name them in [[solvers]], or "
            "set it to equal"
        )
    if not recipe.has_controls:
        raise ValueError(
            "consensus.weights is controls, but there are none: raise controls.share above 0 and let models solve, or set it to equal"
        )


def _a_model_writes_harder_versions(recipe: Recipe) -> None:
    if recipe.questions.harder_rounds and not recipe.teacher_for("writer").uses_prompts:
        raise ValueError(
            "questions.harder_rounds needs a model as the writer, and the symbolic teacher is a program: set it to 0, or name a model in "
            "[roles.writer]"
        )


def _somebody_attempts(recipe: Recipe) -> None:
    if recipe.selection.bounds_pass_rate and "attempt" not in recipe.tasks_in_play:
        raise ValueError(
            "selection.min_pass_rate and selection.max_pass_rate need a model that attempts the questions: name one in [roles.reference]"
        )


def _paraphrase_model_is_used(recipe: Recipe) -> None:
    recipe.paraphrases.refuse_idle(recipe.seed_repeats, recipe.contamination, recipe.duplicates)


def _reasoning_is_kept(recipe: Recipe) -> None:
    if recipe.selection.reasoning != "none" and not recipe.solutions.keep_thinking:
        raise ValueError(
            f"selection.reasoning is {recipe.selection.reasoning}, but solutions.keep_thinking is false, so that no thinking is kept: "
            "set solutions.keep_thinking to true"
        )
    if recipe.selection.reasoning == "none" and recipe.selection.max_reasoning is not None:
        raise ValueError(
            "selection.max_reasoning limits reasoning that selection.reasoning leaves out: set it to column or think"
        )


_CHECKS = (
    _room_after_thinking,
    _referee_is_a_model,
    _solvers_differ,
    _something_weighs_the_solvers,
    _a_model_writes_harder_versions,
    _somebody_attempts,
    _paraphrase_model_is_used,
    _reasoning_is_kept,
)
