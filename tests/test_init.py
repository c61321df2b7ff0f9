"""A recipe to begin with, where there is no checkout: the same as in examples/, in the package that is installed."""

from pathlib import Path

import pytest
from commands import Kpmath
from setuptools import Distribution

from kpmath_builder import Recipe
from kpmath_builder.recipe.shipped import recipe_text, shipped_names

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_package_has_each_example_as_it_is(path: Path) -> None:
    assert recipe_text(path.stem) == path.read_text(encoding="utf-8")


def test_an_installed_package_has_the_recipes_as_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the checkout they are links to examples/, which a wheel would not have."""
    monkeypatch.chdir(ROOT)
    package = Distribution({"script_name": "setup.py"})
    package.parse_config_files(["setup.cfg"])  # what goes into the wheel stands there
    package.set_defaults()
    command = package.get_command_obj("build_py")
    command.build_lib, command.editable_mode = str(tmp_path), False
    command.ensure_finalized()
    command.run()
    installed = sorted((tmp_path / "kpmath_builder" / "data" / "recipes").iterdir())
    assert [path.name for path in installed] == [path.name for path in EXAMPLES]
    assert not any(path.is_symlink() for path in installed)
    assert [path.read_bytes() for path in installed] == [path.read_bytes() for path in EXAMPLES]


@pytest.mark.parametrize("name", ["gsm8k", "math", "own", "quickstart", "gpu-80gb"])
def test_a_recipe_is_written_once_and_names_its_own_file(kpmath: Kpmath, tmp_path: Path, name: str) -> None:
    status, out, _ = kpmath("init", name, "my recipe.toml")
    assert (status, "kpmath plan 'my recipe.toml'" in out) == (0, True)
    text = (tmp_path / "my recipe.toml").read_text(encoding="utf-8")
    assert "examples/" not in text
    assert "my recipe.toml" in text
    Recipe.read("my recipe.toml")
    (tmp_path / "my recipe.toml").write_text("mine", encoding="utf-8")
    status, _, err = kpmath("init", name, "my recipe.toml")
    assert (status, "is not replaced" in err) == (2, True)
    assert (tmp_path / "my recipe.toml").read_text(encoding="utf-8") == "mine"


def test_the_file_is_named_after_the_recipe(kpmath: Kpmath, tmp_path: Path) -> None:
    assert kpmath("init", "math")[0] == 0
    assert (tmp_path / "math.toml").exists()


@pytest.mark.parametrize("words", [["init"], ["init", "gsm9k"]], ids=["none", "unknown"])
def test_the_names_are_listed(kpmath: Kpmath, words: list[str]) -> None:
    status, _, err = kpmath(*words)
    assert status == 2
    assert ", ".join(shipped_names()) in err


def test_a_file_that_cannot_be_written_is_one_sentence(kpmath: Kpmath) -> None:
    status, _, err = kpmath("init", "own", "nowhere/own.toml")
    assert (status, err.count("\n"), "name another file" in err) == (2, 1, True)
