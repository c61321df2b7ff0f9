"""The published folder: what `load_dataset` reads from it, and that it is made the same way each time."""

import json
import random
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
from factories import MODELS, UNSHAREABLE_MARK, Build, agreed, make_build

from kpmath_builder.dataset import parquet
from kpmath_builder.dataset.rows import extraction_rows, pair_rows, scored_row
from kpmath_builder.dataset.schemas import CONFIGS, DEFAULT_CONFIG, SCHEMAS
from kpmath_builder.records import Extraction, Stage

BUILD = make_build(candidates=60, seeds=12)
SOURCES = {seed.id: seed.source for seed in BUILD.seeds}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One published build, of files of 25 rows."""
    folder = tmp_path_factory.mktemp("published") / "dataset"
    BUILD.write(folder, rows_per_file=25)
    return folder


def load(folder: Path, config: str | None, cache: Path, **options: object):
    return datasets.load_dataset(str(folder), config, split="train", cache_dir=str(cache), **options)


def expected(config: str) -> list[dict]:
    if config == "kp-extraction":
        return list(extraction_rows(BUILD.seeds, BUILD.extractions, BUILD.practices))
    if config == "scored":
        return [scored_row(candidate, sources=SOURCES) for candidate in BUILD.candidates]
    kept = [candidate for candidate in BUILD.candidates if candidate.stage is Stage.KEPT]
    return [row for c in kept for row in pair_rows(c, agreed(c), name="kpmath-test", sources=SOURCES)]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_in(folder: Path, config: str) -> list[dict]:
    files = sorted((folder / "data" / config).iterdir())
    return [row for file in files for row in pq.read_table(file).to_pylist()]


# What load_dataset reads


@pytest.mark.parametrize("config", CONFIGS)
def test_load_dataset_gives_back_every_row_as_it_was(published: Path, config: str, tmp_path: Path):
    assert list(load(published, config, tmp_path)) == expected(config)


@pytest.mark.parametrize("config", CONFIGS)
def test_streaming_gives_the_same_rows(published: Path, config: str, tmp_path: Path):
    assert list(load(published, config, tmp_path, streaming=True)) == expected(config)


@pytest.mark.parametrize("config", CONFIGS)
def test_features_read_back_are_those_of_the_schema(published: Path, config: str, tmp_path: Path):
    assert load(published, config, tmp_path).features == datasets.Features.from_arrow_schema(SCHEMAS[config])


def test_the_default_config_is_the_pairs(published: Path, tmp_path: Path):
    assert list(load(published, None, tmp_path)) == expected(DEFAULT_CONFIG)


def test_load_dataset_names_the_three_configs(published: Path):
    assert datasets.get_dataset_config_names(str(published)) == list(CONFIGS)


def test_counts_returned_are_the_rows_written(tmp_path: Path):
    counts = BUILD.write(tmp_path / "dataset")
    kept = [candidate for candidate in BUILD.candidates if candidate.stage is Stage.KEPT]
    assert counts.rows == {"kp-extraction": 12, "qa-pairs": 2 * len(kept), "scored": 60}
    passed = {line.stage: line.passed for line in counts.funnel.lines()}
    assert (passed[Stage.ASKED], passed[Stage.KEPT]) == (60, len(kept))


# What the rows say


@pytest.mark.parametrize("config", CONFIGS)
def test_every_row_has_every_key_of_its_schema(config: str):
    assert all(set(row) == set(SCHEMAS[config].names) for row in expected(config))


def test_text_that_must_not_be_shared_stands_nowhere_in_the_folder(published: Path):
    everything = (published / "README.md").read_text() + json.dumps(
        [rows_in(published, config) for config in CONFIGS], ensure_ascii=False
    )
    assert not any(seed.problem in everything for seed in BUILD.seeds if not seed.shareable)
    assert UNSHAREABLE_MARK not in everything
    assert any(UNSHAREABLE_MARK in seed.problem for seed in BUILD.seeds)


def test_a_seed_that_must_not_be_shared_still_has_its_row_without_text():
    for seed, row in zip(
        sorted(BUILD.seeds, key=lambda seed: seed.id), expected("kp-extraction"), strict=True
    ):
        text = (seed.problem, seed.solution, seed.answer) if seed.shareable else (None, None, None)
        assert (row["problem"], row["solution"], row["answer"]) == text
        assert (row["content_hash"], row["licence"]) == (seed.content_hash, seed.licence)


def test_a_practice_has_both_its_clustered_and_its_raw_topics():
    rows = {row["id"]: row for row in expected("kp-extraction")}
    for practice in BUILD.practices:
        row = rows[practice.seed.id]
        assert (row["status"], row["reason"], row["extractor"]) == ("kept", "", MODELS["extractor"])
        assert row["topics"] == [topic.topic for topic in practice.topics]
        assert row["raw_topics"] == [topic.topic for topic in practice.raw]
        assert [point["key_points"] for point in row["key_points"]] == [
            list(t.key_points) for t in practice.topics
        ]


@pytest.mark.parametrize(
    ("extraction", "reason"),
    [
        ([], "not extracted"),
        ([{"reason": "no valid reply"}], "no valid reply"),
        ([{"topics": BUILD.practices[0].raw, "model": "m"}], "no topic left after clustering"),
    ],
)
def test_a_seed_without_a_practice_says_why(extraction: list[dict[str, Any]], reason: str):
    seed = BUILD.seeds[0]
    extractions = [Extraction(seed_id=seed.id, **fields) for fields in extraction]
    (row,) = extraction_rows([seed], extractions, [])
    assert (row["status"], row["reason"], row["topics"]) == ("dropped", reason, [])
    assert len(row["raw_topics"]) == sum(len(e.topics) for e in extractions)


def test_a_pair_leads_back_to_its_candidate_and_is_a_chat():
    candidates = {candidate.blueprint.id: candidate for candidate in BUILD.candidates}
    for row in expected("qa-pairs"):
        candidate = candidates[row["candidate_id"]]
        sample = int(row["id"].removeprefix(f"{candidate.blueprint.id}-"))
        assert row["solution"] == candidate.solutions[sample].text
        assert row["question"] == candidate.question
        assert [(m["role"], m["content"]) for m in row["messages"]] == [
            ("user", row["question"]),
            ("assistant", row["solution"]),
        ]
        assert set(row["seed_sources"]) == {SOURCES[part.seed_id] for part in candidate.blueprint.parts}
        assert row["consensus"] == candidate.vote.share


def test_pairs_of_more_than_a_hundred_samples_stay_sorted():
    candidate = BUILD.candidates[10]
    solutions = [candidate.solutions[0].model_copy(update={"sample": sample}) for sample in (7, 99, 100, 101)]
    ids = [row["id"] for row in pair_rows(candidate, solutions, name="n", sources=SOURCES)]
    assert ids == sorted(ids)
    assert len(ids) == 4


# How the files are made


def test_equal_rows_make_equal_bytes_however_they_arrive(tmp_path: Path):
    """Another folder, candidates from a generator, seeds and extractions in another order: not a byte differs."""
    shuffled = [list(rows) for rows in (BUILD.seeds, BUILD.extractions, BUILD.practices)]
    for rows in shuffled:
        random.Random(1).shuffle(rows)
    BUILD.write(tmp_path / "one")
    seeds, extractions, practices = shuffled
    BUILD.write(
        tmp_path / "other" / "two",
        seeds=seeds,
        extractions=extractions,
        practices=practices,
        candidates=(candidate.model_copy(deep=True) for candidate in BUILD.candidates),
    )
    assert tree(tmp_path / "one") == tree(tmp_path / "other" / "two")


@pytest.mark.parametrize(
    ("rows_per_group", "group_size"), [(1, 1 << 20), (7, 1 << 20), (10_000, 500), (10_000, 1)]
)
def test_rows_do_not_depend_on_row_groups(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_per_group: int, group_size: int
):
    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", rows_per_group)
    monkeypatch.setattr(parquet, "GROUP_SIZE", group_size)
    BUILD.write(tmp_path / "dataset", rows_per_file=17)
    for config in CONFIGS:
        assert rows_in(tmp_path / "dataset", config) == rows_in(published, config) == expected(config)


def test_a_row_group_ends_when_its_text_is_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parquet, "GROUP_SIZE", 2_000)
    BUILD.write(tmp_path / "dataset")
    (file,) = (tmp_path / "dataset" / "data" / "scored").iterdir()
    sizes = [len(json.dumps(row, ensure_ascii=False)) for row in expected("scored")]
    groups = pq.read_metadata(file)
    counts = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert sum(counts) == 60
    assert len(counts) > 5
    assert max(counts) < 60
    assert max(counts) * min(sizes) < 20_000


@pytest.mark.parametrize("rows_per_file", [1, 25, 59, 60, 61])
def test_files_are_numbered_with_their_count_and_hold_as_many_rows_as_asked(
    tmp_path: Path, rows_per_file: int
):
    counts = BUILD.write(tmp_path / "dataset", rows_per_file=rows_per_file)
    files = sorted((tmp_path / "dataset" / "data" / "scored").iterdir())
    assert [f.name for f in files] == [
        f"train-{i:05d}-of-{len(files):05d}.parquet" for i in range(len(files))
    ]
    rows = [pq.read_metadata(file).num_rows for file in files]
    assert rows == [rows_per_file] * (60 // rows_per_file) + (
        [60 % rows_per_file] if 60 % rows_per_file else []
    )
    assert counts.configs["scored"].files == len(files)


def test_files_are_zstd_with_page_index_and_without_what_older_datasets_cannot_read(published: Path):
    for file in published.rglob("*.parquet"):
        metadata = pq.read_metadata(file)
        column = metadata.row_group(0).column(0)
        assert column.compression == "ZSTD"
        assert column.has_column_index
        assert column.has_offset_index
        assert b"huggingface" not in (metadata.metadata or {})


@pytest.mark.parametrize("config", CONFIGS)
def test_a_config_without_rows_is_one_valid_file_that_streams_nothing(tmp_path: Path, config: str):
    """`load_dataset` refuses any split of no rows ("corresponds to no data"); streaming and pyarrow read it."""
    counts = make_build(candidates=0, seeds=0).write(tmp_path / "dataset")
    assert counts.rows == dict.fromkeys(CONFIGS, 0)
    (file,) = (tmp_path / "dataset" / "data" / config).iterdir()
    assert pq.read_table(file).schema.names == SCHEMAS[config].names
    stream = load(tmp_path / "dataset", config, tmp_path / "cache", streaming=True)
    assert list(stream) == []
    assert list(stream.features) == SCHEMAS[config].names


def test_a_config_without_rows_leaves_the_others_loadable(tmp_path: Path):
    counts = BUILD.write(tmp_path / "dataset", select=lambda candidate: ())
    assert counts.rows["qa-pairs"] == 0
    assert len(load(tmp_path / "dataset", "scored", tmp_path / "cache")) == 60


# Old whole or new whole


def failing(build: Build):
    """Candidates that come out of order after a while."""
    yield from build.candidates[:30]
    yield build.candidates[3]


def test_candidates_out_of_order_leave_the_old_folder_whole_and_nothing_else(tmp_path: Path):
    BUILD.write(tmp_path / "dataset")
    before = tree(tmp_path)
    with pytest.raises(
        ValueError, match="rows of scored must come sorted by id, got 'q0000003' after 'q0000029'"
    ):
        BUILD.write(tmp_path / "dataset", candidates=failing(BUILD))
    assert tree(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


def test_two_seeds_of_one_id_are_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="rows of kp-extraction must come sorted by id"):
        BUILD.write(tmp_path / "dataset", seeds=(*BUILD.seeds, BUILD.seeds[0]))
    assert list(tmp_path.iterdir()) == []


def test_writing_again_leaves_no_file_of_the_old_tables(tmp_path: Path):
    BUILD.write(tmp_path / "dataset", rows_per_file=5)
    BUILD.write(tmp_path / "dataset", rows_per_file=1000)
    assert len(list((tmp_path / "dataset").rglob("*.parquet"))) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


def test_a_null_where_none_may_be_is_refused(tmp_path: Path):
    kept = next(candidate for candidate in BUILD.candidates if candidate.stage is Stage.KEPT)
    with pytest.raises(ValueError, match="non-nullable"):
        BUILD.write(tmp_path / "dataset", candidates=[kept.model_copy(update={"question": None})])


# The cache of `datasets` knows a local folder by its name and card, not by its data


def asking(question: str) -> dict[str, Any]:
    """Change a build to one candidate of this question: questions of one length give files of one size."""
    return {"candidates": [BUILD.candidates[10].model_copy(update={"question": question})]}


def test_two_builds_in_folders_of_one_name_do_not_get_each_others_rows(tmp_path: Path):
    """Same fingerprint, same numbers of rows and bytes: only the hash of the data tells them apart."""
    for name in ("a", "b"):
        BUILD.write(tmp_path / name / "dataset", **asking(f"question {name}"))
        (row,) = load(tmp_path / name / "dataset", "scored", tmp_path / "cache")
        assert row["question"] == f"question {name}"


def test_a_folder_written_anew_is_not_served_from_the_cache(tmp_path: Path):
    for name in ("a", "b"):
        BUILD.write(tmp_path / "dataset", **asking(f"question {name}"))
        (row,) = load(tmp_path / "dataset", "scored", tmp_path / "cache")
        assert row["question"] == f"question {name}"


def test_builds_of_other_fingerprints_are_cached_apart(tmp_path: Path):
    cached = set()
    for fingerprint in ("sha256:1", "sha256:2"):
        BUILD.write(tmp_path / fingerprint[-1] / "dataset", fingerprint=fingerprint)
        loaded = load(tmp_path / fingerprint[-1] / "dataset", None, tmp_path / "cache")
        cached |= {file["filename"] for file in loaded.cache_files}
    assert len(cached) == 2
