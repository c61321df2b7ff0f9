"""A vote over again in which solvers weigh differently: over the solutions of a candidate as they were read, and without asking anything."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kpmath_builder import answers
from kpmath_builder.answers.reading import make_answer
from kpmath_builder.recipe import ConsensusSettings, Recipe
from kpmath_builder.records import Candidate, DropReason, Solution, Stage, Vote
from kpmath_builder.synthesis.candidates import REASON_OF
from kpmath_builder.synthesis.solutions import early_stopping

__all__ = ["WeighedVote", "any_outcome", "weigh", "weigh_candidate", "would_go_on"]

_FINENESS = 1000
"""Weights are whole thousandths, so that a tie is one on every machine."""


class WeighedVote(NamedTuple):
    """What weights make of a vote."""

    vote: Vote
    solutions: tuple[Solution, ...]
    reason: DropReason
    """Why nothing wins; empty if something does."""


def weigh(
    vote: Vote, solutions: Sequence[Solution], recipe: Recipe, weights: Mapping[str, float]
) -> WeighedVote:
    """Vote again with weights; equal weights change nothing.

    Parameters
    ----------
    vote, solutions
        As they were voted on under the recipe's rule, each solution with one vote.
    weights
        Solver to what each of its solutions counts; about 1.
    """
    rule = recipe.consensus
    voting = _voting(vote, solutions, rule)
    read = [_read(its) for its in voting]
    tally = answers.vote(
        read,
        rule.mode,
        min_share=rule.min_share,
        abstentions=rule.abstentions,
        weights=[_whole(weights, its.solver) for its in voting],
        united=_united(voting, read),
    )
    classes = {place: number for number, one in enumerate(tally.classes) for place in one.members}
    updates: dict[int, dict[str, Any]] = {
        its.sample: {
            "answer_class": classes.get(place),
            "score_vector": tally.vectors[place],
            "score": tally.scores[place],
            "agreed": place in tally.kept,
        }
        for place, its in enumerate(voting)
    }
    weighed = vote.model_copy(
        update={
            "winner": None if tally.winner is None else str(tally.winner),
            "share": tally.share,
            "margin": tally.margin,
            "tie": tally.tie,
            "weights": "controls",
        }
    )
    return WeighedVote(
        weighed,
        tuple(its.model_copy(update=updates.get(its.sample, {})) for its in solutions),
        REASON_OF[tally.reason] if tally.reason else DropReason.NONE,
    )


def weigh_candidate(candidate: Candidate, recipe: Recipe, weights: Mapping[str, float]) -> Candidate:
    """Return a candidate as it ends under weights; one that was never voted on stays as it is.

    The reference solver's attempts were graded against the winner of equal weights, and count no more for another one.
    """
    if candidate.vote is None:
        return candidate
    weighed = weigh(candidate.vote, candidate.solutions, recipe, weights)
    stage = Stage.SOLVED if candidate.vote.votes else Stage.JUDGED
    update: dict[str, Any] = {
        "vote": weighed.vote,
        "solutions": weighed.solutions,
        "stage": stage if weighed.reason else Stage.AGREED,
        "reason": weighed.reason,
    }
    if weighed.vote.winner != candidate.vote.winner:
        update["attempts"] = None
    return candidate.model_copy(update=update)


def any_outcome(candidate: Candidate) -> Iterator[Candidate]:
    """Yield a candidate with each outcome that weights not yet known may give it: an upper bound of what is retained.

    The strict rule retains one class of equal answers; the paper's can retain solutions of several, which agree on a part.
    """
    if candidate.vote is None:
        return
    voters = {its.answer_class for its in candidate.solutions} - {None}
    for retained in [voters] if candidate.vote.mode == "paper" else [{number} for number in voters]:
        solutions = (
            its.model_copy(update={"agreed": its.answer_class in retained}) for its in candidate.solutions
        )
        yield candidate.model_copy(update={"solutions": tuple(solutions)})


def would_go_on(
    vote: Vote, solutions: Sequence[Solution], recipe: Recipe, weights: Mapping[str, float]
) -> bool:
    """Whether sampling that stops early would have asked for more, had each solution weighed this much.

    Parameters
    ----------
    vote, solutions
        As `weigh` returns them.
    """
    stopping = early_stopping(recipe.solutions, recipe.consensus)
    if stopping is None:
        return False
    sizes = Counter[int]()
    for its in solutions:
        if its.answer_class is not None:
            sizes[its.answer_class] += _whole(weights, its.solver)
    # The rule knows whole votes.
    leader, runner_up = (round(sizes[number] / _FINENESS) for number in (0, 1))
    counted = round(sizes[0] / _FINENESS / vote.share) if vote.share else len(solutions)
    return bool(stopping.further(answers.Standing(leader, runner_up, max(counted, leader)), len(solutions)))


def _voting(vote: Vote, solutions: Sequence[Solution], rule: ConsensusSettings) -> list[Solution]:
    """Return the solutions that the shares are of: all, or without copies if the server was found to repeat itself."""
    voters = [its for its in solutions if its.answer_class is not None]
    if rule.abstentions == "ignore" or not voters:
        return voters
    counted = round(sum(its.answer_class == 0 for its in voters) / vote.share)
    if counted == len(solutions):
        return list(solutions)
    others = [its for its in solutions if its.answer is None or its.wrong_arithmetic]
    firsts = {(its.text, its.thinking): its.sample for its in reversed(others)}.values()
    # Thinking that is not kept may have told apart what looks alike here: apparent copies come last.
    silent = sorted(others, key=lambda its: (its.sample not in firsts, its.sample))[: counted - len(voters)]
    return sorted([*voters, *silent], key=lambda its: its.sample)


def _read(solution: Solution) -> answers.Answer | None:
    if solution.answer_class is None or solution.answer is None:
        return None
    return make_answer(solution.answer) or answers.Answer(solution.answer, (solution.answer,))


def _united(voting: Sequence[Solution], read: Sequence[answers.Answer | None]) -> list[tuple[str, str]]:
    """Return pairs that make the classes what they were, with what the referee found equal."""
    first: dict[int, str] = {}
    pairs = dict[tuple[str, str], None]()
    for its, answer in zip(voting, read, strict=True):
        if answer is not None and its.answer_class is not None:
            known = first.setdefault(its.answer_class, answer.text)
            if known != answer.text:
                pairs[known, answer.text] = None
    return list(pairs)


def _whole(weights: Mapping[str, float], solver: str) -> int:
    return max(1, round(_FINENESS * weights.get(solver, 1.0)))
