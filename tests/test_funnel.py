"""The counts of a build add up, whoever counts and in whatever order."""

from random import Random

import pytest
from factories import make_vote

from kpmath_builder.funnel import Funnel
from kpmath_builder.records import Blueprint, Candidate, DropReason, Solution, Stage, Tokens

ENDS = [
    (Stage.ASKED, DropReason.UNWRITTEN),
    (Stage.WRITTEN, DropReason.LOW_QUALITY),
    (Stage.WRITTEN, DropReason.LOW_QUALITY),
    (Stage.WRITTEN, DropReason.TOO_MANY_PARTS),
    (Stage.SOLVED, DropReason.TIE),
    (Stage.AGREED, DropReason.DUPLICATE),
    (Stage.KEPT, DropReason.NONE),
]


def candidate(number: int, stage: Stage, reason: DropReason) -> Candidate:
    return Candidate(
        blueprint=Blueprint(id=f"b-{number}", index=number, parts=()),
        models={},
        stage=stage,
        reason=reason,
        spent={"write": Tokens(requests=1, prompt=2, completion=3), "judge": Tokens(requests=1)},
        loops={"solve": number, "write": 1} if number else {},
        repairs={"judge": {"code fence": 2}, "writer": {"trailing comma": number}} if number else {},
    )


def counted(*ends: tuple[Stage, DropReason]) -> Funnel:
    funnel = Funnel()
    for number, (stage, reason) in enumerate(ends):
        funnel.add(candidate(number, stage, reason))
    return funnel


def test_each_stage_is_passed_by_all_that_did_not_end_before_it() -> None:
    lines = counted(*ENDS).lines()
    assert [line.stage for line in lines] == list(Stage)
    assert [line.passed for line in lines] == [7, 6, 3, 3, 2, 1]
    assert [dict(line.reasons) for line in lines] == [
        {DropReason.UNWRITTEN: 1},
        {DropReason.LOW_QUALITY: 2, DropReason.TOO_MANY_PARTS: 1},
        {},
        {DropReason.TIE: 1},
        {DropReason.DUPLICATE: 1},
        {DropReason.NONE: 1},
    ]


def test_tokens_stand_at_the_stage_that_they_were_spent_to_pass() -> None:
    tokens = {line.stage: line.tokens for line in counted(*ENDS).lines()}
    assert tokens[Stage.WRITTEN] == Tokens(requests=7, prompt=14, completion=21)
    assert tokens[Stage.JUDGED] == Tokens(requests=7)
    assert {tokens[stage] for stage in (Stage.ASKED, Stage.SOLVED, Stage.AGREED, Stage.KEPT)} == {Tokens()}


@pytest.mark.parametrize(
    ("ends", "decided"),
    [
        ([], False),
        ([(Stage.AGREED, DropReason.NONE)], False),  # the selection has not looked at it yet
        ([(Stage.AGREED, DropReason.NONE), (Stage.KEPT, DropReason.NONE)], False),
        ([(Stage.AGREED, DropReason.DUPLICATE)], True),
        (ENDS, True),
    ],
)
def test_nothing_is_said_to_be_kept_before_the_selection(
    ends: list[tuple[Stage, DropReason]], *, decided: bool
) -> None:
    stages = [line.stage for line in counted(*ends).decided()]
    assert (Stage.KEPT in stages) == decided
    assert stages[:5] == list(Stage)[:5]


def test_funnels_of_two_parts_are_the_funnel_of_the_whole() -> None:
    whole, first, second = Funnel(), Funnel(), Funnel()
    for number, end in enumerate(ENDS):
        for funnel in (whole, first if number < 3 else second):
            funnel.add(candidate(number, *end))
    assert (first + second).as_json() == whole.as_json()
    assert (first + second).loops == whole.loops
    assert Funnel.from_json(whole.as_json()).as_json() == whole.as_json()


def test_solutions_and_those_that_are_copies_are_counted_and_a_funnel_without_them_is_read() -> None:
    funnel = Funnel()
    solution = Solution(sample=0, text="4", finish_reason="stop", completion_tokens=1, answer="4")
    for identical in (None, 1, 2):
        vote = None if identical is None else make_vote(Random(0), DropReason.NONE)
        funnel.add(
            candidate(1, Stage.KEPT, DropReason.NONE).model_copy(
                update={
                    "solutions": (solution,) * 3,
                    "vote": vote and vote.model_copy(update={"identical": identical}),
                }
            )
        )
    assert (funnel.solutions, funnel.identical) == (9, 3)
    assert ((funnel + funnel).solutions, (funnel + funnel).identical) == (18, 6)
    counts = funnel.as_json()
    assert (Funnel.from_json(counts).solutions, Funnel.from_json(counts).identical) == (9, 3)
    del counts["solutions"]
    assert (Funnel.from_json(counts).solutions, Funnel.from_json(counts).identical) == (0, 0)


def test_replies_that_ran_in_a_loop_are_counted_and_survive_json() -> None:
    funnel = counted(*ENDS)
    assert funnel.loops == {"solve": 21, "write": 6}
    assert Funnel.from_json(funnel.as_json()).loops == funnel.loops
    assert "loops" not in Funnel().as_json()


def test_repairs_are_counted_by_role_and_kind() -> None:
    funnel = counted(*ENDS)
    assert funnel.repaired() == {"judge": {"code fence": 12}, "writer": {"trailing comma": 21}}
    assert "repairs" not in Funnel().as_json()
