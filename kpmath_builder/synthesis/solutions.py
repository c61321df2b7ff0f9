"""Solving a question several times, checking the arithmetic, and voting (paper section 2.3)."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Self

from kpmath_builder import answers
from kpmath_builder.execution.ask import Ask
from kpmath_builder.prompts.repairs import control_character
from kpmath_builder.protocol import Response
from kpmath_builder.recipe import ConsensusSettings, SolutionsSettings
from kpmath_builder.records import Solution, Vote
from kpmath_builder.synthesis.questions import Shown
from kpmath_builder.synthesis.referee import Referee

__all__ = ["Agreement", "agree", "early_stopping", "read_answer", "solve"]

_ENDS_BEFORE = (answers.Cut.TURN, answers.Cut.PROBLEM)
"""A solution that ends where another turn or problem begins is whole, even if the text was cut off at its length later."""


async def solve(
    question: str, practices: Shown, rule: SolutionsSettings, consensus: ConsensusSettings, ask: Ask
) -> "Agreement":
    """Ask for solutions, with the blueprint's own practices as demonstrations, and vote; in rounds if sampling is adaptive.

    How many are asked for follows from the samples in their order alone, so that the same ones are asked for whatever came first.
    """
    shown = [{"problem": practice["problem"], "solution": practice["solution"]} for practice in practices]
    material = {"question": question, "practices": shown}
    stopping = early_stopping(rule, consensus)
    responses: list[Response] = []
    solvers: list[str] = []
    agreement: Agreement | None = None
    referee = Referee(question, ask)
    more = stopping.least if stopping else rule.samples
    while more:
        for solver, response in await ask.solutions(material, more, first=len(responses)):
            solvers.append(solver)
            responses.append(response)
        voted = partial(
            agree,
            responses,
            consensus,
            keep_thinking=rule.keep_thinking,
            headings=ask.headings,
            solvers=solvers,
        )
        agreement = await voted(before=agreement, united=referee.united)
        if consensus.referee and await referee.look_at(await agreement.undecided(referee)):
            agreement = await voted(before=agreement, united=referee.united)
        more = stopping.further(agreement.standing, len(responses)) if stopping else 0
    assert agreement is not None, "samples and min_samples are at least 1"
    return agreement


def early_stopping(rule: SolutionsSettings, consensus: ConsensusSettings) -> answers.EarlyStopping | None:
    """Return the rule by which sampling stops early; None if all samples are asked for."""
    if rule.sampling == "fixed":
        return None
    return answers.EarlyStopping(
        least=min(rule.min_samples, rule.samples),
        most=rule.samples,
        min_share=consensus.min_share if consensus.mode == "strict" else 0.0,
        confidence=rule.confidence,
        drop_confidence=rule.drop_confidence,
    )


async def agree(
    responses: Sequence[Response],
    rule: ConsensusSettings,
    *,
    keep_thinking: bool = False,
    headings: Sequence[str] = (),
    solvers: Sequence[str] = (),
    before: "Agreement | None" = None,
    united: Sequence[tuple[str, str]] = (),
) -> "Agreement":
    """Vote off the event loop: an answer that only computer algebra can compare takes its time.

    If the server was found to ignore seeds, identical texts are copies and count once. `before` is the vote of the first of the
    responses, which are then not read again.
    """
    return await asyncio.to_thread(
        Agreement,
        responses,
        rule,
        keep_thinking=keep_thinking,
        headings=headings,
        solvers=solvers,
        distinct_texts_only=any(response.seed_ignored for response in responses),
        before=before,
        united=united,
    )


class _Reading(NamedTuple):
    """What one response says."""

    text: answers.SolutionText
    answer: answers.Answer | None
    wrong_arithmetic: Sequence[str]

    @classmethod
    def of(cls, response: Response, headings: Sequence[str]) -> Self:
        text = answers.solution_text(response.text, headings)
        answer = answers.final_answer(text) if _is_whole(response, text) else None
        return cls(text, answer, answers.check_arithmetic(text).wrong)


def read_answer(response: Response, headings: Sequence[str]) -> answers.Answer | None:
    """Return the final answer of a response as a vote reads it; None without one."""
    return _Reading.of(response, headings).answer


class Agreement:
    """What reading, checking and voting made of the solutions of one question.

    A solution is what `answers.solution_text` leaves of a text: that is read, checked and published. Solutions whose arithmetic
    is wrong are left out of the vote; those without a readable answer abstain. Both count
    against each answer unless the rule ignores them.

    Parameters
    ----------
    responses
        The samples, in their order.
    rule
        How to vote.
    keep_thinking
        Whether to keep what was thought before the solutions.
    headings
        Lines that stand before a problem in the prompt, if it was not one of the package's own.
    solvers
        Names of those who gave the samples; none, if it was one.
    distinct_texts_only
        Whether identical texts count once: where a server repeats itself, its samples are no independent votes.
    before
        The vote of the first of these responses.
    united
        Pairs of answers that the referee found equal.
    """

    def __init__(
        self,
        responses: Sequence[Response],
        rule: ConsensusSettings,
        *,
        keep_thinking: bool = False,
        headings: Sequence[str] = (),
        solvers: Sequence[str] = (),
        distinct_texts_only: bool = False,
        before: "Agreement | None" = None,
        united: Sequence[tuple[str, str]] = (),
    ) -> None:
        known: tuple[_Reading, ...] = before.readings if before else ()
        seen: dict[tuple[str, str], _Reading] = {}  # a program says the same again and again
        self.readings: tuple[_Reading, ...] = (
            *known,
            *(
                seen.get((its.text, its.finish_reason))
                or seen.setdefault((its.text, its.finish_reason), _Reading.of(its, headings))
                for its in responses[len(known) :]
            ),
        )
        repeats = _repeats(responses)
        self._identical = sum(repeats)
        # A copy is no sample: it neither votes nor counts against.
        samples = [i for i, repeat in enumerate(repeats) if not (distinct_texts_only and repeat)]
        self._tally = answers.vote(
            [None if its.wrong_arithmetic else its.answer for its in map(self.readings.__getitem__, samples)],
            rule.mode,
            min_share=rule.min_share,
            abstentions=rule.abstentions,
            united=united,
        )
        self._united = united
        place = {sample: number for number, sample in enumerate(samples)}
        self._counted = len(samples) if rule.abstentions == "against" else self._tally.votes
        self.reason = self._tally.reason
        classes = {
            samples[member]: number
            for number, its in enumerate(self._tally.classes)
            for member in its.members
        }
        self.solutions = tuple(
            Solution(
                sample=sample,
                text=its.text.text,
                cut_reason=its.text.cut_reason.value,
                finish_reason=response.finish_reason,
                completion_tokens=response.completion_tokens,
                answer=None if its.answer is None else str(its.answer),
                wrong_arithmetic=tuple(its.wrong_arithmetic),
                answer_class=classes.get(sample),
                score_vector=self._tally.vectors[place[sample]] if sample in place else (),
                score=self._tally.scores[place[sample]] if sample in place else 0.0,
                agreed=place.get(sample) in self._tally.kept,
                thinking=_thinking(response, its.text) if keep_thinking else None,
                solver=solvers[sample] if solvers else "",
                thinking_tokens=(response.reasoning_tokens or None) if keep_thinking else None,
            )
            for sample, (response, its) in enumerate(zip(responses, self.readings, strict=True))
        )

    @property
    def winner(self) -> answers.Answer | None:
        """The winning answer, if any."""
        return self._tally.winner

    @property
    def standing(self) -> answers.Standing:
        """How the vote stands, if it goes on."""
        tally = self._tally
        leader, runner_up = [*(len(its.members) for its in tally.classes[:2]), 0, 0][:2]
        return answers.Standing(leader, runner_up, self._counted)

    async def undecided(self, referee: Referee) -> list[tuple[str, str]]:
        """Return the pairs of answers that may still be put to the referee."""
        return await asyncio.to_thread(answers.undecided, self._tally.classes, referee.left, referee.verdicts)

    @property
    def vote(self) -> Vote:
        """The consensus, for the record."""
        tally = self._tally
        return Vote(
            mode=tally.mode,
            winner=None if tally.winner is None else str(tally.winner),
            share=tally.share,
            margin=tally.margin,
            tie=tally.tie,
            votes=tally.votes,
            abstentions=sum(solution.answer is None for solution in self.solutions),
            identical=self._identical,
            united=tuple(f"{one} ≡ {other}" for one, other in self._united),
        )


def _is_whole(response: Response, solution: answers.SolutionText) -> bool:
    if control_character(solution.text):
        return False  # what is left of a LaTeX command may be part of the answer
    return response.finish_reason == "stop" or (
        response.finish_reason == "length" and solution.cut_reason in _ENDS_BEFORE
    )


def _repeats(responses: Sequence[Response]) -> list[bool]:
    """Return for each sample whether an earlier one has the same text, its thinking included."""
    texts = [(response.reasoning, response.text) for response in responses]
    first: dict[tuple[str, str], int] = {}
    return [first.setdefault(text, at) != at for at, text in enumerate(texts)]


def _thinking(response: Response, solution: answers.SolutionText) -> str | None:
    return "\n\n".join(part for part in (response.reasoning, solution.thinking) if part) or None
