"""Labels again: every candidate is led through the method from the log alone, and compared; the tables are compared with the candidates."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby, zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.auditing.check import Hits
from kpmath_builder.auditing.report import AuditFinding, Risk, Severity
from kpmath_builder.curation.selection import Selection
from kpmath_builder.curation.withholding import CUT_WITHHELD
from kpmath_builder.dataset.rows import messages_of
from kpmath_builder.dataset.weighted_votes import WeightedVotes
from kpmath_builder.execution.run import Run
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.build_spec import BuildSpec
from kpmath_builder.folder.shards import read_candidates
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Candidate, DropReason, Solution
from kpmath_builder.stopping import run_apart
from kpmath_builder.synthesis.leading import Leader

__all__ = ["Relabelling", "compare_tables"]

_SAID_IN_PAIR = ("question", "solution", "answer", "reasoning", "messages")
_ADVICE = "Something changed what the log says: `kpmath verify FOLDER` names each place, and what mends it."


class Relabelling:
    """Reads and votes anew over all answers in the log.

    Parameters
    ----------
    workspace, recipe, knowledge
        Of the build; nothing in it is changed and no teacher is asked.
    report
        Notes the steps.
    """

    def __init__(self, workspace: Workspace, recipe: Recipe, knowledge: Knowledge, report: Reporter) -> None:
        self.done = 0
        """Candidates that were made again."""
        self._workspace, self._report = workspace, report
        self._leader = Leader(knowledge, Run(recipe, Prompts.of(recipe), report))
        self._unlike: dict[str, Hits] = defaultdict(Hits)
        self._lost = Hits()

    def shard(self, number: int, spec: BuildSpec) -> None:
        """Make the candidates of one sealed shard again; raises `KpmathError` if its log cannot be read.

        Of a log that is gone all candidates rest on responses that are lost.
        """
        if not self._workspace.log("synthesis", number).exists():
            for stored in read_candidates([self._workspace.shard(number)]):
                if stored.reason is not DropReason.NOT_ASKED:
                    self._lost.add(stored.blueprint.id)
            return
        run_apart(self._shard(number, spec))

    async def _shard(self, number: int, spec: BuildSpec) -> None:
        with self._workspace.read_log("synthesis", number) as log:
            generation = spec.generation(number)
            stored = read_candidates([self._workspace.shard(number)])
            for index, versions in groupby(stored, key=lambda one: one.blueprint.index):
                again = await self._leader.lead_over(log, index, generation)
                for one, made in zip_longest(versions, again.candidates):
                    self._compare(one, made)
                    self.done += 1
                    self._report.step()

    def _compare(self, stored: Candidate | None, again: Candidate | None) -> None:
        if stored == again:
            return
        if stored is None or again is None:
            # It is a harder version, which depends on whether its parent is agreed upon.
            there = stored or again
            assert there is not None, "one of the two is longer"
            self._unlike["candidate"].add(there.blueprint.id, "number of harder versions")
            return
        if again.reason is DropReason.NOT_ASKED and stored.reason is not DropReason.NOT_ASKED:
            self._lost.add(stored.blueprint.id)
            return
        names = [name for name in Candidate.model_fields if getattr(stored, name) != getattr(again, name)]
        label = _label(stored) != _label(again)
        what = f"{_label(stored)}, the log makes {_label(again)}" if label else ", ".join(names)
        self._unlike["label" if label else "candidate"].add(stored.blueprint.id, what)

    def findings(self) -> Iterator[AuditFinding]:
        """Yield what differs."""
        said = {
            "label": "Candidates with another answer than their responses give when they are read and voted on again: {count}, e.g. {example}.",
            "candidate": "Candidates that are not what their responses make when they are read again: {count}, e.g. another {example}.",
        }
        for name, hits in sorted(self._unlike.items()):
            yield from hits.finding(f"{name}-changed", Risk.ACCURACY, Severity.CRITICAL, said[name], _ADVICE)
        yield from self._lost.finding(
            "responses-missing",
            Risk.ACCURACY,
            Severity.CRITICAL,
            "Candidates that rest on responses that the log does not hold: {count}.",
            "Seeds, prompts or the log are not those that they were made with: bring these back from a copy, or build in a new folder.",
        )


def _label(candidate: Candidate) -> str:
    return str(candidate.vote and candidate.vote.winner)


def compare_tables(
    tables: Mapping[str, Sequence[Path]],
    shards: Sequence[Path],
    recipe: Recipe,
    votes: WeightedVotes | None = None,
) -> Iterator[AuditFinding]:
    """Yield where the rows of `scored` and `qa-pairs` are not those of the sealed candidates.

    Parameters
    ----------
    tables
        Config to its Parquet files in order.
    shards
        All shards of candidates, sealed; every file is read once, side by side.
    votes
        Those of the tables if solvers weigh differently.

    Raises
    ------
    DamagedError
        When a file cannot be read.
    """
    selection = Selection(recipe.selection)
    scored, pairs = Hits(), Hits()
    rows = _rows(tables["scored"], ["id", "question", "consensus_winner", "solutions"])
    thinks = recipe.selection.reasoning == "think"
    waiting = _rows(tables["qa-pairs"], ["id", "candidate_id", *_SAID_IN_PAIR])
    pair = next(waiting, None)
    sealed = read_candidates(list(shards))
    for candidate, row in zip(map(votes.of_candidate, sealed) if votes else sealed, rows, strict=False):
        name = candidate.blueprint.id
        if row["id"] != name or not _is_row_of(row, candidate):
            scored.add(str(row["id"]), str(row["consensus_winner"]))
        published = {f"{name}-{it.sample:02d}": it for it in selection.published(candidate)}
        while pair is not None and pair["candidate_id"] == name:
            solution = published.get(pair["id"])
            if solution is None or not _is_pair_of(pair, candidate.question, solution, thinks=thinks):
                pairs.add(pair["id"], str(pair["answer"]))
            pair = next(waiting, None)
    for left in chain([pair] if pair else [], waiting):
        pairs.add(left["id"], str(left["answer"]))
    advice = "Delete manifest.json, then `kpmath build` writes the tables again from the shards; keep a copy to see what was changed."
    for config, hits in (("scored", scored), ("qa-pairs", pairs)):
        sentence = f"Rows of {config} that are not those of the sealed candidates: {{count}}, e.g. one with the answer {{example}}."
        yield from hits.finding("row-changed", Risk.ACCURACY, Severity.CRITICAL, sentence, advice)


def _is_pair_of(pair: Mapping[str, Any], question: str | None, solution: Solution, *, thinks: bool) -> bool:
    messages = messages_of(question, solution, thinks=thinks)
    its = (question, solution.text, solution.answer, solution.thinking, messages)
    return all(pair[name] == value for name, value in zip(_SAID_IN_PAIR, its, strict=True))


def _is_row_of(row: Mapping[str, Any], candidate: Candidate) -> bool:
    """Whether the labels of a row are those of a candidate; what is withheld from the row is not compared."""
    winner = candidate.vote.winner if candidate.vote else None
    shown = [it for it in row["solutions"] or () if it["cut_reason"] != CUT_WITHHELD]
    withheld = {it["sample"] for it in row["solutions"] or ()} - {it["sample"] for it in shown}
    told = [(it["sample"], it["answer"], it["agreed"]) for it in shown]
    its = [(it.sample, it.answer, it.agreed) for it in candidate.solutions if it.sample not in withheld]
    return row["consensus_winner"] == winner and told == its and row["question"] in {candidate.question, None}


def _rows(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=256, columns=list(columns)):
                    yield from batch.to_pylist()
        except (pa.ArrowException, OSError, KeyError):
            raise DamagedError(path, "it is not a table that can be read") from None
