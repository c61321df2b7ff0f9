"""What becomes of a question that repeats something: the recipe's answer, and what no recipe can allow."""

from collections.abc import Collection, Iterable, Mapping

from kpmath_builder.curation.ngrams import QUESTION_13, QUESTION_20, SOLUTION_30
from kpmath_builder.curation.paraphrase_model import ParaphraseModel
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.sections import (
    BY_MODEL,
    BY_WORDS,
    ContaminationSettings,
    DuplicatesSettings,
    SeedRepeatsSettings,
)
from kpmath_builder.records import DropReason, RepeatMark

__all__ = [
    "ALWAYS_DROPPED",
    "CONTAINED",
    "DRAWN",
    "flag_of",
    "paraphrases_from",
    "policy_of",
    "reason_of",
    "reason_to_drop",
    "stays_in_spite_of",
]

CONTAINED = "contained"
"""The text of a seed that may not be shared stands in the question, or in each of its solutions."""
DRAWN = "drawn from"
"""A seed that the question was drawn from is a problem of the test set."""
ALWAYS_DROPPED = frozenset({RepeatKind.VERBATIM.value, RepeatKind.REFORMATTED.value, CONTAINED})
"""Kinds in which the text of a seed that may not be shared never leaves the build."""
_REASONS: Mapping[str, DropReason] = {
    "seed": DropReason.SEED_REPEAT,
    "test": DropReason.TEST_REPEAT,
    "row": DropReason.DUPLICATE,
}
_KEYS = {
    QUESTION_13: "question_13gram",
    QUESTION_20: "question_20gram",
    SOLUTION_30: "solution_30gram",
    DRAWN: "seeds",
}


def policy_of(mark: RepeatMark, recipe: Recipe, unshareable: Collection[str]) -> str:
    """Return `drop`, `flag` or `ignore`.

    Parameters
    ----------
    unshareable
        Ids of the seeds whose text may not be shared.
    """
    if mark.check == "seed" and mark.id in unshareable and mark.kind in ALWAYS_DROPPED:
        return "drop"
    sections = {"seed": recipe.seed_repeats, "test": recipe.contamination, "row": recipe.duplicates}
    # A kind without a key of its own is never acted upon by itself.
    return str(getattr(sections[mark.check], _KEYS.get(mark.kind, mark.kind), "flag"))


def reason_to_drop(
    marks: Iterable[RepeatMark], recipe: Recipe, unshareable: Collection[str]
) -> RepeatMark | None:
    """Return the first mark for which a question is dropped, or None."""
    return next((mark for mark in marks if policy_of(mark, recipe, unshareable) == "drop"), None)


def reason_of(mark: RepeatMark) -> DropReason:
    """Return why a question is dropped for a mark."""
    return DropReason.TEST_SEED if mark.kind == DRAWN else _REASONS[mark.check]


def stays_in_spite_of(recipe: Recipe) -> frozenset[RepeatKind]:
    """Return the kinds of repeats of an earlier row in spite of which a row stays."""
    marks = {kind: RepeatMark(check="row", id="", kind=kind.value) for kind in RepeatKind}
    return frozenset(kind for kind, mark in marks.items() if policy_of(mark, recipe, ()) != "drop")


def paraphrases_from(
    section: DuplicatesSettings | SeedRepeatsSettings | ContaminationSettings, model: ParaphraseModel | None
) -> Paraphrases | None:
    """Return how paraphrases are found; None if the recipe ignores them, so that none is looked for.

    `model` is the one of the recipe; None if it names none.
    """
    if section.paraphrase == "ignore":
        return None
    least = BY_WORDS if model is None else BY_MODEL
    return Paraphrases(section.paraphrase_similarity or least, model)


def flag_of(mark: RepeatMark) -> str:
    """Return a mark as `qa-pairs` flags it, e.g. `row: near` or `GSM8K test: question 13-gram`."""
    return f"{mark.set or mark.check}: {mark.kind}"
