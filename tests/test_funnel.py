"""The counts of a build add up, whoever counts and in whatever order."""

import pytest

from kpmath_builder.funnel import Funnel
from kpmath_builder.records import Blueprint, Candidate, DropReason, Stage, Tokens

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
    assert Funnel.from_json(whole.as_json()).as_json() == whole.as_json()


def test_repairs_are_counted_by_role_and_kind() -> None:
    funnel = counted(*ENDS)
    assert funnel.repaired() == {"judge": {"code fence": 12}, "writer": {"trailing comma": 21}}
    assert "repairs" not in Funnel().as_json()
