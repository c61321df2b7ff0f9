"""How far a build is, read from its folder without disturbing whoever works in it."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kpmath_builder.controls.report import LabelReport
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.curation.selection import Selection
from kpmath_builder.dataset.schemas import DEFAULT_CONFIG
from kpmath_builder.files.lock import owner_of
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.findings import find_in_controls, find_in_rows, find_in_seeds
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.damage import FOREIGN, damage
from kpmath_builder.folder.log_scan import lines_of, tokens_of
from kpmath_builder.folder.shards import shard_header, shard_indexes
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.outcome import Outcome, outcome_of
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Candidate, Tokens
from kpmath_builder.text import cut_list

__all__ = ["ShardStatus", "Status", "read_status"]


@dataclass(frozen=True)
class ShardStatus:
    """One shard at a moment."""

    number: int
    state: str
    """ "waiting" (nothing asked), "begun", "sealed", "stale": sealed, but towards another recipe, or "damaged": there, but not to be
    used."""
    owner: str
    """Who makes it now; empty if nobody does."""
    generation: int
    done: int
    total: int
    tokens: Tokens
    """Of all answers in the shard's log, those of older generations and prompts among them; given up are the requests that
    have no other answer by now."""
    age: float | None
    """Seconds since something was last written."""
    funnel: Funnel = field(default_factory=Funnel)
    rows: int = 0
    """Rows that its agreed questions give before repeats are dropped, while it is made."""


@dataclass(frozen=True)
class Status:
    """A build folder at a moment."""

    shards: list[ShardStatus]
    funnel: Funnel
    """Of all candidates that are there, before duplicates are dropped; of the tables once they are written."""
    sentence: str
    outcome: Outcome = field(default_factory=Outcome)
    """What is found about teachers and seeds, and where the rest went."""
    finished: bool = False
    """Whether the tables are there, whole as far as their lengths show."""
    curation: CurationReport | None = None
    """What the questions repeat; known once the tables are there."""
    rows_wanted: int | None = None
    """`build.rows`."""
    rows_reached: int | None = None
    """Rows of `qa-pairs`, or, while they are made with `build.rows`, those that the agreed questions give before repeats are dropped."""
    labels: LabelReport | None = None
    """What the controls say of labels and judge; known once the tables are there, if anything was asked beside the questions."""

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        shards = [
            {
                "number": its.number,
                "state": its.state,
                "owner": its.owner,
                "generation": its.generation,
                "done": its.done,
                "total": its.total,
                "tokens": its.tokens.model_dump(),
                "seconds_since_written": its.age,
            }
            for its in self.shards
        ]
        return {
            "finished": self.finished,
            "sentence": self.sentence,
            "rows_wanted": self.rows_wanted,
            "rows_reached": self.rows_reached,
            "shards": shards,
            "funnel": self.funnel.as_json(),
            "curation": self.curation.as_json() if self.curation else None,
            "calibration": self.labels.as_json() if self.labels else None,
            **self.outcome.as_json(),
        }


def read_status(folder: Path) -> Status:
    """Read the state of a build folder; raises `InputError` if it is not one."""
    workspace = Workspace.existing(folder)
    recipe = workspace.read_recipe()
    spec, draw = workspace.begun(), workspace.draw
    shards = [_shard(workspace, recipe, spec, draw or "", number) for number in range(recipe.build.shards)]
    manifest = workspace.finished(spec, quick=True)
    wanted = recipe.build.rows
    reached = None if wanted is None else sum(shard.rows for shard in shards)
    if manifest is not None:
        reached = manifest["rows"]["qa-pairs"]
        rows = ", ".join(f"{rows:,} rows in {config}" for config, rows in manifest["rows"].items())
        funnel, sentence = Funnel.from_json(manifest["funnel"]), f"Finished: {rows}."
    else:
        funnel = sum((shard.funnel for shard in shards), Funnel())
        sentence = _sentence(workspace, shards)
    if wanted is not None:
        sentence += f" {reached:,} of {wanted:,} rows (build.rows){'' if manifest else ', before repeats are dropped'}."
    more = (_damaged(workspace, shards), _unanswered(workspace, shards))
    sentence = " ".join(filter(None, (sentence, *more)))
    outcome = outcome_of(workspace, recipe, Knowledge.load_if_whole(workspace), funnel)
    told = manifest.get("curation") if manifest else None
    curation = CurationReport.from_json(told) if told else None
    if curation:
        found = find_in_seeds(curation.seeds, curation.seeds_in_tests())
        outcome = replace(outcome, findings=(*outcome.findings, *found))
    controls = manifest.get("calibration") if manifest else None
    labels = LabelReport.from_json(controls) if controls else None
    if manifest is not None:
        lacking = manifest.get("without_reasoning", 0)
        found = find_in_rows(manifest["rows"][DEFAULT_CONFIG], lacking, recipe.solvers)
        contradicting = find_in_controls(labels.decided) if labels else ()
        outcome = replace(outcome, findings=(*outcome.findings, *found, *contradicting))
    is_finished = manifest is not None
    return Status(
        shards,
        funnel,
        sentence,
        outcome,
        finished=is_finished,
        curation=curation,
        labels=labels,
        rows_wanted=wanted,
        rows_reached=reached,
    )


def _unanswered(workspace: Workspace, shards: list[ShardStatus]) -> str:
    requests = sum(shard.tokens.given_up + shard.tokens.refused for shard in shards)
    if not workspace.is_learnt:  # afterwards the questions are drawn, without what got no answer before
        requests += (workspace.unanswered("extract") + workspace.unanswered("topics")).total()
    if not requests:
        return ""
    return f"{requests:,} requests were refused or given up: `kpmath build` with --retry-given-up asks them again."


def _damaged(workspace: Workspace, shards: list[ShardStatus]) -> str:
    """Say what is damaged and what mends it, as far as headers and lengths show it; whoever is at work mends it already."""
    if _at_work(workspace, shards):
        return ""
    found = list(damage(workspace, quick=True))
    damaged = [f"{_below(workspace, it)} ({it.why})" for it in found if it.why != FOREIGN]
    foreign = [_below(workspace, it) for it in found if it.why == FOREIGN]
    sentences = []
    if damaged:
        sentences.append(
            f"Damaged: {cut_list(damaged, 5, 160)}. `kpmath build` makes it again from the log; "
            "`kpmath verify --repair` does so without a server."
        )
    if foreign:
        sentences.append(f"No build wrote {cut_list(foreign, 5)}: move that out of the folder.")
    return " ".join(sentences)


def _below(workspace: Workspace, damaged: DamagedError) -> str:
    return damaged.path.relative_to(workspace.folder).as_posix()


def _sentence(workspace: Workspace, shards: list[ShardStatus]) -> str:
    sealed = sum(shard.state == "sealed" for shard in shards)
    far = f"Not finished: {sealed} of {len(shards)} shards are sealed."
    if owner_of(workspace.knowledge / "knowledge.lock") or not workspace.is_learnt:
        answers = tokens_of(
            line for stage in ("extract", "topics") for line in lines_of(workspace.log(stage))
        )
        far += (
            f" The questions are drawn once the seeds are learnt from: {answers.requests:,} answers so far."
        )
    at_work = _at_work(workspace, shards)
    return f"{far} {at_work} is at work." if at_work else f"{far} Run the build again to go on."


def _at_work(workspace: Workspace, shards: list[ShardStatus]) -> str:
    locks = (workspace.knowledge / "knowledge.lock", workspace.folder / "build.lock")
    owners = [*map(owner_of, locks), *(shard.owner for shard in shards)]
    return str(next(filter(None, owners), ""))


def _shard(
    workspace: Workspace, recipe: Recipe, spec: BuildSpec | None, draw: str, number: int
) -> ShardStatus:
    log, sealed = workspace.log("synthesis", number), workspace.shard(number)
    part = sealed.with_suffix(".part")
    tokens = tokens_of(lines_of(log))
    if tokens.given_up or tokens.refused:
        ends = workspace.unanswered("synthesis", number)
        tokens = tokens.model_copy(update={"given_up": ends["given_up"], "refused": ends["refused"]})
    owner = owner_of(log.with_suffix(".lock"))
    state, funnel = _state(workspace, spec, draw, number)
    if owner and state != "sealed":
        state = "begun"
    rows = 0
    if state == "begun" or (state == "waiting" and tokens.requests):
        state, (funnel, rows) = "begun", _unsealed(part, recipe)
    done = funnel.draws
    is_whole = recipe.build.rows is not None and state == "sealed"
    return ShardStatus(
        number,
        state,
        str(owner or ""),
        spec.generation(number) if spec else 0,
        done=done,
        total=done if is_whole else len(shard_indexes(number, recipe.build.shards, recipe.build.questions)),
        tokens=tokens,
        age=_age(log, sealed, part),
        funnel=funnel,
        rows=rows,
    )


def _state(workspace: Workspace, spec: BuildSpec | None, draw: str, number: int) -> tuple[str, Funnel]:
    """Return what a sealed shard is good for, and its funnel."""
    if workspace.shard_damage(number, quick=True):
        return "damaged", Funnel()
    header = shard_header(workspace.shard(number))
    if header is None:
        return "waiting", Funnel()
    is_current = bool(spec and workspace.header(number, spec, draw).items() <= header.items())
    return "sealed" if is_current else "stale", Funnel.from_json(header["funnel"])


def _unsealed(part: Path, recipe: Recipe) -> tuple[Funnel, int]:
    """Count the candidates of a shard that is being made, and the rows that they give; its last line may be half written."""
    funnel, rows, selection = Funnel(), 0, Selection(recipe.selection)
    try:
        with part.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    candidate = Candidate.model_validate_json(line)
                    funnel.add(candidate)
                    rows += selection.count(candidate) if candidate.is_agreed else 0
    except (OSError, ValueError):
        pass
    return funnel, rows


def _age(*paths: Path) -> float | None:
    written = [path.stat().st_mtime for path in paths if path.exists()]
    return (
        max(0.0, time.time() - max(written)) if written else None
    )  # clocks of nodes differ, and go backwards
