"""Solving a question several times, checking the arithmetic, and voting (paper section 2.3)."""

import asyncio
from collections.abc import Sequence

from kpmath_builder import answers
from kpmath_builder.execution.ask import Ask
from kpmath_builder.protocol import Response
from kpmath_builder.recipe import ConsensusSettings
from kpmath_builder.records import Solution, Vote
from kpmath_builder.synthesis.questions import Shown

__all__ = ["Agreement", "agree", "solve"]


async def solve(question: str, practices: Shown, count: int, ask: Ask) -> list[Response]:
    """Ask for `count` solutions, with the blueprint's own practices as demonstrations."""
    shown = [{"problem": practice["problem"], "solution": practice["solution"]} for practice in practices]
    return await ask.samples("solve", {"question": question, "practices": shown}, count)


async def agree(
    responses: Sequence[Response], rule: ConsensusSettings, *, keep_thinking: bool = False
) -> "Agreement":
    """Vote off the event loop: an answer that only computer algebra can compare takes its time."""
    return await asyncio.to_thread(Agreement, responses, rule, keep_thinking=keep_thinking)


class Agreement:
    """What reading, checking and voting made of the solutions of one question.

    Solutions whose arithmetic is wrong are left out of the vote; those without a readable answer abstain. Both count against
    each answer unless the rule ignores them. What was thought before a solution is neither read nor checked: it may be wrong on the way.
    """

    def __init__(
        self, responses: Sequence[Response], rule: ConsensusSettings, *, keep_thinking: bool = False
    ) -> None:
        read = [
            answers.final_answer(response.text) if response.finish_reason == "stop" else None
            for response in responses
        ]
        wrong = [answers.check_arithmetic(response.text).wrong for response in responses]
        voting = [None if faults else answer for answer, faults in zip(read, wrong, strict=True)]
        self._tally = answers.vote(voting, rule.mode, min_share=rule.min_share, abstentions=rule.abstentions)
        self.reason = self._tally.reason
        classes = {member: number for number, its in enumerate(self._tally.classes) for member in its.members}
        self.solutions = tuple(
            Solution(
                sample=sample,
                text=response.text,
                finish_reason=response.finish_reason,
                completion_tokens=response.completion_tokens,
                answer=None if answer is None else str(answer),
                wrong_arithmetic=tuple(faults),
                answer_class=classes.get(sample),
                score_vector=self._tally.vectors[sample],
                score=self._tally.scores[sample],
                agreed=sample in self._tally.kept,
                thinking=(response.reasoning or None) if keep_thinking else None,
            )
            for sample, (response, answer, faults) in enumerate(zip(responses, read, wrong, strict=True))
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
        )
