"""A build takes over no folder of others, and cuts no rows, unless it is told to."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import run_command

from kpmath_builder import InputError, Recipe, build, rescore
from kpmath_builder.files.outputs import check_output_file, check_output_folder
from kpmath_builder.folder.build_spec import differences
from kpmath_builder.folder.guards import (
    check_dataset,
    check_export,
    check_folder,
    check_no_build,
    check_not_smaller,
)
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.previewing.preview import preview


def symbolic(folder: Path | str, *, questions: int = 8, name: str = "mine", **tables: object) -> Recipe:
    keys = {"folder": str(folder), "questions": questions, "shards": 2}
    return Recipe.of(
        {
            "name": name,
            "seeds": {"limit": 20},
            "solutions": {"samples": 2},
            "build": keys,
            **tables,
        }
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "b"
    build(symbolic(folder))
    return folder


@pytest.fixture
def built(whole: Path, tmp_path: Path) -> Path:
    """Return a copy of a finished build of eight questions in two shards."""
    return shutil.copytree(whole, tmp_path / "b")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Where a build may be begun


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    return folder


@pytest.mark.parametrize(
    ("prepare", "folder", "told"),
    [
        (lambda _: None, "", "build.folder is the current folder"),
        (lambda _: None, ".", "build.folder is the current folder"),
        (lambda _: None, "elsewhere/..", "build.folder is the current folder"),
        (lambda _: None, "home", "build.folder is a home folder"),
        (lambda here: fill(here / "work", "thesis.tex"), "work", "holds other things (thesis.tex)"),
        (lambda here: fill(here / "work", "recipe.toml"), "work", "holds other things (recipe.toml)"),
        (lambda here: fill(here / "work", "dataset/mine.csv"), "work", "holds other things (dataset)"),
        (lambda here: fill(here / "b", "manifest.json"), "b/dataset/inner", "is a build folder itself"),
    ],
    ids=["empty", "here", "here by a detour", "home", "full", "a recipe", "a dataset", "inside a build"],
)
def test_a_folder_that_is_no_place_for_a_build_is_refused_and_left_as_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Path], object],
    folder: str,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    prepare(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(InputError) as refused:
        build(symbolic(folder))
    assert told in str(refused.value)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "names",
    [(), ("responses/extract-00000.jsonl",), (".gitkeep",), ("lost+found/x", "build.lock", "knowledge/x")],
    ids=["nothing", "copied answers", "hidden", "a disk, and a killed build"],
)
def test_a_folder_that_holds_nothing_else_is_a_place(tmp_path: Path, names: tuple[str, ...]) -> None:
    check_folder(symbolic(fill(tmp_path, *names)), shrink=False)
    check_folder(symbolic(tmp_path / "new"), shrink=False)


def test_a_build_in_the_current_folder_goes_on(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built)
    assert build(symbolic(".")).already_built


@pytest.mark.parametrize("name", ["x", "gsm8k-paper"])
def test_a_recipe_without_a_folder_has_one_of_its_name(name: str) -> None:
    assert Recipe.of({"name": name}).build.folder == Path("builds") / name
    assert Recipe.of({"name": name, "build": {"folder": "b"}}).build.folder == Path("b")


# Whose a folder is


def test_a_folder_belongs_to_one_name_until_it_is_renamed(built: Path) -> None:
    before = contents(built)
    with pytest.raises(
        InputError, match=r'belongs to the recipe named "mine", and this one is named "other"'
    ):
        build(symbolic(built, name="other", questions=9))
    assert contents(built) == before
    rescore(built, {"name": "other"})
    with pytest.raises(InputError, match='belongs to the recipe named "other"'):
        build(symbolic(built))


def test_a_preview_stays_out_of_folders_that_are_not_its_recipe_s(built: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match='belongs to the recipe named "mine"'):
        preview(symbolic(built, name="other"), 1)
    with pytest.raises(InputError, match="holds other things"):
        preview(symbolic(fill(tmp_path / "work", "thesis.tex")), 1)


def test_what_a_preview_leaves_does_not_keep_the_build_away(tmp_path: Path) -> None:
    preview(symbolic(tmp_path / "new"), 1)
    check_folder(symbolic(tmp_path / "new"), shrink=False)


def test_a_folder_whose_build_spec_is_lost_still_has_its_name(built: Path) -> None:
    (built / "build_spec.json").unlink()
    with pytest.raises(InputError, match='belongs to the recipe named "mine"'):
        check_folder(symbolic(built, name="other"), shrink=False)


# How much it holds


def test_fewer_questions_are_refused_with_both_numbers_unless_it_is_said(built: Path) -> None:
    before = contents(built)
    for cut in (
        lambda: build(symbolic(built, questions=5)),
        lambda: rescore(built, {"build.questions": "5"}),
    ):
        with pytest.raises(InputError, match=r"holds 8 questions, and build\.questions is 5 now.*--shrink"):
            cut()
    assert contents(built) == before
    notes: list[str] = []
    made = build(symbolic(built, questions=5), shrink=True, progress=lambda step: notes.append(step.note))
    assert made.rows["scored"] == 5
    assert "build.questions was 8 and is now 5: the tables are made anew with it." in notes
    assert build(symbolic(built, questions=5)).already_built, "it holds five now"


@pytest.mark.parametrize(
    "lose", ["manifest.json", "candidates", "build_spec.json"], ids=["manifest", "shards", "spec"]
)
def test_a_damaged_folder_is_not_cut_either(built: Path, lose: str) -> None:
    path = built / lose
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(InputError, match="holds 8 questions"):
        build(symbolic(built, questions=7))


@pytest.mark.parametrize(("shard", "built_so_far"), [(0, 7), (1, 8)])
def test_of_an_unfinished_build_the_sealed_shards_count(
    whole: Path, tmp_path: Path, shard: int, built_so_far: int
) -> None:
    """Shard 0 holds the questions 0, 2, 4 and 6: with seven questions or more none of them goes."""
    workspace = Workspace(tmp_path)
    workspace.make()
    shutil.copy(whole / "candidates" / f"shard-{shard:05d}.jsonl", workspace.shard(shard))
    check_not_smaller(workspace, built_so_far)
    with pytest.raises(InputError, match=f"holds {built_so_far} questions"):
        check_not_smaller(workspace, built_so_far - 1)


def test_other_decisions_change_the_tables_with_a_word(built: Path) -> None:
    notes: list[str] = []
    changed = symbolic(built, judging={"threshold": 1.0})
    build(changed, progress=lambda step: notes.append(step.note))
    assert "judging.threshold was 0.85 and is now 1.0: the tables are made anew with it." in notes


# What lies beside the tables


@pytest.mark.parametrize("name", ["notes.txt", "data/qa-pairs/more.parquet", "data/x.csv", "mine/x"])
def test_new_tables_replace_no_file_that_is_not_theirs(built: Path, name: str) -> None:
    fill(built / "dataset", name)
    before = contents(built)
    for anew in (
        lambda: build(symbolic(built, questions=9)),
        lambda: rescore(built, {"consensus.mode": "paper"}),
    ):
        with pytest.raises(InputError, match="which no build wrote and which new tables would replace"):
            anew()
    assert contents(built) == before
    (built / "dataset" / name).unlink()
    assert build(symbolic(built, questions=9)).rows["scored"] == 9


def test_a_rescore_in_another_folder_is_refused(built: Path) -> None:
    with pytest.raises(InputError, match=r"leave build\.folder out, or copy the folder"):
        rescore(built, {"build.folder": "elsewhere"})


@pytest.mark.parametrize("inside", ["dataset", "responses", "knowledge/x", "candidates"])
def test_nothing_is_exported_among_the_build_s_own_files(built: Path, inside: str) -> None:
    with pytest.raises(InputError, match="which is the build's own: choose another folder"):
        check_export(Workspace(built), built / inside)
    check_export(Workspace(built), built / "export")
    with pytest.raises(InputError, match="which is the build's own: choose another folder"):
        check_export(Workspace(built.parent / "another"), built / inside)


@pytest.mark.parametrize("inside", ["", "dataset", "evaluations/x"])
def test_no_evaluation_is_written_into_a_build(built: Path, tmp_path: Path, inside: str) -> None:
    with pytest.raises(InputError, match="which is a build's: choose another folder with --to"):
        check_no_build(built / inside, "--to")
    check_no_build(tmp_path / "evaluations" / "x", "--to")


NO_FILES = {
    "a folder": ("there", "is a folder: give a file with --output"),
    "a folder that is not there": ("nowhere/x.md", r"cannot be written \(No such file or directory\)"),
    "below a file": ("file/x.md", r"cannot be written \(Not a directory\)"),
    "a long name": ("x" * 300, r"cannot be written \(File name too long\)"),
}


@pytest.mark.parametrize("what", NO_FILES)
def test_a_file_that_cannot_be_written_is_named_as_it_was_given(tmp_path: Path, what: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    name, said = NO_FILES[what]
    with pytest.raises(InputError, match=said) as refused:
        check_output_file(tmp_path / name, "--output")
    assert str(refused.value).startswith(f"{tmp_path / name} ")
    check_output_file(tmp_path / "there" / "x.md", "--output")
    assert list((tmp_path / "there").iterdir()) == []


def test_a_folder_below_a_file_is_no_place_to_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        InputError, match=r"file/x cannot be written \(Not a directory\): choose another with --to"
    ):
        check_output_folder(tmp_path / "file" / "x", "--to")
    check_output_folder(tmp_path / "new" / "x", "--to")
    assert not (tmp_path / "new").exists()


def test_a_folder_with_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    recipe = Recipe.of({"build": {"folder": str(tmp_path / ("x" * 300))}})
    with pytest.raises(InputError, match=r"cannot be read \(File name too long\): choose another with --set"):
        check_folder(recipe, shrink=False)


@pytest.mark.parametrize("command", ["build", "plan", "status", "verify", "rescore"])
def test_a_name_that_is_too_long_is_a_sentence_about_that_name(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("x" * 300)
    recipe = tmp_path / "r.toml"
    recipe.write_text(f'[build]\nfolder = "{folder}"\n')
    given = recipe if command in {"build", "plan"} else folder
    status, _, err = run_command((command, str(given)), capsys, monkeypatch)
    assert (status, "too long" in err, ".toml" in err) == (2, True, False), err


def test_all_that_a_build_writes_may_be_replaced(whole: Path, tmp_path: Path) -> None:
    check_dataset(whole / "dataset")
    check_dataset(fill(tmp_path, ".DS_Store", "data/.cache/x"))


@pytest.mark.parametrize("change", [b"", b"x" * 1000, None], ids=["emptied", "changed", "gone"])
def test_a_table_that_is_gone_or_changed_is_not_built(built: Path, change: bytes | None) -> None:
    table = built / "dataset/data/qa-pairs/train-00000-of-00001.parquet"
    before = table.read_bytes()
    table.unlink() if change is None else table.write_bytes(change)
    notes: list[str] = []
    made = build(symbolic(built), progress=lambda step: notes.append(step.note))
    assert not made.already_built
    assert any(
        note.startswith("The tables are made again, because of damage: dataset/data") for note in notes
    )
    assert table.read_bytes() == before


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("x" * 50, "'" + "x" * 20 + "…'"),
        ("short", "'short'"),
        (0.5, "0.5"),
        (list(range(50)), "[0, 1, 2, 3, 4, 5, 6…"),
    ],
    ids=["long text", "text", "number", "list"],
)
def test_a_changed_value_is_shown_with_both_its_quotes(value: object, told: str) -> None:
    assert list(differences({"key": value}, {"key": None})) == [f"key was {told} and is now unset"]


def test_a_recipe_may_lie_in_the_folder_that_it_is_built_in(tmp_path: Path) -> None:
    check_folder(symbolic(fill(tmp_path / "work", "mine.toml")), shrink=False)
