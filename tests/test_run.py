"""Where a request meets the log and the teachers: what is asked for, what is not, and what a failure leaves."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder import BuildError, Recipe
from kpmath_builder.execution.run import NotAskedError, Run
from kpmath_builder.protocol import Request, Response, Task
from kpmath_builder.records import Tokens
from kpmath_builder.stopping import StoppedError

SYMBOLIC: dict[str, Any] = {"build": {"folder": "b", "questions": 1}}
SERVED: dict[str, Any] = {**SYMBOLIC, "teacher": {"kind": "openai", "model": "m"}}


class Log(dict[str, Response]):
    """A response log in memory."""

    def put(self, key: str, task: Task, address: int | str, response: Response) -> None:
        self[key] = response
        self.addresses = {*getattr(self, "addresses", ()), (task, address)}


class Answering:
    """A teacher of calls of two samples, and the account of what it answered; it fails at the samples `fails`."""

    samples_per_request = 2

    def __init__(self, fails: Sequence[int] = ()) -> None:
        self.calls: list[list[int]] = []
        self.spent = Tokens()
        self._fails = set(fails)

    async def answer(self, request: Request, samples: Sequence[int]) -> list[Response]:
        self.calls.append(list(samples))
        await asyncio.sleep(0)
        if self._fails & set(samples):
            raise OSError("the server is gone")
        return [
            Response(text=str(sample), finish_reason="stop", prompt_tokens=3, completion_tokens=1)
            for sample in samples
        ]

    async def teacher(self, player: str) -> "Answering":
        assert player == "solver"
        return self

    def spend(self, player: str, spent: Tokens) -> None:
        self.spent += spent


class Limit:
    """A spending limit, which `over` says is reached."""

    def __init__(self, *, over: bool = False) -> None:
        self.over, self.added = over, 0

    def check(self) -> None:
        if self.over:
            raise BuildError("over the limit")

    def add(self, responses: Sequence[Response]) -> None:
        self.added += len(responses)


def run_of(given: dict[str, Any] = SYMBOLIC, teachers: Answering | None = None, **settings: Any) -> Run:
    reported: list[tuple[Tokens, float]] = []
    report = SimpleNamespace(
        note=pytest.fail, spend=lambda spent, cost: reported.append((spent, cost)), reported=reported
    )
    prompts = SimpleNamespace(
        headings=tuple(f"problem {name}:" for name in "abcdef"),
        patterns={"solve": "[0-9]+"},
        render=lambda task, material, solver: (),
    )
    return Run(Recipe.of(given), cast("Any", prompts), cast("Any", report), cast("Any", teachers), **settings)


def solve(run: Run, samples: Sequence[int], log: Log) -> tuple[list[str], int]:
    request = run.request("solve", {"question": "?"}, 7, 0)
    responses, asked = asyncio.run(run.responses(request, samples, cast("Any", log), 7))
    return [response.text for response in responses], asked


def key(run: Run, sample: int) -> str:
    return run.request("solve", {"question": "?"}, 7, 0).key(sample)


def logged(run: Run, **ends: str) -> Log:
    """Return a log that holds samples, by their number (`s0="stop"`)."""
    return Log(
        {key(run, int(name[1:])): Response(text="old", finish_reason=end) for name, end in ends.items()}
    )


def test_what_the_log_lacks_is_asked_for_logged_and_accounted() -> None:
    teacher, limit = Answering(), Limit()
    run = run_of(teachers=teacher, spending=limit)
    log = logged(run, s1="stop")
    assert solve(run, [0, 1, 2, 3, 4], log) == (["0", "old", "2", "3", "4"], 4)
    assert teacher.calls == [[0], [2, 3], [4]]
    assert teacher.spent == Tokens(requests=4, prompt=12, completion=4)
    assert sum((spent for spent, _ in cast("Any", run.report).reported), Tokens()) == teacher.spent
    assert limit.added == 4
    assert log.addresses == {("solve", 7)}
    assert solve(run, [0, 1, 2, 3, 4], log) == (["0", "old", "2", "3", "4"], 0)
    assert len(teacher.calls) == 3


@pytest.mark.parametrize("end", ["refused", "given_up"])
def test_what_was_not_answered_is_asked_for_again_only_if_it_is_wished_and_somebody_is_there(
    end: str,
) -> None:
    for retry, there, text in ((False, True, "old"), (True, False, "old"), (True, True, "0")):
        run = run_of(teachers=Answering() if there else None, retry_given_up=retry)
        assert solve(run, [0], logged(run, s0=end)) == ([text], int(text == "0"))


def test_unless_it_is_said_nothing_is_retried_and_what_is_lacking_is_no_fault_of_the_build() -> None:
    assert solve(run_of(teachers=Answering()), [0], logged(run_of(), s0="given_up")) == (["old"], 0)
    with pytest.raises(NotAskedError):
        solve(run_of(), [0], Log())


def test_what_was_answered_is_not_asked_for_again() -> None:
    run = run_of(teachers=Answering(), retry_given_up=True)
    assert solve(run, [0], logged(run, s0="length")) == (["old"], 0)


@pytest.mark.parametrize(("needs_all", "error"), [(False, NotAskedError), (True, BuildError)])
def test_without_teachers_an_answer_that_the_log_lacks_is_counted_and_named(
    error: type[Exception], *, needs_all: bool
) -> None:
    run = run_of(needs_all=needs_all)
    for times in (1, 2):
        with pytest.raises(error, match="he log holds no answer to this solve request: run `kpmath build`"):
            solve(run, [0], Log())
        assert run.lacking == {"solve": times}


def test_nothing_is_asked_for_once_the_limit_is_reached() -> None:
    teacher = Answering()
    with pytest.raises(BuildError, match="over the limit"):
        solve(run_of(teachers=teacher, spending=Limit(over=True)), [0], Log())
    assert teacher.calls == []


def test_nothing_is_asked_for_once_the_build_stops() -> None:
    teacher = Answering()
    run = run_of(teachers=teacher)
    run.stop.ask(BuildError("enough"))
    with pytest.raises(StoppedError):
        solve(run, [0], Log())
    assert teacher.calls == []


def test_of_a_call_that_fails_the_others_are_logged_and_the_build_stops_with_its_reason() -> None:
    """They are paid for."""
    run = run_of(teachers=Answering(fails=[2]))
    log = Log()
    with pytest.raises(StoppedError):
        solve(run, [0, 1, 2, 3, 4], log)
    assert log.keys() == {key(run, sample) for sample in (0, 1, 4)}
    with pytest.raises(StoppedError):
        run.stop.check()


def test_a_request_has_a_seed_of_its_address_attempt_generation_and_task() -> None:
    run = run_of()
    seeds = {
        run.request("solve", {}, 7, 0).seed,
        run.request("solve", {}, 8, 0).seed,
        run.request("solve", {}, 7, 1).seed,
        run.request("solve", {}, 7, 0, generation=1).seed,
        run.request("judge", {}, 7, 0).seed,
    }
    assert len(seeds) == 5


def test_a_program_is_given_the_material_and_a_model_the_prompt_and_where_a_solution_ends() -> None:
    (message,) = run_of().request("solve", {"question": "?"}, 0, 0).messages
    assert message.content == '{"question":"?","task":"solve"}'
    assert run_of().request("solve", {}, 0, 0).stop == ()
    assert len(run_of(SERVED).request("solve", {}, 0, 0).stop) == 4
    assert run_of(SERVED).request("judge", {}, 0, 0).stop == ()
    assert [run.request("solve", {}, 0, 0).pattern for run in (run_of(), run_of(SERVED))] == ["", "[0-9]+"]
    assert run_of(SERVED).request("write", {}, 0, 0).pattern == ""
