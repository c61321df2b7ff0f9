"""What a folder is being built towards: what decides the tables, what a shard depends on, and how a change is named."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder import Recipe
from kpmath_builder.folder import build_spec
from kpmath_builder.folder.build_spec import ASKING, SEEDS_HASH, BuildSpec, differences
from kpmath_builder.recipe import KeyKind

SPEC = BuildSpec(
    origin={"build.seed": 0},
    layout={"build.shards": 4},
    asked={"solutions.samples": 4},
    decided={
        "consensus.mode": "paper",
        "selection.annotations": False,
        "the test set math": "x",
        ASKING: True,
    },
    seeds={"seeds.limit": 20},
)


def test_a_build_spec_survives_json() -> None:
    assert BuildSpec(**SPEC.as_json()) == SPEC


@pytest.mark.parametrize(
    ("part", "changed", "of_shards"),
    [
        ("origin", {"build.seed": 1}, True),
        ("asked", {"solutions.samples": 5}, True),
        ("decided", {**SPEC.decided, "consensus.mode": "strict"}, True),
        ("decided", {**SPEC.decided, ASKING: False}, True),
        ("decided", {**SPEC.decided, "selection.annotations": True}, False),
        ("decided", {**SPEC.decided, "the test set math": "y"}, False),
        ("decided", {**SPEC.decided, "the paraphrase model": "z"}, False),
        ("decided", {**SPEC.decided, "paraphrases.model": "folder"}, False),
        ("decided", {**SPEC.decided, "seed_repeats.near": "drop"}, False),
        ("decided", {**SPEC.decided, "contamination.near": "drop"}, False),
        ("decided", {**SPEC.decided, "duplicates.near": "drop"}, False),
    ],
)
def test_what_decides_the_tables_is_in_the_fingerprint_and_in_a_shard_s_header_what_decides_that(
    part: str, changed: dict[str, Any], *, of_shards: bool
) -> None:
    other = replace(SPEC, **{part: changed})
    assert other.fingerprint != SPEC.fingerprint
    assert (other.header(1, "d")["build spec"] != SPEC.header(1, "d")["build spec"]) == of_shards


@pytest.mark.parametrize("others", ["duplicates", "seed_repeats", "contamination"])
@pytest.mark.parametrize(("model", "meant"), [("", 0.4), ("minishlab/potion-base-8M", 0.65)])
def test_a_similarity_that_is_unset_is_spoken_of_as_the_one_that_holds(
    others: str, model: str, meant: float
) -> None:
    """So a folder whose recipe gave what holds anyway, as all did before it could be unset, is not another's."""
    key = f"{others}.paraphrase_similarity"
    tree: dict[str, Any] = {"paraphrases": {"model": model}, "duplicates": {"paraphrase": "flag"}}
    given = {**tree, others: {**tree.get(others, {}), "paraphrase_similarity": meant}}
    unset, said = Recipe.of(tree), Recipe.of(given)
    assert unset.keys(KeyKind.DECISION) == said.keys(KeyKind.DECISION)
    assert unset.keys(KeyKind.DECISION)[key] == meant
    assert unset.public() == said.public()
    other = Recipe.of({**tree, others: {**tree.get(others, {}), "paraphrase_similarity": 0.5}})
    assert other.keys(KeyKind.DECISION) != unset.keys(KeyKind.DECISION)


def test_the_layout_and_the_reading_of_the_seeds_decide_no_table() -> None:
    assert replace(SPEC, layout={"build.shards": 5}, seeds={}).fingerprint == SPEC.fingerprint


def test_a_shard_that_was_begun_anew_decides_the_tables_and_so_does_then_the_layout() -> None:
    """Which questions are begun anew hangs on the number of shards."""
    anew = replace(SPEC, generations={"1": 2})
    assert anew.fingerprint != SPEC.fingerprint
    assert replace(anew, layout={"build.shards": 5}).fingerprint != anew.fingerprint
    assert [anew.generation(shard) for shard in (0, 1)] == [0, 2]
    assert anew.header(1, "d") == {**SPEC.header(1, "d"), "generation": 2}


def test_a_shard_begins_with_its_number_its_layout_and_the_draw() -> None:
    header = SPEC.header(3, "draw")
    assert {key: header[key] for key in ("shard", "build.shards", "generation", "draw")} == {
        "shard": 3, "build.shards": 4, "generation": 0, "draw": "draw",
    }  # fmt: skip
    assert len(header["build spec"]) == 16


def test_a_change_is_named_with_both_values() -> None:
    other = replace(
        SPEC,
        asked={"solutions.samples": 5},
        decided={**SPEC.decided, "consensus.mode": "strict", ASKING: False},
    )
    assert list(other.changes(SPEC)) == ["solutions.samples was 4 and is now 5"]
    assert list(other.decisions(SPEC)) == ["consensus.mode was 'paper' and is now 'strict'"]
    assert list(SPEC.changes(SPEC)) == list(SPEC.decisions(SPEC)) == []


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 3}, ["a was 1 and is now unset", "b was 2 and is now 3"]),
        ({}, {"a": None, "b": False}, ["b was unset and is now False"]),
        ({"a": "x" * 40}, {"a": "x" * 41}, [f"a was '{'x' * 40}' and is now '{'x' * 20}…'"]),
        ({"a": 10**39}, {"a": 10**40}, [f"a was {10**39} and is now {str(10**40)[:20]}…"]),
        ({"a": [1] * 13}, {"a": [1] * 14}, [f"a was {[1] * 13} and is now [1, 1, 1, 1, 1, 1, 1…"]),
    ],
)  # fmt: skip
def test_differences_are_shown_in_few_characters(
    before: dict[str, Any], now: dict[str, Any], told: list[str]
) -> None:
    assert list(differences(before, now)) == told


OTHERS = ["the seed problems are others, or are read otherwise, than they were"]


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (None, OTHERS),
        (replace(SPEC, seeds={}), OTHERS),
        (SPEC, OTHERS),
        (replace(SPEC, seeds={"seeds.limit": 19}), ["seeds.limit was 19 and is now 20"]),
    ],
    ids=["nothing before", "an older note", "the same keys", "another limit"],
)
def test_a_change_of_the_seeds_names_the_keys_that_made_it(since: BuildSpec | None, told: list[str]) -> None:
    assert list(SPEC.changes_of_seeds(since)) == told


def of(given: dict[str, Any], *, own: str = "", **more: Any) -> BuildSpec:
    hashes = dict.fromkeys(("extract", "same_topic", "write", "work", "judge", "solve"), "hash")
    solvers = {"b": SimpleNamespace(hash=own)} if own else {}
    prompts = cast("Any", SimpleNamespace(hashes=hashes, of_solvers=solvers))
    tree = {"build": {"folder": "b", "questions": 1}, **given}
    return BuildSpec.of(Recipe.of(tree), prompts, "seeds", {}, **{"asking": True, **more})


def test_a_build_spec_has_the_prompts_of_models_and_none_for_a_program() -> None:
    served = {"teacher": {"kind": "openai", "model": "m"}}
    assert of(served).asked["the prompt of write"] == "hash"
    assert of({}).asked["the prompt of write"] == "none, the material itself"
    assert of({}).origin[SEEDS_HASH] == "seeds"


def test_each_of_several_solvers_has_its_own_prompt_or_the_common_one() -> None:
    solvers = [{"name": "a", "model": "a"}, {"name": "b", "model": "b"}, {"name": "c", "kind": "symbolic"}]
    asked = of({"teacher": {"kind": "openai", "model": "m"}, "solvers": solvers}, own="mine").asked
    assert "the prompt of solve" not in asked
    assert [asked[f"the prompt of solver {name}"] for name in "abc"] == [
        "hash",
        "mine",
        "none, the material itself",
    ]


def test_test_sets_and_whether_answers_may_be_asked_for_are_decided() -> None:
    decided = of({}, asking=False, digests={"math": "d"}).decided
    assert decided["the test set math"] == "d"
    assert decided[ASKING] is False
    assert build_spec.test_set_key("math") == "the test set math"


def test_a_draw_key_that_came_later_is_not_spoken_of_until_it_is_used() -> None:
    """A folder that was begun before the key came would be refused: its draw is another one as far as anybody can tell."""
    first = {
        "extraction.temperature",
        "extraction.top_p",
        "extraction.max_tokens",
        "topics.embedding",
        "topics.embedding_model",
        "topics.same",
        "topics.ask_above",
        "topics.minimum_support",
        "blueprints.three_topics_share",
        "blueprints.max_key_points_per_topic",
        "build.seed",
        "build.attempts",
        "roles.extractor.model",
    }
    assert set(Recipe.of({}).keys(KeyKind.DRAW)) == first
    used = Recipe.of({"blueprints": {"one_topic_share": 0.3}})
    assert set(used.keys(KeyKind.DRAW)) == first | {"blueprints.one_topic_share"}
