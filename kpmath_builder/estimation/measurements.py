"""The profile of a build of which something is there: lengths and yields of the answers in its folder replace assumptions."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.estimation.assumptions import EMBEDDED_AT_ONCE, KEPT_OF_SOLVED, expected_samples
from kpmath_builder.estimation.counting import count_tokens
from kpmath_builder.estimation.profile import Known, PlannedTask, Profile, TaskLoad
from kpmath_builder.files.sealed import FileRecord
from kpmath_builder.folder.build_spec import BuildSpec, Keys
from kpmath_builder.folder.log_costs import TaskCost, costs_by_task
from kpmath_builder.folder.log_scan import lines_of
from kpmath_builder.folder.shards import shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import CONTROL, Funnel
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.prompts import Prompts
from kpmath_builder.protocol import OPTIONAL, ROLE_OF, Role, Task
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Stage, Tokens

__all__ = ["measure", "measured_rates"]

_JUDGING: tuple[PlannedTask, ...] = ("work", "judge")
_MOST_LINES = 100_000
"""Lines of the synthesis logs that are read: enough for every mean, however large the folder."""


def measure(workspace: Workspace, recipe: Recipe, prompts: Prompts, assumed: Profile) -> Profile:
    """Return the profile with everything that the folder's answers show in place of what was assumed.

    A task counts as measured if it was asked with the same prompt, model and further fields. Sealed shards are believed first;
    without one, the logs, whose last questions may be unfinished.
    """
    if not workspace.responses.is_dir():
        return assumed
    begun = workspace.begun()
    before = _keys_of(begun)
    foreign = _foreign(before, _keys_of(BuildSpec.of(recipe, prompts, "", {}, asking=True)))
    asked, sealed = _asked(workspace), _Sealed.of(workspace, recipe)
    measured = {**_extraction(workspace, assumed), **_synthesis(asked, sealed)}
    loads = {task: measured.get(task, load) for task, load in assumed.loads.items() if task not in foreign}
    loads |= {task: assumed.loads[task] for task in foreign & assumed.loads.keys()}
    loads["solve"] = _with_samples(loads["solve"], {**before, **begun.decided} if begun else {}, recipe)
    judgements = recipe.judging.samples / before.get("judging.samples", 1)
    loads |= {task: _times(loads[task], judgements) for task in _JUDGING}
    profile = replace(assumed, loads=loads, rates=measured_rates(workspace.folder))
    return profile if foreign else _with_yields(profile, workspace, sealed, asked)


def measured_rates(folder: Path) -> Mapping[str, float]:
    """Return the tokens that one server of each model wrote in a second, over all runs that noted it."""
    written: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for line in lines_of(folder / "engine" / "runs.jsonl"):
        with suppress(
            ValueError, KeyError, TypeError, AttributeError
        ):  # a torn line, or one of an older version
            run = json.loads(line)
            model, tokens = run["model"], run["written_tokens"]
            written[model] = written.get(model, 0.0) + tokens
            seconds[model] = seconds.get(model, 0.0) + run["seconds"] * run["servers"]
    return {model: tokens / seconds[model] for model, tokens in written.items() if tokens and seconds[model]}


@dataclass(frozen=True)
class _Sealed:
    """The sealed shards of a folder."""

    funnel: Funnel
    questions: int
    candidates: int
    """Bytes."""

    @classmethod
    def of(cls, workspace: Workspace, recipe: Recipe) -> "_Sealed":
        paths = [workspace.shard(number) for number in range(recipe.build.shards)]
        found = [(path, header) for path in paths if (header := shard_header(path))]
        funnel = sum((Funnel.from_json(header["funnel"]) for _, header in found), Funnel())
        return cls(funnel, funnel.draws, sum(path.stat().st_size for path, _ in found))


def _keys_of(spec: BuildSpec | None) -> Keys:
    return {} if spec is None else {**spec.origin, **spec.asked}


def _foreign(before: Keys, now: Keys) -> set[Task]:
    """Return the tasks that were asked otherwise; none, if nothing is noted of how they were asked."""

    def of_task(key: str, task: Task, role: Role) -> bool:
        several = ("solvers.", "the prompt of solver ") if role == "solver" else ()
        return key == f"the prompt of {task}" or key.startswith((f"roles.{role}.", *several))

    changed = {key for key in (*before, *now) if before.get(key) != now.get(key)} if before else set()
    return {task for task, role in ROLE_OF.items() if any(of_task(key, task, role) for key in changed)}


def _lines(workspace: Workspace, pattern: str) -> Iterator[bytes]:
    return chain.from_iterable(map(lines_of, sorted(workspace.responses.glob(f"{pattern}.jsonl"))))


def _asked(workspace: Workspace) -> Mapping[str, TaskCost]:
    """Return what the questions of builds cost, or those of previews if these were more; both number them from 0."""
    costs = [
        costs_by_task(islice(_lines(workspace, stage), _MOST_LINES)) for stage in ("synthesis-*", "preview-*")
    ]
    return max(costs, key=_questions)


def _with_samples(load: TaskLoad, before: Keys, recipe: Recipe) -> TaskLoad:
    """Return the load of the solver for as many samples as are asked for now."""
    now = recipe.solutions
    names = ("samples", "sampling", "min_samples")
    then = now.model_copy(update={its: before[key] for its in names if (key := f"solutions.{its}") in before})
    return _times(load, expected_samples(now) / expected_samples(then))


def _times(load: TaskLoad, factor: float) -> TaskLoad:
    """Return a measured load for more or fewer requests per question; what is assumed is for those of now already."""
    return load if load.known is Known.ASSUMED else replace(load, requests=load.requests * factor)


def _extraction(workspace: Workspace, assumed: Profile) -> dict[PlannedTask, TaskLoad]:
    """Return what was learnt of the stages before the questions."""
    seeds = costs_by_task(_lines(workspace, "extract-*"))
    pairs = costs_by_task(_lines(workspace, "topics-*"))
    loads: dict[PlannedTask, TaskLoad] = {}
    knowledge = Knowledge.load_if_whole(workspace)
    if cost := seeds.get("extract"):
        loads["extract"] = _load(cost.tokens, cost, len(cost.addresses))
    if cost := pairs.get("same_topic"):
        is_all = knowledge is not None
        number = cost.tokens.requests if is_all else assumed.loads["same_topic"].requests
        loads["same_topic"] = replace(_load(cost.tokens, cost, 1), requests=number)
    elif knowledge is not None:
        loads["same_topic"] = replace(assumed.loads["same_topic"], requests=0.0, known=Known.MEASURED)
    if knowledge is not None and "embed" in assumed.loads:
        points = {point for it in knowledge.extractions for topic in it.topics for point in topic.key_points}
        batches = -(-len(points) // EMBEDDED_AT_ONCE)
        tokens = sum(count_tokens(point) + 2 for point in points)
        loads["embed"] = TaskLoad(batches, tokens / max(batches, 1), 0.0, 0.0, Known.MEASURED)
    return loads


def _synthesis(asked: Mapping[str, TaskCost], sealed: _Sealed) -> dict[PlannedTask, TaskLoad]:
    """Return what the questions cost: by the sealed shards, else by the logs."""
    questions = sealed.questions or _questions(asked)
    tasks: tuple[Task, ...] = ("write", "work", "judge", "solve", *sorted(OPTIONAL))
    if not questions:
        return {}
    loads: dict[PlannedTask, TaskLoad] = {}
    for task in tasks:
        cost = asked.get(task)
        tokens = _spent(sealed.funnel, task) if sealed.questions else cost and cost.tokens
        if cost and tokens and tokens.requests:
            loads[task] = _load(tokens, cost, questions)
    return loads


def _spent(funnel: Funnel, task: Task) -> Tokens:
    """Return what a task cost; controls are solutions too."""
    names = (task, CONTROL) if task == "solve" else (task,)
    return sum((funnel.spent[name] for name in names if name in funnel.spent), Tokens())


def _questions(asked: Mapping[str, TaskCost]) -> int:
    return len(asked["write"].addresses) if "write" in asked else 0


def _load(tokens: Tokens, cost: TaskCost, units: int) -> TaskLoad:
    requests = max(tokens.requests, 1)
    return TaskLoad(
        requests=tokens.requests / max(units, 1),
        prompt=tokens.prompt / requests,
        completion=tokens.completion / requests,
        stored=cost.stored / max(cost.tokens.requests, 1),
        known=Known.MEASURED,
    )


def _with_yields(
    profile: Profile, workspace: Workspace, sealed: _Sealed, asked: Mapping[str, TaskCost]
) -> Profile:
    """Return the profile with what became of the questions."""
    if not sealed.questions:
        return _with_yields_of_logs(profile, asked)
    manifest = workspace.finished(quick=True)
    funnel = Funnel.from_json(manifest["funnel"]) if manifest else sealed.funnel
    stage = Stage.KEPT if manifest else Stage.AGREED
    kept = next(line.passed for line in funnel.lines() if line.stage is stage)
    profile = replace(
        profile,
        kept=kept / sealed.questions,
        candidate=sealed.candidates / sealed.questions,
        tables=profile.tables * sealed.candidates / sealed.questions / profile.candidate,
        yields=Known.MEASURED,
        measured_questions=sealed.questions,
        done=sealed.questions,
    )
    if not manifest:
        return profile
    sizes = {name: FileRecord(*record).bytes for name, record in manifest["files"].items()}
    growing = sum(
        _bytes_of_values(workspace.folder / name, size)
        for name, size in sizes.items()
        if name.startswith(_GROWING)
    )
    knowledge = sum(size for name, size in sizes.items() if name.startswith("knowledge/"))
    return replace(
        profile,
        rows_per_kept=manifest["rows"]["qa-pairs"] / max(kept, 1),
        tables=growing / sealed.questions,
        base=sum(sizes.values()) - growing - knowledge,
        knowledge=knowledge,
    )


_GROWING = ("dataset/data/qa-pairs/", "dataset/data/scored/")


def _bytes_of_values(table: Path, size: int) -> int:
    """Return how many of a table's bytes are values, which grow with its rows; of a small one a third describes its columns."""
    try:
        told = pq.read_metadata(table)
    except (pa.ArrowException, OSError):
        return size
    groups = (told.row_group(number) for number in range(told.num_row_groups))
    return sum(
        group.column(number).total_compressed_size for group in groups for number in range(group.num_columns)
    )


def _with_yields_of_logs(profile: Profile, asked: Mapping[str, TaskCost]) -> Profile:
    questions = _questions(asked)
    if not questions:
        return profile
    solved = len(asked["solve"].addresses) / questions if "solve" in asked else 0.0
    return replace(profile, kept=solved * KEPT_OF_SOLVED, yields=Known.MEASURED, measured_questions=questions)
