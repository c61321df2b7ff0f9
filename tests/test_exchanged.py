"""Two builds of one recipe make files of the same names, which all prove themselves: none is taken for the other's."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from dummy_server import Body, DummyServer, task_of
from families import first
from roleplay import play
from small_builds import keys_of, recipe, same_tables

from kpmath_builder import InputError, Recipe, build
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.log import build_of
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier

NOTES = ("build_spec.json", "generations.json")
LOGS = ("responses/extract-00000.jsonl", "responses/synthesis-00001.jsonl")
MADE = (
    "knowledge/origin.json",
    "candidates/shard-00001.jsonl",
    "manifest.json",
    "dataset/data/scored/train-00000-of-00001.parquet",
)


def of(folder: Path, server: SimpleNamespace) -> Recipe:
    return recipe(folder, server, seeds_limit=8, build_questions=10, build_shards=3, solutions_samples=3)


@pytest.fixture(scope="module")
def server() -> Iterator[SimpleNamespace]:
    """Run a server whose answers to what is drawn may be changed, as a model's sampling changes them."""
    mood = SimpleNamespace(salt=0, answered=Counter())

    def reply(body: Body) -> str:
        mood.answered[task_of(body) or "solve"] += 1
        is_drawn_from = task_of(body) in {"extract", "same_topic"}
        return play(body if is_drawn_from else {**body, "seed": body["seed"] + mood.salt})

    with DummyServer(reply) as running:
        mood.address, mood.running = running.address, running
        yield mood


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, server: SimpleNamespace) -> Path:
    folder = tmp_path_factory.mktemp("own")
    build(of(folder, server))
    return folder


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory, own: Path, server: SimpleNamespace) -> Path:
    """Return another build of the recipe: the same draw, other answers, a shard begun anew."""
    folder = tmp_path_factory.mktemp("twin")
    server.salt = 1
    build(of(folder, server))
    build(of(folder, server), shards=[1], regenerate=True)
    server.salt = 0
    assert Workspace(own).draw == Workspace(folder).draw
    assert not same_tables(own, folder)
    return folder


def unfinished(whole: Path, folder: Path) -> Path:
    """Return a copy whose tables are not there yet."""
    shutil.copytree(whole, folder)
    shutil.rmtree(folder / "dataset")
    (folder / "manifest.json").unlink()
    return folder


@pytest.mark.parametrize("name", first(3, [*NOTES, *MADE]))
def test_a_file_of_another_build_of_the_recipe_is_found_named_and_made_again(
    own: Path, twin: Path, server: SimpleNamespace, tmp_path: Path, name: str
) -> None:
    is_result = name.startswith(("dataset", "manifest"))
    hurt = shutil.copytree(own, tmp_path / "hurt") if is_result else unfinished(own, tmp_path / "hurt")
    shutil.copy(twin / name, hurt / name)
    assert any(found.file == name for found in Verifier(hurt).run())
    if not is_result:
        assert name in read_status(hurt).sentence
    asked = server.running.requests
    build(of(hurt, server))
    assert server.running.requests == asked, "nothing is asked again"
    assert same_tables(own, hurt)
    assert keys_of(hurt) == keys_of(own)
    assert [str(found) for found in Verifier(hurt).run()] == []


@pytest.mark.parametrize("name", LOGS)
def test_a_log_of_another_build_of_the_recipe_is_refused_and_left_as_it_is(
    own: Path, twin: Path, server: SimpleNamespace, tmp_path: Path, name: str
) -> None:
    hurt = unfinished(own, tmp_path / "hurt")
    shutil.rmtree(hurt / "knowledge")
    shutil.rmtree(hurt / "candidates")
    shutil.copy(twin / name, hurt / name)
    with pytest.raises(InputError, match=r"is not this folder's log: line 1 was written for another build"):
        build(of(hurt, server))
    assert (hurt / name).read_bytes() == (twin / name).read_bytes()
    shutil.copy(own / name, hurt / name)
    build(of(hurt, server))
    assert same_tables(own, hurt)


def test_logs_that_changed_their_names_are_refused_not_asked_again(
    own: Path, server: SimpleNamespace, tmp_path: Path
) -> None:
    hurt = unfinished(own, tmp_path / "hurt")
    shutil.rmtree(hurt / "candidates")
    shutil.copy(own / "responses/synthesis-00002.jsonl", hurt / "responses/synthesis-00001.jsonl")
    asked = server.running.requests
    with pytest.raises(InputError, match=r"synthesis-00001\.jsonl is not this folder's log"):
        build(of(hurt, server))
    assert server.running.requests == asked


def test_answers_that_lie_in_a_folder_when_it_is_begun_count(
    own: Path, twin: Path, server: SimpleNamespace, tmp_path: Path
) -> None:
    """So `cp -r OLD/responses NEW/` takes them along, and what comes later is the new build's."""
    shutil.copytree(own / "responses", tmp_path / "new/responses")
    asked = server.running.requests
    build(of(tmp_path / "new", server))
    assert server.running.requests == asked
    assert same_tables(own, tmp_path / "new")
    build(of(tmp_path / "new", server), shards=[0], regenerate=True)
    lines = (tmp_path / "new/responses/synthesis-00000.jsonl").read_bytes().splitlines(keepends=True)
    builds = list(dict.fromkeys(map(build_of, lines)))
    assert builds == [Workspace(own).build, Workspace(tmp_path / "new").build]
    shutil.rmtree(tmp_path / "new/candidates")
    build(of(tmp_path / "new", server))


def test_the_tables_of_another_build_are_not_taken_for_those_of_the_candidates(
    own: Path, twin: Path, server: SimpleNamespace, tmp_path: Path
) -> None:
    """Tables and manifest were exchanged together, and prove one another."""
    hurt = shutil.copytree(own, tmp_path / "hurt")
    shutil.rmtree(hurt / "dataset")
    shutil.copytree(twin / "dataset", hurt / "dataset")
    shutil.copy(twin / "manifest.json", hurt / "manifest.json")
    with pytest.raises(DamagedError, match="its tables were made of another shard 0"):
        Workspace(hurt).check_tables()
    build(of(hurt, server))
    assert same_tables(own, hurt)


def test_answers_that_were_taken_out_of_a_log_are_asked_again_and_no_others(
    own: Path, server: SimpleNamespace, tmp_path: Path
) -> None:
    """So docs/repair.md says how a role's answers are thrown away; what comes instead is in the tables."""
    hurt = shutil.copytree(own, tmp_path / "hurt")
    judged = 0
    for log in (hurt / "responses").glob("synthesis-*.jsonl"):
        lines = log.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not re.match(rb'{"key":"[^"]*","task":"judge"', line)]
        judged += len(lines) - len(kept)
        log.write_bytes(b"".join(kept))
    shutil.rmtree(hurt / "candidates")
    before = Counter(server.answered)
    server.salt = 1
    build(of(hurt, server))
    server.salt = 0
    asked = server.answered - before
    assert asked["judge"] == judged
    assert not asked["write"]
    assert not asked["extract"]
    assert not same_tables(own, hurt)
    assert [str(found) for found in Verifier(hurt).run()] == []


def test_notes_of_two_builds_with_nothing_beside_them_are_refused(
    own: Path, twin: Path, server: SimpleNamespace, tmp_path: Path
) -> None:
    folder = tmp_path / "both"
    folder.mkdir()
    shutil.copy(own / "build_spec.json", folder)
    shutil.copy(twin / "generations.json", folder)
    with pytest.raises(
        InputError, match=r"cannot be used \(it is another build's\).* delete build_spec\.json"
    ):
        build(of(folder, server))
