"""Shards: built one by one, by several processes at once, anew, and towards a changed recipe."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dummy_server import DummyServer, task_of
from families import first
from roleplay import play
from small_builds import keys_of, log_sizes, recipe, rows, same_tables

from kpmath_builder import BuildError, BuildResult, InputError, Progress, build
from kpmath_builder.files.lock import Lock
from kpmath_builder.inspection.explain import explain
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier


@pytest.fixture(scope="module")
def server() -> Iterator[DummyServer]:
    with DummyServer(play, seconds=0.003) as running:
        yield running


def states(folder: Path) -> list[str]:
    return [shard.state for shard in read_status(folder).shards]


def verified(folder: Path) -> bool:
    return [str(found) for found in Verifier(folder).run()] == []


def test_the_last_shard_brings_the_tables(server: DummyServer, whole_build: Path, tmp_path: Path) -> None:
    """Each run builds only its shards; the one that makes the last writes what one run would have written."""
    first = build(recipe(tmp_path, server), shards=[1, 3])
    assert (first.missing, dict(first.rows)) == ((0, 2), {})
    assert states(tmp_path) == ["waiting", "sealed", "waiting", "sealed"]
    assert not (tmp_path / "dataset").exists()
    assert build(recipe(tmp_path, server), shards=[2]).missing == (0,)
    last = build(recipe(tmp_path, server), shards=[0])
    assert last.missing == ()
    assert last.rows["scored"] == 24
    assert same_tables(whole_build, tmp_path)
    assert sorted(keys_of(whole_build)) == sorted(keys_of(tmp_path))


def test_the_status_tells_of_each_shard(server: DummyServer, tmp_path: Path) -> None:
    build(recipe(tmp_path, server), shards=[1])
    status = read_status(tmp_path)
    there = status.shards[1]
    assert (there.done, there.total, there.owner) == (6, 6, "")
    assert there.tokens.requests == log_sizes(tmp_path)["synthesis-00001.jsonl"]
    assert there.tokens.prompt > there.tokens.requests
    assert there.age is not None
    assert 0 <= there.age < 60
    assert status.funnel.ended.total() == 6
    assert "1 of 4 shards are sealed. Run the build again" in status.sentence
    with Lock(tmp_path / "responses/synthesis-00002.lock", "is writing"):
        status = read_status(tmp_path)
        assert status.shards[2].owner.startswith("Process ")
        assert status.shards[2].state == "begun"
        assert status.sentence.endswith("is at work.")


def test_an_age_is_never_negative(whole_build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks of nodes differ, and go backwards."""
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert {shard.age for shard in read_status(whole_build).shards} == {0.0}


def test_a_clock_that_goes_backwards_changes_nothing(
    server: DummyServer, whole_build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**9, 0, -3600))
    monkeypatch.setattr("time.time", lambda: float(next(clock)))
    build(recipe(tmp_path, server))
    assert same_tables(whole_build, tmp_path)


@pytest.mark.parametrize(
    ("shards", "regenerate", "told"),
    [
        ([4], False, "There is no shard 4"),
        (None, True, "name them with --shards"),
        ("0", False, r"shards is '0': give numbers that are no text, e.g. shards=\[3, 7\]"),
        (["0"], False, r"shards is \['0'\]: give numbers that are no text"),
    ],
)
def test_wrong_shards_are_told(
    server: DummyServer, tmp_path: Path, shards: Any, *, regenerate: bool, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        build(recipe(tmp_path, server), shards=shards, regenerate=regenerate)
    assert not any(tmp_path.iterdir())


def test_a_shard_in_other_hands_is_left_to_them(
    server: DummyServer, whole_build: Path, tmp_path: Path
) -> None:
    """The others are built; who has it is told, and once it is free the same command ends the build."""
    build(recipe(tmp_path, server), shards=[0])
    with Lock(tmp_path / "responses/synthesis-00002.lock", "is writing to shard 2"):
        with pytest.raises(
            BuildError, match=r"Process \d+ on .* is writing to .*synthesis-00002.jsonl: wait for it"
        ):
            build(recipe(tmp_path, server))
        assert states(tmp_path) == ["sealed", "sealed", "begun", "sealed"]
        assert build(recipe(tmp_path, server), shards=[3]).missing == (2,)
    build(recipe(tmp_path, server))
    assert same_tables(whole_build, tmp_path)


CHILD = """
import sys
sys.path[:0] = [sys.argv[1]]
from pathlib import Path
from types import SimpleNamespace
from small_builds import recipe
from kpmath_builder import KpmathError, build
print("ready", flush=True)
try:
    made = build(recipe(Path(sys.argv[2]), SimpleNamespace(address=sys.argv[3])), progress=lambda p: p.note and print(p.note))
    print("missing", *made.missing)
except KpmathError as error:
    print("error", error)
"""


def start(server: DummyServer, folder: Path) -> "subprocess.Popen[str]":
    here = str(Path(__file__).parent)
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, here, str(folder), server.address], stdout=subprocess.PIPE, text=True
    )


def test_processes_that_run_the_same_command_share_the_work(
    server: DummyServer, whole_build: Path, tmp_path: Path
) -> None:
    """Nothing is asked twice, the knowledge is made once, each shard by one, and the tables are as if one had made them."""
    before = server.requests
    with start(server, tmp_path) as other:
        assert other.stdout
        assert other.stdout.readline() == "ready\n"
        try:
            said = [f"missing {build(recipe(tmp_path, server)).missing}"]
        except BuildError as error:
            said = [str(error)]
        said.append(other.stdout.read())
    assert other.returncode == 0
    assert "missing ()" in said[0] or "missing\n" in said[1], said
    assert all("missing" in text or "wait for it" in text for text in said), said
    assert server.requests - before == len(keys_of(tmp_path)) == len(keys_of(whole_build))
    assert same_tables(whole_build, tmp_path)
    assert verified(tmp_path)


def test_who_waits_for_the_knowledge_is_told_whom_for(server: DummyServer, tmp_path: Path) -> None:
    (tmp_path / "knowledge").mkdir()
    waits = threading.Event()
    results: list[BuildResult] = []

    def listen(progress: Progress) -> None:
        if progress.note.startswith("Waiting: Process "):
            waits.set()

    lock = Lock(tmp_path / "knowledge/knowledge.lock", "is learning from the seeds")
    lock.take()
    worker = threading.Thread(target=lambda: results.append(build(recipe(tmp_path, server), progress=listen)))
    worker.start()
    assert waits.wait(60)
    assert not (tmp_path / "responses/extract-00000.jsonl").exists()
    lock.release()
    worker.join()
    assert results[0].rows["scored"] == 24


def test_a_shard_is_asked_anew_and_its_old_answers_stay(server: DummyServer, build_copy: Path) -> None:
    made = recipe(build_copy, server)
    before, old = log_sizes(build_copy), {row["index"]: row for row in rows(build_copy, "scored")}
    asked = server.requests
    build(made, shards=[2], regenerate=True)
    after, new = log_sizes(build_copy), {row["index"]: row for row in rows(build_copy, "scored")}
    assert [name for name in after if after[name] != before[name]] == ["synthesis-00002.jsonl"]
    assert server.requests - asked == after["synthesis-00002.jsonl"] - before["synthesis-00002.jsonl"] > 0
    changed = [index for index in old if old[index] != new[index]]
    assert changed == [index for index in old if index % 4 == 2]
    assert all(new[index]["id"] == f"{old[index]['id']}g1" for index in changed)
    assert all(new[index]["seed_ids"] == old[index]["seed_ids"] for index in changed)
    assert any(new[index]["question"] != old[index]["question"] for index in changed)
    assert verified(build_copy)
    assert build(made).already_built
    for row in (old[2], new[2]):
        told = "\n".join(explain(build_copy, row["id"]).lines())
        assert str(row["question"]) in told


def test_what_the_checks_of_the_judge_s_work_found_is_explained(build_copy: Path) -> None:
    """Its reply may be all yes."""
    faulty = [row for row in rows(build_copy, "scored") if row["errors"]]
    assert faulty
    for row in faulty[:3]:
        told = list(explain(build_copy, row["id"]).lines())
        assert any(line.startswith(f"judged: quality {row['quality']:.2f} (") for line in told)
        assert {f"  {error}" for error in row["errors"]} <= set(told)


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")  # a file left open
def test_an_interrupted_regeneration_goes_on_with_its_generation(
    server: DummyServer, build_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recipe(build_copy, server)

    def fail(*_: Any) -> None:
        raise BuildError("interrupted")

    with monkeypatch.context() as patch:
        patch.setattr("kpmath_builder.folder.shards.ShardWriter.seal", fail)
        with pytest.raises(BuildError, match="interrupted"):
            build(made, shards=[0], regenerate=True)
    asked = server.requests
    build(made)
    assert server.requests == asked
    assert read_status(build_copy).shards[0].generation == 1
    assert {row["id"][-2:] for row in rows(build_copy, "scored") if row["index"] % 4 == 0} == {"g1"}


@pytest.mark.parametrize(
    ("changes", "tasks"),
    first(
        3,
        [
            ({"questions_temperature": 0.9}, {"write", "work", "judge", ""}),
            ({"solutions_samples": 6}, {""}),
            ({"consensus_mode": "paper"}, set()),
            ({"judging_max_tokens": 900}, {"work", "judge", ""}),
            ({"solutions_temperature": 0.7}, {""}),
            ({"solutions_samples": 2}, set()),
            ({"build_window": 2, "build_grace": 1, "teacher_in_flight": 3}, set()),
        ],
    ),
)
def test_a_changed_recipe_re_asks_only_what_it_touches(
    server: DummyServer, build_copy: Path, changes: dict[str, Any], tasks: set[str]
) -> None:
    """A new question is judged and solved, the same question is not judged again for another way of solving it."""
    notes: list[str] = []
    kept = set(keys_of(build_copy))
    asked = len(server.bodies)
    build(recipe(build_copy, server, **changes), progress=lambda p: notes.append(p.note))
    names = {task_of(body) for body in server.bodies[asked:]}
    assert names <= tasks
    assert bool(names) == bool(tasks)
    assert kept <= set(keys_of(build_copy)), "old answers stay"
    assert any("is asked anew" in note for note in notes) == (
        set(changes) != {"consensus_mode"} and "build_window" not in changes
    )
    assert verified(build_copy)
    asked = server.requests
    build(recipe(build_copy, server))
    assert server.requests == asked, "the way back is free"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"build_seed": 7}, "build.seed was 0 and is now 7"),
        ({"seeds_limit": 19}, "seeds.limit was 20 and is now 19"),
        ({"topics_same": 0.8}, "topics.same was 0.9 and is now 0.8"),
        ({"blueprints_three_topics_share": 0.1}, "blueprints.three_topics_share was 0.5 and is now 0.1"),
        ({"extraction_temperature": 0.9}, "extraction.temperature was 0.2 and is now 0.9"),
        ({"roles_extractor": {"model": "other"}}, "roles.extractor.model was 'dummy' and is now 'other'"),
        ({"build_shards": 5}, "build.shards was 4 and is now 5"),
    ],
)
def test_two_draws_in_one_folder_are_refused(
    server: DummyServer, build_copy: Path, changes: dict[str, Any], told: str
) -> None:
    before = {path: path.read_bytes() for path in build_copy.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as refused:
        build(recipe(build_copy, server, **changes))
    assert told in str(refused.value)
    assert "--set build.folder=" in str(refused.value)
    assert {
        path: path.read_bytes() for path in build_copy.rglob("*") if path.is_file() and path.suffix != ".lock"
    } == {path: text for path, text in before.items() if path.suffix != ".lock"}


def test_before_there_is_knowledge_anything_may_change(server: DummyServer, tmp_path: Path) -> None:
    """Nothing has been drawn yet, so nothing can be mixed."""
    with DummyServer(play, models=["other"]) as wrong, pytest.raises(InputError):
        build(recipe(tmp_path, wrong))
    assert build(recipe(tmp_path, server, build_seed=7, build_shards=3)).rows["scored"] == 24


def test_after_the_knowledge_is_deleted_all_is_drawn_anew(server: DummyServer, build_copy: Path) -> None:
    for path in (build_copy / "knowledge").iterdir():
        path.unlink()
    asked = server.requests
    build(recipe(build_copy, server, blueprints_max_key_points_per_topic=1))
    assert server.requests > asked
    assert {task_of(body) for body in server.bodies[asked:]} <= {
        "write", "work", "judge", ""
    }, "the extractions are still in the log"  # fmt: skip
    assert verified(build_copy)
