"""From a recipe to the Hub and back: a real build, published, verified and loaded."""

import tomllib
from pathlib import Path

import pytest
from hub_steps import REPO, contents, put
from loopback_hub import LoopbackHub

from kpmath_builder import Recipe, build
from kpmath_builder.prompts import Prompts
from kpmath_builder.publishing.checking import verify_published

pytest_plugins = ("hub_fixtures",)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small build by the symbolic teacher."""
    folder = tmp_path_factory.mktemp("real") / "build"
    build(Recipe.of({"name": "small", "build": {"folder": str(folder), "questions": 30, "shards": 2}}))
    return folder


def test_a_real_build_is_published_whole_with_all_its_provenance(hub: LoopbackHub, built: Path):
    put(hub, built, "0.1.0")
    assert verify_published(REPO, "0.1.0", endpoint=hub.url) == []
    files = contents(hub)
    prompts = Prompts.load()
    for task in Recipe().tasks_in_play:
        assert files[f"provenance/prompts/{task}.txt"].decode() == prompts.texts[task]
        assert task == "same_topic" or prompts.hashes[task][:19] in files["README.md"].decode()
    assert files["provenance/prompts/extract.regex"].decode() == prompts.patterns["extract"] + "\n"
    assert files["provenance/manifest.json"] == (built / "manifest.json").read_bytes()
    assert tomllib.loads(files["provenance/recipe.toml"].decode())["build"]["questions"] == 30


def test_nothing_that_is_published_names_the_machine(hub: LoopbackHub, built: Path):
    put(hub, built, "0.1.0")
    for path, data in contents(hub, "script").items():
        assert str(built.parent).encode() not in data, path
        assert str(Path.home()).encode() + b"/" not in data, path


def test_the_licence_is_that_of_the_seeds_whose_text_is_published(built: Path):
    """The bundled seeds."""
    card = (built / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "\nlicense: apache-2.0\n" in card
