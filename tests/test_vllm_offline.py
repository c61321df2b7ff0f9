"""vLLM without a port: requests and answers as lines of a child process, with a stand-in for the engine."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from test_vllm import (  # noqa: F401 - fixtures
    _fake_engine,
    _no_engine_is_left,
    fake_processes,
    recipe,
    same_rows,
    undisturbed,
)

from kpmath_builder import BuildError, InputError, build
from kpmath_builder.client.completions import read_completion
from kpmath_builder.engine import offline
from kpmath_builder.engine.worker import completion, opening

WORKER = Path(__file__).resolve().parent / "fake_engine" / "worker.py"


@pytest.fixture(autouse=True)
def _fake_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "WORKER", WORKER)
    monkeypatch.setattr(offline, "FIRST_PAUSE", 0.05)


def test_a_build_without_a_port_gives_the_same_rows(tmp_path: Path, undisturbed: Path) -> None:  # noqa: F811
    build(recipe(tmp_path, kind="vllm-offline"))
    assert same_rows(tmp_path, undisturbed)
    run = json.loads((tmp_path / "engine" / "runs.jsonl").read_text())
    assert (run["model"], run["restarts"]) == ("org/tiny", 0)
    assert run["generated_tokens"] > 0
    assert not list((tmp_path / "engine").glob("running-*"))


def test_what_was_under_way_when_the_child_died_is_asked_of_the_next(
    tmp_path: Path,
    undisturbed: Path,  # noqa: F811
) -> None:
    told: list[str] = []
    build(recipe(tmp_path, {"dies_after": 40}, kind="vllm-offline"), progress=lambda p: told.append(p.note))
    assert any("has ended (RuntimeError: CUDA error" in sentence for sentence in told)
    assert same_rows(tmp_path, undisturbed)


def test_a_child_that_dies_again_and_again_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="has ended 5 times"):
        build(recipe(tmp_path, {"dies_after": 3, "always": True}, kind="vllm-offline"))


@pytest.mark.parametrize(
    ("mood", "told"),
    [
        ({"fault": "no such model"}, r"did not start \(ValueError: no such model\): see .*org-tiny\.log"),
        ({"obeys": False}, "ignores the JSON schema"),
        ({"context": 2048}, "with 2048 tokens for prompt and reply together"),
        ({"refuses": True}, "has refused 20 write requests in a row"),
    ],
)
def test_a_child_that_cannot_do_the_work_ends_the_build_with_one_sentence(
    tmp_path: Path, mood: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
        build(recipe(tmp_path, mood, kind="vllm-offline"))
    assert "\n" not in str(error.value)
    assert not fake_processes()


@pytest.mark.parametrize(
    ("prompt", "said", "text", "reasoning"),
    [
        ("assistant\n<think>\n", "so 2 + 2", "", "so 2 + 2"),
        ("assistant\n<think>\n", "so 2 + 2\n</think>\n\n4", "4", "so 2 + 2"),
        ("assistant\n<think>\n\n</think>\n\n", "4", "4", ""),
        ("What does <think> mean?\nassistant\n", "4", "4", ""),
    ],
)
def test_what_a_prompt_has_opened_is_a_thought_until_it_is_closed(
    prompt: str, said: str, text: str, reasoning: str
) -> None:
    """A reply that was cut off in the middle of a thought holds no tag at all, and is no answer."""
    choice = SimpleNamespace(index=0, text=said, finish_reason="length", token_ids=[1])
    output = SimpleNamespace(outputs=[choice], prompt_token_ids=[1], num_cached_tokens=0)
    body = completion(output, {"model": "m"}, "0", opening(prompt))
    (response,) = read_completion(json.dumps(body).encode(), 1)
    assert (response.text, response.reasoning) == (text, reasoning)
