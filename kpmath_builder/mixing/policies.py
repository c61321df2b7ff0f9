"""What the recipe says of a kind of repeat: the settings of builds, with their words."""

from collections.abc import Mapping

from kpmath_builder.curation.ngrams import QUESTION_13, QUESTION_20, SOLUTION_30
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.recipe.sections import Policy

__all__ = ["kept_kinds", "of_row", "of_test"]

_KEYS: Mapping[str, str] = {
    QUESTION_13: "question_13gram",
    QUESTION_20: "question_20gram",
    SOLUTION_30: "solution_30gram",
}


def of_row(recipe: MixRecipe, kind: str) -> Policy:
    """Return what becomes of a row that repeats an earlier one in this way; without a key of its own it is flagged."""
    policy: Policy = getattr(recipe.duplicates, kind, "flag")
    return policy


def of_test(recipe: MixRecipe, check: str) -> Policy:
    """Return what becomes of a row that repeats a test problem by this check."""
    policy: Policy = getattr(recipe.contamination, _KEYS.get(check, check), "flag")
    return policy


def kept_kinds(recipe: MixRecipe) -> frozenset[RepeatKind]:
    """Return the kinds of repeats of an earlier row in spite of which a row stays."""
    return frozenset(kind for kind in RepeatKind if of_row(recipe, kind.value) != "drop")
