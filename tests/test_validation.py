"""Nothing that is not whole, not allowed or not loadable leaves the machine."""

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corruptions import CORRUPTIONS
from factories import Build, list_files, make_build
from families import first
from hub_steps import NEW, OLD

from kpmath_builder.dataset.parquet import digest_of
from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.publishing.publish import publish
from kpmath_builder.publishing.release import Release
from kpmath_builder.publishing.validation import release_problems
from kpmath_builder.publishing.versions import Version
from kpmath_builder.records import Stage


def problems(folder: Path) -> list[str]:
    """Return what is wrong with a build folder."""
    return release_problems(Release.of(folder, "org/kpmath", Version(1, 0, 0)), folder)


def table(folder: Path, config: str) -> Path:
    """Return the one file of a config."""
    (file,) = (folder / "dataset" / "data" / config).iterdir()
    return file


def rewrite(folder: Path, config: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Change a table as if the build had written it so: digest and counts agree."""
    file = table(folder, config)
    pq.write_table(change(pq.read_table(file)), file)
    told = folder / "dataset" / "provenance" / "build.json"
    build = json.loads(told.read_text())
    build["tables"][config] = {"rows": pq.read_metadata(file).num_rows, "digest": digest_of([file])}
    told.write_text(json.dumps(build))
    list_files(folder)


def with_column(rows: pa.Table, name: str, values: list) -> pa.Table:
    """Replace a column."""
    place = rows.schema.get_field_index(name)
    return rows.set_column(place, rows.schema.field(name), pa.array(values, rows.schema.field(name).type))


def test_a_build_as_it_is_written_has_no_problems(tmp_path: Path):
    assert problems(OLD.finish(tmp_path / "build", rows_per_file=7)) == []


@pytest.mark.parametrize(
    ("config", "change", "problem"),
    [
        ("scored", lambda rows: rows.drop_columns(["note"]), "has other columns"),
        ("scored", lambda rows: rows.replace_schema_metadata({"huggingface": "{}"}), "has other columns"),
        ("qa-pairs", lambda rows: rows.slice(0, 0), "has no rows"),
        ("qa-pairs", lambda rows: rows.take([1, 0]), "not sorted by id"),
        ("qa-pairs", lambda rows: rows.take([0, 0]), "not sorted by id"),
        (
            "qa-pairs",
            lambda rows: with_column(rows, "candidate_id", ["q0000000"] * rows.num_rows),
            "leads to no kept row",
        ),
        ("scored", lambda rows: rows.slice(0, 20), "the card counts 36 rows of scored, its files hold 20"),
        (
            "kp-extraction",
            lambda rows: with_column(rows, "licence", [""] * rows.num_rows),
            "without a licence: set seeds.licence",
        ),
        (
            "kp-extraction",
            lambda rows: with_column(rows, "source", ["hendrycks/math"] * rows.num_rows),
            "publishes the problem of MATH problems",
        ),
    ],
)
def test_each_fault_of_a_table_is_named(
    tmp_path: Path, config: str, change: Callable[[pa.Table], pa.Table], problem: str
):
    folder = OLD.finish(tmp_path / "build")
    rewrite(folder, config, change)
    told = problems(folder)
    assert any(problem in sentence for sentence in told), told


def test_a_table_that_was_changed_after_the_build_is_named(tmp_path: Path):
    folder = OLD.finish(tmp_path / "build")
    pq.write_table(pq.read_table(table(folder, "scored")), table(folder, "scored"))
    list_files(folder)
    assert problems(folder) == ["the files of scored are not those that the build wrote"]


def test_a_missing_shard_is_named(tmp_path: Path):
    folder = OLD.finish(tmp_path / "build", rows_per_file=10)
    (folder / "dataset" / "data" / "scored" / "train-00001-of-00004.parquet").unlink()
    list_files(folder)
    assert any("without a gap" in sentence for sentence in problems(folder))


def test_a_card_that_was_edited_into_something_wrong_is_named(tmp_path: Path):
    folder = OLD.finish(tmp_path / "build")
    card = folder / "dataset" / "README.md"
    card.write_text(
        card.read_text(encoding="utf-8").replace("license: mit", "license: mine"), encoding="utf-8"
    )
    list_files(folder)
    assert any("'mine'" in sentence for sentence in problems(folder))


def repeating(build: Build, text: str, where: str) -> Build:
    """Return the build with a protected text in a question or a solution that the model wrote."""
    number = next(i for i, candidate in enumerate(build.candidates) if candidate.stage is Stage.KEPT)
    candidate = build.candidates[number]
    if where == "question":
        changed = candidate.model_copy(update={"question": f"Look: {text}"})
    elif where == "reasoning":
        first = candidate.solutions[0].model_copy(update={"thinking": text})
        changed = candidate.model_copy(update={"solutions": (first, *candidate.solutions[1:])})
    else:
        last = candidate.solutions[-1].model_copy(update={"text": text})
        changed = candidate.model_copy(update={"solutions": (*candidate.solutions[:-1], last)})
    candidates = (*build.candidates[:number], changed, *build.candidates[number + 1 :])
    return Build(build.seeds, build.extractions, build.practices, candidates)


@pytest.mark.parametrize("where", ["question", "solution", "reasoning"])
@pytest.mark.parametrize("part", ["problem", "solution"])
def test_a_text_that_must_not_be_shared_is_found_where_a_model_repeated_it(
    tmp_path: Path, where: str, part: str
):
    seed = next(seed for seed in OLD.seeds if not seed.shareable)
    folder = repeating(OLD, getattr(seed, part), where).finish(tmp_path / "build")
    told = problems(folder)
    assert told
    assert where == "solution" or any(" of qa-pairs repeats " in sentence for sentence in told)
    assert all(re.search(rf"row \S+ of (scored|qa-pairs) repeats {seed.id}", sentence) for sentence in told)


def test_publish_refuses_with_the_first_problem_and_asks_the_hub_nothing(tmp_path: Path):
    """No Hub is there to be asked."""
    folder = make_build(candidates=24, seeds=6).finish(tmp_path / "build")
    rewrite(folder, "qa-pairs", lambda rows: rows.slice(0, 0))
    with pytest.raises(InputError, match="cannot be published: qa-pairs has no rows"):
        publish(folder, "org/kpmath", "1.0.0", endpoint="http://127.0.0.1:9")


@pytest.mark.parametrize("how", first(3, CORRUPTIONS))
def test_what_is_not_what_the_build_wrote_is_not_published(tmp_path: Path, how: str):
    """Every file of the dataset, the manifest and the seeds whose text is protected."""
    whole, other = OLD.finish(tmp_path / "whole"), NEW.finish(tmp_path / "other", fingerprint="sha256:4567")
    for path in [file for file in plain_files(whole) if file.parent.name != "candidates"]:
        folder = shutil.copytree(whole, tmp_path / "hurt")
        name = path.relative_to(whole)
        if CORRUPTIONS[how](folder / name, other / name, random.Random(str(name))):
            with pytest.raises(
                KpmathError,
                match=r"(damaged|holds no finished build|is not a build folder).*(run|publish|give)",
            ):
                Release.of(folder, "org/kpmath", Version(1, 0, 0))
        shutil.rmtree(folder)


def as_a_link(path: Path) -> None:
    elsewhere = path.parent.parent.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda data: (data / ".DS_Store").write_bytes(b"x"), r"\.DS_Store was not written by the build"),
        (lambda data: (data / "figures/x.svg").symlink_to("/etc/hostname"), r"x\.svg was not written by"),
        (lambda data: (data / "more").symlink_to("/etc"), "more was not written by the build"),
        (lambda data: as_a_link(data / "README.md"), r"README\.md is damaged \(it is a link, not a file\)"),
        (lambda data: as_a_link(data / "figures"), r"figures is damaged \(it is a link, not a folder\)"),
        (as_a_link, r"dataset is damaged \(it is a link, not a folder\)"),
    ],
    ids=["stray file", "link", "linked folder", "file as link", "folder as link", "dataset as link"],
)
def test_only_what_the_build_wrote_is_published_and_no_link_is_followed(
    tmp_path: Path, spoil: Callable[[Path], object], told: str
):
    folder = OLD.finish(tmp_path / "build")
    spoil(folder / "dataset")
    with pytest.raises(KpmathError, match=told):
        Release.of(folder, "org/kpmath", Version(1, 0, 0))
