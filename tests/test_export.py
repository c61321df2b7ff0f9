"""The tables as JSON lines."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from factories import make_build
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpmath_builder.dataset import export
from kpmath_builder.dataset.export import export_jsonl
from kpmath_builder.dataset.schemas import CONFIGS
from kpmath_builder.errors import InputError

BUILD = make_build(candidates=60, seeds=12)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One published build, of files of 25 rows."""
    folder = tmp_path_factory.mktemp("published") / "dataset"
    BUILD.write(folder, rows_per_file=25)
    return folder


def rows_of(published: Path, config: str) -> list[dict]:
    files = sorted((published / "data" / config).iterdir())
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def lines_of(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("rows_at_once", [1, 7, 256])
def test_each_config_becomes_a_file_of_its_rows_in_their_order(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
):
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", rows_at_once)
    counts = export_jsonl(published, tmp_path / "new" / "folder")
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(
        f"{c}.jsonl" for c in CONFIGS
    )
    for config in CONFIGS:
        rows = lines_of(tmp_path / "new" / "folder" / f"{config}.jsonl")
        assert rows == rows_of(published, config)
        assert counts[config] == len(rows) > 0


def test_only_the_configs_asked_for_are_exported(published: Path, tmp_path: Path):
    assert export_jsonl(published, tmp_path, ["qa-pairs"]) == {
        "qa-pairs": len(rows_of(published, "qa-pairs"))
    }
    assert [path.name for path in tmp_path.iterdir()] == ["qa-pairs.jsonl"]


def test_text_stays_readable(published: Path, tmp_path: Path):
    export_jsonl(published, tmp_path, ["scored"])
    assert "三角形" in (tmp_path / "scored.jsonl").read_text(encoding="utf-8")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_survives_tables_and_export(tmp_path: Path, texts: list[str]):
    """Line separators, NUL, quotes, every plane of Unicode."""
    candidates = [
        candidate.model_copy(update={"question": text})
        for candidate, text in zip(BUILD.candidates, texts, strict=False)
    ]
    BUILD.write(tmp_path / "dataset", candidates=candidates)
    export_jsonl(tmp_path / "dataset", tmp_path / "out", ["scored"], force=True)
    assert [row["question"] for row in lines_of(tmp_path / "out" / "scored.jsonl")] == texts


def test_an_empty_config_becomes_an_empty_file(tmp_path: Path):
    make_build(candidates=0, seeds=0).write(tmp_path / "dataset")
    assert export_jsonl(tmp_path / "dataset", tmp_path / "out") == dict.fromkeys(CONFIGS, 0)
    assert (tmp_path / "out" / "scored.jsonl").read_bytes() == b""


def test_existing_files_are_kept_unless_forced(published: Path, tmp_path: Path):
    """One existing file is enough for none to be written."""
    (tmp_path / "scored.jsonl").write_text("mine")
    with pytest.raises(
        InputError, match=r"already holds scored\.jsonl: choose another folder, or add --force"
    ):
        export_jsonl(published, tmp_path)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
    export_jsonl(published, tmp_path, force=True)
    assert lines_of(tmp_path / "scored.jsonl") == rows_of(published, "scored")


def test_a_failure_leaves_the_old_file_whole_and_no_other(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    export_jsonl(published, tmp_path, ["scored"])
    before = (tmp_path / "scored.jsonl").read_bytes()
    broken = tmp_path / "broken" / "data" / "scored"
    broken.mkdir(parents=True)
    files = sorted((published / "data" / "scored").iterdir())
    (broken / "train-00000-of-00002.parquet").write_bytes(files[0].read_bytes())
    (broken / "train-00001-of-00002.parquet").write_bytes(files[1].read_bytes()[:-100])
    with pytest.raises(InputError, match="cannot be read as tables"):
        export_jsonl(tmp_path / "broken", tmp_path, ["scored"], force=True)
    assert (tmp_path / "scored.jsonl").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "scored.jsonl"]


def test_an_unknown_config_is_named_with_the_known_ones(published: Path, tmp_path: Path):
    with pytest.raises(InputError, match="no config 'pairs': choose from kp-extraction, qa-pairs, scored"):
        export_jsonl(published, tmp_path, ["pairs"])


def test_a_folder_without_tables_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="give the dataset folder of a finished build"):
        export_jsonl(tmp_path / "nothing", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_target_that_is_a_file_is_refused(published: Path, tmp_path: Path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is a file: give the folder to export to"):
        export_jsonl(published, tmp_path / "out")
