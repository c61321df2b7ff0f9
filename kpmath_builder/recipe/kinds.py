"""What of a recipe a build depends on, and how: the keys of each kind, as the build spec holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpmath_builder.protocol import ROLE_OF, Role, Task
from kpmath_builder.recipe.keys import Key, KeyKind, walk
from kpmath_builder.recipe.players import TABLE_OF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kpmath_builder.recipe import Recipe
    from kpmath_builder.recipe.sections import ParaphrasesSettings

__all__ = ["in_effect", "keys_in_play", "keys_of_kind", "tasks_of_kind", "was_always_so"]

_TEACHERS = ("teacher.", "roles.", "solvers.")
_DRAWERS: frozenset[Role] = frozenset({"extractor"})
"""Roles whose answers the questions are drawn from."""
_AS_BEFORE: Mapping[str, Any] = {
    "blueprints.one_topic_share": 0.0,
    "build.rows": None,
    "consensus.referee": False,
    "consensus.weights": "equal",
    "judging.samples": 1,
    "paraphrases.model": "",
    "questions.harder_rounds": 0,
    "selection.max_pass_rate": None,
    "selection.min_pass_rate": None,
}
"""Keys that came later, with the value that means what was done before they came: it is not spoken of, so that what was built then stays."""


def keys_of_kind(recipe: Recipe, kind: KeyKind) -> dict[str, Any]:
    """Return all that has this kind, by dotted names, as JSON has it.

    A teacher stands in it as the answers see it: the model of each role and the fields of its requests. Who runs the
    model, and where, changes nothing: an engine of one's own today, a server tomorrow.
    """
    of_kind = {
        key.name: key.value
        for key in keys_in_play(recipe)
        if key.kind is kind and not key.name.startswith(_TEACHERS)
    }
    return {**of_kind, **_asked_of_teachers(recipe, kind)}


def tasks_of_kind(recipe: Recipe, kind: KeyKind) -> tuple[Task, ...]:
    """Return the tasks in play whose prompts and teachers have this kind."""
    return tuple(
        task
        for task in recipe.tasks_in_play
        if kind is (KeyKind.DRAW if ROLE_OF[task] in _DRAWERS else KeyKind.ASKED)
    )


def keys_in_play(recipe: Recipe) -> Iterator[Key]:
    """Yield the keys that say something of a build: not those of roles that nobody plays, and not what was always so."""
    absent_roles = TABLE_OF.keys() - set(recipe.roles_in_play)
    absent = tuple(name for role in absent_roles for name in (f"{TABLE_OF[role]}.", f"roles.{role}."))
    idle = _idle(recipe)
    for one in walk(recipe):
        if not was_always_so(one) and one.name not in idle and not one.name.startswith(absent):
            yield in_effect(one, recipe.paraphrases)


def was_always_so(one: Key) -> bool:
    """Whether a key came later and has the value that means what was done before it came."""
    return one.name in _AS_BEFORE and one.value == _AS_BEFORE[one.name]


def in_effect(one: Key, paraphrases: ParaphrasesSettings) -> Key:
    """Return a similarity that is unset as the one that holds: it says the same whether a recipe gives it or not. Other keys stay."""
    if one.value is not None or not one.name.endswith(".paraphrase_similarity"):
        return one
    return one._replace(value=paraphrases.similarity, shown=paraphrases.similarity)


def _idle(recipe: Recipe) -> frozenset[str]:
    """Return the keys of `controls` that decide nothing here: what is built without controls stays what it was."""
    used = {
        "share": recipe.has_controls,
        "sources": recipe.has_controls,
        "held_back": bool(recipe.held_back),
        "generators": recipe.has_controls and recipe.controls.uses("reasoning-gym"),
        "judge_share": recipe.has_planted,
    }
    return frozenset(f"controls.{name}" for name, is_used in used.items() if not is_used)


def _asked_of_teachers(recipe: Recipe, kind: KeyKind) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for task in tasks_of_kind(recipe, kind):
        role = ROLE_OF[task]
        if role == "solver" and recipe.solvers:
            for name, solver in sorted(recipe.solvers.items()):
                asked = {"share": solver.share, **solver.teacher.asked(task), **solver.own_sampling}
                keys |= {f"solvers.{name}.{key}": value for key, value in asked.items()}
            continue
        keys |= {
            f"roles.{role}.{name}": value for name, value in recipe.teacher_for(role).asked(task).items()
        }
    return keys
