"""A server that comes back after it was out of reach may be another one: nothing that it says is kept before it has been looked at."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from dummy_server import Body, DummyServer
from families import first
from roleplay import play
from test_build_served import assert_accounted, recipe, same_tables

from kpmath_builder import InputError, Recipe, build, pipeline
from kpmath_builder.progress import Progress, Reporter


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of a build without any fault."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with DummyServer(play) as server:
        build(recipe(folder, server, questions=20))
    return folder


class Named(DummyServer):
    """A server with a fingerprint of its own."""

    fingerprint = "vllm-0-bbbb"

    def _completion(self, body: Body, reply: Callable[[Body], str] | None = None) -> Body:
        return {**super()._completion(body, reply), "system_fingerprint": self.fingerprint}


def build_with_change(folder: Path, another: Callable[[int], DummyServer]) -> tuple[list[str], DummyServer]:
    """Build, and put another server at the address in the middle of it; return what was told, and that server."""
    told: list[str] = []

    def listen(progress: Progress) -> None:
        told.append(progress.note)
        if len(servers) == 1 and progress.stage == "synthesis" and progress.fresh.requests >= 20:
            stop(servers[0])
            servers.append(another(servers[0].port))
            threading.Timer(0.5, servers[1].__enter__).start()

    servers = [DummyServer(play, seconds=0.02).__enter__()]
    try:
        with patch.object(pipeline, "Reporter", partial(Reporter, interval=0.0)):
            build(recipe(folder, servers[0], questions=20), progress=listen)
    finally:
        stop(servers[-1])
    return told, servers[-1]


def stop(server: DummyServer) -> None:
    server.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("other", "sentence"),
    first(
        1,
        [
            (
                {"models": ["other"]},
                "does not serve 'dummy' but other: serve it there, or change teacher.model",
            ),
            (
                {"obeys": False},
                "has come back as another: it now wants requests so: no regular expressions.*Start it as it was",
            ),
            (
                {"context": 512},
                "with 512 tokens for prompt and reply together, and the recipe asks for replies of up to 2048",
            ),
        ],
    ),
)
def test_of_one_that_is_another_no_word_is_kept_and_the_build_ends(
    tmp_path: Path, undisturbed: Path, other: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        build_with_change(tmp_path, lambda port: DummyServer(lambda body: "wrong", port=port, **other))
    logs = [log.read_text() for log in (tmp_path / "responses").glob("*.jsonl")]
    assert not any('"wrong"' in log for log in logs)
    with DummyServer(play) as right:
        build(recipe(tmp_path, right, questions=20))
    assert same_tables(undisturbed / "dataset" / "data", tmp_path / "dataset" / "data")


def test_one_that_is_the_same_is_gone_on_with_and_nothing_is_said_of_it(
    tmp_path: Path, undisturbed: Path
) -> None:
    told, _ = build_with_change(tmp_path, lambda port: DummyServer(play, port=port))
    assert not any("come back" in sentence for sentence in told)
    assert same_tables(undisturbed / "dataset" / "data", tmp_path / "dataset" / "data")


def test_one_that_calls_itself_otherwise_is_told_of_once(tmp_path: Path) -> None:
    """The same name may stand for other weights; a new version of the engine looks the same from here."""
    told, later = build_with_change(tmp_path, lambda port: Named(play, port=port))
    sentence = f"The server at {later.address}/v1 has come back with another fingerprint (vllm-0-bbbb, before dummy-1): make sure"
    assert sum(sentence in told_now for told_now in told) == 1
    assert_accounted(tmp_path, 20)


def test_servers_that_call_themselves_differently_are_told_of(tmp_path: Path) -> None:
    told: list[str] = []
    with DummyServer(play) as one, Named(play) as other:
        tree = recipe(tmp_path, one, questions=4).model_dump(mode="json", exclude_unset=True)
        tree["teacher"]["addresses"].append(other.address)
        build(Recipe.of(tree), progress=lambda progress: told.append(progress.note))
    assert sum("have different fingerprints (dummy-1, vllm-0-bbbb)" in sentence for sentence in told) == 1
