"""Solving a question several times, checking the arithmetic, and voting (paper section 2.3)."""

import asyncio
from collections.abc import Sequence

from kpmath_builder import answers
from kpmath_builder.execution.ask import Ask
from kpmath_builder.prompts.repairs import control_character
from kpmath_builder.protocol import Response
from kpmath_builder.recipe import ConsensusSettings
from kpmath_builder.records import Solution, Vote
from kpmath_builder.synthesis.questions import Shown

__all__ = ["Agreement", "agree", "solve"]

_ENDS_BEFORE = (answers.Cut.TURN, answers.Cut.PROBLEM)
"""A solution that ends where another turn or problem begins is whole, even if the text was cut off at its length later."""


async def solve(question: str, practices: Shown, count: int, ask: Ask) -> list[Response]:
    """Ask for `count` solutions, with the blueprint's own practices as demonstrations."""
    shown = [{"problem": practice["problem"], "solution": practice["solution"]} for practice in practices]
    return await ask.samples("solve", {"question": question, "practices": shown}, count)


async def agree(
    responses: Sequence[Response],
    rule: ConsensusSettings,
    *,
    keep_thinking: bool = False,
    headings: Sequence[str] = (),
) -> "Agreement":
    """Vote off the event loop: an answer that only computer algebra can compare takes its time.

    If the server was found to ignore seeds, identical texts are copies and count once.
    """
    return await asyncio.to_thread(
        Agreement,
        responses,
        rule,
        keep_thinking=keep_thinking,
        headings=headings,
        distinct_texts_only=any(response.seed_ignored for response in responses),
    )


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
    distinct_texts_only
        Whether identical texts count once: where a server repeats itself, its samples are no independent votes.

    """

    def __init__(
        self,
        responses: Sequence[Response],
        rule: ConsensusSettings,
        *,
        keep_thinking: bool = False,
        headings: Sequence[str] = (),
        distinct_texts_only: bool = False,
    ) -> None:
        told = [answers.solution_text(response.text, headings) for response in responses]
        read = [
            answers.final_answer(solution) if _is_whole(response, solution) else None
            for response, solution in zip(responses, told, strict=True)
        ]
        checked = {solution: answers.check_arithmetic(solution).wrong for solution in set(told)}
        wrong = [checked[solution] for solution in told]
        repeats = _repeats(responses)
        self._identical = sum(repeats)
        # A copy is no sample: it neither votes nor counts against.
        samples = [i for i, repeat in enumerate(repeats) if not (distinct_texts_only and repeat)]
        self._tally = answers.vote(
            [None if wrong[i] else read[i] for i in samples],
            rule.mode,
            min_share=rule.min_share,
            abstentions=rule.abstentions,
        )
        place = {sample: number for number, sample in enumerate(samples)}
        self.reason = self._tally.reason
        classes = {
            samples[member]: number
            for number, its in enumerate(self._tally.classes)
            for member in its.members
        }
        self.solutions = tuple(
            Solution(
                sample=sample,
                text=solution.text,
                cut_reason=solution.cut_reason.value,
                finish_reason=response.finish_reason,
                completion_tokens=response.completion_tokens,
                answer=None if answer is None else str(answer),
                wrong_arithmetic=tuple(faults),
                answer_class=classes.get(sample),
                score_vector=self._tally.vectors[place[sample]] if sample in place else (),
                score=self._tally.scores[place[sample]] if sample in place else 0.0,
                agreed=place.get(sample) in self._tally.kept,
                thinking=_thinking(response, solution) if keep_thinking else None,
            )
            for sample, (response, solution, answer, faults) in enumerate(
                zip(responses, told, read, wrong, strict=True)
            )
        )

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
