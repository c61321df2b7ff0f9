"""Topics clustered by the vectors of a server: its key, its faults, and a build that goes through it."""

from pathlib import Path
from typing import Any

import pytest
from dummy_server import DummyServer, script, status
from roleplay import play
from test_build_served import assert_accounted, recipe

from kpmath_builder import InputError, Recipe, build


def embedded(folder: Path, server: DummyServer, address: str, **topics: Any) -> Recipe:
    tree = recipe(folder, server, questions=4).model_dump(mode="json", exclude_unset=True)
    given = {"embedding": "openai", "embedding_model": "embedder", "embedding_addresses": [address]}
    return Recipe.of({**tree, "topics": {**tree["topics"], **given, **topics}})


def test_a_build_sends_its_key_points_and_the_key_that_its_variable_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "open-sesame")
    embedder = DummyServer(models=["embedder"], key="open-sesame", faults=script(status(503)))
    with DummyServer(play) as server, embedder:
        build(embedded(tmp_path, server, embedder.address, embedding_key_env="MY_KEY"))
    assert_accounted(tmp_path, 4)
    texts = {text for body in embedder.bodies for text in body["input"]}
    assert "Arithmetic - Percentages rule A" in texts


@pytest.mark.parametrize(
    ("serves", "told"),
    [
        (
            {"models": ["other"]},
            "does not serve 'embedder' but other: serve it there, or change topics.embedding_model",
        ),
        ({"models": ["embedder"], "key": "open sesame"}, "does not accept the API key"),
        (None, "No server answers at .*: start it or change topics.embedding_addresses"),
    ],
)
def test_a_server_that_cannot_embed_ends_the_build_at_once_with_its_own_keys_named(
    tmp_path: Path, serves: dict[str, Any] | None, told: str
) -> None:
    embedder = DummyServer(**(serves or {}))
    with DummyServer(play) as server, embedder:
        address = embedder.address if serves else "http://127.0.0.1:1"
        with pytest.raises(InputError, match=told):
            build(embedded(tmp_path, server, address))
        assert not server.bodies, "nothing is extracted before"
    assert not any("rule" in str(body) for body in embedder.bodies), "it sees no key point"
