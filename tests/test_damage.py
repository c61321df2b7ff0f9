"""Whatever becomes of a file of a build folder, the next build makes the same tables, or says in a sentence what to do."""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from corruptions import CORRUPTIONS
from families import named
from forked_builds import Run, Served, finish, in_a_fork, served, small
from small_builds import keys_of, same_tables

from kpmath_builder import InputError, KpmathError, Recipe, build
from kpmath_builder.files.sealed import read_object, write_object
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier

STORM = int(os.environ.get("KPMATH_STORM", "252"))
"""Corruptions of the long storm."""
SNAPSHOTS = 24
"""Folders of builds that were killed at a random moment, which the storm corrupts as well as finished ones."""


def symbolic(folder: Path, **changes: int) -> Recipe:
    """Return a small recipe of the symbolic teacher; `changes` are keys of build."""
    keys = {"folder": str(folder), "questions": 8, "shards": 2, **changes}
    return Recipe.of({"seeds": {"limit": 20}, "solutions": {"samples": 3}, "build": keys})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    build(symbolic(folder))
    return folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build with other draws and other answers, whose files prove themselves too."""
    folder = tmp_path_factory.mktemp("other")
    build(symbolic(folder, seed=1))
    return folder


NAMES = (
    "recipe.toml",
    "build_spec.json",
    "generations.json",
    "manifest.json",
    "knowledge/origin.json",
    "knowledge/seeds.jsonl",
    "knowledge/extractions.jsonl",
    "knowledge/topics.json",
    "knowledge/tcpm.npz",
    "candidates/shard-00001.jsonl",
    "dataset/README.md",
    "dataset/data/scored/train-00000-of-00001.parquet",
)


HOWS = ("zeroed in part", "without its last line", "emptied", "deleted", "swapped")
"""Each file meets one of them with the fast tests, and each of them meets two files or more."""


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param(name, how, marks=() if place % len(HOWS) == turn else pytest.mark.slow)
        for place, name in enumerate(NAMES)
        for turn, how in enumerate(HOWS)
    ],
)
def test_a_damaged_file_is_made_again_and_nothing_is_asked(
    whole: Path, other: Path, tmp_path: Path, name: str, how: str
) -> None:
    """The tables are not there yet, or the build is finished: either way they are the same in the end."""
    folder = shutil.copytree(whole, tmp_path / "hurt")
    if not name.startswith(("dataset", "manifest")):
        shutil.rmtree(folder / "dataset")
        (folder / "manifest.json").unlink()
    CORRUPTIONS[how](folder / name, other / name, random.Random(name))
    notes: list[str] = []
    build(symbolic(folder), progress=lambda progress: notes.append(progress.note))
    if how == "emptied" and name.startswith(("candidates", "dataset", "manifest", "knowledge")):
        assert any("damage" in note for note in notes), "what is made again is said"
    assert same_tables(whole, folder)
    assert keys_of(folder) == keys_of(whole), "nothing was asked again"


@pytest.mark.parametrize("how", named(["cut", "zeroed in part", "deleted", "swapped"], "swapped"))
@pytest.mark.parametrize("name", ["candidates/shard-00001.jsonl", "knowledge/origin.json"])
def test_what_a_finished_build_was_made_from_is_made_again_too(
    whole: Path, other: Path, tmp_path: Path, name: str, how: str
) -> None:
    """Its tables are right all the same, but `status` and `verify` name the damage and send here."""
    folder = shutil.copytree(whole, tmp_path / "hurt")
    tables = (folder / "manifest.json").read_bytes()
    CORRUPTIONS[how](folder / name, other / name, random.Random(name))
    assert not build(symbolic(folder)).already_built
    assert [str(found) for found in Verifier(folder).run()] == []
    assert (folder / "manifest.json").read_bytes() == tables, "the tables were right"
    assert keys_of(folder) == keys_of(whole)


def test_the_status_names_what_is_damaged_and_what_mends_it(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "hurt")
    assert "Damaged" not in read_status(folder).sentence
    (folder / "candidates/shard-00001.jsonl").write_bytes(b"")
    (folder / "generations.json").write_bytes(b"{")
    status = read_status(folder)
    assert [shard.state for shard in status.shards] == ["sealed", "damaged"]
    assert (
        "Damaged: generations.json (its checksum is wrong), candidates/shard-00001.jsonl (it is empty)."
        in status.sentence
    )
    assert (
        "`kpmath build` makes it again from the log; `kpmath verify --repair` does so without"
        in status.sentence
    )


def test_the_status_counts_what_is_learnt_before_questions_are_drawn(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "learning"
    shutil.copytree(
        whole, folder, ignore=shutil.ignore_patterns("knowledge", "candidates", "dataset", "manifest.json")
    )
    answers = sum(
        len((folder / f"responses/{stage}-00000.jsonl").read_bytes().splitlines())
        for stage in ("extract", "topics")
    )
    assert answers >= 20
    assert f"the seeds are learnt from: {answers} answers so far." in read_status(folder).sentence


def test_a_dataset_that_is_gone_is_made_again(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "hurt")
    shutil.rmtree(folder / "dataset")
    assert not build(symbolic(folder)).already_built
    assert same_tables(whole, folder)


def test_knowledge_of_another_build_is_not_drawn_from(whole: Path, other: Path, tmp_path: Path) -> None:
    """The whole folder was exchanged, and proves itself; the build spec names another draw."""
    folder = shutil.copytree(whole, tmp_path / "hurt")
    for made in ("knowledge", "candidates", "dataset"):
        shutil.rmtree(folder / made)
    (folder / "manifest.json").unlink()
    grown = tmp_path / "grown"
    build(symbolic(grown, questions=9))  # the same draw
    shutil.copytree(grown / "knowledge", folder / "knowledge")
    build(symbolic(folder))
    assert same_tables(whole, folder)


def test_nothing_is_asked_under_another_draw(whole: Path, tmp_path: Path) -> None:
    """The log makes other knowledge than the build spec names: that is refused, with the way to begin anew."""
    folder = shutil.copytree(whole, tmp_path / "hurt")
    for made in ("knowledge", "dataset"):
        shutil.rmtree(folder / made)
    noted = read_object(folder / "build_spec.json")
    write_object(folder / "build_spec.json", {**(noted or {}), "draw": "0" * 64})
    with pytest.raises(InputError, match=r"the log makes other knowledge .* or delete .*build_spec\.json"):
        build(symbolic(folder))
    assert keys_of(folder) == keys_of(whole)
    (folder / "build_spec.json").unlink()
    build(symbolic(folder))
    assert same_tables(whole, folder)


def test_shards_that_were_begun_anew_stay_so_whichever_note_is_lost(tmp_path: Path) -> None:
    folder = tmp_path / "anew"
    build(symbolic(folder))
    build(symbolic(folder), shards=[1], regenerate=True)
    for lost in ("build_spec.json", "generations.json"):
        hurt = shutil.copytree(folder, tmp_path / lost)
        (hurt / lost).write_bytes(b"")
        shutil.rmtree(hurt / "dataset")
        build(symbolic(hurt))
        assert same_tables(folder, hurt)
        assert keys_of(folder) == keys_of(hurt)
    for lost in ("build_spec.json", "generations.json"):
        (folder / lost).write_bytes(b"")
    with pytest.raises(
        KpmathError, match=r"nothing else notes which shards were begun anew: delete build_spec\.json and"
    ):
        build(symbolic(folder))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("server")) as running:
        yield running


def kill_after(run: Run, server: Served, answers: int) -> None:
    """Kill a build once the server has given so many answers; one that ends before that is whole."""
    while not run.ended():
        if server.answers >= answers:
            run.kill()
            return
        time.sleep(0.001)


def snapshots(folder: Path, server: Served, chance: random.Random) -> list[Path]:
    """Return folders of builds that were killed at a random moment."""
    folders = [folder / str(number) for number in range(SNAPSHOTS)]
    for number, place in enumerate(folders):
        made = small(place, server)
        if number % 4 == 0:
            finish(made)
        else:
            kill_after(Run(made), server, server.answers + chance.randrange(1, 150))
    return folders


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_corruption_changes_a_table_or_asks_again_without_a_word(server: Served, tmp_path: Path) -> None:
    chance = random.Random(20_261_126)
    whole, other = tmp_path / "whole", tmp_path / "other"
    build(small(whole, server))
    build(
        small(other, server).model_copy(
            update={"build": small(other, server).build.model_copy(update={"seed": 1})}
        )
    )
    places = snapshots(tmp_path / "killed", server, chance)
    ended: Counter[str] = Counter()
    for number in range(STORM):
        folder = shutil.copytree(places[number % len(places)], tmp_path / "hurt", symlinks=True)
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        path, how = chance.choice(paths), list(CORRUPTIONS)[number % len(CORRUPTIONS)]
        name = path.relative_to(folder)
        CORRUPTIONS[how](path, other / name, chance)
        told = in_a_fork(partial(build, small(folder, server)))
        case = f"{number}: {name} {how}: {told}"
        assert told == "" or re.match(r"\w+Error: ", told), case
        assert "\n" not in told, case
        assert told or same_tables(whole, folder), case
        for log in (folder / "responses").glob("*.jsonl"):
            if log != path:
                keys = [line.split(b'"', 4)[3] for line in log.read_bytes().splitlines()]
                assert len(keys) == len(set(keys)), f"{case}: asked again although {log.name} is undamaged"
        ended[f"{how}: {'refused' if told else 'same tables'}"] += 1
        shutil.rmtree(folder)
    assert ended.total() == STORM
    sys.stdout.write(f"{dict(ended)}\n")


OPEN_FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]), int(sys.argv[2])))
from kpmath_builder import InputError, KpmathError, Recipe, build
from kpmath_builder.files.sealed import read_object, write_object
keys = {"folder": sys.argv[1], "questions": int(sys.argv[3]), "shards": int(sys.argv[4]), "window": int(sys.argv[5])}
try:
    print(build(Recipe.of({"seeds": {"limit": 20}, "solutions": {"samples": 1}, "build": keys})).rows["scored"])
except KpmathError as error:
    print(error)
"""


def with_open_files(folder: Path, *words: int) -> str:
    command = [sys.executable, "-c", OPEN_FILES, str(folder), *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.slow
def test_more_shards_than_files_may_be_open_are_built_and_read(tmp_path: Path) -> None:
    """Sixteen shards, a window over all of them, and files for about seven."""
    assert with_open_files(tmp_path / "few", 128, 32, 16, 32) == "32"
    told = with_open_files(tmp_path / "none", 90, 4, 2, 4)
    assert "This process may open 90 files" in told
    assert "`ulimit -n`" in told


@pytest.mark.slow
def test_a_thousand_shards_and_a_wide_window_fit_into_the_usual_limit(tmp_path: Path) -> None:
    assert with_open_files(tmp_path / "many", 1024, 2000, 1000, 4096) == "2000"
