"""Where the rest went: every lost seed and blueprint is counted under a reason, with an example and what could be done."""

import json
from pathlib import Path

import pytest

from kpmath_builder import Recipe, build
from kpmath_builder.display import Display
from kpmath_builder.funnel import Funnel
from kpmath_builder.inspection.status import read_status
from kpmath_builder.losses import REASONS_SHOWN, lost_blueprints, lost_rows, lost_seeds, too_few
from kpmath_builder.records import (
    COPIED,
    REPEATED,
    Blueprint,
    Candidate,
    DropReason,
    Extraction,
    RowFault,
    SeedProblem,
    Stage,
    Tokens,
)

REFUSED = Tokens(requests=1, refused=1)
GIVEN_UP = Tokens(requests=1, given_up=1)
REPLIED = Tokens(requests=3)


def seed(seed_id: str, *, shareable: bool = True) -> SeedProblem:
    return SeedProblem(
        id=seed_id,
        source="s",
        licence="mit",
        shareable=shareable,
        problem="Tom has three pens. " * 20,
        solution="",
        answer="3",
        content_hash="sha256:0",
    )


def extraction(seed_id: str, reason: str = "", tokens: Tokens = REPLIED, model: str = "m") -> Extraction:
    return Extraction(seed_id=seed_id, reason=reason, tokens=tokens, model=model)


def candidate(number: int, reason: DropReason, detail: str = "", **fields: object) -> Candidate:
    blueprint = Blueprint(id=f"b-{number}", index=number, parts=())
    return Candidate.model_validate(
        {
            "blueprint": blueprint,
            "models": {"writer": "m"},
            "stage": Stage.ASKED if reason is DropReason.UNWRITTEN else Stage.WRITTEN,
            "reason": reason,
            "detail": detail,
            **fields,
        }
    )


def test_reasons_that_differ_in_numbers_are_one_and_the_most_frequent_comes_first() -> None:
    extractions = [
        extraction("a", "no JSON"),
        extraction("b", "context of 1024, asked for 1500", REFUSED),
        extraction("c", "context of 1024, asked for 1777", REFUSED),
        extraction("d"),
    ]
    losses = lost_seeds([seed("b")], extractions, {"d"})
    assert [(its.count, its.of, its.reason, its.example) for its in losses] == [
        (2, 4, "context of 1024, asked for 1500", "b"),
        (1, 4, "no JSON", "a"),
    ]
    assert losses[0].text.startswith("Tom has three pens.")
    assert len(losses[0].text) < 110


def test_the_text_of_a_seed_that_may_not_be_shared_is_not_shown() -> None:
    (loss,) = lost_seeds([seed("a", shareable=False)], [extraction("a", "no JSON")], ())
    assert (loss.example, loss.text) == ("a", "")


def test_a_seed_whose_topics_are_all_gone_is_counted() -> None:
    (loss,) = lost_seeds([], [extraction("a")], ())
    assert loss.reason == "no topic left after clustering"
    assert "topics.minimum_support" in loss.advice


def test_many_reasons_are_summed_up_and_none_is_lost() -> None:
    letters = "abcdefghij"
    losses = lost_seeds([], [extraction(letter, f"reason {letter}") for letter in letters], ())
    assert len(losses) == REASONS_SHOWN + 1
    assert sum(its.count for its in losses) == len(letters)
    assert losses[-1].reason == "4 other reasons"


@pytest.mark.parametrize(
    ("lost", "advice"),
    [
        (extraction("a", "HTTP 500", GIVEN_UP), "look at its log"),
        (extraction("a", "too long", REFUSED), "raise its context length"),
        (extraction("a", "no annotations", REPLIED, "symbolic"), "a model can read these"),
        (extraction("a", "no JSON"), "larger model for roles.extractor"),
        (extraction("a", "not in the log", Tokens()), "`kpmath build` asks"),
    ],
    ids=["given up", "refused", "symbolic", "invalid", "not asked"],
)
def test_the_advice_fits_what_became_of_the_seed(lost: Extraction, advice: str) -> None:
    assert advice in lost_seeds([], [lost], ())[0].advice


def test_more_seeds_are_advised_only_if_those_that_are_there_were_read() -> None:
    add = "Two topics are needed: add seeds."
    assert too_few(add, [extraction("a"), extraction("b")]) == add
    all_lost = too_few(add, [extraction("a", "HTTP 500", GIVEN_UP)] * 3)
    assert all_lost.startswith("None of the 3 seed problems has a valid extraction")
    assert "HTTP 500. The server failed" in all_lost
    assert "add seeds" not in all_lost
    some_lost = too_few(add, [extraction("a"), extraction("b", "too long", REFUSED)])
    assert some_lost.startswith("Only 1 of the 2 seed problems")
    assert some_lost.endswith(add)


def test_harder_versions_are_candidates_and_no_blueprints() -> None:
    harder = candidate(2, DropReason.TIE).model_copy(update={"parent": "draw-1"})
    funnel = Funnel()
    for one in (candidate(1, DropReason.TIE), harder):
        funnel.add(one)
    (loss,) = lost_blueprints(funnel, [harder])
    assert (loss.what, loss.count) == ("candidates", 2)


def test_every_reason_of_a_blueprint_is_counted_with_an_example_and_an_advice() -> None:
    candidates = [candidate(i, reason) for i, reason in enumerate(DropReason) if reason]
    funnel = Funnel()
    for one in [*candidates, *candidates, candidate(99, DropReason.NONE, stage=Stage.KEPT)]:
        funnel.add(one)
    losses = lost_blueprints(funnel, candidates)
    assert len(losses) == len(DropReason) - 1
    assert all(its.count == 2 and its.advice and its.example for its in losses)
    assert {its.what for its in losses} == {"blueprints"}
    assert len({its.example for its in losses}) == len(losses)
    shown = {
        its.reason
        for its in lost_blueprints(
            funnel, [one.model_copy(update={"question": "How many?"}) for one in candidates]
        )
        if its.text
    }
    assert {reason.value for reason in DropReason if reason} - shown == {
        its.value for its in COPIED | REPEATED
    }
    assert all(its.example == "" for its in lost_blueprints(funnel, [])), "the counts stay without a sample"


def test_details_that_repeat_are_counted_and_those_that_do_not_are_left_to_the_example() -> None:
    few = [candidate(i, DropReason.UNWRITTEN, f"cut off at {i}") for i in range(9)]
    funnel = Funnel()
    for one in few:
        funnel.add(one)
    (loss,) = lost_blueprints(funnel, few)
    assert loss.reason == "no valid question (cut off at 0, 9 of 9 seen)"
    assert str(loss).startswith("9 of 9 blueprints: no valid question (cut off at 0, 9 of 9 seen). Look")
    every = [candidate(i, DropReason.TALK, f"word {'abcdefghi'[i]}") for i in range(9)]
    funnel = Funnel()
    for one in every:
        funnel.add(one)
    (loss,) = lost_blueprints(funnel, every)
    assert loss.reason == "talk about the task"


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        (DropReason.COPIED_PASSAGE, "problem of practice 1: Tom has three pens"),
        (DropReason.TEST_REPEAT, "verbatim repeat of t/0"),
        (DropReason.SEED_REPEAT, "verbatim repeat of s/0"),
    ],
)
def test_what_was_copied_is_not_quoted(reason: DropReason, detail: str) -> None:
    """It may be the text of a seed that may not be shared, or of a test set."""
    copies = [
        candidate(i, reason, detail).model_copy(update={"question": "Tom has three pens. How many?"})
        for i in range(9)
    ]
    funnel = Funnel()
    for one in copies:
        funnel.add(one)
    assert "Tom" not in str(lost_blueprints(funnel, copies)[0])


def test_blueprints_that_a_program_or_a_failing_server_lost_get_advice_of_their_own() -> None:
    for fields, advice in (
        ({"models": {"writer": "symbolic"}}, "The symbolic teacher composes what its rules can"),
        ({"spent": {"write": GIVEN_UP}}, "The server failed"),
        ({"spent": {"write": REFUSED}}, "raise its context length"),
    ):
        one = candidate(0, DropReason.UNWRITTEN, "no", **fields)
        funnel = Funnel()
        funnel.add(one)
        assert advice in lost_blueprints(funnel, [one])[0].advice


@pytest.mark.parametrize(
    ("end", "spent", "advice"),
    [
        ("given_up", Tokens(requests=9, given_up=2), "--retry-given-up"),
        ("refused", Tokens(requests=9, refused=2), "context"),
    ],
)
def test_solutions_that_no_model_wrote_are_counted_with_the_words_of_the_server(
    end: str, spent: Tokens, advice: str
) -> None:
    solution = {"sample": 0, "text": "HTTP 500", "finish_reason": end, "completion_tokens": 0, "answer": None}
    one = candidate(3, DropReason.NONE, stage=Stage.AGREED, spent={"solve": spent}, solutions=[solution])
    funnel = Funnel()
    funnel.add(one)
    (loss,) = lost_blueprints(funnel, [one])
    assert (loss.what, loss.count, loss.of, loss.example, loss.text) == ("solutions", 2, 9, "b-3", "HTTP 500")
    assert advice in loss.advice


def test_rows_that_are_no_seed_problems_are_counted_with_their_place() -> None:
    left_out = {RowFault.REPEATED: [], RowFault.UNANSWERED: ["line 3", "line 9"], RowFault.EMPTY: ["line 4"]}
    losses = lost_rows(left_out, 7)
    assert [(its.reason, its.count, its.of, its.example) for its in losses] == [
        ("without a readable final answer", 2, 10, "line 3"),
        ("without a problem or a solution", 1, 10, "line 4"),
    ]
    assert all(its.advice for its in lost_rows({fault: ["line 1"] for fault in RowFault}, 0))


def test_every_loss_stands_at_the_end_of_a_build_and_in_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = (Path(__file__).resolve().parents[1] / "kpmath_builder/data/seeds.jsonl").read_text(
        encoding="utf-8"
    )
    unread = json.dumps({"question": "How many pens?", "answer": "There are 3 pens."})
    tree = {
        "seeds": {"path": str(tmp_path / "seeds.jsonl"), "limit": 20},
        "build": {"folder": str(tmp_path / "build"), "questions": 4, "shards": 1},
    }
    (tmp_path / "seeds.jsonl").write_text(f"{unread}\n{told}")
    result = build(Recipe.of(tree))
    assert result.losses[0].count == 1
    assert "1 of 21 rows of the seed set: without a readable final answer." in str(result.losses[0])
    assert read_status(tmp_path / "build").outcome.losses == result.losses
    (result.folder / "knowledge" / "left_out.json").write_text("{")
    assert read_status(tmp_path / "build").outcome.losses == result.losses[1:], "no table depends on it"
    Display().result(result)
    said = " ".join(capsys.readouterr().out.split())
    assert all(" ".join(str(loss).split()) in said for loss in result.losses)
