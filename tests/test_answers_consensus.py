"""Voting: the paper's rule and the strict one, transitive classes, ties, abstentions, any order of arrival."""

import itertools
import random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpmath_builder.answers import Answer, Consensus, NoWinner, classes, equivalence, vote
from kpmath_builder.errors import InputError

MIXED = [
    "1/2",
    "0.5",
    r"\frac12",
    "x = 1/2",
    "50%",
    "2",
    "5 cm",
    "0.05 m",
    "5",
    "1, 2",
    "(1,2)",
    "2, 1",
    "(2,1)",
    "x=1, y=2",
    r"90^\circ",
    "90",
    r"\pi/2",
]


def sizes(result: Consensus) -> list[int]:
    return [len(group.members) for group in result.classes]


def test_answers_in_any_notation_vote_together():
    result = vote(["1/2", "0.5", r"\frac{1}{2}", "$x=1/2$", "0.51", None])
    assert sizes(result) == [4, 1]
    assert str(result.winner) in {"1/2", "0.5"}
    assert result.share == 4 / 5
    assert result.margin == 3 / 5
    assert (result.votes, result.abstentions, result.reason) == (5, 1, "")
    assert result.kept == result.classes[0].members == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("answers", "written"),
    [
        (
            ["0.50", "0.50", "1/2"],
            "0.50",
        ),  # the commonest, though it is longer and comes later in the alphabet
        (["0.50", "1/2"], "1/2"),  # of equally common ones the shortest, though it comes later
        (["1/2", "0.5"], "0.5"),  # of equally short ones the first in alphabetical order
        (["0.5", "1/2"], "0.5"),
    ],
)
def test_a_class_is_written_as_most_wrote_it_then_shortly_then_in_alphabetical_order(
    answers: list[str], written: str
):
    assert str(vote(answers).winner) == written


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([], NoWinner.NO_VOTES),
        ([None, None, "no answer"], NoWinner.NO_VOTES),
        (["5"], NoWinner.NO_AGREEMENT),
        (["1", "2", "3"], NoWinner.NO_AGREEMENT),
        (["1", "1", "2", "2"], NoWinner.TIE),
        (["1", "1", "2", "3", "4"], NoWinner.LOW_SHARE),
        (["1", "1", "2"], NoWinner.NONE),
    ],
)
def test_strict_says_why_nothing_won(answers: list[str | None], reason: NoWinner):
    result = vote(answers, "strict")
    assert result.reason is reason
    assert (result.winner is None) == bool(reason) == (not result.kept)


def test_the_share_that_strict_asks_for_is_met_exactly():
    assert vote(["1", "1", "2", "3"], min_share=0.5).winner is not None
    assert vote(["1", "1", "2", "3"], min_share=0.51).winner is None


def test_the_paper_keeps_two_of_ten_and_both_sides_of_a_tie():
    assert vote(["1", "1", *map(str, range(2, 10))], "paper").kept == (0, 1)
    tie = vote(["1", "1", "2", "2"], "paper")
    assert tie.kept == (0, 1, 2, 3)
    assert tie.tie
    assert str(tie.winner) == "1"
    assert vote(["1", "2", "3"], "paper").reason is NoWinner.NO_AGREEMENT
    assert vote(["1"], "paper").kept == ()


def test_score_vectors_are_the_share_that_agrees_on_each_part():
    answers = ["(a) 3 (b) 4", "(a) 3 (b) 5", "(a) 3.0 (b) 4", "(a) 7 (b) 4"]
    result = vote([*answers, None], "paper")
    assert result.vectors == ((0.75, 0.75), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), ())
    assert result.scores == (0.75, 0.75, 0.75, 0.75, 0.0)
    assert result.kept == (0, 1, 2, 3)
    strict = vote(answers, "strict")
    assert strict.kept == (0, 2)
    assert strict.share == 0.5


@pytest.mark.parametrize("mode", ["paper", "strict"])
def test_abstentions_count_against_every_answer_or_are_ignored(mode: Literal["paper", "strict"]):
    """Shares, margin, vectors and scores are of the four solutions, or of the two that voted."""
    answers = ["5", None, None, "5"]
    for abstentions, share in (("against", 0.5), ("ignore", 1.0)):
        result = vote(answers, mode, abstentions=abstentions)  # type: ignore[arg-type]
        assert (result.share, result.margin, result.classes[0].share) == (share, share, share)
        assert (result.vectors, result.scores) == (((share,), (), (), (share,)), (share, 0.0, 0.0, share))
        assert (result.votes, result.abstentions, result.kept) == (2, 2, (0, 3))


def test_the_strict_rule_asks_for_its_share_of_all_solutions_if_abstentions_count_against():
    answers = ["5", "5", "5", None, None, None, None]
    assert vote(answers, min_share=0.5, abstentions="ignore").winner is not None
    assert vote(answers, min_share=0.5, abstentions="against").reason is NoWinner.LOW_SHARE
    assert vote(answers, min_share=3 / 7, abstentions="against").winner is not None


def test_two_equal_answers_are_more_than_one_of_m_however_many_abstain():
    """Paper section 2.3: kept is what scores more than 1/m; with m solutions, two of ten do and one of ten does not."""
    assert vote(["5", "5", *[None] * 8], "paper", abstentions="against").kept == (0, 1)
    assert vote(["5", *[None] * 9], "paper", abstentions="against").kept == ()


def test_another_word_for_abstentions_is_refused():
    with pytest.raises(InputError, match="against or ignore"):
        vote(["1", "1"], abstentions="drop")  # type: ignore[arg-type]


def test_parts_laid_out_and_listed_agree_where_they_are_equal():
    result = vote(["(a) 3 (b) 4", "3, 4", "(a) 3 (b) 5"])
    assert sizes(result) == [2, 1]
    assert result.vectors == ((1.0, 2 / 3), (1.0, 2 / 3), (1.0, 1 / 3))


@given(st.lists(st.sampled_from([*MIXED, None]), max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_outcome_does_not_depend_on_the_order_of_arrival(answers: list[str | None], rng: random.Random):
    order = list(range(len(answers)))
    rng.shuffle(order)
    for mode in ("paper", "strict"):
        straight, shuffled = vote(answers, mode), vote([answers[i] for i in order], mode)
        assert [(c.answer, c.share) for c in straight.classes] == [
            (c.answer, c.share) for c in shuffled.classes
        ]
        assert {frozenset(c.members) for c in straight.classes} == {
            frozenset(order[m] for m in c.members) for c in shuffled.classes
        }
        assert straight.winner == shuffled.winner
        assert {order[i] for i in shuffled.kept} == set(straight.kept)


@given(st.lists(st.sampled_from(MIXED), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_classes_part_the_votes(answers: list[str]):
    result = vote(answers, "paper")
    members = sorted(itertools.chain.from_iterable(c.members for c in result.classes))
    assert members == list(range(len(answers)))
    assert sum(c.share for c in result.classes) == pytest.approx(1)
    assert sizes(result) == sorted(sizes(result), reverse=True)
    for first, second in itertools.combinations(range(len(answers)), 2):
        if answers[first] == answers[second]:
            assert any({first, second} <= set(c.members) for c in result.classes)


def test_no_class_holds_two_answers_that_differ():
    """5 equals both 5 cm and 5 m, which differ: it joins one of them, and the two stay apart."""
    result = vote(["5 cm", "5 cm", "5 m".replace("m", r"\text{m}"), "5"], "paper")
    assert sorted(sizes(result)) == [1, 3]


def test_a_list_in_two_orders_is_not_one_tuple():
    """`2, 1` equals `1, 2`, which equals (1, 2), which is not (2, 1): nobody shares a class with an answer that differs."""
    result = vote(["2, 1", "1, 2", "(1, 2)"], "paper")
    assert sizes(result) == [2, 1]


def test_a_vote_is_true_only_if_something_won():
    assert vote(["1", "1.0", "2"])
    assert not vote(["1", "2"])


def numbered(pattern: str) -> list[str]:
    return [pattern.replace("#", str(number)) for number in range(1_000)]


@pytest.mark.parametrize(
    "answers",
    [
        numbered("#/10007"),
        numbered("x_{#} = 5"),
        numbered("5 ?? # ^"),
        numbered(r"\foo{#}"),
        numbered("Person #x#"),
        [text + f", {number}" for number, text in enumerate(["1, 2, 3"] * 1_000)],
        [f"|x-{number}|" for number in range(1_000)],
    ],
    ids=["fractions", "labels of one value", "unreadable", "unknown command", "words", "lists", "kinks"],
)
def test_a_vote_of_different_answers_compares_hardly_any_two(
    answers: list[str], monkeypatch: pytest.MonkeyPatch
):
    """Look-ups, not pairs: there are half a million of those."""
    compared = []

    def counting(*pair: equivalence.Read, ask: bool = True) -> equivalence.Verdict:
        compared.append(pair)
        return equivalence.compare_read(*pair, ask=ask)

    monkeypatch.setattr(classes, "compare_read", counting)
    result = vote(answers)
    assert len(result.classes) == len(set(answers))
    assert len(compared) <= 2 * len(answers)


def test_one_vote_asks_the_checker_a_limited_number_of_times(monkeypatch: pytest.MonkeyPatch):
    """Also over answers of many parts, each of which is voted on by itself."""
    asked = []

    def undecided(first: str, second: str) -> None:
        asked.append((first, second))

    monkeypatch.setattr(equivalence.checker, "same", undecided)
    parts = [tuple(rf"\sum_{{k=1}}^{{{voter}}} {part}k" for part in range(30)) for voter in range(30)]
    result = vote([Answer("; ".join(laid_out), laid_out) for laid_out in parts], "paper")
    assert 0 < len(asked) <= 16
    assert result.unknown > 0
    assert not result


@pytest.mark.parametrize(("mode", "share"), [("majority", 0.5), ("strict", 1.5), ("strict", -0.1)])
def test_wrong_settings_are_told_in_one_sentence(mode: str, share: float):
    with pytest.raises(InputError, match="vote knows"):
        vote(["1"], mode, min_share=share)


# Votes of different weights


@given(
    answers=st.lists(st.sampled_from(["1", "2", "1, 2", "2, 1", "x", None]), max_size=8),
    mode=st.sampled_from(["paper", "strict"]),
    abstentions=st.sampled_from(["against", "ignore"]),
    weight=st.integers(1, 1000),
)
def test_equal_weights_change_no_vote(
    answers: list[str | None],
    mode: Literal["paper", "strict"],
    abstentions: Literal["against", "ignore"],
    weight: int,
):
    plain = vote(answers, mode, abstentions=abstentions)
    weighed = vote(answers, mode, abstentions=abstentions, weights=[weight] * len(answers))
    assert [group.members for group in weighed.classes] == [group.members for group in plain.classes]
    assert (weighed.winner, weighed.share, weighed.margin, weighed.tie, weighed.kept, weighed.reason) == (
        plain.winner,
        pytest.approx(plain.share),
        pytest.approx(plain.margin),
        plain.tie,
        plain.kept,
        plain.reason,
    )


@given(
    votes=st.lists(st.tuples(st.sampled_from(["1", "2", "3", None]), st.integers(1, 5)), max_size=8),
    mode=st.sampled_from(["paper", "strict"]),
    seed=st.integers(0, 99),
)
def test_weighed_votes_do_not_depend_on_the_order_of_arrival(
    votes: list[tuple[str | None, int]], mode: Literal["paper", "strict"], seed: int
):
    other = random.Random(seed).sample(votes, len(votes))
    one, two = (vote([a for a, _ in its], mode, weights=[w for _, w in its]) for its in (votes, other))
    assert (one.winner, one.share, one.margin, one.tie, one.reason) == (
        two.winner,
        two.share,
        two.margin,
        two.tie,
        two.reason,
    )


@pytest.mark.parametrize("mode", ["paper", "strict"])
@pytest.mark.parametrize(
    ("answers", "weights", "winner", "share"),
    [
        (["1", "1", "2", "2", "2"], [900, 900, 500, 500, 500], "1", 1800 / 3300),
        (["1", "1", "2", "2", "2"], [700, 700, 500, 500, 500], "2", 1500 / 2900),
        (["1", "1", None], [600, 600, 800], "1", 1200 / 2000),
    ],
    ids=["heavy", "many", "abstention"],
)
def test_the_heaviest_answer_wins(
    mode: Literal["paper", "strict"],
    answers: list[str | None],
    weights: list[int],
    winner: str,
    share: float,
):
    its = vote(answers, mode, weights=weights, abstentions="against")
    assert (str(its.winner), its.share) == (winner, share)


def test_two_answers_of_one_weight_tie_however_many_gave_them():
    its = vote(["1", "1", "2", "2", "2"], weights=[300, 300, 200, 200, 200])
    assert (its.tie, its.reason, its.kept) == (True, NoWinner.TIE, ())


@pytest.mark.parametrize(
    ("mode", "kept"), [("paper", (1, 2)), ("strict", ())], ids=["the pair wins", "nothing wins"]
)
def test_an_answer_that_one_solution_gives_wins_nothing_however_heavy(
    mode: Literal["paper", "strict"], kept: tuple[int, ...]
):
    assert vote(["1", "2", "2"], mode, weights=[900, 100, 100]).kept == kept


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, -1], [1, 1, 1]], ids=str)
def test_weights_that_are_not_one_per_answer_are_refused(weights: list[int]):
    with pytest.raises(InputError, match="one weight per answer"):
        vote(["1", "2"], weights=weights)
