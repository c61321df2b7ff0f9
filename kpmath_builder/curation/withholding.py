"""Leaving out of a candidate what must not leave the build: text of seeds that may not be shared, and of test sets."""

from collections.abc import Collection, Iterable, Iterator

from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.records import COPIED, Candidate, DropReason, Judgement, Solution

__all__ = [
    "CUT_WITHHELD",
    "WITHHELD",
    "WITHHELD_TEST",
    "exposed_seed",
    "is_withheld",
    "texts_of",
    "withhold",
    "withhold_parts",
]

CUT_WITHHELD = "withheld"
"""The cut reason of a solution without its text."""
WITHHELD = "withheld: it repeats seed problems whose text may not be shared"
WITHHELD_TEST = "withheld: it repeats a problem of a test set"


def is_withheld(candidate: Candidate, unshareable: Collection[str]) -> str:
    """Return why the text of a dropped candidate is withheld as a whole; "" if it is not."""
    if candidate.reason in COPIED and any(part.seed_id in unshareable for part in candidate.blueprint.parts):
        return WITHHELD
    if candidate.reason is DropReason.TEST_REPEAT:
        return WITHHELD_TEST
    repeated = {mark.id for mark in candidate.repeats if mark.check == "seed"}
    if candidate.reason is DropReason.SEED_REPEAT and not repeated.isdisjoint(unshareable):
        return WITHHELD
    return ""


def withhold(candidate: Candidate, why: str) -> Candidate:
    """Return a candidate without any text that it was given or that was made of it; scores, answers and counts stay."""
    judgement = None if candidate.judgement is None else _silent(candidate.judgement)
    solutions = tuple(map(_blank, candidate.solutions))
    return candidate.model_copy(
        update={"question": None, "detail": why, "judgement": judgement, "solutions": solutions}
    )


def exposed_seed(texts: Iterable[str], protected: ProtectedTexts) -> str | None:
    """Return the id of a seed that may not be shared and whose text stands in one of a candidate's texts, or None."""
    found = map(protected.found_in, texts)
    return next((seed for seed in found if seed is not None), None)


def withhold_parts(candidate: Candidate, protected: ProtectedTexts) -> Candidate:
    """Return a candidate without those of its texts that hold one that may not be shared; such a solution is no longer agreed upon."""

    def is_free(text: str) -> bool:
        return protected.found_in(text) is None

    if candidate.question is not None and not is_free(candidate.question):
        return withhold(candidate, WITHHELD)
    judgement = candidate.judgement
    if judgement is not None and not all(map(is_free, _strings(judgement))):
        judgement = _silent(judgement)
    solutions = (its if all(map(is_free, _said(its))) else _blank(its) for its in candidate.solutions)
    return candidate.model_copy(
        update={
            "detail": candidate.detail if is_free(candidate.detail) else WITHHELD,
            "judgement": judgement,
            "solutions": tuple(solutions),
        }
    )


def _silent(judgement: Judgement) -> Judgement:
    return judgement.model_copy(update={"missing_key_points": (), "errors": (), "judge_answer": ""})


def _blank(solution: Solution) -> Solution:
    return solution.model_copy(
        update={
            "text": "",
            "thinking": None,
            "thinking_tokens": None,
            "wrong_arithmetic": (),
            "agreed": False,
            "cut_reason": CUT_WITHHELD,
        }
    )


def _said(solution: Solution) -> Iterator[str]:
    yield solution.text
    if solution.thinking:
        yield solution.thinking


def texts_of(candidate: Candidate) -> Iterator[str]:
    """Yield all texts of a candidate that a model wrote, or that say what it wrote."""
    if candidate.question is not None:
        yield candidate.question
    yield candidate.detail
    for solution in candidate.solutions:
        yield from _said(solution)
    if candidate.judgement is not None:
        yield from _strings(candidate.judgement)


def _strings(judgement: Judgement) -> Iterator[str]:
    yield from judgement.missing_key_points
    yield from judgement.errors
    yield judgement.judge_answer
