"""How hard an agreed question is: a reference solver tries it, and the consensus grades its attempts."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from kpmath_builder import answers
from kpmath_builder.controls.grading import are_equal
from kpmath_builder.execution.ask import Ask
from kpmath_builder.protocol import FINAL, Response
from kpmath_builder.records import Attempts
from kpmath_builder.synthesis.questions import Shown
from kpmath_builder.synthesis.solutions import read_answer

__all__ = ["attempt", "grade"]


async def attempt(
    question: str, practices: Shown, winner: answers.Answer, samples: int, ask: Ask
) -> Attempts:
    """Ask the reference solver for attempts at a question and grade them; raises `NotAskedError` as `Ask` does.

    A model sees the question alone, without the practices as demonstrations: how hard it is must not depend on what was shown.
    """
    # The symbolic teacher reads a question by its practices.
    shown = [{"problem": practice["problem"], "solution": practice["solution"]} for practice in practices]
    responses = await ask.samples("attempt", {"question": question, "practices": shown}, samples)
    # An answer that only computer algebra can compare takes its time.
    return await asyncio.to_thread(grade, responses, winner, ask.headings)


def grade(responses: Sequence[Response], winner: answers.Answer, headings: Sequence[str] = ()) -> Attempts:
    """Compare the answers of attempts with the consensus.

    An attempt without a readable answer failed. One that was never made (a refused request), or whose answer can be proved neither equal nor
    different, is undecided.
    """
    ends = Counter(_end(response, winner, headings) for response in responses)
    return Attempts(passed=ends["passed"], failed=ends["failed"], undecided=ends["undecided"])


def _end(response: Response, winner: answers.Answer, headings: Sequence[str]) -> str:
    if response.finish_reason in FINAL:
        return "undecided"
    answer = read_answer(response, headings)
    if answer is None:
        return "failed"
    passed = are_equal(answer, winner)
    return "undecided" if passed is None else "passed" if passed else "failed"
