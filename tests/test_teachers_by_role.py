"""Which teacher plays which role: one for equal settings, checked in time, closed and recorded at the end."""

import asyncio
import json
from collections.abc import Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder import InputError, Recipe
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.recipe import TeacherSettings
from kpmath_builder.records import Tokens

ROLES = ("extractor", "writer", "judge", "solver")


class Playing:
    """A teacher that notes what becomes of it."""

    def __init__(self, model: str, *, fails: bool = False, load: str = "", record: bool = True) -> None:
        self.model, self.checked, self.closed = model, 0, 0
        self._fails, self._load, self._record = fails, load, record

    async def check(self) -> None:
        self.checked += 1
        await asyncio.sleep(0)
        if self._fails:
            raise InputError(f"{self.model} does not answer")

    async def close(self) -> None:
        self.closed += 1

    def load(self) -> str:
        return self._load

    def record(self) -> dict[str, Any] | None:
        return {"model": self.model} if self._record else None


class Stage(Teachers):
    """Teachers that are `Playing`."""

    def __init__(self, recipe: Recipe, answered: Collection[str] = (), **playing: Any) -> None:
        super().__init__(recipe, pytest.fail, answered=lambda tasks: answered)  # type: ignore[arg-type, return-value]
        self.made: list[Playing] = []
        self._playing = playing

    def _make(self, settings: TeacherSettings) -> Any:
        self.made.append(Playing(settings.model_name, **self._playing.get(settings.model_name, {})))
        return self.made[-1]


def recipe(folder: Path, **roles: dict[str, Any]) -> Recipe:
    teacher = {"kind": "openai", "model": "common", "price_per_million_completion_tokens": 2.0}
    return Recipe.of({"teacher": teacher, "roles": roles, "build": {"folder": str(folder), "questions": 1}})


def play(stage: Stage, act: Callable[[Stage], Coroutine[Any, Any, None]]) -> Stage:
    async def run() -> None:
        async with stage:
            await act(stage)

    asyncio.run(run())
    return stage


def models(stage: Stage) -> list[str]:
    return sorted(teacher.model for teacher in stage.made)


def test_roles_of_equal_settings_share_a_teacher_that_is_checked_once_and_closed(tmp_path: Path) -> None:
    async def all_play(stage: Stage) -> None:
        played = [await stage.teacher(role) for role in (*ROLES, *ROLES)]
        assert {id(teacher) for teacher in played} == {id(teacher) for teacher in stage.made}

    stage = play(Stage(recipe(tmp_path, judge={"model": "judge"})), all_play)
    assert models(stage) == ["common", "judge"]
    assert {(teacher.checked, teacher.closed) for teacher in stage.made} == {(1, 1)}


@pytest.mark.parametrize(
    ("answered", "made"), [((), ["common", "judge"]), (("judge",), ["common"]), (ROLES, ["common"])]
)
def test_with_the_first_request_all_are_checked_who_have_never_answered(
    tmp_path: Path, answered: Collection[str], made: list[str]
) -> None:
    async def ask(stage: Stage) -> None:
        await stage.teacher("writer")
        assert models(stage) == made
        await stage.teacher("judge")
        assert models(stage) == ["common", "judge"]

    play(Stage(recipe(tmp_path, judge={"model": "judge"}), answered), ask)


def test_a_judge_that_is_missing_ends_the_first_request_of_another_role(tmp_path: Path) -> None:
    async def ask(stage: Stage) -> None:
        for _ in range(2):
            with pytest.raises(InputError, match="judge does not answer"):
                await stage.teacher("writer")

    stage = play(Stage(recipe(tmp_path, judge={"model": "judge"}), judge={"fails": True}), ask)
    assert all(teacher.closed for teacher in stage.made)


@pytest.mark.parametrize(
    ("answered", "looked_at"), [((), ["common", "judge"]), (("judge",), ["common"]), (ROLES, [])]
)
def test_a_preflight_looks_at_those_who_have_never_answered_and_lets_go_of_them(
    tmp_path: Path, answered: Collection[str], looked_at: list[str]
) -> None:
    stage = play(Stage(recipe(tmp_path, judge={"model": "judge"}), answered), lambda it: it.preflight())
    assert models(stage) == looked_at
    assert {(teacher.checked, teacher.closed) for teacher in stage.made} <= {(1, 1)}


def test_who_still_starts_a_server_is_told_to_leave_off(tmp_path: Path) -> None:
    cut_off: list[bool] = []

    class Starting(Playing):
        async def check(self) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cut_off.append(True)
                raise

    class Slow(Stage):
        def _make(self, settings: TeacherSettings) -> Any:
            self.made.append(Starting(settings.model_name))
            return self.made[-1]

    async def ask(stage: Stage) -> None:
        asking = asyncio.create_task(stage.teacher("writer"))
        for _ in range(9):
            await asyncio.sleep(0)
        asking.cancel()

    stage = play(Slow(recipe(tmp_path), ROLES), ask)
    assert cut_off == [True]
    assert [teacher.closed for teacher in stage.made] == [1]


def test_a_preflight_that_fails_lets_go_as_well(tmp_path: Path) -> None:
    stage = Stage(recipe(tmp_path), common={"fails": True})
    with pytest.raises(InputError, match="common does not answer"):
        play(stage, lambda it: it.preflight())
    assert [teacher.closed for teacher in stage.made] == [1]


@pytest.mark.parametrize(
    ("loads", "shown"),
    [
        ({}, ""),
        ({"common": "3 running"}, "3 running"),
        ({"common": "3 running", "judge": "idle"}, "common: 3 running; judge: idle"),
    ],
)
def test_the_load_names_the_model_only_if_several_say_theirs(
    tmp_path: Path, loads: dict[str, str], shown: str
) -> None:
    async def look(stage: Stage) -> None:
        assert stage.load() == ""
        await stage.teacher("writer")
        await stage.teacher("judge")
        assert stage.load() == shown

    playing = {model: {"load": load} for model, load in loads.items()}
    play(Stage(recipe(tmp_path, judge={"model": "judge"}), ROLES, **playing), look)


def test_the_record_of_a_run_says_what_each_server_wrote_and_cost(tmp_path: Path) -> None:
    async def spend(stage: Stage) -> None:
        for role in ("writer", "judge", "extractor"):
            await stage.teacher(role)
        stage.spend("writer", Tokens(requests=1, completion=400_000))
        stage.spend("solver", Tokens(requests=1, completion=100_000))
        stage.spend("judge", Tokens(requests=1, completion=7))

    made = recipe(tmp_path, judge={"model": "judge", "price_per_million_completion_tokens": 0.0})
    play(Stage(made, ROLES, judge={"record": False}), spend)
    (line,) = (tmp_path / "engine" / "runs.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert (record["model"], record["written_tokens"], record["cost"]) == ("common", 500_000, 1.0)
