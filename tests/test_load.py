"""`kpmath_builder.load`: the rows that pass, typed, streamed, and never those of another build."""

import math
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from factories import make_build
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kpmath_builder
from kpmath_builder import load
from kpmath_builder.dataset.builder import KPMath
from kpmath_builder.dataset.schemas import CONFIGS, DEFAULT_CONFIG, SCHEMAS
from kpmath_builder.dataset.script import script_text
from kpmath_builder.errors import InputError

BUILD = make_build(candidates=72, seeds=12)
TOPICS = sorted({part.topic for candidate in BUILD.candidates for part in candidate.blueprint.parts})
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset's folder with several files."""
    folder = tmp_path_factory.mktemp("load") / "dataset"
    BUILD.write(folder, rows_per_file=20)
    return folder


def rows_of(folder: Path, config: str) -> list[dict[str, Any]]:
    """Return all rows as pyarrow reads them."""
    return [
        row
        for file in sorted((folder / "data" / config).iterdir())
        for row in pq.read_table(file).to_pylist()
    ]


def passes(row: dict[str, Any], config: str, filters: dict[str, Any]) -> bool:
    """Say in plain Python what a filter means."""
    share = row.get("consensus" if config == "qa-pairs" else "consensus_share")
    sources = [row["source"]] if config == "kp-extraction" else row["seed_sources"]
    return (
        (share is not None and share >= filters["min_consensus"] if "min_consensus" in filters else True)
        and (share is not None and share <= filters["max_consensus"] if "max_consensus" in filters else True)
        and (
            row["quality"] is not None and row["quality"] >= filters["min_quality"]
            if "min_quality" in filters
            else True
        )
        and (not set(row["topics"]).isdisjoint(filters["topics"]) if "topics" in filters else True)
        and (set(sources) <= set(filters["sources"]) if "sources" in filters else True)
        and (row["status"] == "kept" if filters.get("kept_only") else True)
        and (not row["flags" if config == "qa-pairs" else "repeats"] if filters.get("unflagged") else True)
    )


POSSIBLE = {
    "min_consensus": st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]),
    "max_consensus": st.sampled_from([0.25, 0.5, 0.75, 1.0]),
    "min_quality": st.floats(0, 1),
    "topics": st.lists(st.sampled_from([*TOPICS, "Nowhere - Nothing"]), max_size=3),
    "sources": st.lists(st.sampled_from(["gsm8k", "math", "other"]), max_size=2),
    "kept_only": st.booleans(),
    "unflagged": st.booleans(),
}
OF_CONFIG = {
    "kp-extraction": ("topics", "sources", "kept_only"),
    "qa-pairs": ("min_consensus", "max_consensus", "min_quality", "topics", "sources", "unflagged"),
    "scored": tuple(POSSIBLE),
}


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), config=st.sampled_from(CONFIGS))
def test_exactly_the_rows_that_pass_come_in_their_order(dataset: Path, data: st.DataObject, config: str):
    """Against the same filters written in plain Python; a missing score passes none."""
    possible = {name: POSSIBLE[name] for name in OF_CONFIG[config]}
    filters = data.draw(st.fixed_dictionaries({}, optional=possible))
    wanted = [row for row in rows_of(dataset, config) if passes(row, config, filters)]
    assert list(load(dataset, config, streaming=True, **filters)) == wanted


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("num_proc", [None, 2])
def test_rows_are_prepared_as_they_are_streamed(
    dataset: Path, tmp_path: Path, config: str, num_proc: int | None
):
    files = len(list((dataset / "data" / config).iterdir()))
    loaded = load(dataset, config, cache_dir=tmp_path, num_proc=num_proc if files > 1 else None)
    streamed = load(dataset, config, streaming=True)
    assert list(loaded) == list(streamed) == rows_of(dataset, config)
    assert loaded.features == streamed.features
    assert loaded.features.arrow_schema.names == SCHEMAS[config].names


def test_streaming_can_be_split_by_file(dataset: Path):
    streamed = load(dataset, "scored", streaming=True)
    assert streamed.num_shards == math.ceil(72 / 20) == 4


def test_the_default_is_the_pairs_and_a_build_folder_will_do(dataset: Path):
    assert list(load(dataset.parent, streaming=True)) == rows_of(dataset, DEFAULT_CONFIG)


def test_a_part_of_the_rows_is_asked_for_as_datasets_writes_it(dataset: Path):
    whole = load(dataset)
    assert load(dataset, split="train[:5]")["id"][:] == whole["id"][:5]
    assert load(dataset, split="train").num_rows == whole.num_rows
    for streaming in (False, True):
        with pytest.raises(InputError, match=r"There is no split 'test' .*: all rows are in train"):
            load(dataset, split="test", streaming=streaming)


def test_a_single_topic_may_be_given_as_it_is(dataset: Path):
    one, several = (list(load(dataset, topics=topics, streaming=True)) for topics in (TOPICS[0], TOPICS[:1]))
    assert one == several
    assert 0 < len(one) < len(rows_of(dataset, DEFAULT_CONFIG))


def test_a_folder_that_is_built_anew_is_not_served_from_the_cache(tmp_path: Path):
    """Same name, same card but for the data: `datasets` itself would not see it."""
    folder, cache = tmp_path / "dataset", tmp_path / "cache"
    for seed in (0, 1):
        make_build(candidates=24, seeds=6, seed=seed).write(folder)
        assert list(load(folder, "scored", cache_dir=cache)) == rows_of(folder, "scored")


def test_filters_are_cached_apart_and_found_again(dataset: Path, tmp_path: Path):
    strict, lax = (load(dataset, min_quality=least, cache_dir=tmp_path) for least in (0.9, 0.86))
    again = load(dataset, min_quality=0.9, cache_dir=tmp_path)
    assert strict.num_rows == again.num_rows < lax.num_rows
    assert again.cache_files == strict.cache_files != lax.cache_files


@pytest.mark.parametrize(
    ("config", "options", "message"),
    [
        ("pairs", {}, "There is no config 'pairs': choose from kp-extraction, qa-pairs, scored"),
        (
            "qa-pairs",
            {"kept_only": True},
            "qa-pairs cannot be filtered by kept_only: choose from min_consensus",
        ),
        ("kp-extraction", {"min_quality": 0.5}, "kp-extraction cannot be filtered by min_quality"),
        ("scored", {"min_qualty": 0.5}, "scored cannot be filtered by min_qualty"),
        ("scored", {"min_consensus": 80}, "min_consensus is 80: give a number from 0 to 1"),
        ("scored", {"topics": ["x"]}, "No row of scored in .* passes {'topics': \\['x'\\]}: ask for less"),
        ("scored", {"revision": "v1"}, "is a folder, which has no revision v1"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_sentence(
    dataset: Path, tmp_path: Path, config: str, options: dict[str, Any], message: str
):
    with pytest.raises(InputError, match=message):
        load(dataset, config, cache_dir=tmp_path, **options)


# The loading script


def test_the_script_is_made_of_the_library():
    """One definition of columns and filters."""
    written = (ROOT / "hub_script" / "kpmath.py").read_text(encoding="utf-8")
    assert written == script_text(), "run: python docs/generate.py"


def test_the_script_needs_nothing_of_ours_and_has_the_same_configs():
    names: dict[str, Any] = {"__name__": "kpmath"}
    text = script_text()
    assert not re.search("^(import|from) kpmath_builder", text, re.MULTILINE)
    exec(compile(text, "kpmath.py", "exec"), names)
    assert names["SCHEMAS"] == SCHEMAS
    assert names["KPMath"].DEFAULT_CONFIG_NAME == KPMath.DEFAULT_CONFIG_NAME
    filters = [[vars(config).keys() for config in kind.BUILDER_CONFIGS] for kind in (names["KPMath"], KPMath)]
    assert filters[0] == filters[1]


def test_load_is_part_of_the_public_face():
    assert "load" in kpmath_builder.__all__


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"min_consensus": "abc"}, "min_consensus is 'abc': give a number from 0 to 1"),
        ({"min_consensus": "0.9"}, "give a number"),
        ({"min_quality": True}, "give a number"),
        ({"max_consensus": float("nan")}, "give a number"),
        ({"min_quality": 1.5}, "give a number"),
        ({"unflagged": "no"}, "unflagged is 'no': give True or False"),
        ({"reasoned": 1}, "give True or False"),
    ],
)
def test_a_filter_of_another_kind_is_refused(dataset: Path, filters: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(dataset, **filters)


def test_a_config_given_as_name_is_pointed_to_config(dataset: Path) -> None:
    with pytest.raises(InputError, match=r"give the config as the second argument, or as config='scored'"):
        load(dataset, name="scored")  # type: ignore[call-arg]


def test_a_table_without_a_row_comes_empty_with_its_columns(tmp_path: Path) -> None:
    """A build that kept nothing; with filters, it is said that no row passes."""
    make_build(candidates=7).write(tmp_path / "dataset")  # of the first ten none is kept
    for streaming in (False, True):
        assert list(load(tmp_path, "qa-pairs", streaming=streaming)) == []
    rows = load(tmp_path, "qa-pairs")
    assert rows.column_names == SCHEMAS["qa-pairs"].names
    assert rows.features.arrow_schema.types == SCHEMAS["qa-pairs"].types
    with pytest.raises(InputError, match="passes"):
        load(tmp_path, "qa-pairs", min_quality=0.5)
    with pytest.raises(InputError, match="no split"):
        load(tmp_path, "qa-pairs", split="test")


@pytest.mark.parametrize("streaming", [False, True], ids=["prepared", "streamed"])
def test_tables_of_another_version_get_a_sentence(tmp_path: Path, *, streaming: bool) -> None:
    folder = tmp_path / "dataset"
    BUILD.write(folder)
    for file in (folder / "data" / "qa-pairs").iterdir():
        pq.write_table(pq.read_table(file).drop_columns(["p_correct"]), file)
    with pytest.raises(InputError, match=r"has not the column p_correct.*another version.*load_dataset"):
        load(folder, streaming=streaming, cache_dir=tmp_path / "cache")


def test_a_folder_without_tables_is_not_looked_for_on_the_hub(tmp_path: Path) -> None:
    (tmp_path / "responses").mkdir()
    with pytest.raises(InputError, match=r"is there and holds no tables .* or its dataset/\.$"):
        load(tmp_path)


def test_a_folder_of_a_datasets_name_says_how_the_hub_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ada" / "kp").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="move away from this folder to load the dataset of that name"):
        load("ada/kp")
