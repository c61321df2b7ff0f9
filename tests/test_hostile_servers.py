"""A build against a server that turns hostile and heals.

It ends or says what it waits for, the tables are as if nothing had happened, nothing is paid twice, memory stays small, and
the API key stays secret.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow.parquet as pq
import pytest
from dummy_server import Body, task_of
from hostile import (
    ANSWERS,
    FAR_RETRY_AFTER,
    HEAVY,
    LASTING,
    METRICS,
    MODELS,
    STOPPING,
    STUCK,
    WHOLE,
    Attack,
    HostileServer,
    Phase,
    in_turn,
    is_probe,
)
from hostile.patience import NEVER, be_quick
from hostile.server import KEY
from roleplay import play
from small_builds import rows, same_tables

from kpmath_builder import Recipe, build
from kpmath_builder.client import handshake, retries
from kpmath_builder.errors import KpmathError
from kpmath_builder.records import DropReason

IN_FLIGHT = 4
TESTS = Path(__file__).parent
MOST_MEMORY = 500.0
"""Megabytes."""
QUESTIONS = 6
FIRST = (1, 9, 14, 25)
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
                "in_flight": IN_FLIGHT,
                "patience": NEVER,
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
    ASKED[folder] = sorted(server.asked)
    return folder


ASKED: dict[Path, list[str]] = {}
"""What the undisturbed build asked for."""


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


def check(folder: Path, server: HostileServer, outcome: Outcome, *, doubted: int = 0) -> None:
    """Check what holds whatever happened; so many answers may be asked for again, because nobody knew whose they were."""
    assert not server.faults
    assert len(server.paid_twice) <= doubted
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


FAST = (
    "gzip cut off", "a length that is too short", "500 nested deep", "302 to nowhere", "no finish reason", "429 Retry-After nan",
)  # fmt: skip


@pytest.mark.parametrize(
    ("attack", "first"),
    [
        pytest.param(
            ANSWERS[name],
            first,
            id=f"{name}, {first}",
            marks=() if name in FAST and FAST.index(name) % len(FIRST) == place else pytest.mark.slow,
        )
        for name in ANSWERS
        for place, first in enumerate(FIRST)
    ],
)
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
    cases(WHOLE, ["in gzip", "after 103 Early Hints", "usage NaN", "with absurd rate limits"]),
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


@pytest.mark.parametrize("attack", cases(STOPPING, ["403 in HTML"]))
def test_a_server_that_refuses_everybody_ends_the_build_with_a_sentence_and_nothing_is_lost(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, first=9), play) as server:
        outcome = build_persistently(tmp_path, server, patience=1.5)
    assert outcome.errors
    assert same_tables(tmp_path, undisturbed)
    # An answer that comes while others are turned away may be another server's; the build ended before that was known.
    check(tmp_path, server, outcome, doubted=IN_FLIGHT)


@pytest.mark.parametrize("attack", cases(LASTING, ["400 nested deep", "400 with the key", "NUL"]))
def test_an_answer_that_is_of_no_use_ends_its_candidate_with_a_reason(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(
        Phase(attack, first=9, count=5, meets=lambda body: not is_probe(body)), play
    ) as server:
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
    cases(MODELS, ["nested a hundred thousand deep", "data null", "an id that is the key"]),
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
        {**ANSWERS, **STOPPING, **WHOLE},
        ["nested a hundred thousand deep", "500 nested deep"],
    ),
)
def test_a_hostile_answer_to_the_probe_is_passed_over_or_named(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, meets=is_probe, count=3), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


WHILE_OTHERS_FAIL = {
    name: {**ANSWERS, **STOPPING, **STUCK}[name]
    for name in (
        "502",
        "a reset before the answer",
        "a reset in the body",
        "403 in words",
        "404 in HTML",
        "never an answer",
    )
}


@pytest.mark.parametrize("attack", cases(WHILE_OTHERS_FAIL))
def test_answers_under_way_while_others_fail_are_not_lost(
    tmp_path: Path, undisturbed: Path, attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server out of reach is verified before its answers count; they wait for that rather than being asked for again."""
    stuck = attack in STUCK.values()
    if stuck:
        for module, name in ((retries, "SHORTEST_TIMEOUT"), (handshake, "PROBE_SECONDS")):
            monkeypatch.setattr(
                module, name, 2.0
            )  # it hangs at forty requests, of which some are beside answers
    with HostileServer(Phase(attack, first=12, count=40), play, seconds=0.3) as server:
        outcome = build_persistently(tmp_path, server, patience=5 if stuck else NEVER)
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


@pytest.mark.parametrize(
    "count", [4, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 30) if n != 4)]
)
def test_errors_for_a_while_change_nothing_about_how_a_server_is_asked(
    tmp_path: Path, undisturbed: Path, count: int
) -> None:
    """A 500 may be what a server says to a field that it does not know, but it may also pass."""
    with HostileServer(Phase(ANSWERS["500"], meets=is_probe, count=count), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


@pytest.mark.parametrize("attack", cases(METRICS, ["numbers NaN", "a reset in the body", "two gigabytes"]))
def test_hostile_metrics_change_nothing(tmp_path: Path, undisturbed: Path, attack: Attack) -> None:
    with HostileServer(Phase(attack, "metrics"), play, metrics=True) as server:
        outcome = build_persistently(tmp_path, server)
    assert server.phase
    assert server.phase.met
    assert outcome.errors == []
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


# One request that always fails


def requests_of(undisturbed: Path, task: str) -> list[Body]:
    """Return the requests of a task that the undisturbed build sent."""
    return [body for body in map(json.loads, ASKED[undisturbed]) if task_of(body) == task]


def fail_for_ever(
    folder: Path, undisturbed: Path, attack: Attack, *, again: bool = True, **teacher: Any
) -> None:
    """Fail at one request, and check that its candidate ends, nothing else does, and nobody asks `again` unless told."""
    chosen = requests_of(undisturbed, "write")[0]["messages"]
    phase = Phase(attack, meets=lambda body: body["messages"] == chosen)
    with HostileServer(phase, play) as server:
        outcome = build_persistently(folder, server, **teacher)
        assert outcome.errors == []
        check(folder, server, outcome)
        met = phase.met
        assert met > 1
        (folder / "manifest.json").unlink()
        build(recipe(folder, server, **teacher))
        assert phase.met == met
        assert_one_ended(folder, undisturbed)
        phase.heal()
        build(recipe(folder, server, **teacher), retry_given_up=True)
        assert same_tables(folder, undisturbed) == again
        assert not server.paid_twice


def assert_one_ended(folder: Path, undisturbed: Path) -> None:
    """Check that one candidate has no question and all others are as they should be."""
    before, after = rows(undisturbed, "scored"), rows(folder, "scored")
    others = [index for index, row in enumerate(after) if row["reason"] != DropReason.UNWRITTEN.value]
    assert len(others) == QUESTIONS - 1
    assert [after[index] for index in others] == [before[index] for index in others]


WORDLESS = ("content null", "no content")
FAILING = {
    name: attack
    for name, attack in {**ANSWERS, **STOPPING}.items()
    if name not in WORDLESS and not name.startswith("429")  # a 429 is the server's, and waited out
}


@pytest.mark.parametrize(
    "attack",
    cases(FAILING, ["500", "403 in words", "a reset in the body"]),
)  # fmt: skip
def test_one_request_that_always_fails_ends_its_candidate_and_nothing_else(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    fail_for_ever(tmp_path, undisturbed, attack)


@pytest.mark.parametrize("attack", cases({name: ANSWERS[name] for name in WORDLESS}, ["content null"]))
def test_a_model_that_has_no_word_for_one_request_has_answered_it(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    """It is asked again a few times, for this may pass; then it is the model's answer, and nothing was given up."""
    fail_for_ever(tmp_path, undisturbed, attack, again=False)


@pytest.mark.parametrize("attack", cases(STUCK, ["never an answer"]))
def test_one_request_that_is_never_answered_ends_its_candidate_and_nothing_else(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    fail_for_ever(tmp_path, undisturbed, attack)


# Servers that do not answer at all, and memory


@pytest.mark.parametrize("attack", cases(STUCK, ["never an answer"]))
def test_a_server_that_answers_nobody_is_named_and_waited_for(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, first=9, count=8), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert any(server.address in sentence for sentence in [*outcome.said, *outcome.errors])
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


@pytest.mark.parametrize("attack", cases(FAR_RETRY_AFTER, ["Retry-After 999999999"]))
def test_a_wish_to_be_left_alone_for_years_is_granted_for_a_moment(
    tmp_path: Path, undisturbed: Path, attack: Attack
) -> None:
    with HostileServer(Phase(attack, first=9, count=3), play) as server:
        outcome = build_persistently(tmp_path, server)
    assert outcome.errors == []
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, outcome)


def build_measured(folder: Path, server: HostileServer) -> tuple[float, dict[str, Any]]:
    """Build in a process of its own; return its most megabytes and how it ended. It is killed if they get too many."""
    path = folder.with_name(f"{folder.name}-hostile.toml")  # a build folder holds nothing else
    path.write_text(recipe(folder, server).to_toml())
    here = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-m", "hostile.builder", str(path)]
    peak = 0.0
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": here},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        server.hangs = partial(tell, process)
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            if peak > 2 * MOST_MEMORY:
                process.kill()
            time.sleep(0.01)
        assert process.stdout
        out = process.stdout.read()
    assert process.returncode == 0, (peak, out)
    return peak, json.loads(out)


def tell(process: "subprocess.Popen[str]", hanging: bytes) -> None:
    """Name a request at which the server hangs to the process that sent it; one that has ended needs no word."""
    with contextlib.suppress(OSError, ValueError):
        assert process.stdin
        process.stdin.write(f"{hanging.hex()}\n")
        process.stdin.flush()


def first_time() -> Callable[[Body], bool]:
    """Return what meets a request once: a seed whose request is given up would leave other knowledge behind."""
    seen: set[str] = set()

    def is_new(body: Body) -> bool:
        request = json.dumps(body, sort_keys=True)
        new = request not in seen
        seen.add(request)
        return new

    return is_new


def memory(pid: int) -> float:
    """Return the most megabytes that a process has had so far; 0 if it has ended."""
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    return 0.0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    "attack",
    [
        pytest.param(in_turn(*HEAVY.values()), id="all in turn", marks=pytest.mark.slow),
        *cases({**HEAVY, "100 Continue as fast as can be": STUCK["100 Continue as fast as can be"]}),
    ],
)
def test_no_server_fills_the_memory(tmp_path: Path, undisturbed: Path, attack: Attack) -> None:
    phase = Phase(attack, first=5, count=len(HEAVY), every=2, meets=first_time())
    with HostileServer(phase, play) as server:
        for _ in range(len(HEAVY) + 1):
            peak, ended = build_measured(tmp_path, server)
            assert peak < MOST_MEMORY
            assert not ended["error"] or "run the same command again" in ended["error"]
            if not ended["error"]:
                break
        assert phase.met > len(HEAVY) / 2
        phase.heal()
        peak, ended = build_measured(tmp_path, server)
    assert peak < MOST_MEMORY
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, Outcome(ended["said"], []))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.slow
@pytest.mark.parametrize("place", ["models", "metrics"])
def test_no_look_fills_the_memory(
    tmp_path: Path, undisturbed: Path, place: Literal["models", "metrics"]
) -> None:
    phase = Phase(in_turn(*HEAVY.values()), place, count=len(HEAVY))
    with HostileServer(phase, play, metrics=True) as server:
        for _ in range(len(HEAVY) + 1):
            peak, ended = build_measured(tmp_path, server)
            assert peak < MOST_MEMORY
            if not ended["error"]:
                break
    assert same_tables(tmp_path, undisturbed)
    check(tmp_path, server, Outcome(ended["said"], []))
