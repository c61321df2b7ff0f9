"""The real engine: vLLM on a CPU with a small model of random weights, whose noise regular expressions make valid replies.

Slow: it makes an environment of its own (engine_environment.py) and loads vLLM several times. The engine on a CPU gives the same
output for the same request whatever else it works on, so that tables can be compared byte by byte.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from unittest.mock import patch

import engine_environment as environment
import numpy as np
import pytest
from noise import FORMS, held_to
from ports import listeners
from socket_http import ask as ask_socket
from test_build_served import assert_accounted, rows, same_tables
from test_vllm import Clock

from kpmath_builder import InputError, Recipe, build, pipeline
from kpmath_builder.client import monitor
from kpmath_builder.client.dialects import PLAIN
from kpmath_builder.client.embeddings import OpenAIEmbedder
from kpmath_builder.client.metrics import read_metrics
from kpmath_builder.client.probe import Negotiated, negotiate
from kpmath_builder.client.probe_requests import PATTERN, obeys
from kpmath_builder.client.teacher import OpenAITeacher
from kpmath_builder.engine.command import engine_environment, engine_python, serve_command
from kpmath_builder.engine.cpu_build import is_cpu_build
from kpmath_builder.engine.orphans import EngineRegistry
from kpmath_builder.engine.process_group import ProcessGroup
from kpmath_builder.engine.processes import Member, end_group, group_members
from kpmath_builder.engine.sockets import socket_folder
from kpmath_builder.engine.teacher import VllmTeacher
from kpmath_builder.inspection.verify import Verifier
from kpmath_builder.progress import Progress, Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.replies import REPLIES
from kpmath_builder.prompts.reply_reading import read_reply
from kpmath_builder.protocol import Message, Request, Response, Sampling
from kpmath_builder.recipe import ServerSettings, TeacherSettings, VllmSettings
from kpmath_builder.records import DropReason, Tokens

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SEEDS = 120
QUESTIONS = 24
START = 600.0
SERVERS = EngineRegistry(environment.FOLDER / "servers")
"""The servers of this test run, for the next one to end if this one is killed."""
SHARED: dict[int, tuple[subprocess.Popen[bytes], Path]] = {}
"""Their process groups, with the process and the log of each."""
PATIENCE = 300.0
"""Seconds until a server that has ended fails a test."""
ANSWER_AT_ONCE = {"chat_template_kwargs": {"enable_thinking": False}, "skip_special_tokens": False}
"""A server with a reasoning parser shows special tokens unasked; with this one without it does so too."""


class Engine(NamedTuple):
    python: Path
    model: Path

    def settings(self, **keys: Any) -> VllmSettings:
        given = {
            "model": str(self.model),
            "python": self.python,
            "arguments": [*environment.ARGUMENTS, "--reasoning-parser=qwen3"],
            "in_flight": 64,
            "extra": ANSWER_AT_ONCE,
        }
        return VllmSettings(**(given | keys))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    try:
        python = environment.engine_python()
        found = Engine(python, environment.engine_model(python))
    except environment.UnavailableError as reason:
        pytest.skip(str(reason))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.SETTINGS.items():
            patch.setenv(name, value)
        patch.setenv("ENGINE_TEST_OF", str(os.getpid()))
        yield found


@pytest.fixture(autouse=True)
def _no_process_is_left_and_none_is_missing() -> Iterator[None]:
    for process, log in SHARED.values():
        assert process.poll() is None, f"the server that tests share has ended: {log.read_text()[-3000:]}"
    yield
    wait_for(lambda: not strays(), 10.0)


def strays() -> list[int]:
    """Return the processes that were started by a test, but for the servers that all tests share."""
    return [pid for pid in ours() if os.getpgid(pid) not in SHARED]


def ours() -> Iterator[int]:
    mark = f"ENGINE_TEST_OF={os.getpid()}\0".encode()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (path / "environ").read_bytes():
                yield int(path.name)


@pytest.fixture(scope="module")
def address(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a server for all tests, started by the command that a build would use."""
    with serving(engine.settings(), tmp_path_factory.mktemp("server") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def embedder(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the same small model as one that embeds; what it says is noise, but equal texts have equal vectors."""
    folder = tmp_path_factory.mktemp("embedder")
    (folder / EMBEDDER).symlink_to(engine.model)
    arguments = [*environment.ARGUMENTS, "--runner=pooling"]
    settings = engine.settings(model=str(folder / EMBEDDER), arguments=arguments)
    with serving(settings, folder / "log") as address:
        yield address


EMBEDDER = "tiny-embedder"


@contextmanager
def serving(settings: VllmSettings, log: Path) -> Iterator[str]:
    """Run a server while the block runs."""
    asyncio.run(SERVERS.end_orphans(lambda sentence: None))
    folder = socket_folder()
    path = Path(folder.name, "0.sock")
    command = serve_command(settings, path, on_cpu=asyncio.run(is_cpu_build(engine_python(settings))))
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, env=engine_environment(None), stdout=file, stderr=file, start_new_session=True
        )
    SERVERS.add(process.pid, "a server of a test run", path)
    SHARED[process.pid] = process, log
    try:
        wait_for(lambda: healthy(f"unix:{path}") or process.poll() is not None, START)
        assert process.poll() is None, log.read_text()[-3000:]
        yield f"unix:{path}"
    finally:
        asyncio.run(end_group(process.pid))
        process.wait(60)
        SERVERS.remove(process.pid)
        SHARED.pop(process.pid, None)
        folder.cleanup()
        assert not group_members(process.pid)


def healthy(address: str) -> bool:
    try:
        return ask_socket(address, "/health", seconds=2.0)[0] == 200
    except OSError:
        return False


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def seeds(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of real seed problems, many because noise seldom names two topics for one."""
    path = tmp_path_factory.mktemp("seeds") / "gsm8k.jsonl"
    lines = (shared_data / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:SEEDS]), encoding="utf-8")
    return path


def recipe(folder: Path, seeds: Path, teacher: TeacherSettings, **tables: dict[str, Any]) -> Recipe:
    """Return a recipe in which noise can go all the way: every judgement passes, one vote is enough."""
    forms = {role: {"extra": ANSWER_AT_ONCE | held_to(form)} for role, form in FORMS.items()}
    given: dict[str, dict[str, Any]] = {
        "seeds": {"path": str(seeds), "source": "openai/gsm8k"},
        "teacher": teacher.model_dump(mode="json"),
        "roles": forms,
        "blueprints": {"three_topics_share": 0.0},
        "extraction": {"temperature": 1.5, "max_tokens": 1024},
        "topics": {"ask_above": 0.6},
        "questions": {"max_tokens": 256},
        "judging": {"temperature": 1.5, "max_tokens": 768, "threshold": 0.0, "max_sub_questions": 10**12},
        "solutions": {"samples": 6, "max_tokens": 96},
        "consensus": {"min_share": 0.0},
        "build": {"questions": QUESTIONS, "shards": 2, "window": 16, "attempts": 6},
    }
    for name, keys in tables.items():
        given[name] = given.get(name, {}) | keys
    given["build"]["folder"] = str(folder)
    return Recipe.of(given)


def served(engine: Engine, address: str, **keys: Any) -> ServerSettings:
    given = {"model": engine.model.name, "addresses": [address], "in_flight": 64, "patience": PATIENCE}
    return ServerSettings(**(given | {"extra": ANSWER_AT_ONCE} | keys))


def entries(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for log in sorted((folder / "responses").glob("*.jsonl")) for line in log.open("rb")
    ]


@pytest.fixture(scope="module")
def built(engine: Engine, address: str, seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(recipe(folder, seeds, served(engine, address)))
    return folder


def same_answers(built: Path, folder: Path) -> bool:
    """Return whether two builds have the same tables; each request is answered once, whatever the engine says.

    Its arithmetic depends on how much of a prompt its cache spares: a reply in a hundred differs by a token, and what follows from it.
    """
    asked = [entry["key"] for entry in entries(folder)]
    assert len(asked) == len(set(asked))
    one, other = ({e["key"]: e["response"]["text"] for e in entries(its)} for its in (built, folder))
    differing = [key for key in one.keys() & other.keys() if one[key] != other[key]]
    assert len(differing) <= len(one) // 50
    assert_accounted(folder, QUESTIONS)
    return bool(differing) or same_tables(built / "dataset" / "data", folder / "dataset" / "data")


def test_the_engine_is_as_it_was_published(engine: Engine) -> None:
    """What an edited engine does, or dies of, says nothing about the one that users install."""
    assert environment.changed_files(engine.python) == []


def test_a_whole_recipe_ends_in_tables(built: Path) -> None:
    assert_accounted(built, QUESTIONS)
    assert len(rows(built, "kp-extraction")) == SEEDS
    assert {
        row["seed_source"] if "seed_source" in row else row["source"] for row in rows(built, "kp-extraction")
    } == {"openai/gsm8k"}
    assert {entry["task"] for entry in entries(built)} >= {"extract", "write", "judge", "solve"}


def test_solutions_that_end_in_an_answer_are_voted_on_and_kept(
    engine: Engine, address: str, seeds: Path, tmp_path: Path
) -> None:
    """The solver is held to a form that can be read, so that the real engine's replies go through the vote into `qa-pairs`."""
    form = {"structured_outputs": {"regex": r"The answer is \\boxed\{[0-3]\}\."}}
    solver = {"solver": {"extra": {**ANSWER_AT_ONCE, **form}}}
    made = recipe(tmp_path, seeds, served(engine, address), roles=solver)
    notes: list[str] = []
    result = build(made, progress=lambda progress: notes.append(progress.note))
    assert not [note for note in notes if "regular expression" in note]
    assert result.rows["qa-pairs"] > 0
    for pair in rows(tmp_path, "qa-pairs"):
        assert pair["answer"] in {"0", "1", "2", "3"}
        assert pair["solution"] == f"The answer is \\boxed{{{pair['answer']}}}."
    assert list(Verifier(tmp_path).run()) == []


def test_every_whole_reply_is_held_to_its_form_and_can_be_read(built: Path) -> None:
    whole = defaultdict(int)
    for entry in entries(built):
        reply = REPLIES[entry["task"]]
        if entry["task"] not in {"extract", "write", "judge"} or entry["response"]["finish_reason"] != "stop":
            continue
        assert reply is not None
        read = read_reply(entry["response"]["text"], reply)
        assert read.value is not None, read.reason
        whole[entry["task"]] += 1
    assert min(whole[task] for task in ("extract", "write", "judge")) >= 5


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
        assert same_answers(built, folder)


def test_a_server_that_stands_still_is_waited_for_and_the_user_is_notified_again_and_again(
    engine: Engine, address: str, seeds: Path, built: Path, tmp_path: Path
) -> None:
    group = next(member.group for member in group_members_at(address))
    silent = "has not made a token for"
    disturbed(
        recipe(tmp_path, seeds, served(engine, address)),
        Moment(30, lambda: os.killpg(group, signal.SIGSTOP)),
        Moment(0, lambda: None, note=silent),
        Moment(0, lambda: os.killpg(group, signal.SIGCONT), note=silent),
    )
    assert same_answers(built, tmp_path)


def group_members_at(address: str) -> list[Member]:
    """Return the processes of the server that this test run has started for an address."""
    flag = f"--uds\0{address.removeprefix('unix:')}\0".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if flag in path.read_bytes():
                return group_members(int(path.parent.name))
    raise AssertionError("the server is not there")


def test_nothing_but_the_socket_leads_to_a_server(address: str) -> None:
    """Torch opens ports between the engine's own processes, on the loopback interface; the server itself opens none."""
    (group,) = {member.group for member in group_members_at(address)}
    found = listeners(group)
    assert len(found) > 1
    assert found.pop(group) == []
    assert {where.partition(":")[0] for addresses in found.values() for where in addresses} <= {"0100007F"}


def test_another_model_than_the_recipe_s_is_noticed_by_name(
    engine: Engine, address: str, seeds: Path, tmp_path: Path
) -> None:
    teacher = served(engine, address).model_copy(update={"model": "org/other"})
    with pytest.raises(InputError, match=f"does not serve 'org/other' but {engine.model.name}"):
        build(recipe(tmp_path, seeds, teacher))


class Moment(NamedTuple):
    """When to do something: such a note has come since the last moment, and since then so many requests of the synthesis are answered."""

    answered: int
    do: Callable[[], None]
    note: str = ""


class HearsOfEveryAnswer(Reporter):
    """Notes each answer: of steps alone a listener hears when a question is finished, perhaps a hundred answers later."""

    def spend(self, tokens: Tokens, cost: float | None = None) -> None:
        super().spend(tokens, cost)
        self.note("")


def disturbed(made: Recipe, *moments: Moment, notes: list[str] | None = None) -> list[str]:
    """Build, and do something at each of the moments, one after the other; return the notes, which grow in `notes`."""
    notes = [] if notes is None else notes
    left = list(moments)
    before = [0, 0]

    def listen(progress: Progress) -> None:
        notes.extend([progress.note] * bool(progress.note))
        if not left or progress.stage != "synthesis":
            return
        answered, heard = before
        moment = left[0]
        if moment.note and not any(moment.note in note for note in notes[heard:]):
            before[0] = progress.fresh.requests
            return
        if progress.fresh.requests - answered < moment.answered:
            return
        left.pop(0)
        before[:] = progress.fresh.requests, len(notes)
        moment.do()

    with patch.object(pipeline, "Reporter", HearsOfEveryAnswer):
        build(made, progress=listen)
    assert not left, notes
    return notes


T = TypeVar("T")


def held(
    method: Callable[..., Coroutine[Any, Any, T]], may_go: Callable[[Any], bool]
) -> Callable[..., Coroutine[Any, Any, T]]:
    """Return a method that first waits until its object may go on, so that an order does not depend on who is faster."""

    async def method_held(self: Any, *given: Any) -> T:
        while not may_go(self):  # noqa: ASYNC110 - what it waits for comes by a callback
            await asyncio.sleep(0.05)
        return await method(self, *given)

    return method_held


def test_of_two_servers_of_a_build_each_in_turn_is_killed_and_one_hangs_and_the_tables_are_the_same(
    engine: Engine, seeds: Path, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost or doubled, what answers goes on meanwhile, no process is left.

    Who is faster does not matter: a server that has ended is started again only when it is wanted, and requests are left at each
    moment. There are 207, and at most 188 are answered once one is stopped: the 60 that the moments count; the next step of each of
    the 16 questions in work, of 6 requests at most, until the first end is noticed; and twice the 16 that were under way at the
    server that is killed or stopped, whose answers may be there already.
    """
    clock = Clock()
    monkeypatch.setattr(monitor, "time", clock)
    groups: list[int] = []

    def running(server: int) -> int:
        (note,) = (tmp_path / "engine").glob("running-*.json")
        named = {entry["name"][-6]: entry["group"] for entry in json.loads(note.read_bytes())["engines"]}
        groups.append(named[str(server)])
        return groups[-1]

    def kill_engine() -> None:
        names = {m.pid: Path(f"/proc/{m.pid}/cmdline").read_bytes() for m in group_members(running(1))}
        os.kill(next(pid for pid, name in names.items() if b"EngineCore" in name), signal.SIGKILL)

    notes: list[str] = []

    def events() -> list[str]:
        return [EVENT.sub(r"\1 \2", sentence) for sentence in notes if EVENT.search(sentence)]

    def may_ask(_: VllmTeacher) -> bool:
        """Return whether a request may begin: not from the first kill until it is noticed, or the other server might answer all."""
        return not groups or bool(events())

    def may_start(server: ProcessGroup) -> bool:
        """Return whether a server may start: the first comes back once the second has ended, the second once the first has again."""
        ends = [event[0] for event in events() if event.endswith("has ended")]
        return ends != ["1"] if "server 1 of 2" in server.name else ends != ["1", "2"]

    def hang() -> None:
        os.killpg(running(1), signal.SIGSTOP)
        clock.races = True  # by half the patience at a time: who answers is not taken for one that hangs

    def calm() -> None:
        clock.races = False

    monkeypatch.setattr(VllmTeacher, "answer", held(VllmTeacher.answer, may_ask))
    monkeypatch.setattr(ProcessGroup, "start", held(ProcessGroup.start, may_start))
    disturbed(
        recipe(tmp_path, seeds, engine.settings(servers=2, in_flight=16, patience=2 * PATIENCE)),
        Moment(10, kill_engine),
        Moment(30, lambda: os.kill(running(2), signal.SIGKILL), note="server 1 of 2 has ended"),
        Moment(20, hang, note="server 1 of 2 is ready again"),
        Moment(0, calm, note="server 1 of 2 has made no token"),
        notes=notes,
    )
    assert events()[:5] == [
        "1 has ended",
        "2 has ended",  # it answered while the first was away
        "1 is ready again",
        "1 has made no token",
        "1 has ended",
    ]
    assert_accounted(tmp_path, QUESTIONS)
    assert same_answers(built, tmp_path)
    assert len(set(groups)) == 3
    assert not any(group_members(group) for group in groups)
    assert json.loads((tmp_path / "engine" / "runs.jsonl").read_text())["restarts"] >= 2


EVENT = re.compile(r".*server (\d) of 2 (has ended|is ready again|has made no token).*")


def test_an_engine_that_outlives_a_killed_builder_is_ended_by_the_next_which_goes_on_elsewhere(
    engine: Engine, address: str, seeds: Path, built: Path, tmp_path: Path
) -> None:
    """The same model at a server that runs already: what was begun with an engine of one's own may end there."""
    (tmp_path / "in.toml").write_text(recipe(tmp_path, seeds, engine.settings()).to_toml())
    command = [sys.executable, "-m", "kpmath_builder", "build", str(tmp_path / "in.toml")]
    builder = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def left() -> list[Member]:
        notes = [json.loads(path.read_bytes()) for path in (tmp_path / "engine").glob("running-*.json")]
        return [m for note in notes for entry in note["engines"] for m in group_members(entry["group"])]

    wait_for(lambda: len(left()) >= 2, START)
    builder.kill()
    builder.wait()
    group = left()[0].group
    notes: list[str] = []
    build(recipe(tmp_path, seeds, served(engine, address)), progress=lambda p: notes.append(p.note))
    assert any(f"still there from an earlier run (process group {group})" in sentence for sentence in notes)
    assert not group_members(group)
    assert same_answers(built, tmp_path)


class Switch:
    """One address, behind which one server or another stands, as if it were restarted there."""

    def __init__(self, address: str) -> None:
        self._target = address
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.address = f"http://127.0.0.1:{port}"

    def to(self, address: str, away: float) -> None:
        """Break off all connections, and others for so many seconds, and then lead to another server."""
        asyncio.run_coroutine_threadsafe(self._change(address, away), self._loop)

    async def _change(self, address: str, away: float) -> None:
        self._target = ""
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(away)
        self._target = address

    async def _listen(self) -> int:
        self._listener = await asyncio.start_server(self._lead, "127.0.0.1", 0)
        return int(self._listener.sockets[0].getsockname()[1])

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = self._target
        if not target:
            writer.transport.abort()
            return
        inner_reader, inner_writer = await asyncio.open_unix_connection(target.removeprefix("unix:"))
        ends = {writer, inner_writer}
        if target != self._target:  # changed meanwhile: nothing may still come from the old one
            for end in ends:
                end.transport.abort()
            return
        self._open |= ends
        await asyncio.gather(pour(reader, inner_writer), pour(inner_reader, writer))
        self._open -= ends


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on all that comes, and the end."""
    with suppress(OSError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    writer.close()


def test_a_server_that_comes_back_with_another_model_stops_the_build_and_the_right_one_lets_it_go_on(
    engine: Engine, address: str, embedder: str, seeds: Path, built: Path, *, tmp_path: Path
) -> None:
    switch = Switch(address)
    made = recipe(tmp_path, seeds, served(engine, switch.address))
    with pytest.raises(
        InputError, match=rf"{switch.address}/v1 does not serve '{engine.model.name}' but {EMBEDDER}"
    ):
        disturbed(made, Moment(30, lambda: switch.to(embedder, away=3.0)))
    right = {entry["key"]: entry["response"]["text"] for entry in entries(built)}
    assert 30 <= len(entries(tmp_path)) < len(right)
    wrong = [entry for entry in entries(tmp_path) if right.get(entry["key"]) != entry["response"]["text"]]
    assert (
        len(wrong) < 10
    )  # none of the other model; a token that the engine rounds otherwise has consequences
    switch.to(address, away=0.0)
    build(made)
    assert same_answers(built, tmp_path)


def test_topics_are_clustered_by_the_vectors_of_a_real_embedding_server(
    engine: Engine, address: str, embedder: str, seeds: Path, built: Path, *, tmp_path: Path
) -> None:
    shutil.copytree(built / "responses", tmp_path / "responses")  # the extraction need not be asked again
    topics = {
        "embedding": "openai",
        "embedding_model": EMBEDDER,
        "embedding_addresses": [embedder],
        "same": 1.0,
        "ask_above": 1.0,
    }
    before = tokens_read(embedder)
    build(recipe(tmp_path, seeds, served(engine, address), topics=topics, build={"questions": 4}))
    assert tokens_read(embedder) > before
    assert_accounted(tmp_path, 4)
    assert list(Verifier(tmp_path).run()) == []


def tokens_read(address: str) -> float:
    metrics = read_metrics(ask_socket(address, "/metrics")[1].decode())
    assert metrics is not None
    return metrics.prompt_tokens


def test_a_text_s_vector_is_its_own_whatever_else_is_embedded_with_it(embedder: str) -> None:
    texts = [f"sum of {n} and area" for n in range(70)]

    async def run() -> None:
        one, other = (OpenAIEmbedder(EMBEDDER, [embedder], batch=batch) for batch in (64, 3))
        together, apart = await one.embed(texts), await other.embed(texts[::-1])
        await asyncio.gather(one.close(), other.close())
        assert together.shape[0] == 70
        assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
        nearest = (together @ apart[::-1].T).argmax(axis=1)
        assert (nearest == np.arange(70)).all()

    asyncio.run(run())


# Thinking

BUDGET = 24
THINK = {
    "chat_template_kwargs": {"enable_thinking": True},
    "thinking_token_budget": BUDGET,
    "min_tokens": BUDGET + 1,  # the small model would end at any moment, also in the middle of a thought
}


def thinking_recipe(folder: Path, seeds: Path, teacher: TeacherSettings) -> Recipe:
    """Return the recipe with a solver that thinks; the other roles share its server and do not."""
    solver = {"extra": {**THINK, "skip_special_tokens": False}}
    solutions = {"max_tokens": 96 + BUDGET, "keep_thinking": True}
    return recipe(folder, seeds, teacher, roles={"solver": solver}, solutions=solutions)


@pytest.fixture(scope="module")
def thought(
    engine: Engine, address: str, seeds: Path, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("thought")
    shutil.copytree(built / "responses", folder / "responses")  # only the solutions are others
    build(thinking_recipe(folder, seeds, served(engine, address)))
    return folder


def test_a_solver_s_thinking_is_kept_apart_published_where_wanted_and_ends_at_its_budget(
    address: str, thought: Path
) -> None:
    solutions = [solution for row in rows(thought, "scored") for solution in row["solutions"]]
    assert len(solutions) >= 60
    assert all(solution["thinking"] for solution in solutions)
    assert not any("</think>" in solution["thinking"] + solution["text"] for solution in solutions)
    longest = max(token_count(address, solution["thinking"]) for solution in solutions[:20])
    assert BUDGET / 2 <= longest <= 1.5 * BUDGET  # noise that is read again has a few more tokens
    assert list(Verifier(thought).run()) == []


def token_count(address: str, text: str) -> int:
    return int(json.loads(post(address, {"prompt": text, "add_special_tokens": False}, "/tokenize"))["count"])


# The traps


def ask(address: str, engine: Engine, *requests: Request, **options: Any) -> list[Response]:
    async def run() -> list[Response]:
        teacher = OpenAITeacher(engine.model.name, [address], in_flight=64, patience=PATIENCE, **options)
        for endpoint in teacher.connection.pool.all:
            endpoint.dialect = PLAIN  # what the probe finds vLLM to want
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


def test_replies_are_held_to_the_form_of_their_prompt(engine: Engine, address: str) -> None:
    """Noise of random weights under the package's own expression is a list of topics and key points, and comes to its end."""
    pattern = Prompts.load().patterns["extract"]
    sampling = Sampling(1.0, 1.0, 2600)
    replies = ask(
        address, engine, *(request(engine, pattern=pattern, seed=n, sampling=sampling) for n in range(8))
    )
    assert {reply.finish_reason for reply in replies} == {"stop"}
    assert all(re.fullmatch(pattern, reply.text) for reply in replies)


def test_the_probe_tells_a_server_that_obeys_from_one_that_does_not(engine: Engine, address: str) -> None:
    """An old name of the field is ignored by vLLM without a word."""

    def probed(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Negotiated:
        async def send(body: dict[str, Any]) -> tuple[int, bytes]:
            data = json.dumps(change(body)).encode()
            return await asyncio.to_thread(ask_socket, address, "/v1/chat/completions", data)

        asked = {"who": "It", "extras": [ANSWER_AT_ONCE], "structured_outputs": "vllm"}
        return asyncio.run(negotiate(send, engine.model.name, **asked))

    def with_old_name(body: dict[str, Any], seed: int) -> dict[str, Any]:
        others = {name: value for name, value in body.items() if name != "structured_outputs"}
        return {**others, "guided_regex": PATTERN, "seed": seed, "temperature": 1.0, "max_tokens": 400}

    good = probed(dict)
    assert (good.fault, good.dialect.description, good.repeats_itself) == ("", "", False)
    faults = (probed(partial(with_old_name, seed=seed)).fault for seed in range(20))
    assert "It ignores the regular expression" in next(filter(None, faults), "no reply came to its end")


def post(address: str, body: dict[str, Any], path: str = "/v1/chat/completions") -> bytes:
    status, answer = ask_socket(address, path, json.dumps(body).encode())
    assert status == 200, answer
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


def test_an_expression_holds_after_the_thinking(engine: Engine, address: str) -> None:
    (reply,) = ask(
        address, engine, request(engine, extra=THINK, pattern=PATTERN, sampling=Sampling(1.0, 1.0, 400))
    )
    assert reply.reasoning
    assert obeys(reply)


def test_a_prompt_that_is_too_long_is_refused_in_the_server_s_words(engine: Engine, address: str) -> None:
    refused, answered = ask(address, engine, request(engine, "a b c " * 4000), request(engine))
    assert refused.finish_reason == "refused"
    assert "4096" in refused.text
    assert answered.finish_reason in {"stop", "length"}


def test_many_long_prompts_with_seeds_do_not_end_a_cpu_engine(engine: Engine, address: str) -> None:
    """Together they exceed a batch: an engine that prefilled one in pieces would die of its seed."""
    long = [request(engine, f"{n} " + "a b c " * 300, seed=n) for n in range(12)]
    replies = ask(address, engine, *long)
    assert sum(reply.prompt_tokens for reply in replies) > 8192
    assert {reply.finish_reason for reply in replies} <= {"stop", "length"}


def test_replies_longer_than_the_context_are_reported_before_anything_is_asked(
    engine: Engine, address: str, seeds: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="with 4096 tokens for prompt and reply together"):
        build(recipe(tmp_path, seeds, served(engine, address), solutions={"max_tokens": 5000}))
    assert not entries(tmp_path)


def test_a_server_that_refuses_everything_ends_the_build_before_anything_is_asked(
    engine: Engine, address: str, seeds: Path, tmp_path: Path
) -> None:
    wrong = served(engine, address).model_copy(update={"extra": {**ANSWER_AT_ONCE, "min_p": 7.0}})
    with pytest.raises(
        InputError, match=r"\(min_p must be .*remove `min_p` from teacher.extra\. Every request would be"
    ):
        build(recipe(tmp_path, seeds, wrong, roles={key: {"extra": wrong.extra} for key in FORMS}))
    assert not entries(tmp_path)


def test_the_builder_imports_no_engine() -> None:
    script = "import sys, kpmath_builder.engine.teacher; print('vllm' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        == "False\n"
    )
