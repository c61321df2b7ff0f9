"""A build against a server that turns hostile and heals.

It ends or says what it waits for, the tables are as if nothing had happened, nothing is paid twice, memory stays small, and
the API key stays secret.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from hostile import (
    ANSWERS,
    LASTING,
    METRICS,
    MODELS,
    STOPPING,
    STUCK,
    WHOLE,
    Attack,
    HostileServer,
    Phase,
    is_look,
)
from hostile.patience import be_quick
from hostile.server import KEY
from roleplay import play
from small_builds import rows, same_tables

from kpmath_builder import Recipe, build
from kpmath_builder.errors import KpmathError

QUESTIONS = 6
FIRST = (1, 9, 20)
"""Where the server turns hostile: while seeds are read, at the first questions, among solutions."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTILE_KEY", KEY)
    be_quick(monkeypatch.setattr)


def recipe(folder: Path, server: HostileServer, **teacher: Any) -> Recipe:
    return Recipe.of(
        {
            "teacher": {
                "kind": "openai",
                "model": "dummy",
                "addresses": [server.address],
                "in_flight": 4,
                "patience": 5,
                "api_key_env": "HOSTILE_KEY",
                **teacher,
            },
            "seeds": {"limit": 6},
            "topics": {"ask_above": 0.5},
            "solutions": {"samples": 2},
            "build": {"folder": str(folder), "questions": QUESTIONS, "shards": 1, "window": 4},
        }
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch, HostileServer(reply=play) as server:
        patch.setenv("HOSTILE_KEY", KEY)
        build(recipe(folder, server))
        assert not server.paid_twice
    (folder / "asked.json").write_text(json.dumps(sorted(server.asked)))
    return folder


class Outcome(NamedTuple):
    """What a build went through."""

    said: list[str]
    errors: list[str]


def build_persistently(folder: Path, server: HostileServer, **teacher: Any) -> Outcome:
    """Build; if that ends with a sentence, let the server heal and run the same again, as a person would."""
    said: list[str] = []
    errors: list[str] = []
    while True:
        try:
            build(recipe(folder, server, **teacher), progress=lambda line: said.append(line.note))
            return Outcome(said, errors)
        except KpmathError as error:
            errors.append(str(error))
            assert len(errors) < 2, errors
            assert server.phase
            server.phase.heal()


def check(folder: Path, server: HostileServer, outcome: Outcome) -> None:
    """Check what holds whatever happened."""
    assert not server.faults
    assert not server.paid_twice
    for sentence in [*outcome.said, *outcome.errors]:
        assert KEY not in sentence
        sentence.encode()  # no lone surrogate
        assert len(sentence) < 2000
    assert not any(KEY.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def cases(attacks: Mapping[str, Attack], fast: Iterable[str] = ()) -> list[Any]:
    """Return a parameter for each attack; all but the `fast` ones are marked slow."""
    fast = set(fast)
    assert fast <= attacks.keys(), fast - attacks.keys()
    return [
        pytest.param(attack, id=name, marks=() if name in fast else pytest.mark.slow)
        for name, attack in attacks.items()
    ]


def test_there_are_as_many_ways_as_promised() -> None:
    assert len({**ANSWERS, **WHOLE, **LASTING, **STOPPING, **STUCK}) >= 200
    assert len(MODELS) + len(METRICS) >= 60


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize(
    "attack",
    cases(ANSWERS, ["gzip cut off", "a chunk cut off", "a length that is too short", "a reset in the body", "an empty body",
                    "500 nested deep", "503 with an error nested deep", "302 to nowhere", "content null", "no finish reason",
                    "204 No Content", "429 Retry-After nan", "500 with the key"]),
)  # fmt: skip
def test_what_is_no_answer_is_asked_again_until_it_is_one(
    tmp_path: Path, undisturbed: Path, attack: Attack, first: int
) -> None:
    with HostileServer(Phase(attack, first=first, count=6), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert server.phase
    assert server.phase.met
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


@pytest.mark.parametrize(
    "attack",
    cases(WHOLE, ["in gzip", "after 103 Early Hints", "usage 10^30", "usage NaN", "model null", "the key as fingerprint",
                  "with absurd rate limits"]),
)  # fmt: skip
def test_an_odd_but_whole_answer_is_taken(tmp_path: Path, undisturbed: Path, attack: Attack) -> None:
    with HostileServer(Phase(attack, first=1, count=30, whole=True), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert outcome.errors == []
    assert without_tokens(tmp_path) == without_tokens(undisturbed)
    check(tmp_path, server, outcome)


def without_tokens(folder: Path) -> dict[str, Any]:
    """Return the tables, less what depends on the usage that a server claims."""
    tables = sorted((folder / "dataset").rglob("*.parquet"))
    return {path.name + path.parent.name: _without_tokens(pq.read_table(path).to_pylist()) for path in tables}


def _without_tokens(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_tokens(part) for key, part in value.items() if "tokens" not in key}
    return [_without_tokens(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("attack", cases(STOPPING, ["402 in words", "403 in HTML", "404 in words"]))
def test_a_server_that_refuses_everybody_ends_the_build_with_a_sentence_and_nothing_is_lost(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, first=9), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert outcome.errors
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


@pytest.mark.parametrize(
    "attack", cases(LASTING, ["400 nested deep", "400 with the key", "a refusal with the key", "NUL"])
)
def test_an_answer_that_is_of_no_use_ends_its_candidate_with_a_reason(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, first=9, count=5, meets=lambda body: not is_look(body)), play) as server:
        outcome = build_persistently(tmp_path, server)
        assert outcome.errors == []
        asked = server.asked.total()
        (tmp_path / "manifest.json").unlink()
        build(recipe(tmp_path, server))
        assert server.asked.total() == asked
    scored = rows(tmp_path, "scored")
    assert [row["index"] for row in scored] == list(range(QUESTIONS))
    assert all(row["reason"] for row in scored if row["status"] != "kept")
    check(tmp_path, server, outcome)


@pytest.mark.parametrize(
    "attack",
    cases(
        MODELS, ["500 nested deep", "nested a hundred thousand deep", "data null", "an id that is the key"]
    ),
)
def test_a_hostile_list_of_models_is_passed_over_or_named(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, "models", count=3), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


@pytest.mark.parametrize(
    "attack",
    cases(
        {**ANSWERS, **STOPPING, **WHOLE, **LASTING},
        ["nested a hundred thousand deep", "500 nested deep", "NUL"],
    ),
)
def test_a_hostile_answer_to_the_probe_is_passed_over_or_named(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, meets=is_look, count=3), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


@pytest.mark.parametrize(
    "attack", cases(METRICS, ["numbers NaN", "numbers 1e999", "a reset in the body", "two gigabytes"])
)
def test_hostile_metrics_change_nothing(tmp_path: Path, undisturbed: Path, attack: Attack) -> None:
    with HostileServer(Phase(attack, "metrics"), play, metrics=True) as server:
        outcome = build_persistently(tmp_path, server)
    assert server.phase
    assert server.phase.met
    assert outcome.errors == []
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


# One request that always fails


def one_write(body: Body) -> bool:
    """Whether this is the first question that the undisturbed build asks for, with whatever seed."""
    return task_of(body) == "write" and "Reply" in str(body) and chosen(body)


ONE = {**ANSWERS, **STOPPING}


@pytest.mark.parametrize(
    "attack",
    cases(
        ONE,
        [
            "500",
            "content null",
            "403 in words",
            "404 in words",
            "402 in words",
            "a reset in the body",
            "no finish reason",
        ],
    ),
)
def test_one_request_that_always_fails_ends_its_candidate_and_nothing_else(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    given_up(tmp_path, undisturbed, attack)


@pytest.mark.parametrize("attack", cases({**STUCK, **HEAVY}, ["never an answer"]))
def test_one_request_that_is_never_answered_ends_its_candidate_and_nothing_else(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    given_up(tmp_path, undisturbed, attack, patience=1)
