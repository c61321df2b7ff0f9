"""A small build that a real language model answers, to its tables: by llama.cpp's server, and by the real vLLM, which the build starts.

Skipped, with the reason, where the model or its server cannot be had.
"""

import asyncio
import json
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import engine_environment
import pytest
import real_model
from environments import UnavailableError
from test_build_served import assert_accounted, rows

from kpmath_builder import Recipe, build
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.inspection.verify import Verifier
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.repairs import control_character
from kpmath_builder.protocol import Request, Response, Sampling

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

START = 120.0


@pytest.fixture
def llama() -> Iterator[dict[str, Any]]:
    """Serve the model by llama.cpp; return the teacher that asks it."""
    port = free_port()
    try:
        process = subprocess.Popen(
            real_model.command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except UnavailableError as reason:
        pytest.skip(f"the small language model cannot be had: {reason}")
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_healthy(url, process)
        yield {"kind": "openai", "model": real_model.NAME, "addresses": [url], "in_flight": 4}
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def vllm(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the teacher for which the build starts a vLLM on a CPU."""
    try:
        python = engine_environment.engine_python()
        model = real_model.folder(python)
    except UnavailableError as reason:
        pytest.skip(f"the small language model cannot be had: {reason}")
    for name, value in engine_environment.SETTINGS.items():
        monkeypatch.setenv(name, value)
    # A processor without AVX-512 has no fast way to multiply bfloat16.
    arguments = [*engine_environment.ARGUMENTS, "--dtype=float32"]
    return {
        "kind": "vllm",
        "model": str(model),
        "python": str(python),
        "arguments": arguments,
        "in_flight": 16,
    }


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def wait_until_healthy(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.5)
    pytest.fail("the server did not get ready")


@pytest.mark.parametrize("server", ["llama", "vllm"])
def test_a_build_by_a_real_model_ends_with_tables_and_stores_nothing_damaged(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    teacher = request.getfixturevalue(server)
    longest = {"max_tokens": 160}
    result = build(
        Recipe.of(
            {
                "teacher": teacher,
                # So small a model copies the example's key points.
                "roles": {"extractor": {"kind": "symbolic"}},
                "seeds": {"limit": 12},
                "extraction": longest,
                "questions": longest,
                "judging": longest | {"threshold": 0.0, "max_sub_questions": 100},
                "solutions": longest | {"samples": 2},
                "build": {"folder": str(tmp_path), "questions": 3, "shards": 1, "attempts": 2},
            }
        )
    )
    assert result.rows["scored"] == 3
    assert_accounted(tmp_path, 3)
    assert list(Verifier(tmp_path).run()) == []
    # Both servers hold replies to a regular expression, each as it takes one.
    logs = [json.loads(line) for log in (tmp_path / "responses").glob("*.jsonl") for line in log.open()]
    assert not any("no regular expressions" in entry["response"].get("dialect", "") for entry in logs)
    stored = json.dumps([rows(tmp_path, name) for name in ("kp-extraction", "scored")], ensure_ascii=False)
    assert not control_character(stored)


def test_llama_cpp_is_told_the_extractor_s_expression_as_a_grammar(llama: dict[str, Any]) -> None:
    prompts = Prompts.load()
    material = {
        "problem": "Ann has 3 apples and buys 4. How many has she?",
        "solution": "3+4=<<3+4=7>>7\n#### 7",
    }
    asked = Request(
        "extract",
        llama["model"],
        prompts.render("extract", material),
        Sampling(1.0, 1.0, 1000),
        1,
        pattern=prompts.patterns["extract"],
    )

    async def run() -> list[Response]:
        teacher = OpenAITeacher(llama["model"], llama["addresses"], samples_per_request=2)
        try:
            await teacher.check()
            assert {each.dialect.pattern_form for each in teacher.connection.pool.all} == {"llama.cpp"}
            return await teacher.answer(asked, range(2))
        finally:
            await teacher.close()

    for response in asyncio.run(run()):
        assert response.finish_reason == "stop"
        assert re.fullmatch(asked.pattern, response.text)
