"""From a profile to a plan: what a number of questions will take. Nothing here reads a file."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kpmath_builder.controls.foreseen import ForeseenControls
from kpmath_builder.engine.gpu_sharing import sharing_of
from kpmath_builder.estimation.assumptions import QUESTIONS_PER_SECOND, TOKENS_PER_SECOND
from kpmath_builder.estimation.profile import PlannedTask, Profile, TaskLoad
from kpmath_builder.notebooks import page, preformatted
from kpmath_builder.protocol import ROLE_OF
from kpmath_builder.recipe import (
    Player,
    Recipe,
    ServerSettings,
    SymbolicSettings,
    TeacherSettings,
    VllmSettings,
)
from kpmath_builder.records import Tokens

__all__ = ["BuildPlan", "Pace", "SizePlan", "TaskPlan", "pace_of", "plan_size", "questions_for"]

_BEFORE_QUESTIONS: frozenset[PlannedTask] = frozenset({"extract", "same_topic", "embed"})
_OF_QUESTIONS: tuple[PlannedTask, ...] = ("write", "work", "judge", "solve", "compare", "attempt", "harder")
_ROWS_PER_FILE = 100_000
_BESIDE_THE_TABLES = 14
"""Files of a dataset that hold no rows: the card, three pictures, and provenance."""
_OF_THE_FOLDER = 13
"""Notes of a build folder, its knowledge, their locks, and the record of the servers."""
_OF_A_RELEASE = 3
"""Files that publishing adds: manifest, release and checksums."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a model writes."""

    tokens_per_second: float
    """On one GPU, while requests are read besides."""
    source: str
    """ "stated", "measured" or "assumed"."""


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """What one task of a build takes."""

    task: PlannedTask
    role: str
    """Of several solvers `solver NAME`."""
    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    gpu_hours: float | None
    """None for a model that is paid by the token, the embedding server, and the program that needs no model."""
    cost: float | None
    """At the recipe's prices; None without prices."""
    known: str
    """Whether lengths and counts are "assumed" or "measured"."""


@dataclass(frozen=True, slots=True)
class SizePlan:
    """What a build of so many questions takes, from an empty folder."""

    questions: int
    tasks: tuple[TaskPlan, ...]
    hours: float
    """From beginning to end, with the recipe's servers."""
    kept: int
    """Questions that are kept."""
    rows: int
    """Rows of `qa-pairs`."""
    disk_bytes: int
    files: int
    upload_files: int
    upload_bytes: int

    @property
    def requests(self) -> int:
        """All requests."""
        return sum(task.requests for task in self.tasks)

    @property
    def prompt_tokens(self) -> int:
        """All tokens read."""
        return sum(task.prompt_tokens for task in self.tasks)

    @property
    def completion_tokens(self) -> int:
        """All tokens written."""
        return sum(task.completion_tokens for task in self.tasks)

    @property
    def gpu_hours(self) -> float | None:
        """Of all models that run on GPUs of the user's; None if none does."""
        return _sum(task.gpu_hours for task in self.tasks)

    @property
    def cost(self) -> float | None:
        """At the recipe's prices; None without prices."""
        return _sum(task.cost for task in self.tasks)

    def as_json(self) -> dict[str, Any]:
        """Return all numbers with their totals."""
        totals = {
            name: getattr(self, name)
            for name in ("requests", "prompt_tokens", "completion_tokens", "gpu_hours", "cost")
        }
        return {**asdict(self), **totals}


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What a recipe will take, for several numbers of questions; the first is the recipe's own. `print(plan)` shows it."""

    name: str
    sizes: tuple[SizePlan, ...]
    paces: Mapping[str, Pace]
    """Model to how fast it writes."""
    done: int
    """Questions of the folder that have come to their end already."""
    measured_questions: int
    """How many questions the measured numbers rest on; 0: everything is assumed."""
    rows_wanted: int | None = None
    """`build.rows`; the questions of the first size are then those that it is expected to need, `build.questions` at most."""
    controls: ForeseenControls | None = None
    """Of the first size; None if the recipe has no questions with known answers."""

    @property
    def hours_left(self) -> float:
        """Hours until the recipe's number of questions is there."""
        own = self.sizes[0]
        return own.hours * max(own.questions - self.done, 0) / own.questions

    def _repr_html_(self) -> str:
        return page([preformatted(str(self))])

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {
            "name": self.name,
            "rows_wanted": self.rows_wanted,
            "controls": None if self.controls is None else asdict(self.controls),
            "done_questions": self.done,
            "measured_questions": self.measured_questions,
            "hours_left": self.hours_left,
            "tokens_per_second_and_gpu": {model: asdict(pace) for model, pace in self.paces.items()},
            "sizes": [size.as_json() for size in self.sizes],
        }

    def __str__(self) -> str:
        from kpmath_builder.estimation.table import lines_of_plan

        return "\n".join(lines_of_plan(self))


def plan_size(recipe: Recipe, profile: Profile, questions: int, paces: Mapping[str, Pace]) -> SizePlan:
    """Return what a build of so many questions takes."""
    tasks = tuple(
        plan
        for task in _ordered(profile.loads)
        if task in profile.loads
        for plan in _tasks(recipe, task, profile, questions, paces)
    )
    kept = questions * profile.kept
    rows = round(kept * profile.rows_per_kept)
    dataset = profile.base + questions * profile.tables
    stored = sum(
        _units(task, questions, profile) * load.requests * load.stored for task, load in profile.loads.items()
    )
    data_files = 1 + math.ceil(max(rows, 1) / _ROWS_PER_FILE) + math.ceil(questions / _ROWS_PER_FILE)
    logs_and_locks = 2 * (recipe.build.shards + 2)
    return SizePlan(
        questions=questions,
        tasks=tasks,
        hours=_hours(recipe, tasks, questions, paces),
        kept=round(kept),
        rows=rows,
        disk_bytes=round(stored + questions * profile.candidate + dataset + profile.knowledge),
        files=logs_and_locks + recipe.build.shards + data_files + _BESIDE_THE_TABLES + _OF_THE_FOLDER,
        upload_files=data_files + _BESIDE_THE_TABLES + _OF_A_RELEASE,
        upload_bytes=round(dataset),
    )


def questions_for(rows: int, profile: Profile, most: int) -> int:
    """Return how many questions so many rows are expected to need, `most` at most."""
    gain = profile.kept * profile.rows_per_kept
    return max(1, min(most, math.ceil(rows / gain))) if gain > 0 else most


def pace_of(settings: TeacherSettings, stated: float | None, measured: Mapping[str, float]) -> Pace | None:
    """Return how fast a model writes: as stated, else as measured in the folder, else as assumed; None for the program."""
    if isinstance(settings, SymbolicSettings):
        return None
    if stated is not None:
        return Pace(stated, "stated")
    if (rate := measured.get(settings.model_name)) is not None:
        return Pace(rate / _gpus_of_a_server(settings), "measured")
    return Pace(TOKENS_PER_SECOND, "assumed")


def _ordered(loads: Mapping[PlannedTask, object]) -> list[PlannedTask]:
    order: list[PlannedTask] = ["extract", "embed", "same_topic", *_OF_QUESTIONS]
    assert set(loads) <= set(order), f"unknown tasks in {sorted(loads)}"
    return order


def _units(task: PlannedTask, questions: int, profile: Profile) -> int:
    if task == "extract":
        return profile.seeds
    return 1 if task in _BEFORE_QUESTIONS else questions


def _tasks(
    recipe: Recipe, task: PlannedTask, profile: Profile, questions: int, paces: Mapping[str, Pace]
) -> Iterator[TaskPlan]:
    """Yield what a task takes of each one who is asked it."""
    load = profile.loads[task]
    requests = _units(task, questions, profile) * load.requests
    if task == "embed":
        tokens, known = _tokens(load, requests), load.known.value
        yield TaskPlan(task, "embedder", recipe.topics.embedding_model, *tokens, None, None, known)
        return
    players = [player for player in recipe.players if player.role == ROLE_OF[task]]
    shares = [recipe.solvers[player.solver].share if player.solver else 1.0 for player in players]
    for player, share in zip(players, shares, strict=True):
        yield _task(task, load, requests * share / sum(shares), player, paces)


def _task(
    task: PlannedTask, load: TaskLoad, requests: float, player: Player, paces: Mapping[str, Pace]
) -> TaskPlan:
    settings = player.settings
    number, read, written = _tokens(load, requests)
    cost = settings.cost(Tokens(requests=number, prompt=read, completion=written))
    pace = paces.get(settings.model_name)
    gpu_hours = None if pace is None or cost is not None else written / pace.tokens_per_second / 3600
    return TaskPlan(
        task,
        player.name,
        settings.public_name,
        number,
        read,
        written,
        gpu_hours,
        cost,
        load.known.value,
    )


def _tokens(load: TaskLoad, requests: float) -> tuple[int, int, int]:
    """Return the requests, and the tokens read and written."""
    return round(requests), round(requests * load.prompt), round(requests * load.completion)


# Hours from beginning to end


def _hours(recipe: Recipe, tasks: Sequence[TaskPlan], questions: int, paces: Mapping[str, Pace]) -> float:
    """Return the hours of the stages one after the other; within one, models work side by side unless they share GPUs."""
    before = [task for task in tasks if task.task in _BEFORE_QUESTIONS]
    after = [task for task in tasks if task.task not in _BEFORE_QUESTIONS]
    program = questions / QUESTIONS_PER_SECOND / 3600
    uses_program = isinstance(recipe.teacher_for("writer"), SymbolicSettings)
    return sum(_stage_hours(recipe, stage, paces) for stage in (before, after)) + uses_program * program


def _stage_hours(recipe: Recipe, tasks: Iterable[TaskPlan], paces: Mapping[str, Pace]) -> float:
    sharing = sharing_of([its for its in recipe.teachers.values() if isinstance(its, VllmSettings)])
    by_server: dict[str, list[TaskPlan]] = defaultdict(list)
    settings_of: dict[str, TeacherSettings] = {}
    for task in tasks:
        if task.task != "embed":
            settings = recipe.teachers[task.role]
            settings_of[settings.server] = settings
            by_server[settings.server].append(task)
    hours: dict[str | int, float] = defaultdict(float)
    for server, settings in settings_of.items():
        group = id(sharing[server]) if server in sharing else server
        hours[group] += _server_hours(settings, by_server[server], paces.get(settings.model_name))
    return max(hours.values(), default=0.0)


def _server_hours(settings: TeacherSettings, tasks: Sequence[TaskPlan], pace: Pace | None) -> float:
    """Return the hours of all requests to the servers of one model, at their pace and within the recipe's limits per minute."""
    if pace is None:
        return 0.0
    written = sum(task.completion_tokens for task in tasks)
    least = [written / (pace.tokens_per_second * _gpus(settings)) / 3600]
    if isinstance(settings, ServerSettings):
        read = sum(task.prompt_tokens for task in tasks)
        requests = sum(task.requests for task in tasks)
        least.append(requests / settings.requests_per_minute / 60 if settings.requests_per_minute else 0.0)
        least.append(
            (read + written) / settings.tokens_per_minute / 60 if settings.tokens_per_minute else 0.0
        )
    return max(least)


def _gpus(settings: TeacherSettings) -> int:
    """Return the GPUs of all servers of a model; of servers that run already, one each is assumed."""
    if isinstance(settings, VllmSettings):
        return settings.servers * _gpus_of_a_server(settings)
    return len(settings.addresses) if isinstance(settings, ServerSettings) else 1


def _gpus_of_a_server(settings: TeacherSettings) -> int:
    return settings.tensor_parallel * settings.data_parallel if isinstance(settings, VllmSettings) else 1


def _sum(numbers: Iterable[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
