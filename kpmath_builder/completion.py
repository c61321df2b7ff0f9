"""The two ends of a build, where processes that share a folder meet: noting what is built, and writing the tables."""

import errno
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kpmath_builder.controls.report import LabelReport
from kpmath_builder.curation.paraphrase_model import MODEL_KEY, ParaphraseModel, model_facts
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.dataset.deciding import Decider
from kpmath_builder.dataset.schemas import DEFAULT_CONFIG
from kpmath_builder.dataset.writing import write_dataset
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.execution.run import Run
from kpmath_builder.findings import Finding, find, find_in_controls, find_in_rows, find_in_seeds
from kpmath_builder.folder.build_spec import PARAPHRASE_MODEL, BuildSpec, test_set_key
from kpmath_builder.folder.guards import check_dataset, check_folder
from kpmath_builder.folder.shards import shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.counts import model_counts
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.losses import Loss
from kpmath_builder.notebooks import page, paragraphs, table
from kpmath_builder.outcome import outcome_of
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.seeds.benchmarks import Benchmark, unread
from kpmath_builder.synthesis.batch import synthesise_all
from kpmath_builder.synthesis.row_target import synthesise_rows

__all__ = [
    "BuildResult",
    "begin",
    "disk_faults",
    "finish",
    "finished_result",
    "make_candidates",
    "settled_spec",
    "tabulate",
]


@dataclass(frozen=True)
class BuildResult:
    """What a build made."""

    folder: Path
    dataset: Path
    """What `load_dataset` reads."""
    rows: Mapping[str, int]
    """Rows per config; empty while shards are missing."""
    funnel: Mapping[str, Any]
    """Candidates that passed each stage, those that did not with their reasons, tokens per task."""
    already_built: bool = False
    missing: tuple[int, ...] = ()
    """Shards that are still to be built, by this or another process; the tables are written with the last one."""
    findings: tuple[Finding, ...] = ()
    """What is found about teachers and seeds."""
    losses: tuple[Loss, ...] = ()
    """Where the rest went; empty if the folder was already built (`kpmath status` shows it)."""
    curation: CurationReport | None = None
    """What the questions repeat; None while shards are missing."""
    rows_wanted: int | None = None
    """`build.rows`."""
    most_draws: int | None = None
    """`build.questions`."""
    labels: LabelReport | None = None
    """What the controls say of labels and judge; None while shards are missing, and if nothing was asked beside the questions."""

    def _repr_html_(self) -> str:
        funnel = table(("stage", "passed", "went no further"), Funnel.from_json(self.funnel).as_texts())
        rows = ", ".join(f"{rows:,} rows in {config}" for config, rows in self.rows.items())
        said = (
            f"{self.dataset}: {rows}" if rows else f"{len(self.missing):,} shards are not yet there.",
            self.shortfall,
            *("Where the rest went:" for _ in self.losses[:1]),
            *map(str, self.losses),
            *("About teachers and seeds:" for _ in self.findings[:1]),
            *map(str, self.findings),
            *(self.curation.sentences() if self.curation else ()),
            *(self.labels.sentences() if self.labels else ()),
        )
        return page([funnel, paragraphs(filter(None, said))])

    @property
    def nothing_kept(self) -> str:
        """The sentence for tables without a pair: at which step all were lost, and why; "" if there are pairs or no tables."""
        if not self.rows or self.rows["qa-pairs"]:
            return ""
        lost = Funnel.from_json(self.funnel).lost_at()
        if lost is None:
            return "No pair was kept."
        return f"No pair was kept: the last {lost.passed:,} that were {lost.stage.value} went no further ({lost.why})."

    @property
    def shortfall(self) -> str:
        """The sentence for tables with fewer rows than are wanted, or without any; "" if there are enough or no tables."""
        if self.nothing_kept or not self.rows or self.rows["qa-pairs"] >= (self.rows_wanted or 0):
            return self.nothing_kept
        draws = Funnel.from_json(self.funnel).draws
        all_drawn = draws >= (self.most_draws or 0)
        remedy = "raise build.questions, the most that may be drawn, and run" if all_drawn else "run"
        return (
            f"{self.rows['qa-pairs']:,} rows of {self.rows_wanted:,} (build.rows) are kept after {draws:,} draws: {remedy} `kpmath build` to "
            "go on."
        )

    @property
    def not_asked(self) -> int:
        """How many candidates need answers that were never asked for, so that the tables are less than the recipe's."""
        return Funnel.from_json(self.funnel).not_asked if self.rows else 0

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {
            "folder": str(self.folder),
            "dataset": str(self.dataset),
            "already_built": self.already_built,
            "missing": list(self.missing),
            "rows": dict(self.rows),
            "rows_wanted": self.rows_wanted,
            "funnel": dict(self.funnel),
            "findings": [finding.as_json() for finding in self.findings],
            "losses": [loss.as_json() for loss in self.losses],
            "curation": self.curation.as_json() if self.curation else None,
            "calibration": self.labels.as_json() if self.labels else None,
        }


def begin(
    recipe: Recipe,
    prompts: Prompts,
    workspace: Workspace,
    seeds_hash: str,
    *,
    benchmarks: Sequence[Benchmark] = (),
    model: ParaphraseModel | None = None,
    renewed: Collection[int] = (),
    retried: Collection[int] = (),
    shrink: bool = False,
    notify: Callable[[str], None],
) -> BuildSpec:
    """Note in the folder what is built from now on.

    Parameters
    ----------
    benchmarks
        The test sets of the recipe, as far as they could be read.
    model
        The model that paraphrases are found by, if the recipe names one.
    renewed
        Shards that begin a new generation.
    retried
        Shards that are made again if requests of theirs were given up.
    shrink
        As for `check_folder`.

    Raises
    ------
    InputError
        When the folder cannot be written, its questions were drawn from something else, or `check_folder` refuses it.
    """
    try:
        check_folder(recipe, shrink=shrink)
        workspace.make()
        with workspace.lock().awaited(notify):
            check_folder(recipe, shrink=shrink)  # another process may have begun meanwhile
            generations = dict(workspace.renewals())
            for shard in renewed:
                generations[str(shard)] = generations.get(str(shard), 0) + 1
            spec = settled_spec(
                recipe,
                prompts,
                workspace,
                seeds_hash,
                generations,
                asking=True,
                benchmarks=benchmarks,
                model=model,
                notify=notify,
            )
            workspace.check(spec)
            if workspace.finished(spec) is None:
                check_dataset(workspace.dataset)  # here already, before anything is asked
            workspace.reopen([shard for shard in retried if workspace.unanswered("synthesis", shard)])
            if retried and workspace.is_learnt and (requests := workspace.unanswered("extract").total()):
                notify(
                    f"{requests} requests of the extraction stay refused or given up: the questions are drawn without them."
                )
            workspace.begin(recipe, spec, notify)
    except OSError as error:
        raise InputError(
            f"The build folder {workspace.folder} cannot be written ({error.strerror}): "
            "choose another with --set build.folder=…"
        ) from None
    return spec


def settled_spec(
    recipe: Recipe,
    prompts: Prompts,
    workspace: Workspace,
    seeds_hash: str,
    generations: Mapping[str, int],
    *,
    asking: bool,
    benchmarks: Sequence[Benchmark],
    model: ParaphraseModel | None,
    notify: Callable[[str], None],
) -> BuildSpec:
    """Return what is built from now on, with the test sets as they were read.

    Tables that were compared with a set stay as they are while it cannot be read. If they are to be written anew, that is reported, or
    refused if the recipe says so. Another paraphrase model under the same name is reported too.

    Raises
    ------
    InputError
        When a set cannot be read and `contamination.unread` is "error".
    """

    def spec_with(digests: Mapping[str, str]) -> BuildSpec:
        return BuildSpec.of(
            recipe,
            prompts,
            seeds_hash,
            generations,
            asking=asking,
            digests=digests,
            paraphrase_model=None if model is None else model.digest,
        )

    now = {one.name: one.digest for one in benchmarks}
    begun, said = workspace.begun(), unread(benchmarks)
    if model and begun and _is_another(model, begun):
        notify(f"The model {model.name} ({MODEL_KEY}) is another than before: the tables are made anew.")
    if said:
        noted = begun.decided if begun else {}
        before = {
            one.name: one.digest if one.is_read else noted.get(test_set_key(one.name), one.digest)
            for one in benchmarks
        }
        spec = spec_with(before)
        if before != now and workspace.finished(spec) is not None:
            return spec
        if recipe.contamination.unread == "error":
            raise InputError(f"{said} contamination.unread=note goes on without.")
        notify(said)
    return spec_with(now)


def _is_another(model: ParaphraseModel, begun: BuildSpec) -> bool:
    """Return whether the name of the model stood for another one when the folder was last built."""
    before = begun.decided.get(PARAPHRASE_MODEL, model.digest)
    return begun.decided.get(MODEL_KEY) == model.name and before != model.digest


async def make_candidates(
    knowledge: Knowledge,
    run: Run,
    workspace: Workspace,
    spec: BuildSpec,
    shards: Collection[int],
    *,
    benchmarks: Sequence[Benchmark],
) -> list[str]:
    """Make those of the shards that are not there yet, or all as far as `build.rows` needs them; return who makes the others."""
    if run.recipe.build.rows is None:
        return await synthesise_all(knowledge, run, workspace, spec, shards)
    decider = Decider(run.recipe, workspace, knowledge, benchmarks, _model(run.recipe, spec))
    return await synthesise_rows(knowledge, run, workspace, spec, decider.count_kept)


def finish(
    recipe: Recipe,
    workspace: Workspace,
    knowledge: Knowledge,
    spec: BuildSpec,
    *,
    benchmarks: Sequence[Benchmark] = (),
    chosen: Collection[int],
    held: Sequence[str],
    report: Reporter,
) -> BuildResult:
    """Write the tables if all shards are there, whoever made them.

    Raises
    ------
    BuildError
        When a chosen shard is not there, because other processes (`held`) have it.
    """
    with workspace.lock().awaited(report.note):
        draw = knowledge.fingerprint
        missing = tuple(
            shard for shard in range(recipe.build.shards) if not workspace.is_sealed(shard, spec, draw)
        )
        if not missing:
            if workspace.finished(spec) is None:  # else another process was faster
                report.begin("tables", 0)
                workspace.finish(tabulate(recipe, workspace, knowledge, spec, benchmarks))
            result = finished_result(workspace, spec)
            assert result is not None, "the manifest was written a moment ago"
            outcome = outcome_of(workspace, recipe, knowledge, Funnel.from_json(result.funnel))
            return replace(result, losses=outcome.losses)
    if set(missing) & set(chosen):
        who = "; ".join(held) or f"Another recipe was built in {workspace.folder} meanwhile"
        raise BuildError(f"{who}: wait for it, then run the same command again.")
    funnel = sum(_funnels(workspace, recipe.build.shards), Funnel())
    outcome = outcome_of(workspace, recipe, knowledge, funnel)
    return BuildResult(
        workspace.folder,
        workspace.dataset,
        {},
        funnel.as_json(),
        missing=missing,
        findings=outcome.findings,
        losses=outcome.losses,
    )


def finished_result(workspace: Workspace, spec: BuildSpec) -> BuildResult | None:
    """Return what the folder holds, or None if it is not what the build spec says."""
    manifest = workspace.finished(spec)
    if manifest is None:
        return None
    return BuildResult(
        workspace.folder,
        workspace.dataset,
        manifest["rows"],
        manifest["funnel"],
        findings=tuple(Finding.from_json(told) for told in manifest.get("findings", ())),
        curation=CurationReport.from_json(manifest["curation"]) if "curation" in manifest else None,
        rows_wanted=spec.decided.get("build.rows"),
        most_draws=spec.decided.get("build.questions"),
        labels=LabelReport.from_json(manifest["calibration"]) if "calibration" in manifest else None,
    )


def tabulate(
    recipe: Recipe,
    workspace: Workspace,
    knowledge: Knowledge,
    spec: BuildSpec,
    benchmarks: Sequence[Benchmark] = (),
) -> dict[str, Any]:
    """Write the tables from the sealed shards, compared with the test sets; return the manifest that belongs to them."""
    if workspace.dataset.is_symlink():
        raise InputError(
            f"{workspace.dataset} is a link, and tables are written into no other folder than the build's: remove the link, then run "
            "the same command again."
        )
    check_dataset(workspace.dataset)
    counts, report = write_dataset(
        recipe, workspace, knowledge, spec.fingerprint, benchmarks, model=_model(recipe, spec)
    )
    lacking = 0 if recipe.selection.reasoning == "none" else counts.without_reasoning
    findings = (
        *find(counts.funnel, model_counts(knowledge, recipe)),
        *find_in_seeds(report.seeds, report.seeds_in_tests()),
        *find_in_rows(counts.rows[DEFAULT_CONFIG], lacking, recipe.solvers),
        *find_in_controls(counts.labels.decided),
    )
    return {
        "build_spec": spec.fingerprint,
        "models": {role: settings.public_name for role, settings in recipe.teachers.items()},
        "topics": len(knowledge.tcpm.topics),
        "rows": counts.rows,
        "without_reasoning": lacking,
        "funnel": counts.funnel.as_json(),
        "candidates": workspace.digests(recipe.build.shards),
        "findings": [finding.as_json() for finding in findings],
        "curation": report.as_json(),
        **model_facts(spec.decided.get(PARAPHRASE_MODEL)),
        **({"calibration": counts.labels.as_json()} if recipe.has_controls or recipe.has_planted else {}),
        "tables": {config: written.digest for config, written in counts.configs.items()},
    }


@contextmanager
def disk_faults(folder: Path) -> Iterator[None]:
    """Turn what a full or failing disk raises into one sentence."""
    try:
        yield
    except OSError as error:
        in_the_way = error.errno in {errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY}
        remedy = f"move {error.filename2 or error.filename} away" if in_the_way else "make room"
        raise BuildError(
            f"The build folder {folder} cannot be written ({error.strerror or error}): {remedy}, then run the same command again."
        ) from error


def _model(recipe: Recipe, spec: BuildSpec) -> ParaphraseModel | None:
    """Return the paraphrase model that a spec names; it refuses to be another than the one of the digest."""
    digest = spec.decided.get(PARAPHRASE_MODEL)
    return None if digest is None else ParaphraseModel(recipe.paraphrases.model, digest)


def _funnels(workspace: Workspace, shards: int) -> Iterator[Funnel]:
    for shard in range(shards):
        if header := shard_header(workspace.shard(shard)):
            yield Funnel.from_json(header["funnel"])
