"""The real engine: vLLM on a CPU with a small model of random weights, whose noise a JSON schema makes valid replies.

Slow: it makes an environment of its own (engine_environment.py) and loads vLLM several times. The engine on a CPU gives the same
output for the same request whatever else it works on, so that tables can be compared byte by byte.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import engine_environment as environment
import pytest
from pydantic import BaseModel, ValidationError
from test_build_served import assert_accounted, rows, same_tables

from kpmath_builder import InputError, Recipe, build
from kpmath_builder.progress import Progress
from kpmath_builder.prompts.schemas import REPLIES
from kpmath_builder.recipe import TeacherSettings
from kpmath_builder.records import DropReason
from kpmath_builder.teachers.engine.command import free_port, serve_command
from kpmath_builder.teachers.engine.processes import group_members
from kpmath_builder.teachers.obedience import PROBE, fault_of_reply
from kpmath_builder.teachers.openai import OpenAITeacher
from kpmath_builder.teachers.protocol import Message, Request, Response, Sampling

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

QUESTIONS = 24
START = 600.0
ANSWER_AT_ONCE = {"chat_template_kwargs": {"enable_thinking": False}, "skip_special_tokens": False}
"""A server with a reasoning parser shows special tokens unasked; with this one without it does so too."""


class Engine(NamedTuple):
    python: Path
    model: Path

    def settings(self, **keys: Any) -> TeacherSettings:
        given = {
            "kind": "vllm",
            "model": str(self.model),
            "python": self.python,
            "arguments": [*environment.ARGUMENTS, "--reasoning-parser=qwen3"],
            "in_flight": 64,
            "extra": ANSWER_AT_ONCE,
        }
        return TeacherSettings(**(given | keys))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        python = environment.engine_python()
        found = Engine(python, environment.tiny_model(python))
    except environment.UnavailableError as reason:
        pytest.skip(str(reason))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.SETTINGS.items():
            patch.setenv(name, value)
        yield found


@pytest.fixture(scope="module")
def address(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a server for all tests, started by the command that a build would use."""
    port = free_port()
    with (tmp_path_factory.mktemp("server") / "log").open("wb") as log:
        process = subprocess.Popen(
            serve_command(engine.settings(), port), stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(lambda: healthy(port) or process.poll() is not None, START)
        assert process.poll() is None, Path(log.name).read_text()[-3000:]
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
        wait_for(lambda: not group_members(process.pid), 30)


def healthy(port: int) -> bool:
    try:
        return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).status == 200)
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def seeds(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 20 real seed problems."""
    path = tmp_path_factory.mktemp("seeds") / "gsm8k.jsonl"
    lines = (shared_data / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:20]), encoding="utf-8")
    return path


def recipe(folder: Path, seeds: Path, teacher: TeacherSettings, **tables: dict[str, Any]) -> Recipe:
    """Return a recipe in which noise can go all the way: every judgement passes, one vote is enough."""
    given: dict[str, dict[str, Any]] = {
        "seeds": {"path": str(seeds), "source": "openai/gsm8k"},
        "teacher": teacher.model_dump(mode="json"),
        "extraction": {"temperature": 1.5, "max_tokens": 1024},
        "topics": {"ask_above": 0.6},
        "questions": {"max_tokens": 256},
        "judging": {"temperature": 1.5, "max_tokens": 768, "threshold": 0.0, "max_sub_questions": 10**12},
        "solutions": {"samples": 6, "max_tokens": 96},
        "consensus": {"min_share": 0.0},
        "build": {"questions": QUESTIONS, "shards": 2, "window": 16, "attempts": 6},
    }
    for name, keys in tables.items():
        given[name] = given[name] | keys
    given["build"]["folder"] = str(folder)
    return Recipe.of(given)


def served(engine: Engine, address: str, **keys: Any) -> TeacherSettings:
    return engine.settings(kind="openai", model=engine.model.name, addresses=[address], **keys)


def entries(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for log in sorted((folder / "responses").glob("*.jsonl")) for line in log.open("rb")
    ]


@pytest.fixture(scope="module")
def built(engine: Engine, address: str, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(recipe(folder, seeds, served(engine, address)))
    return folder


def test_a_whole_recipe_ends_in_tables(built: Path) -> None:
    assert_accounted(built, QUESTIONS)
    assert len(rows(built, "kp-extraction")) == 20
    assert {
        row["seed_source"] if "seed_source" in row else row["source"] for row in rows(built, "kp-extraction")
    } == {"openai/gsm8k"}
    assert {entry["task"] for entry in entries(built)} >= {"extract", "write", "judge", "solve"}


def test_every_whole_reply_obeys_its_schema(built: Path) -> None:
    whole = defaultdict(int)
    for entry in entries(built):
        reply = REPLIES[entry["task"]]
        if reply is None or entry["response"]["finish_reason"] != "stop":
            continue
        assert schema_faults(reply, entry["response"]["text"]) == set()
        whole[entry["task"]] += 1
    assert min(whole[task] for task in ("extract", "write", "judge")) >= 5


def schema_faults(reply: type[BaseModel], text: str) -> set[str]:
    """Return kinds of faults, but for blank texts: that is no matter of the schema."""
    try:
        reply.model_validate_json(text)
    except ValidationError as error:
        return {fault["type"] for fault in error.errors()} - {"value_error", "too_short"}
    return set()


def test_each_response_says_who_gave_it_and_what_it_cost(built: Path) -> None:
    responses = [Response.model_validate(entry["response"]) for entry in entries(built)]
    assert all(response.fingerprint.startswith("vllm-0.32") for response in responses)
    assert all(response.prompt_tokens > 0 and response.completion_tokens > 0 for response in responses)


@pytest.mark.parametrize("task", ["extract", "write", "judge", "solve"])
def test_what_requests_share_is_computed_once(built: Path, task: str) -> None:
    """The constant part comes first in each prompt, and samples of one request are sent together."""
    asked = [entry["response"] for entry in entries(built) if entry["task"] == task]
    share = sum(r.get("cached_tokens", 0) for r in asked) / sum(r["prompt_tokens"] for r in asked)
    assert share > {"extract": 0.5, "write": 0.2, "judge": 0.4, "solve": 0.6}[task]


def test_another_window_changes_no_byte(
    engine: Engine, address: str, seeds: Path, built: Path, tmp_path: Path
) -> None:
    for window, shards in ((3, 1), (200, 3)):
        folder = tmp_path / str(window)
        made = served(engine, address, in_flight=8 * shards)
        build(recipe(folder, seeds, made, build={"window": window, "shards": shards}))
        assert same_tables(built / "dataset" / "data", folder / "dataset" / "data")


def test_a_server_that_stands_still_for_a_while_is_waited_for(
    engine: Engine, address: str, seeds: Path, built: Path, tmp_path: Path
) -> None:
    group = next(member.group for member in group_members_at(address))

    def disturb() -> None:
        os.killpg(group, signal.SIGSTOP)
        threading.Timer(15.0, os.killpg, (group, signal.SIGCONT)).start()

    disturbed(recipe(tmp_path, seeds, served(engine, address)), {30: disturb})
    assert same_tables(built / "dataset" / "data", tmp_path / "dataset" / "data")


def group_members_at(address: str) -> list[Any]:
    """Return the processes of the server that this test run has started for an address."""
    port = address.rpartition(":")[2]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"--port\0{port}\0".encode() in path.read_bytes():
                return group_members(int(path.parent.name))
        except OSError:
            continue
    raise AssertionError("the server is not there")


def test_another_model_than_the_recipe_s_is_noticed_by_name(
    engine: Engine, address: str, seeds: Path, tmp_path: Path
) -> None:
    teacher = served(engine, address).model_copy(update={"model": "org/other"})
    with pytest.raises(InputError, match=f"does not serve 'org/other' but {engine.model.name}"):
        build(recipe(tmp_path, seeds, teacher))


def disturbed(made: Recipe, moments: dict[int, Callable[[], None]]) -> list[str]:
    """Build, and do something when so many requests of the synthesis are answered; return what was told."""
    told: list[str] = []
    left = dict(moments)

    def listen(progress: Progress) -> None:
        if progress.note:
            told.append(progress.note)
        for moment in [
            moment for moment in left if progress.stage == "synthesis" and progress.fresh.requests >= moment
        ]:
            left.pop(moment)()

    build(made, progress=listen)
    assert not left
    return told


def test_engine_and_server_are_killed_and_the_build_goes_on(
    engine: Engine, seeds: Path, built: Path, tmp_path: Path
) -> None:
    """The build runs its own server; nothing is lost or doubled, no process is left, the tables are the same."""
    groups: list[int] = []

    def ledger() -> int:
        (note,) = (tmp_path / "engine").glob("running-*.json")
        groups.append(json.loads(note.read_bytes())["engines"][0]["group"])
        return groups[-1]

    def kill_engine() -> None:
        names = {m.pid: Path(f"/proc/{m.pid}/cmdline").read_bytes() for m in group_members(ledger())}
        os.kill(next(pid for pid, name in names.items() if b"EngineCore" in name), signal.SIGKILL)

    told = disturbed(
        recipe(tmp_path, seeds, engine.settings()),
        {20: kill_engine, 60: lambda: os.kill(ledger(), signal.SIGKILL)},
    )
    assert sum("starting it again" in sentence for sentence in told) == 2
    assert len(set(groups)) == 2
    assert not any(group_members(group) for group in groups)
    assert_accounted(tmp_path, QUESTIONS)
    assert same_tables(built / "dataset" / "data", tmp_path / "dataset" / "data")
    run = json.loads((tmp_path / "engine" / "runs.jsonl").read_text())
    assert run["restarts"] == 2


def test_without_a_port_the_tables_are_the_same(
    engine: Engine, seeds: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    offline = engine.settings(kind="vllm-offline", arguments=environment.ARGUMENTS)
    build(recipe(tmp_path, seeds, offline))
    assert same_tables(built / "dataset" / "data", tmp_path / "dataset" / "data")


# The traps


def ask(address: str, engine: Engine, *requests: Request, **options: Any) -> list[Response]:
    async def run() -> list[Response]:
        teacher = OpenAITeacher(engine.model.name, [address], in_flight=64, **options)
        try:
            answers = await asyncio.gather(*(teacher.answer(request, [0]) for request in requests))
        finally:
            await teacher.close()
        return [response for (response,) in answers]

    return asyncio.run(run())


def request(engine: Engine, text: str = "Tell me about \\frac{1}{2}.", **fields: Any) -> Request:
    given: dict[str, Any] = {"extra": ANSWER_AT_ONCE, "sampling": Sampling(1.0, 1.0, 64), "seed": 1}
    return Request(
        task="write", model=engine.model.name, messages=(Message("user", text),), **(given | fields)
    )


def test_bounds_on_the_length_of_strings_leave_json_whole(engine: Engine, address: str) -> None:
    """With the default backend of vLLM two fifths of such replies are no strict JSON."""
    text = {"type": "string", "minLength": 5, "maxLength": 40}
    schema = {
        "type": "object",
        "properties": {"question": text},
        "required": ["question"],
        "additionalProperties": False,
    }
    sampling = Sampling(1.0, 1.0, 256)
    replies = ask(
        address, engine, *(request(engine, schema=schema, seed=n, sampling=sampling) for n in range(64))
    )
    assert {reply.finish_reason for reply in replies} == {"stop"}
    assert all(5 <= len(json.loads(reply.text)["question"]) <= 40 for reply in replies)


def test_the_probe_tells_a_server_that_obeys_from_one_that_does_not(engine: Engine, address: str) -> None:
    """An old name of the schema's field is ignored by vLLM without a word."""
    body = {**PROBE, **ANSWER_AT_ONCE, "model": engine.model.name, "max_tokens": 4000}
    assert fault_of_reply("It", post(address, body)) == ""
    schema = body.pop("response_format")["json_schema"]["schema"]
    for seed in range(20):
        answer = post(
            address, {**body, "guided_json": schema, "seed": seed, "temperature": 1.0, "max_tokens": 400}
        )
        if json.loads(answer)["choices"][0]["finish_reason"] == "stop":
            assert "It ignores the JSON schema" in fault_of_reply("It", answer)
            return
    pytest.fail("no reply came to its end")


def post(address: str, body: dict[str, Any]) -> bytes:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{address}/v1/chat/completions", json.dumps(body).encode(), headers)
    answer: bytes = urllib.request.urlopen(asked).read()
    return answer


def test_a_reply_that_is_cut_off_says_so_and_drops_the_blueprint(
    engine: Engine, address: str, seeds: Path, built: Path, tmp_path: Path
) -> None:
    short = recipe(
        tmp_path, seeds, served(engine, address), questions={"max_tokens": 3}, build={"questions": 4}
    )
    build(short)
    assert {(row["reason"], row["detail"]) for row in rows(tmp_path, "scored")} == {
        (DropReason.UNWRITTEN.value, "cut off (length)")
    }


def test_thinking_is_kept_apart_and_ends_at_its_budget(engine: Engine, address: str) -> None:
    extra = {"chat_template_kwargs": {"enable_thinking": True}, "thinking_token_budget": 24}
    (reply,) = ask(
        address, engine, request(engine, extra=extra, schema=PROBE_SCHEMA, sampling=Sampling(1.0, 1.0, 400))
    )
    assert reply.reasoning
    assert "</think>" not in reply.reasoning + reply.text
    assert json.loads(reply.text) == {"sum": 4321}


PROBE_SCHEMA = PROBE["response_format"]["json_schema"]["schema"]


def test_a_prompt_that_is_too_long_is_refused_in_the_server_s_words(engine: Engine, address: str) -> None:
    refused, answered = ask(address, engine, request(engine, "a b c " * 4000), request(engine))
    assert refused.finish_reason == "refused"
    assert "4096" in refused.text
    assert answered.finish_reason in {"stop", "length"}


def test_replies_longer_than_the_context_are_told_before_anything_is_asked(
    engine: Engine, address: str, seeds: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="with 4096 tokens for prompt and reply together"):
        build(recipe(tmp_path, seeds, served(engine, address), solutions={"max_tokens": 5000}))
    assert not entries(tmp_path)


def test_a_server_that_refuses_everything_ends_the_build_early(
    engine: Engine, address: str, seeds: Path, tmp_path: Path
) -> None:
    wrong = served(engine, address).model_copy(update={"extra": {**ANSWER_AT_ONCE, "min_p": 7.0}})
    with pytest.raises(InputError, match=r"has refused 20 extract requests in a row \(min_p must be"):
        build(recipe(tmp_path, seeds, wrong))
    assert len(entries(tmp_path)) < 20


def test_the_builder_imports_no_engine() -> None:
    script = "import sys, kpmath_builder.teachers.engine.offline, kpmath_builder.teachers.engine.teacher; print('vllm' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
