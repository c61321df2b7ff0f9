"""What is missing is found before the seeds are read, and nothing is written for it."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dummy_server import DummyServer
from roleplay import play
from servers.openai import OpenAIReasoning

from kpmath_builder import InputError, Progress, Recipe, build, preview
from kpmath_builder.engine.installed import check_installed
from kpmath_builder.preflight import unless_heard
from kpmath_builder.recipe import VllmSettings

FAKE_ENGINE = Path(__file__).parent / "fake_engine"
NOBODY = "http://127.0.0.1:9"
NO_SEEDS = {"path": "no-seeds.jsonl"}


def wrong(folder: Path, command: Callable[[Recipe], object] = build, **tables: object) -> str:
    """Return why a recipe is refused whose seeds are not there either."""
    with pytest.raises(InputError) as refused:
        command(Recipe.of({"seeds": NO_SEEDS, "build": {"folder": str(folder)}, **tables}))
    return str(refused.value)


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        ({"teacher": {"kind": "openai", "model": "m", "addresses": [NOBODY]}}, "No server answers"),
        ({"teacher": {"kind": "vllm", "model": "m", "python": sys.executable}}, "has no vLLM"),
        ({"teacher": {"kind": "vllm", "model": "m", "python": "/none/python"}}, "no Python at"),
        ({"teacher": {"kind": "vllm", "model": "m", "arguments": ["--port", "1"]}}, "sets --port"),
        ({"teacher": {"kind": "vllm", "model": "m", "servers": 2, "gpus": [0]}}, "there are 1"),
        (
            {"topics": {"embedding": "openai", "embedding_model": "e", "embedding_addresses": [NOBODY]}},
            "topics.embedding_addresses",
        ),
        ({"prompts": "no-prompts"}, "no-prompts"),
        ({}, "no-seeds.jsonl"),
    ],
    ids=["server", "vllm", "python", "arguments", "gpus", "embeddings", "prompts", "seeds"],
)
def test_servers_come_before_seeds_and_nothing_is_written(
    tmp_path: Path, tables: dict[str, object], told: str
) -> None:
    assert told in wrong(tmp_path / "build", **tables)
    assert not (tmp_path / "build").exists()


def test_a_server_of_another_model_or_of_too_short_a_context_is_found_first(tmp_path: Path) -> None:
    with DummyServer(play, models=["other"], context=100) as server:
        for model, told in (("m", "does not serve 'm'"), ("other", "with 100 tokens")):
            teacher = {"kind": "openai", "model": model, "addresses": [server.address]}
            assert told in wrong(tmp_path / "build", teacher=teacher)


def test_the_line_that_installs_vllm_names_the_versions(tmp_path: Path) -> None:
    told = wrong(tmp_path, teacher={"kind": "vllm", "model": "m", "python": sys.executable})
    assert "vllm-env/bin/pip install 'vllm" in told
    assert "0.32" in told


def test_a_preview_looks_at_the_servers_first_too(tmp_path: Path) -> None:
    teacher = {"kind": "openai", "model": "m", "addresses": [NOBODY]}
    assert "No server answers" in wrong(tmp_path / "build", preview, teacher=teacher)
    assert not (tmp_path / "build").exists()


def test_an_engine_that_is_there_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKE_ENGINE))
    settings = VllmSettings.model_validate({"kind": "vllm", "model": "m", "python": sys.executable})
    asyncio.run(check_installed(settings))


def test_a_sentence_about_a_server_is_said_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers are asked twice, before the seeds are read and before the first request."""
    monkeypatch.setenv("OPENAI_API_KEY", OpenAIReasoning.key)
    notes: list[str] = []

    def listen(progress: Progress) -> None:
        notes.append(progress.note)

    with OpenAIReasoning() as server:
        teacher = {"kind": "openai", "model": server.model, "addresses": [server.address]}
        folder = {"folder": str(tmp_path), "questions": 2, "shards": 1}
        build(Recipe.of({"teacher": teacher, "seeds": {"limit": 12}, "build": folder}), progress=listen)
    about_servers = [note for note in notes if OpenAIReasoning.dialect in note]
    assert len(about_servers) == 1


def test_only_what_was_heard_is_left_out() -> None:
    said: list[str] = []
    say = unless_heard(said.append, ["a", "b", "a"])
    for sentence in "a", "c", "a", "a", "b", "b":
        say(sentence)
    assert said == ["c", "a", "b"]
