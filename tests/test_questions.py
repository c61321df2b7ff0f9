"""Writing and judging: what is shown to the teachers, and the one score that is made of two criteria."""

import asyncio
from collections.abc import Callable
from statistics import fmean
from types import SimpleNamespace
from typing import Any, cast

import pytest
from factories import make_build

from kpmath_builder import InputError, Recipe
from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.prompts.replies import JudgeReply, WriteReply
from kpmath_builder.protocol import Response
from kpmath_builder.records import Judgement
from kpmath_builder.synthesis.questions import judge, judgement_of, show, write

POINTS = ("ratios", "sums", "areas", "roots")
PRACTICES = [{"topic": "Algebra", "key_points": POINTS[:3]}, {"topic": "Geometry", "key_points": POINTS[3:]}]


def said(needed: str = "++++", *errors: str, final_answers: int = 1) -> JudgeReply:
    points = tuple(sign == "+" for sign in needed)
    return JudgeReply(key_points=points, errors=errors, final_answers=final_answers)


class Replying:
    """Gives one reply, works as it is told to, and notes what was asked."""

    headings = ("Problem:",)

    def __init__(self, reply: Reply[Any], work: str = "Thus \\boxed{7}.", ended: str = "stop") -> None:
        self.asked: list[tuple[str, Any]] = []
        self._reply = reply
        self._work = Response(text=work, finish_reason=ended)

    async def samples(self, task: str, material: object, count: int, first: int = 0) -> list[Response]:
        assert (count, first) == (1, 0)
        self.asked.append((task, material))
        return [self._work]

    async def reply(
        self,
        task: str,
        material: object,
        kind: type,
        refuse: Callable[[Any], str] = lambda _: "",
        *,
        sample: int = 0,
    ) -> Reply[Any]:
        assert sample == 0
        self.asked.append((task, material))
        reason = refuse(self._reply.value) if self._reply.value is not None else ""
        return Reply(None, reason) if reason else self._reply


def as_ask(replying: Replying) -> Ask:
    return cast("Ask", replying)


def judgement(reply: JudgeReply, work: str = "Thus \\boxed{7}.", ended: str = "stop") -> Judgement:
    judged = asyncio.run(judge("How many?", PRACTICES, as_ask(Replying(Reply(reply), work, ended)), 1)).value
    assert judged is not None
    return judged


@pytest.mark.parametrize(
    ("reply", "work", "present", "correctness"),
    [
        (said("++++"), "\\boxed{7}", 1.0, 1.0),
        (said("+-++"), "\\boxed{7}", 0.75, 1.0),
        (said("----"), "\\boxed{7}", 0.0, 1.0),
        (said("++++", "a negative length"), "\\boxed{7}", 1.0, 0.5),
        (said("+--+", "a negative length", "no price"), "\\boxed{7}", 0.5, 0.5),
        (said("++++"), "The price is not given. \\boxed{none}", 1.0, 0.0),
        (said("-+++", "no price"), "The price is not given.", 0.75, 0.0),
    ],
)
def test_code_makes_the_scores_and_the_quality_is_the_lower_of_both(
    reply: JudgeReply, work: str, present: float, correctness: float
) -> None:
    """The share of key points that were needed; a faulty problem has half of the correctness, one without an answer none."""
    judged = judgement(reply, work)
    assert (judged.key_points_present, judged.correctness) == (present, correctness)
    assert judged.quality == min(present, correctness)


def test_work_that_had_to_assume_a_fact_counts_against_the_problem_whatever_the_verdict_says() -> None:
    judged = judgement(said(), "The price is not given. Let's assume it is 5 dollars. \\boxed{10}")
    assert (judged.correctness, judged.errors) == (0.5, ("the work says: The price is not given.",))


def test_a_judgement_keeps_its_reasons_and_the_judge_s_own_answer() -> None:
    judged = judgement(
        said("-++-", "a negative length", final_answers=2), "Half of it: $\\boxed{\\frac{1}{2}}$."
    )
    assert (judged.missing_key_points, judged.errors) == (("ratios", "roots"), ("a negative length",))
    assert (judged.sub_questions, judged.judge_answer) == (2, r"\frac{1}{2}")


@pytest.mark.parametrize("said_none", ["none", "None", r"\text{none}", "no answer"])
def test_a_judge_that_found_no_answer_has_none(said_none: str) -> None:
    assert judgement(said(), f"\\boxed{{{said_none}}}").judge_answer == ""


def test_work_that_was_cut_off_has_no_answer() -> None:
    """The answer that stands in it so far may be one of the way."""
    assert judgement(said(), "First \\boxed{7}.", "length").correctness == 0


@pytest.mark.parametrize("ended", ["refused", "given_up"])
def test_without_work_there_is_no_judgement(ended: str) -> None:
    replying = Replying(Reply(said()), "Too long.", ended)
    assert asyncio.run(judge("How many?", PRACTICES, as_ask(replying), 1)) == Reply(None, "Too long.")
    assert [task for task, _ in replying.asked] == ["work"]


@pytest.mark.parametrize("needed", ["", "+++", "+++++"])
def test_a_judgement_about_other_key_points_than_those_shown_is_refused(needed: str) -> None:
    judged = asyncio.run(judge("How many?", PRACTICES, as_ask(Replying(Reply(said(needed)))), 1))
    assert judged.value is None
    assert judged.reason == f"reply speaks of {len(needed)} key points, but there are 4"


def test_the_judge_works_the_question_out_and_is_shown_its_work() -> None:
    replying = Replying(Reply(said()), "Thus \\boxed{7}.\n\nProblem:\nAnother one?")
    asyncio.run(judge("How many?", PRACTICES, as_ask(replying), 1))
    material = {"question": "How many?", "practices": PRACTICES}
    assert replying.asked == [("work", material), ("judge", material | {"work": "Thus \\boxed{7}."})]


def test_long_work_is_shown_up_to_its_limit() -> None:
    replying = Replying(Reply(said()), "x" * 6001 + r" \boxed{7}")
    asyncio.run(judge("How many?", PRACTICES, as_ask(replying), 1))
    assert [material["work"] for task, material in replying.asked if task == "judge"] == ["x" * 6000]


def test_of_no_key_points_none_is_missing() -> None:
    assert judgement_of(said(""), [], "7").key_points_present == 1.0


def test_without_a_judgement_its_reason_is_passed_on() -> None:
    reply: Reply[Any] = Reply(None, "cut off (length)")
    assert asyncio.run(judge("How many?", [], as_ask(Replying(reply)), 1)) == Reply(None, "cut off (length)")


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


# Several judgements


class Wavering:
    """Judges each time anew: one work and one reply per judgement; None is a reply that cannot be read."""

    headings = ("Problem:",)

    def __init__(self, *judgements: tuple[str, JudgeReply | None]) -> None:
        self.judgements = judgements

    async def samples(self, task: str, _: object, count: int, first: int) -> list[Response]:
        assert (task, count) == ("work", 1)
        return [Response(text=self.judgements[first][0], finish_reason="stop")]

    async def reply(
        self, task: str, material: dict[str, str], kind: type, refuse: object, *, sample: int
    ) -> Reply[Any]:
        work, said_then = self.judgements[sample]
        assert (task, material["work"]) == ("judge", work)
        return Reply(said_then, "" if said_then else f"unreadable {sample}")


def wavered(*judgements: tuple[str, JudgeReply | None]) -> Reply[Judgement]:
    ask = cast("Ask", Wavering(*judgements))
    return asyncio.run(judge("How many?", PRACTICES, ask, samples=len(judgements)))


def test_several_judgements_are_averaged():
    its = wavered(
        (r"\boxed{1/2}", said("++++")),
        (r"\boxed{0.5}", said("++-+", "A length is missing.", final_answers=2)),
        (r"\boxed{3}", said("+--+", "A length is missing.", "Odd units.", final_answers=4)),
    ).value
    assert its == Judgement(
        key_points_present=0.75,
        correctness=fmean([1, 0.5, 0.5]) * (1 - 0.1 / 3),
        quality=fmean([1, 0.5, 0.5]) * (1 - 0.1 / 3),
        missing_key_points=("areas", "sums"),
        errors=("A length is missing.", "Odd units."),
        sub_questions=2,
        judge_answer="0.5",
        judgements=3,
    )


def test_judgements_that_agree_come_before_those_that_do_not():
    """Disagreement alone takes off too little to refuse a problem at the paper's threshold: a hard problem is no faulty one."""
    qualities = [
        its.quality
        for answers in ("7 7 7", "7 7 8", "7 8 9")
        if (its := wavered(*((rf"\boxed{{{answer}}}", said()) for answer in answers.split())).value)
    ]
    assert qualities == sorted(qualities, reverse=True)
    assert len(set(qualities)) == 3
    assert qualities[-1] > 0.85


@pytest.mark.parametrize(
    ("works", "answer"),
    [(["7", "7", "none"], "7"), (["7", "none"], ""), (["none", "none", "7"], "")],
    ids=["most", "as many", "fewer"],
)
def test_the_judge_has_an_answer_if_more_judgements_come_to_it_than_to_none(works: list[str], answer: str):
    its = wavered(*((rf"\boxed{{{work}}}", said()) for work in works)).value
    assert its is not None
    assert its.judge_answer == answer


@pytest.mark.parametrize(
    ("readable", "judgements"), [("yyn", 2), ("yn", None), ("ynn", None)], ids=["most", "half", "few"]
)
def test_a_question_is_judged_if_most_of_its_judgements_can_be_read(readable: str, judgements: int | None):
    """Half of them would be the luck of the readable half."""
    its = wavered(*((r"\boxed{7}", said() if sign == "y" else None) for sign in readable))
    assert (its.value and its.value.judgements) == judgements
    assert its.reason == ("" if judgements else "unreadable 1")


def test_several_judgements_at_temperature_0_are_refused():
    """They would be one judgement, paid for several times."""
    with pytest.raises(InputError, match=r"judging.samples is 3, but judging.temperature is 0"):
        Recipe.of({"judging": {"samples": 3}})
    assert Recipe.of({"judging": {"samples": 3, "temperature": 0.7}}).judging.samples == 3
