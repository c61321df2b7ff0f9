"""The order of the stages: seeds, knowledge, candidates, tables; and what makes a build finished."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from types import MappingProxyType

from kpmath_builder.completion import (
    BuildResult,
    begin,
    disk_faults,
    finish,
    finished_result,
    make_candidates,
    settled_spec,
)
from kpmath_builder.controls.pool import check_controls
from kpmath_builder.curation.paraphrase_model import find_model
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.estimation.plan import BuildPlan
from kpmath_builder.estimation.planner import plan_of_seeds
from kpmath_builder.execution.garbage import long_lived_objects_set_aside
from kpmath_builder.execution.run import Run
from kpmath_builder.execution.spending import Spending
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.build_spec import ASKING, SEEDS_HASH, differences
from kpmath_builder.folder.guards import check_dataset, check_folder, check_not_smaller
from kpmath_builder.folder.log import set_damaged_aside
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.learning import learn
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.losses import lost_rows
from kpmath_builder.notebooks import listener_here
from kpmath_builder.preflight import check_servers, unless_heard
from kpmath_builder.progress import Listener, Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe, check_is_recipe
from kpmath_builder.seeds import SeedSet, load_seeds
from kpmath_builder.seeds.benchmarks import read_benchmarks
from kpmath_builder.stopping import stop_on_signals
from kpmath_builder.text import cut_list

__all__ = ["BuildResult", "build", "read_seeds", "repair", "rescore"]

LONG_HOURS = 1.0
"""A build of more is announced with its plan."""


def build(
    recipe: Recipe,
    *,
    shards: Collection[int] | None = None,
    regenerate: bool = False,
    retry_given_up: bool = False,
    shrink: bool = False,
    progress: Listener | None = None,
    announce: Callable[[BuildPlan], None] | None = None,
) -> BuildResult:
    """Build a recipe, or go on with a build that was interrupted; a finished one is left as it is.

    Several processes or nodes may build in one folder at once: each takes shards that no other has, and the one that makes
    the last of them writes the tables. With `recipe.build.rows` one process makes all of them.

    Parameters
    ----------
    recipe
        What to build; `recipe.build.folder` says where.
    shards
        Build only these; all by default. With `recipe.build.rows` only those to regenerate are named.
    regenerate
        Ask everything of `shards` anew. The old answers stay in the log, and an interrupted run goes on without this.
    retry_given_up
        Ask again what was given up in earlier runs, because a server failed at it each time.
    shrink
        Cut the tables if the folder holds more questions than `recipe.build.questions`, or more rows than `recipe.build.rows`.
    progress
        Called with a `Progress` about twice a second, and for every note; by default a bar in notebooks, nothing elsewhere.
    announce
        Called with the plan before anything is asked, if more than an hour is left to go.

    Raises
    ------
    InputError
        When seeds, folder or servers are not as the recipe says, or the folder is another recipe's.
    BuildError
        When a server stays away, the disk is full, `build.max_tokens` is spent, or other processes have all shards that
        are left; what was answered is kept, and building again goes on.
    Interrupted
        After Ctrl+C or SIGTERM, once the requests under way are logged (`build.grace`); a second one ends at once.
    """
    check_is_recipe(recipe)
    report = Reporter(listener_here(progress))
    chosen = _chosen(recipe, shards, regenerate=regenerate)
    check_folder(recipe, shrink=shrink)
    with stop_on_signals(recipe.build.grace, report.note) as stop:
        prompts = Prompts.of(recipe)
        workspace = Workspace(recipe.build.folder)
        check_controls(recipe)
        model = find_model(recipe.paraphrases.model)
        heard = check_servers(recipe, workspace, report.note)
        seeds = read_seeds(recipe, report)
        benchmarks = read_benchmarks(recipe.test_sets)
        spec = begin(
            recipe,
            prompts,
            workspace,
            seeds.content_hash,
            benchmarks=benchmarks,
            model=model,
            renewed=chosen if regenerate else (),
            retried=chosen if retry_given_up else (),
            shrink=shrink,
            notify=report.note,
        )
        with disk_faults(workspace.folder):
            lost = lost_rows(seeds.left_out, len(seeds.problems))
            workspace.note_left_out(its.as_json() for its in lost)
        finished = finished_result(workspace, spec)
        if finished is not None and workspace.all_sealed(spec):
            if others := [path.relative_to(workspace.folder).as_posix() for path in workspace.foreign()]:
                report.note(
                    f"No build wrote {cut_list(others, 3)}, which load_dataset may read all the same: move that out of the folder."
                )
            return replace(finished, already_built=True)

        if announce is not None or recipe.has_controls:  # a plan counts the tokens of all seeds
            foreseen = plan_of_seeds(recipe, prompts, seeds.problems)
            if foreseen.controls is not None and foreseen.controls.warning:
                report.note(foreseen.controls.warning)
            if announce is not None and foreseen.hours_left > LONG_HOURS:
                announce(foreseen)
        limit = recipe.build.max_tokens

        async def make() -> tuple[Knowledge, list[str]]:
            notify = unless_heard(report.note, heard)
            async with Teachers(recipe, notify, stop, workspace.answered) as teachers:
                report.engine = teachers.load
                run = Run(
                    recipe,
                    prompts,
                    report,
                    teachers,
                    stop,
                    spending=Spending(limit, workspace.responses) if limit else None,
                    retry_given_up=retry_given_up,
                )
                knowledge = await learn(seeds.problems, run, workspace, spec)
                return knowledge, await make_candidates(
                    knowledge, run, workspace, spec, chosen, benchmarks=benchmarks
                )

        with disk_faults(workspace.folder):
            with long_lived_objects_set_aside():
                knowledge, held = stop.run(make())
            result = finish(
                recipe,
                workspace,
                knowledge,
                spec,
                benchmarks=benchmarks,
                chosen=chosen,
                held=held,
                report=report,
            )
        if result.rows and seeds.withheld:
            report.note(seeds.withheld)
        return result


def rescore(
    folder: Path | str,
    settings: Mapping[str, str] = MappingProxyType({}),
    *,
    shrink: bool = False,
    progress: Listener | None = None,
) -> BuildResult:
    """Decide anew over the answers that a build folder holds: new thresholds, no new tokens.

    Candidates that would need answers which were never asked for are dropped with that reason; `build` asks for them.

    Parameters
    ----------
    folder
        The build folder.
    settings
        Changed keys of the recipe, e.g. `{"consensus.mode": "paper"}`; `name` among them renames the dataset.
    shrink
        As for `build`.

    Raises
    ------
    InputError
        When the folder holds no knowledge yet, a changed key would change what is asked, or the folder holds more questions.
    """
    report, folder = Reporter(listener_here(progress)), Path(folder)
    workspace = Workspace.existing(folder)
    if "build.folder" in settings:
        raise InputError(
            f"rescore decides anew in {folder}: leave build.folder out, or copy the folder and rescore the copy."
        )
    recipe = workspace.read_recipe({**settings, "build.folder": str(folder)})
    if not shrink:
        check_not_smaller(workspace, recipe.build.questions, recipe.build.rows)
    prompts, model = Prompts.of(recipe), find_model(recipe.paraphrases.model)
    knowledge, begun = Knowledge.existing(workspace), workspace.begun()
    if begun is None:
        raise DamagedError(workspace.spec, "its checksum is wrong, or it is missing")
    benchmarks = read_benchmarks(recipe.test_sets)
    spec = settled_spec(
        recipe,
        prompts,
        workspace,
        begun.origin[SEEDS_HASH],
        workspace.renewals(),
        asking=False,
        benchmarks=benchmarks,
        model=model,
        notify=report.note,
    )
    for change in differences(begun.seeds, spec.seeds) if begun.seeds else ():
        raise InputError(f"{change}, and seeds are not read anew here: run `kpmath build` for that.")
    for change in spec.changes(begun):
        raise InputError(f"{change}, which changes what is asked: run `kpmath build` for that.")
    if workspace.finished(spec) is None:
        check_dataset(workspace.dataset)
    shards = range(recipe.build.shards)
    run = Run(recipe, prompts, report)
    with disk_faults(folder):
        with workspace.lock().awaited(report.note):
            workspace.begin(recipe, spec, report.note)
        held = run.stop.run_to_end(
            make_candidates(knowledge, run, workspace, spec, shards, benchmarks=benchmarks)
        )
        result = finish(
            recipe,
            workspace,
            knowledge,
            spec,
            benchmarks=benchmarks,
            chosen=shards,
            held=held,
            report=report,
        )
    if unknown := run.lacking["attempt"]:
        report.note(
            f"{unknown:,} agreed questions have no pass rate, because attempts at them were never asked for: run `kpmath build "
            f"{workspace.recipe}` to ask for them."
        )
    if lacking := Funnel.from_json(result.funnel).not_asked:
        report.note(
            f"{lacking:,} candidates need answers that were never asked for: run `kpmath build {workspace.recipe}` to ask for them."
        )
    return result


def repair(folder: Path, *, progress: Listener | None = None) -> BuildResult | None:
    """Make again whatever of a build folder is damaged and follows from its log; nothing is asked.

    What is whole stays as it is. Returns None for a folder in which nothing was learnt yet.

    Raises
    ------
    InputError
        When the recipe of the folder, or the seeds that it names, are not those that it was built with.
    BuildError
        When the log lacks an answer that is needed.
    """
    report = Reporter(listener_here(progress))
    workspace = Workspace.existing(folder)
    recipe = workspace.read_recipe()
    prompts, model = Prompts.of(recipe), find_model(recipe.paraphrases.model)
    seeds, benchmarks = load_seeds(**dict(recipe.seeds)), read_benchmarks(recipe.test_sets)
    run = Run(recipe, prompts, report, needs_all=True)
    begun, was_finished = workspace.begun(), workspace.manifest.exists()
    asking = begun is None or bool(begun.decided[ASKING])
    with disk_faults(folder):
        with workspace.lock().awaited(report.note):
            spec = settled_spec(
                recipe,
                prompts,
                workspace,
                seeds.content_hash,
                workspace.renewals(),
                asking=asking,
                benchmarks=benchmarks,
                model=model,
                notify=report.note,
            )
            workspace.begin(recipe, spec, report.note)
        for path in sorted(workspace.responses.glob("*.jsonl")):
            set_damaged_aside(path, report.note)
        if not (workspace.origin.exists() or workspace.noted_draw(spec)):
            return None
        if not workspace.is_learnt and recipe.topics.embedding != "lexical":
            raise BuildError(
                f"{workspace.knowledge} is damaged, and a server's vectors decided its topics: run `kpmath build`, which asks for them."
            )
        every = range(recipe.build.shards)
        shards = [number for number in every if was_finished or workspace.shard(number).exists()]

        async def make() -> tuple[Knowledge, list[str]]:
            knowledge = await learn(seeds.problems, run, workspace, spec)
            return knowledge, await make_candidates(
                knowledge, run, workspace, spec, shards, benchmarks=benchmarks
            )

        knowledge, held = run.stop.run(make())
        return finish(
            recipe,
            workspace,
            knowledge,
            spec,
            benchmarks=benchmarks,
            chosen=shards,
            held=held,
            report=report,
        )


def read_seeds(recipe: Recipe, report: Reporter) -> SeedSet:
    """Return the recipe's seed problems; what was left out is said."""
    report.begin("seeds", 0)
    seeds = load_seeds(**dict(recipe.seeds))
    for note in seeds.notes():
        report.note(note)
    return seeds


def _chosen(recipe: Recipe, shards: Collection[int] | None, *, regenerate: bool) -> Collection[int]:
    every = range(recipe.build.shards)
    if shards is None and regenerate:
        raise InputError("--regenerate asks everything of some shards anew: name them with --shards.")
    if shards is not None and not shards:
        raise InputError("No shard is named: give numbers, e.g. shards=[3, 7], or leave it out to build all.")
    if isinstance(shards, str) or not all(isinstance(number, Integral) for number in shards or ()):
        raise InputError(f"shards is {shards!r:.40}: give numbers that are no text, e.g. shards=[3, 7].")
    unknown = sorted(set(shards or ()) - set(every))
    if unknown:
        raise InputError(
            f"There is no shard {unknown[0]}: build.shards is {len(every)}, the last is {every[-1]}."
        )
    if shards is not None and recipe.build.rows is not None and not regenerate:
        raise InputError(
            "build.rows draws from all shards in turn, so that one process makes them all: leave --shards out (`shards`), or set "
            "build.questions in place of build.rows to share a folder between processes."
        )
    return every if shards is None else sorted(set(shards))
