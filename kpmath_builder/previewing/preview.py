"""`preview`: a few blueprints led through the whole method, with everything on the way."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from kpmath_builder.completion import disk_faults
from kpmath_builder.curation.decisions import Decisions, curate
from kpmath_builder.curation.paraphrase_model import ParaphraseModel, find_model
from kpmath_builder.curation.policy import paraphrases_from
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.curation.selection import Selection
from kpmath_builder.errors import InputError
from kpmath_builder.estimation.planner import plan_of_seeds
from kpmath_builder.execution.ask import Ask
from kpmath_builder.execution.run import Run
from kpmath_builder.execution.spending import Spending
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.execution.window import run_window
from kpmath_builder.files.scratch import scratch
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.guards import check_folder
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.losses import lost_rows
from kpmath_builder.notebooks import listener_here
from kpmath_builder.outcome import outcome_over
from kpmath_builder.pipeline import read_seeds
from kpmath_builder.preflight import check_servers, unless_heard
from kpmath_builder.previewing.ground import Ground, find_ground
from kpmath_builder.previewing.result import PreviewResult, PreviewRow
from kpmath_builder.progress import Listener, Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe, check_is_recipe
from kpmath_builder.recipe.private import hide_private
from kpmath_builder.records import Candidate, Tokens
from kpmath_builder.seeds import SeedSet
from kpmath_builder.seeds.benchmarks import Benchmark, read_benchmarks, unread
from kpmath_builder.stopping import stop_on_signals
from kpmath_builder.synthesis.candidates import synthesise
from kpmath_builder.synthesis.leading import draw, drawer_for

__all__ = ["MOST_ROWS", "preview"]

MOST_ROWS = 100
"""More than a person reads; a build of so few questions is the better way."""


def preview(
    recipe: Recipe,
    n: int = 5,
    *,
    progress: Listener | None = None,
    each_row: Callable[[PreviewRow], None] | None = None,
) -> PreviewResult:
    """Lead `n` blueprints through the whole method, from as many extractions as they need, and show everything on the way.

    What is asked stays in the log of the build folder, where a build finds it. If the folder holds the build's knowledge, or there
    are no more than 64 seed problems, the blueprints are the first of the build and all of it counts. Else the extractions count;
    the build draws its blueprints from the topics of all seed problems.

    Parameters
    ----------
    recipe
        As for `build`; no more blueprints are drawn than `recipe.build.questions`.
    n
        Blueprints, 1 … 100.
    progress
        As for `build`.
    each_row
        Called with each row in the order of the blueprints, as soon as it and those before it are there.

    Raises
    ------
    InputError
        When seeds, folder or servers are not as the recipe says, the folder is another recipe's, or too few topics are found.
    BuildError
        When a server stays away, the disk is full, or `build.max_tokens` is spent; what was answered is kept.
    Interrupted
        After Ctrl+C or SIGTERM, as for `build`.
    """
    check_is_recipe(recipe)
    if not 1 <= n <= MOST_ROWS:
        raise InputError(
            f"A preview leads 1 to {MOST_ROWS} blueprints through the method, not {n}: choose such a number."
        )
    report = _Account(listener_here(progress))
    check_folder(recipe, shrink=True)  # a preview cuts nothing
    with stop_on_signals(recipe.build.grace, report.note) as stop:
        prompts = Prompts.of(recipe)
        workspace = Workspace(recipe.build.folder)
        model = find_model(recipe.paraphrases.model)
        heard = check_servers(recipe, workspace, report.note)
        seeds = read_seeds(recipe, report)
        benchmarks = read_benchmarks(recipe.test_sets)
        if said := unread(benchmarks):
            report.note(said)
        spec = BuildSpec.of(recipe, prompts, seeds.content_hash, workspace.renewals(), asking=True)
        workspace.check(spec)
        _make_room(workspace)
        limit = recipe.build.max_tokens
        spending = Spending(limit, workspace.responses) if limit else None
        count = min(n, recipe.build.questions)

        async def make() -> tuple[Ground, list[PreviewRow]]:
            notify = unless_heard(report.note, heard)
            async with Teachers(recipe, notify, stop, workspace.answered) as teachers:
                report.engine = teachers.load
                run = Run(recipe, prompts, report, teachers, stop, spending=spending)
                ground = await find_ground(seeds.problems, count, run, workspace)
                report.begin("synthesis", count)
                with _Rows(
                    ground, run, workspace, spec, each_row, benchmarks=benchmarks, model=model
                ) as rows:
                    jobs = [partial(rows.lead, index) for index in range(count)]
                    await run_window(recipe.window, jobs, stop)
                return ground, rows.done

        with disk_faults(workspace.folder):
            ground, rows = stop.run(make())
    return _result(recipe, prompts, seeds, ground=ground, rows=rows, asked=report.asked)


class _Rows:
    """The rows of a preview, handed on in the order of their blueprints."""

    def __init__(
        self,
        ground: Ground,
        run: Run,
        workspace: Workspace,
        spec: BuildSpec,
        each_row: Callable[[PreviewRow], None] | None,
        *,
        benchmarks: Sequence[Benchmark],
        model: ParaphraseModel | None,
    ) -> None:
        self.done: list[PreviewRow] = []
        self._ground, self._run, self._workspace, self._spec = ground, run, workspace, spec
        self._each_row, self._model = each_row, model
        self._drawer = drawer_for(ground.knowledge, run.recipe)
        self._hide = hide_private(run.recipe)
        self._checks = RowChecks(
            ground.knowledge.seeds,
            benchmarks,
            seed_paraphrases=paraphrases_from(run.recipe.seed_repeats, model),
            test_paraphrases=paraphrases_from(run.recipe.contamination, model),
        )
        self._seeds = {seed.id: seed for seed in self._checks.seeds}
        self._ended: list[Candidate] = []
        """Candidates in the order of their blueprints, not decided."""
        self._waiting: dict[int, tuple[Candidate, Ask]] = {}
        self._logs: dict[tuple[str, int], ResponseLog] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    async def lead(self, index: int) -> None:
        """Lead one blueprint through the method, asked at the address that the build's own has."""
        shard = index % self._run.recipe.build.shards
        generation = self._spec.generation(shard) if self._ground.whole else 0
        log = self._log("synthesis", shard) if self._ground.whole else self._log("preview", 0)
        ask = Ask(self._run, log, index, generation)
        candidate = await synthesise(
            draw(self._drawer, index, generation), self._seeds, ask, self._run.recipe
        )
        self._waiting[index] = candidate, ask
        self._run.report.funnel.add(candidate)
        self._run.report.step(resumed=ask.resumed)
        while len(self.done) in self._waiting:
            self._hand_on(*self._waiting.pop(len(self.done)))

    def _log(self, stage: str, number: int) -> ResponseLog:
        if (stage, number) not in self._logs:
            log = self._workspace.open_log(stage, number, self._run.report.note)
            self._logs[stage, number] = self._open.enter_context(log)
        return self._logs[stage, number]

    def _hand_on(self, candidate: Candidate, ask: Ask) -> None:
        decisions = self._decisions(candidate)
        decided = decisions.decide(candidate)
        seeds = {part.seed_id: self._seeds[part.seed_id] for part in decided.blueprint.parts}
        public = decisions.without_withheld(decided)
        row = PreviewRow(decided, seeds, tuple(ask.asked), self._hide, public)
        self.done.append(row)
        if self._each_row:
            self._each_row(row)

    def _decisions(self, candidate: Candidate) -> Decisions:
        """Return what the build would decide if its candidates ended here."""
        self._ended.append(candidate)
        recipe = self._run.recipe
        with scratch() as room:
            published = Selection(recipe.selection).texts
            return curate(self._ended, self._checks, recipe, published, room, model=self._model)


@dataclass
class _Account(Reporter):
    """Also keeps what was asked in each stage of this run."""

    asked: dict[str, Tokens] = field(default_factory=lambda: defaultdict(Tokens))

    def spend(self, tokens: Tokens, cost: float | None = None) -> None:
        super().spend(tokens, cost)
        self.asked[self.stage] += tokens


def _make_room(workspace: Workspace) -> None:
    try:
        workspace.responses.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The build folder {workspace.folder} cannot be written ({error.strerror}): choose another with --set build.folder=…"
        ) from None


def _result(
    recipe: Recipe,
    prompts: Prompts,
    seeds: SeedSet,
    *,
    ground: Ground,
    rows: list[PreviewRow],
    asked: Mapping[str, Tokens],
) -> PreviewResult:
    candidates, funnel = [row.candidate for row in rows], Funnel()
    for candidate in candidates:
        funnel.add(candidate)
    lost = lost_rows(seeds.left_out, len(seeds.problems))
    outcome = outcome_over(ground.knowledge, funnel, candidates, recipe, rows=lost)
    return PreviewResult(
        folder=recipe.build.folder,
        rows=tuple(rows),
        findings=outcome.findings,
        losses=outcome.losses,
        asked=dict(asked),
        seeds_read=len(ground.knowledge.extractions),
        seeds=len(seeds.problems),
        is_first_of_build=ground.whole,
        notes=tuple(_notes(recipe, prompts, seeds)),
    )


def _notes(recipe: Recipe, prompts: Prompts, seeds: SeedSet) -> Iterator[str]:
    if recipe.weighs_solvers:
        yield (
            'These votes have equal weights: consensus.weights = "controls" weighs the solvers once the tables are written, after all controls.'
        )
    foreseen = plan_of_seeds(recipe, prompts, seeds.problems).controls
    if foreseen is not None and foreseen.warning:
        yield foreseen.warning
