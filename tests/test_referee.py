"""The referee: which pairs of answers it is asked about, in both orders, and what its word changes."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal, cast

import pytest

from kpmath_builder import InputError
from kpmath_builder.answers import undecided, vote
from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.execution.run import NotAskedError
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.replies import SameTopicReply
from kpmath_builder.protocol import Response
from kpmath_builder.recipe import ConsensusSettings, Recipe, SolutionsSettings
from kpmath_builder.synthesis.referee import MOST_PAIRS, Referee
from kpmath_builder.synthesis.solutions import Agreement, solve

EVEN, PAIRS, THIRD = r"2 \mid n", r"\{n : 2 \mid n\}", r"\bigoplus_n x"
"""Answers that the builder cannot compare."""


class FakeAsk:
    """Gives solutions from a list, and lets a function say which answers are the same."""

    headings = ()

    def __init__(self, boxed: list[str], same: Callable[[str, str], bool | None]) -> None:
        self.boxed, self.same = boxed, same
        self.compared: list[tuple[str, str]] = []

    async def solutions(self, _: Any, count: int, first: int) -> list[tuple[str, Response]]:
        return [
            ("", Response(text=f"{number}: \\boxed{{{answer}}}", finish_reason="stop"))
            for number, answer in enumerate(self.boxed[first : first + count])
        ]

    async def reply(self, task: str, material: dict[str, str], _: Any) -> Reply[SameTopicReply]:
        assert (task, material["question"]) == ("compare", "Q?")
        pair = (material["first"], material["second"])
        self.compared.append(pair)
        said = self.same(*pair)
        return Reply(None, "no word") if said is None else Reply(SameTopicReply(same=said))


def solved(
    boxed: list[str], same: Callable[[str, str], bool | None], **rule: Any
) -> tuple[Agreement, FakeAsk]:
    ask = FakeAsk(boxed, same)
    settings = ConsensusSettings(**{"referee": True, **rule})
    found = solve("Q?", [], SolutionsSettings(samples=len(boxed)), settings, cast("Ask", ask))
    return asyncio.run(found), ask


def test_answers_are_equal_if_the_referee_says_so_in_both_orders():
    its, ask = solved([EVEN, EVEN, PAIRS, PAIRS], lambda *_: True)
    assert len(ask.compared) == 2
    assert ask.compared[0] == ask.compared[1][::-1]
    assert (its.vote.share, its.vote.tie, len(its.vote.united)) == (1.0, False, 1)
    assert {solution.answer_class for solution in its.solutions} == {0}


@pytest.mark.parametrize("said", [False, None], ids=["different", "unreadable"])
@pytest.mark.parametrize("first", [EVEN, PAIRS], ids=["in one order", "in the other order"])
def test_one_order_is_not_enough(said: Literal[False] | None, first: str):
    """A model that prefers what it reads first, or cannot be read, unites nothing."""
    its, _ = solved([EVEN, EVEN, PAIRS, PAIRS], lambda one, _: said if one == first else True)
    assert (its.vote.tie, its.vote.united) == (True, ())


def test_without_the_referee_nobody_is_asked():
    its, ask = solved([EVEN, EVEN, PAIRS, PAIRS], lambda *_: True, referee=False)
    assert (ask.compared, its.vote.tie) == ([], True)


def test_answers_that_a_program_compares_are_not_put_to_the_referee():
    _, ask = solved(["1/2", "0.5", "3", "4"], lambda *_: True)
    assert ask.compared == []


def test_each_pair_of_a_question_is_asked_about_once_and_few_are():
    boxed = [rf"\bigoplus_n x_{{{number}}}" for number in range(8)]
    _, ask = solved(boxed, lambda *_: False)
    assert len(ask.compared) == len(set(ask.compared)) == MOST_PAIRS


@pytest.mark.parametrize(
    ("answers", "pairs"),
    [
        ([EVEN] * 3 + [PAIRS] + [THIRD], [(EVEN, PAIRS), (EVEN, THIRD)]),  # not the two small ones
        ([EVEN] * 2 + [PAIRS] + [THIRD], [(EVEN, PAIRS), (EVEN, THIRD), (PAIRS, THIRD)]),
        ([EVEN], []),
        ([], []),
    ],
    ids=["too light", "as heavy as the leader", "one class", "none"],
)
def test_only_pairs_that_could_change_the_outcome_are_undecided(
    answers: list[str], pairs: list[tuple[str, str]]
):
    found = undecided(vote(answers).classes, most=9)
    assert {frozenset(pair) for pair in found} == {frozenset(pair) for pair in pairs}
    assert undecided(vote(answers).classes, most=1) == found[:1]
    assert undecided(vote(answers).classes, most=9, known={pair[::-1]: False for pair in found}) == []


def test_what_follows_from_two_united_pairs_is_one_class():
    its = vote([EVEN, PAIRS, THIRD], united=[(EVEN, PAIRS), (PAIRS, THIRD), ("unheard of", EVEN)])
    assert [group.members for group in its.classes] == [(0, 1, 2)]
    assert its.share == 1


def test_an_answer_of_the_referee_that_is_not_there_ends_the_vote():
    """A rescore without the answers drops the candidate as not asked rather than deciding without them."""

    def lacking(*_: str) -> bool:
        raise NotAskedError

    with pytest.raises(NotAskedError):
        solved([EVEN, PAIRS], lacking)


def test_asking_the_referee_or_not_is_a_decision_but_another_referee_is_another_question():
    def spec(*, referee: bool, temperature: float = 0.0) -> BuildSpec:
        its = {"referee": {"kind": "openai", "model": "m"}}
        recipe = Recipe.of(
            {"consensus": {"referee": referee}, "referee": {"temperature": temperature}, "roles": its}
        )
        return BuildSpec.of(recipe, Prompts.load(), "", {}, asking=True)

    assert list(spec(referee=True).changes(spec(referee=False))) == []
    assert list(spec(referee=False).changes(spec(referee=True))) == []
    assert list(spec(referee=True).changes(spec(referee=True, temperature=0.5))) == [
        "referee.temperature was 0.5 and is now 0.0"
    ]
    assert spec(referee=True).fingerprint != spec(referee=False).fingerprint


def test_the_referee_stops_asking_at_its_bound_over_several_looks():
    ask = FakeAsk([], lambda *_: False)
    referee = Referee("Q?", cast("Ask", ask))
    pairs = [(str(number), "x") for number in range(2 * MOST_PAIRS)]
    asyncio.run(referee.look_at(pairs[:2]))
    asyncio.run(referee.look_at(pairs))
    assert (len(referee.verdicts), referee.left, len(ask.compared)) == (MOST_PAIRS, 0, MOST_PAIRS)


def test_the_embedded_program_cannot_be_the_referee():
    """It would find nothing equal, and nobody would notice."""
    with pytest.raises(InputError, match=r"name a model in \[roles.referee\]"):
        Recipe.of({"consensus": {"referee": True}})
