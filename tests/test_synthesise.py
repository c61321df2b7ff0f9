"""The way of one blueprint through the method, end by end: what a candidate keeps, and where and why it stops."""

import asyncio
from collections import Counter
from typing import Any, cast

import pytest
from factories import make_build

from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.execution.run import NotAskedError
from kpmath_builder.prompts.replies import JudgeReply, WriteReply
from kpmath_builder.protocol import Response
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Candidate, DropReason, Stage, Tokens
from kpmath_builder.synthesis.candidates import synthesise

MADE = make_build(1)
WRITTEN = Reply(WriteReply(question="  How many?\n"))
AGREED = ["Thus \\boxed{4}."] * 3


POINTS = sum(len(part.key_points) for part in MADE.candidates[0].blueprint.parts)


def judged(needed: int = POINTS, final_answers: int = 1) -> Reply[Any]:
    """Return a judgement that finds so many of the key points needed."""
    points = tuple(number < needed for number in range(POINTS))
    return Reply(JudgeReply(key_points=points, errors=(), final_answers=final_answers))


class Scripted:
    """Answers each task as it is told to; an error in place of a reply is raised."""

    headings = ()

    def __init__(self, write: Any, judge: Any = None, solve: Any = None) -> None:
        self.asked: list[str] = []
        self.spent = {"write": Tokens(requests=1)}
        self.repairs = {"writer": Counter({"code fence": 1}), "judge": Counter[str]()}
        self.headings = ("Problem:",)
        self.loops = Counter({"writer": 1})
        self._answers = {"write": write, "judge": judge, "solve": solve}

    def models(self, *roles: str) -> dict[str, str]:
        return {role: f"the {role}" for role in roles if role != "referee"}

    def instructions(self, task: str) -> str:
        return f"Please {task}."

    async def reply(
        self, task: str, material: object, kind: type, refuse: object = None, sample: int = 0
    ) -> Reply[Any]:
        return cast("Reply[Any]", self._answer(task))

    async def samples(self, task: str, material: object, count: int, first: int = 0) -> list[Response]:
        if task == "work":
            return [Response(text="Thus \\boxed{4}.", finish_reason="stop")]
        texts = self._answer(task)[first : first + count]
        assert len(texts) == count
        return [Response(text=text, finish_reason="stop") for text in texts]

    async def solutions(self, material: object, count: int, first: int = 0) -> list[tuple[str, Response]]:
        return [("", response) for response in await self.samples("solve", material, count, first)]

    def _answer(self, task: str) -> Any:
        self.asked.append(task)
        answer = self._answers[task]
        if isinstance(answer, Exception):
            raise answer
        return answer


def led(ask: Scripted, **tables: Any) -> Candidate:
    seeds = {seed.id: seed for seed in MADE.seeds}
    recipe = Recipe.of({"solutions": {"samples": 3}, **tables})
    return asyncio.run(synthesise(MADE.candidates[0].blueprint, seeds, cast("Ask", ask), recipe))


@pytest.mark.parametrize(
    ("ask", "stage", "reason", "detail", "asked"),
    [
        (Scripted(Reply(None, "cut off")), Stage.ASKED, DropReason.UNWRITTEN, "cut off", "write"),
        (Scripted(WRITTEN, Reply(None, "no JSON")), Stage.WRITTEN, DropReason.UNJUDGED, "no JSON", "write judge"),
        (Scripted(WRITTEN, judged(POINTS - 1)), Stage.WRITTEN, DropReason.LOW_QUALITY, "", "write judge"),
        (Scripted(WRITTEN, judged(POINTS, 4)), Stage.WRITTEN, DropReason.TOO_MANY_PARTS, "", "write judge"),
        (Scripted(WRITTEN, judged(), ["?"] * 3), Stage.JUDGED, DropReason.UNSOLVED, "", "write judge solve"),
        (Scripted(WRITTEN, judged(), ["\\boxed{1}", "\\boxed{2}", "?"]), Stage.SOLVED, DropReason.NO_AGREEMENT, "", "write judge solve"),
        (Scripted(WRITTEN, judged(), AGREED), Stage.AGREED, DropReason.NONE, "", "write judge solve"),
        (Scripted(WRITTEN, judged(), NotAskedError("not in the log")), Stage.JUDGED, DropReason.NOT_ASKED, "not in the log", "write judge solve"),
    ],
    ids=["unwritten", "unjudged", "low", "parts", "unsolved", "disagreed", "agreed", "not asked"],
)  # fmt: skip
def test_a_candidate_ends_at_the_last_stage_that_it_passed_with_the_reason(
    ask: Scripted, stage: Stage, reason: DropReason, detail: str, asked: str
) -> None:
    ended = led(ask)
    assert (ended.stage, ended.reason, ended.detail) == (stage, reason, detail)
    assert ask.asked == asked.split()


def test_what_was_learnt_on_the_way_is_kept() -> None:
    ended = led(Scripted(WRITTEN, judged(POINTS, 2), AGREED))
    assert ended.question == "How many?"
    assert ended.judgement is not None
    assert (ended.judgement.quality, ended.judgement.sub_questions) == (1.0, 2)
    assert [solution.agreed for solution in ended.solutions] == [True] * 3
    assert ended.vote is not None
    assert (ended.vote.winner, ended.vote.votes) == ("4", 3)
    assert ended.models == {role: f"the {role}" for role in ("writer", "judge", "solver")}
    assert ended.spent == {"write": Tokens(requests=1)}
    assert ended.repairs == {"writer": {"code fence": 1}}, "a role without repairs is left out"
    assert ended.loops == {"writer": 1}


MODEL = {"kind": "openai", "model": "m"}
REMARK = Reply(WriteReply(question="Would you like me to go on?"))


def test_a_model_s_remark_is_not_judged() -> None:
    ask = Scripted(REMARK, judged(), AGREED)
    ended = led(ask, teacher=MODEL)
    assert (ended.stage, ended.reason, ended.detail) == (
        Stage.WRITTEN,
        DropReason.TALK,
        "Would you like me to",
    )
    assert ended.question == "Would you like me to go on?"
    assert ask.asked == ["write"]


@pytest.mark.parametrize(
    "tables", [{}, {"teacher": MODEL, "questions": {"checks": False}}], ids=["symbolic", "off"]
)
def test_what_a_program_composed_is_not_checked_nor_anything_without_the_checks(
    tables: dict[str, Any],
) -> None:
    assert led(Scripted(REMARK, judged(), AGREED), **tables).stage is Stage.AGREED


def test_a_question_that_is_refused_keeps_its_judgement_and_is_not_solved() -> None:
    ended = led(Scripted(WRITTEN, judged(POINTS - 1)))
    assert ended.judgement is not None
    assert ended.judgement.quality == 0.75
    assert (ended.solutions, ended.vote) == ((), None)


@pytest.mark.parametrize(
    ("checks", "asked"),
    [(True, ["write"]), (False, ["write", "judge", "solve"])],
    ids=["checked", "unchecked"],
)
def test_a_question_that_is_none_is_dropped_before_it_is_judged(asked: list[str], *, checks: bool) -> None:
    ask = Scripted(Reply(WriteReply(question="Sure! I can write that.")), judged(), AGREED)
    server = {"kind": "openai", "model": "m", "addresses": ["http://localhost:1"]}
    ended = led(ask, teacher=server, questions={"checks": checks})
    assert ask.asked == asked
    assert (ended.stage is Stage.WRITTEN) == checks


@pytest.mark.parametrize(
    ("answers", "rounds", "samples"),
    [
        ("4 4 4 5 5 5 5 5", 1, 3),
        ("4 5 4 4 4 4 9 9", 2, 6),
        ("1 2 3 4 5 6 7 8", 2, 6),
    ],
    ids=["unanimous", "one differs", "none agree"],
)
def test_adaptive_sampling_stops_when_the_vote_is_decided(answers: str, rounds: int, samples: int) -> None:
    ask = Scripted(WRITTEN, judged(), [f"Thus \\boxed{{{answer}}}." for answer in answers.split()])
    candidate = led(ask, solutions={"samples": 8, "sampling": "adaptive"})
    assert ask.asked == ["write", "judge"] + ["solve"] * rounds
    assert [its.sample for its in candidate.solutions] == list(range(samples))


def test_fixed_sampling_asks_for_all_at_once() -> None:
    ask = Scripted(WRITTEN, judged(), ["Thus \\boxed{4}."] * 8)
    assert len(led(ask, solutions={"samples": 8}).solutions) == 8
    assert ask.asked == ["write", "judge", "solve"]
