"""Leaving out of a candidate what must not leave the build: text of seeds that may not be shared, and of test sets."""

from collections.abc import Callable, Collection, Iterator

from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.records import COPIED, Candidate, DropReason, Judgement, Record, Solution

__all__ = ["WITHHELD", "WITHHELD_TEST", "exposes", "is_withheld", "withhold", "withhold_parts"]

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
    judgement = candidate.judgement
    if judgement is not None:
        judgement = judgement.model_copy(update={"missing_key_points": (), "errors": (), "judge_answer": ""})
    solutions = tuple(_blank(solution) for solution in candidate.solutions)
    return candidate.model_copy(
        update={"question": None, "detail": why, "judgement": judgement, "solutions": solutions}
    )


def exposes(candidate: Candidate, protected: ProtectedTexts) -> bool:
    """Whether any text of a candidate holds one that may not be shared."""
    return any(protected.found_in(text) for text in _texts(candidate))


def withhold_parts(candidate: Candidate, protected: ProtectedTexts) -> Candidate:
    """Return a candidate without those of its texts that hold one that may not be shared; such a solution is no longer agreed upon."""
    found: Callable[[str], bool] = lambda text: protected.found_in(text) is not None  # noqa: E731 - one line, used thrice
    if candidate.question is not None and found(candidate.question):
        return withhold(candidate, WITHHELD)
    changes: dict[str, object] = {
        "solutions": tuple(_blank(its) if any(map(found, _said(its))) else its for its in candidate.solutions)
    }
    if found(candidate.detail):
        changes["detail"] = WITHHELD
    if candidate.judgement is not None and any(map(found, _strings(candidate.judgement))):
        changes["judgement"] = candidate.judgement.model_copy(
            update={"missing_key_points": (), "errors": (), "judge_answer": ""}
        )
    return candidate.model_copy(update=changes)


def _blank(solution: Solution) -> Solution:
    return solution.model_copy(
        update={"text": "", "thinking": None, "wrong_arithmetic": (), "agreed": False, "cut_reason": "withheld"}
    )


def _said(solution: Solution) -> Iterator[str]:
    yield solution.text
    if solution.thinking:
        yield solution.thinking


def _texts(candidate: Candidate) -> Iterator[str]:
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
