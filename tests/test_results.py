"""What leaves a build folder is vouched for by the manifest; damage is named file by file."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder.files.sealed import DamagedError, write_lines
from kpmath_builder.folder.damage import FOREIGN, damage
from kpmath_builder.folder.results import KNOWLEDGE_FILES, Results


@pytest.fixture
def results(tmp_path: Path) -> Results:
    """Return a finished folder of one table and two shards."""
    made = Results(tmp_path)
    made.make()
    for name in KNOWLEDGE_FILES:
        (made.knowledge / name).write_bytes(name.encode())
    (made.dataset / "data").mkdir(parents=True)
    (made.dataset / "data" / "table").write_bytes(b"rows")
    for number in range(2):
        write_lines(made.shard(number), {"shard": number}, [b"candidate\n"] * (number + 1))
    made.finish({"build_spec": "spec", "candidates": made.digests(2)})
    return made


def spec(fingerprint: str) -> Any:
    return cast("Any", SimpleNamespace(fingerprint=fingerprint))


def test_a_finished_build_names_its_tables_and_what_was_learnt(results: Results) -> None:
    manifest = results.finished()
    assert manifest is not None
    assert set(manifest["files"]) == {
        "dataset/data/table",
        *(f"knowledge/{name}" for name in KNOWLEDGE_FILES),
    }
    assert results.tables(manifest) == ["data/table"]
    assert manifest["build_spec"] == "spec"
    results.check_tables()


def test_a_build_is_finished_for_the_build_spec_that_it_was_made_for(results: Results) -> None:
    assert results.finished(spec("spec")) is not None
    assert results.finished(spec("other")) is None


def test_a_folder_without_a_manifest_is_not_finished_and_not_damaged(tmp_path: Path) -> None:
    made = Results(tmp_path)
    assert made.finished() is None
    assert list(made.damaged_results()) == []
    assert list(made.foreign()) == []
    assert made.digests(2) == ["", ""]


def test_a_damaged_manifest_is_the_only_damage_that_is_named(results: Results) -> None:
    results.manifest.write_bytes(b"{")
    (results.dataset / "mine").write_bytes(b"")
    assert [found.path for found in results.damaged_results()] == [results.manifest]
    assert results.finished() is None
    assert list(results.foreign()) == [], "nobody knows what is ours"


def test_a_table_that_was_changed_is_no_result_and_a_quick_look_overlooks_it(results: Results) -> None:
    table = results.dataset / "data" / "table"
    table.write_bytes(b"rowz")
    assert [found.path for found in results.damaged_results()] == [table]
    assert list(results.damaged_results(quick=True)) == []
    assert results.finished() is None
    assert results.finished(quick=True) is not None
    with pytest.raises(DamagedError, match="not what was written"):
        results.check_tables()


def test_tables_of_other_candidates_are_the_manifest_s_damage_and_missing_candidates_none(
    results: Results,
) -> None:
    results.shard(0).unlink()
    assert list(results.damaged_results()) == []
    write_lines(results.shard(1), {"shard": 1}, [b"another\n"])
    (found,) = results.damaged_results(quick=True)
    assert (found.path, found.why) == (results.manifest, "its tables were made of another shard 1")


def test_what_no_build_wrote_is_foreign(results: Results) -> None:
    (results.dataset / "mine").write_bytes(b"")
    assert list(results.foreign()) == [results.dataset / "mine"]


# All of a folder


class Looks:
    """A workspace in which the given files are damaged."""

    def __init__(self, folder: Path, *damaged: str, lacks_knowledge: bool = False) -> None:
        self.candidates, self.origin = folder / "candidates", folder / "origin.json"
        self.candidates.mkdir()
        for name in ("shard-00000.jsonl", "shard-00012.jsonl", "shard-00012.jsonl.part", "shard-1.jsonl"):
            (self.candidates / name).write_bytes(b"")
        self._damaged, self._lacks_knowledge = damaged, lacks_knowledge
        self.quick: list[bool] = []

    def lacks_knowledge(self) -> bool:
        return self._lacks_knowledge

    def damaged_notes(self) -> list[DamagedError]:
        return [DamagedError(Path("note"), "x")] if "note" in self._damaged else []

    def read_recipe(self) -> None:
        self._look("recipe")

    def learnt_from(self) -> None:
        self._look("knowledge")

    def shard_damage(self, number: int, *, quick: bool) -> DamagedError | None:
        self.quick.append(quick)
        return DamagedError(Path(f"shard {number}"), "x") if f"shard {number}" in self._damaged else None

    def damaged_results(self, *, quick: bool) -> list[DamagedError]:
        self.quick.append(quick)
        return [DamagedError(Path("table"), "x")] if "table" in self._damaged else []

    def foreign(self) -> list[Path]:
        return [Path("mine")] if "mine" in self._damaged else []

    def _look(self, name: str) -> None:
        if name in self._damaged:
            raise DamagedError(Path(name), "x")


EVERYTHING = ("note", "recipe", "knowledge", "shard 0", "shard 12", "table", "mine")


@pytest.mark.parametrize("damaged", [(), *((name,) for name in EVERYTHING), EVERYTHING], ids=" ".join)
@pytest.mark.parametrize("quick", [False, True])
def test_each_file_that_does_not_prove_itself_is_named(
    tmp_path: Path, damaged: tuple[str, ...], *, quick: bool
) -> None:
    looks = Looks(tmp_path, *damaged)
    found = list(damage(cast("Any", looks), quick=quick))
    assert [str(its.path) for its in found] == list(damaged)
    assert [its.why for its in found if str(its.path) == "mine"] == [FOREIGN] * ("mine" in damaged)
    assert set(looks.quick) == {quick}


def test_knowledge_that_is_lacking_is_named_by_its_last_file(tmp_path: Path) -> None:
    looks = Looks(tmp_path, lacks_knowledge=True)
    (found,) = damage(cast("Any", looks))
    assert set(looks.quick) == {False}, "all is read unless a quick look is wished"
    assert (found.path.name, found.why) == ("origin.json", "it is missing")
