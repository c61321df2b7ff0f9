"""What a build folder notes of itself, and when it writes that anew."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kpmath_builder import InputError, Recipe, build
from kpmath_builder.files.sealed import write_object
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.guards import check_apart, check_folder, check_not_smaller
from kpmath_builder.folder.workspace import Workspace

NOTES = ("recipe.toml", "build_spec.json", "generations.json")


def recipe_of(folder: Path, name: str = "mine") -> Recipe:
    tree = {"name": name, "seeds": {"limit": 12}, "solutions": {"samples": 2}}
    return Recipe.of({**tree, "build": {"folder": str(folder), "questions": 4, "shards": 1}})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "b"
    build(recipe_of(folder))
    return folder


@pytest.fixture
def workspace(whole: Path, tmp_path: Path) -> Workspace:
    """Return a copy of a finished build."""
    return Workspace(shutil.copytree(whole, tmp_path / "b"))


def spec_of(workspace: Workspace) -> BuildSpec:
    spec = workspace.begun()
    assert spec is not None
    return spec


def times(workspace: Workspace) -> list[int]:
    return [(workspace.folder / name).stat().st_mtime_ns for name in NOTES]


def begin(workspace: Workspace) -> list[str]:
    told: list[str] = []
    workspace.begin(recipe_of(workspace.folder), spec_of(workspace), told.append)
    return told


def test_a_finished_build_that_is_begun_again_writes_nothing(workspace: Workspace) -> None:
    before = times(workspace)
    assert begin(workspace) == []
    assert times(workspace) == before
    assert workspace.manifest.exists()


def test_a_lost_note_of_a_finished_build_is_written_again(workspace: Workspace) -> None:
    (workspace.folder / "generations.json").unlink()
    begin(workspace)
    assert (workspace.folder / "generations.json").exists()
    assert workspace.manifest.exists()


def test_a_draw_is_noted_anew_only_for_the_knowledge_that_the_folder_is_built_from(
    workspace: Workspace,
) -> None:
    spec = spec_of(workspace)
    draw = workspace.noted_draw(spec)
    other = replace(spec, origin={**spec.origin, "seeds.limit": 11})
    workspace.note_draw(other, "another", lambda _: None)
    assert spec_of(workspace) == spec
    assert workspace.noted_draw(spec) == draw
    workspace.note_draw(spec, "another", lambda _: None)
    assert workspace.noted_draw(spec) == "another"


def test_other_seeds_are_refused_and_the_same_are_not(workspace: Workspace) -> None:
    spec = spec_of(workspace)
    workspace.check(spec)
    with pytest.raises(InputError, match="would mix two draws of questions"):
        workspace.check(replace(spec, origin={**spec.origin, "topics.similarity": 0.1}))


def test_the_name_that_a_folder_was_built_with_counts_though_its_recipe_is_lost(workspace: Workspace) -> None:
    workspace.recipe.unlink()
    with pytest.raises(InputError, match='belongs to the recipe named "mine"'):
        check_folder(recipe_of(workspace.folder, "yours"), shrink=False)


def test_as_many_rows_as_there_are_are_not_fewer(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_object(workspace.manifest, {"rows": {"qa-pairs": 5}})
    check_not_smaller(workspace, 10, 5)
    with pytest.raises(InputError, match=r"holds 5 rows, and build\.rows is 4 now"):
        check_not_smaller(workspace, 10, 4)


def test_a_file_is_not_written_into_a_folder_that_stays(tmp_path: Path) -> None:
    check_apart(tmp_path / "report.json", tmp_path / "build", "--to")
    with pytest.raises(InputError, match="stays as it is: give a file elsewhere with --to"):
        check_apart(tmp_path / "build" / "dataset" / ".." / "report.json", tmp_path / "build", "--to")
