"""What a build folder says of itself besides its rows: what is found about the teachers, and where the rest went."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.findings import Finding, find
from kpmath_builder.folder.shards import read_candidates
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.counts import model_counts
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.losses import Loss, lost_blueprints, lost_seeds
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.private import hide_private
from kpmath_builder.records import Candidate, DropReason, Stage

__all__ = ["Outcome", "outcome_of", "outcome_over"]

CANDIDATES_SEEN = 1000
"""Candidates that are looked at for examples: enough for every frequent reason, and read in a second."""


@dataclass(frozen=True)
class Outcome:
    """What is to be said at the end of a build."""

    findings: tuple[Finding, ...] = ()
    losses: tuple[Loss, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return both as docs/scripting.md describes them."""
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "losses": [loss.as_json() for loss in self.losses],
        }


def outcome_of(workspace: Workspace, recipe: Recipe, knowledge: Knowledge | None, funnel: Funnel) -> Outcome:
    """Return findings and losses of a folder; `knowledge` is None before anything was learnt."""
    rows = [Loss(**told) for told in workspace.read_left_out()]
    sample = list(_sample(workspace, recipe))
    if knowledge is None:
        losses = [*rows, *lost_blueprints(funnel, sample)]
        return Outcome(find(funnel), _without_private(losses, recipe))
    return outcome_over(knowledge, funnel, sample, recipe, rows=rows)


def outcome_over(
    knowledge: Knowledge,
    funnel: Funnel,
    sample: Sequence[Candidate],
    recipe: Recipe,
    *,
    rows: Sequence[Loss],
) -> Outcome:
    """Return findings and losses of knowledge and of candidates.

    Parameters
    ----------
    funnel, sample
        Counts all candidates; some of these.
    rows
        What was lost before there was any knowledge.
    """
    practised = {practice.seed.id for practice in knowledge.practices}
    losses = [
        *rows,
        *lost_seeds(knowledge.seeds, knowledge.extractions, practised),
        *lost_blueprints(funnel, sample),
    ]
    findings = find(funnel, model_counts(knowledge, recipe))
    return Outcome(findings, _without_private(losses, recipe))


def _without_private(losses: Iterable[Loss], recipe: Recipe) -> tuple[Loss, ...]:
    hide = hide_private(recipe)
    return tuple(loss.without(hide) for loss in losses)


def _sample(workspace: Workspace, recipe: Recipe) -> Iterator[Candidate]:
    """Yield the first candidates as the tables have them, from sealed shards and from those that are being made."""
    paths = [workspace.shard(number) for number in range(recipe.build.shards)]
    decided = {row["id"]: row for row in _first_rows(workspace)}
    with suppress(DamagedError):
        sealed = read_candidates([path for path in paths if path.exists()])
        for candidate in islice(sealed, CANDIDATES_SEEN):
            row = decided.get(candidate.blueprint.id)
            yield candidate if row is None else _as_decided(candidate, row)
    for path in paths:
        yield from islice(_unsealed(path.with_suffix(".part")), CANDIDATES_SEEN)


def _first_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """Return how the tables end the first candidates; nothing if there are no tables, or they cannot be read."""
    files = sorted((workspace.dataset / "data" / "scored").glob("*.parquet"))
    with suppress(OSError, pa.ArrowException):
        columns = ["id", "stage", "reason", "detail"]
        batches = pq.ParquetFile(files[0]).iter_batches(CANDIDATES_SEEN, columns=columns) if files else ()
        return next(iter(batches)).to_pylist() if files else []
    return []


def _as_decided(candidate: Candidate, row: dict[str, Any]) -> Candidate:
    ended = {"stage": Stage(row["stage"]), "reason": DropReason(row["reason"]), "detail": row["detail"]}
    return candidate.model_copy(update=ended)


def _unsealed(part: Path) -> Iterator[Candidate]:
    with suppress(OSError, ValueError), part.open("rb") as lines:  # its last line may be half written
        for line in lines:
            yield Candidate.model_validate_json(line)
