"""Writing and judging: what is shown to the teachers, and the one score that is made of two criteria."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from factories import make_build

from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.prompts.schemas import JudgeReply, WriteReply
from kpmath_builder.synthesis.questions import judge, show, write

SAID = {
    "missing_key_points": ("ratios",),
    "key_points_present": 0.9,
    "errors": ("a negative length",),
    "correctness": 0.9,
    "sub_questions": 2,
}


class Replying:
    """Gives one reply, and notes what was asked."""

    def __init__(self, reply: Reply[Any]) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._reply = reply

    async def reply(self, task: str, material: object, kind: type) -> Reply[Any]:
        self.asked.append((task, material))
        return self._reply


def as_ask(replying: Replying) -> Ask:
    return cast("Ask", replying)


@pytest.mark.parametrize(
    ("present", "correct", "quality"), [(0.5, 1.0, 0.5), (1.0, 0.25, 0.25), (0.75, 0.75, 0.75), (0, 1, 0)]
)
def test_the_quality_of_a_question_is_the_lower_of_both_criteria(
    present: float, correct: float, quality: float
) -> None:
    said = JudgeReply(**{**SAID, "key_points_present": present, "correctness": correct})
    judged = asyncio.run(judge("How many?", [], as_ask(Replying(Reply(said))))).value
    assert judged is not None
    assert (judged.key_points_present, judged.correctness, judged.quality) == (present, correct, quality)


def test_a_judgement_keeps_its_reasons() -> None:
    replying = Replying(Reply(JudgeReply(**SAID)))
    practices = [{"topic": "Algebra"}]
    judged = asyncio.run(judge("How many?", practices, as_ask(replying))).value
    assert judged is not None
    assert (judged.missing_key_points, judged.errors) == (("ratios",), ("a negative length",))
    assert judged.sub_questions == 2
    assert replying.asked == [("judge", {"question": "How many?", "practices": practices})]


def test_without_a_judgement_its_reason_is_passed_on() -> None:
    reply: Reply[Any] = Reply(None, "cut off (length)")
    assert asyncio.run(judge("How many?", [], as_ask(Replying(reply)))) == Reply(None, "cut off (length)")


def test_a_question_is_written_from_the_practices_alone() -> None:
    replying = Replying(Reply(WriteReply(question="How many?")))
    written = asyncio.run(write([{"topic": "Algebra"}], as_ask(replying)))
    assert written.value is not None
    assert written.value.question == "How many?"
    assert replying.asked == [("write", {"practices": [{"topic": "Algebra"}]})]


def test_the_teachers_see_topic_key_points_problem_and_solution_of_each_practice_in_the_order_drawn() -> None:
    made = make_build(1)
    (candidate,) = made.candidates
    seeds = {seed.id: seed for seed in made.seeds}
    shown = show(candidate.blueprint, seeds)
    for part, practice in zip(candidate.blueprint.parts, shown, strict=True):
        seed = seeds[part.seed_id]
        expected = SimpleNamespace(topic=part.topic, key_points=list(part.key_points))
        assert practice == {**vars(expected), "problem": seed.problem, "solution": seed.solution}
