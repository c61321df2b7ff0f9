"""What a row repeats, shown side by side: the tables hold ids and kinds alone, so that the texts are looked up and compared again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kpmath_builder.curation import ProblemIndex
from kpmath_builder.curation.ngrams import NgramChecks
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.policy import DRAWN
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import RepeatMark, SeedProblem
from kpmath_builder.seeds.benchmarks import read_benchmarks

__all__ = ["DecidedRow", "SeenRepeat", "decided_row", "seen_repeats"]


@dataclass(frozen=True)
class SeenRepeat:
    """One repeat with what matched; it may be benchmark text, and is for the eyes of whoever asked."""

    mark: RepeatMark
    question: str
    """What is repeated; "" if it cannot be read here."""
    solution: str
    matched: str
    """What both have in common; "" if the comparison finds nothing any more, or cannot be made here."""

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        what = {"row": "row", "seed": "seed problem", "test": f"problem of {self.mark.set},"}[self.mark.check]
        yield f"repeats {what} {self.mark.id}: {self.mark.kind}, similarity {self.mark.similarity:.2f}"
        for title, text in (("it says", self.question), ("what matches", self.matched)):
            yield f"  {title}:"
            yield from (f"    {line}" for line in (text or "(it cannot be read here)").splitlines())

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {**asdict(self), "mark": self.mark.model_dump(mode="json")}


@dataclass(frozen=True)
class DecidedRow:
    """How the tables of a build end a candidate."""

    status: str
    stage: str
    reason: str
    detail: str
    repeats: tuple[RepeatMark, ...]


def decided_row(workspace: Workspace, candidate_id: str) -> DecidedRow | None:
    """Return what `scored` says of a candidate; None before the tables are written, or if they cannot be read."""
    folder = workspace.dataset / "data" / "scored"
    if not folder.is_dir():
        return None
    columns = ["status", "stage", "reason", "detail", "repeats"]
    try:
        found = pq.read_table(folder, columns=columns, filters=[("id", "==", candidate_id)]).to_pylist()
    except (OSError, pa.ArrowException):  # `verify` names what is damaged
        return None
    if not found:
        return None
    row = found[0]
    return DecidedRow(**{**row, "repeats": tuple(RepeatMark(**mark) for mark in row["repeats"])})


def seen_repeats(
    row: DecidedRow,
    recipe: Recipe,
    question: str,
    solutions: Sequence[str],
    *,
    seeds: Mapping[str, SeedProblem],
    question_of: Callable[[str], str],
) -> list[SeenRepeat]:
    """Return what a row repeats with the texts of it.

    Parameters
    ----------
    question, solutions
        Of the row.
    seeds
        All seed problems by id.
    question_of
        Returns the question of another row of the build.
    """
    sets = {mark.set for mark in row.repeats if mark.check == "test"}
    benchmarks = read_benchmarks([one for one in recipe.test_sets if one.title in sets])
    problems = {(one.name, problem.id): problem for one in benchmarks for problem in one.problems}
    seen = []
    for mark in row.repeats:
        text, solution = "", ""
        if mark.check == "row":
            text = question_of(mark.id)
        elif mark.check == "seed" and mark.id in seeds:
            text, solution = seeds[mark.id].problem, seeds[mark.id].solution
        elif problem := problems.get((mark.set, mark.id)):
            text, solution = problem.question, problem.solution
        matched = _matched(mark, question, solutions, (text, solution))
        seen.append(SeenRepeat(mark, text, solution, matched))
    return seen


def _matched(mark: RepeatMark, question: str, solutions: Sequence[str], other: tuple[str, str]) -> str:
    if not other[0]:
        return ""
    if mark.kind == DRAWN:  # the seed is this problem, and the question another
        return other[0]
    repeat = ProblemIndex([(mark.id, other[0])], paraphrases=Paraphrases(0)).find(question)
    if repeat is not None and repeat.kind.value == mark.kind:
        return repeat.matched
    hits = {hit.check: hit.matched for hit in NgramChecks([other]).find(question, solutions)}
    return hits.get(mark.kind, "")
