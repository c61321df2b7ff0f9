"""`compare`: two models on the same problems, paired problem by problem."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.grading import RULES, GradingRule
from kpmath_builder.evaluation.intervals import Interval
from kpmath_builder.evaluation.paired import difference, mcnemar, p_text
from kpmath_builder.evaluation.report import markdown_table
from kpmath_builder.evaluation.result import EvaluationResult, SetResult, read_results
from kpmath_builder.evaluation.scores import GradedProblem
from kpmath_builder.notebooks import page, paragraphs, table

__all__ = ["Comparison", "PairedDifference", "compare"]


@dataclass(frozen=True)
class PairedDifference:
    """How PASS@1 on one set changes from the first model to the second, by one rule."""

    name: str
    rule: GradingRule
    count: int
    """Problems that both models were asked, with the same text and reference answer."""
    first: float
    second: float
    interval: Interval
    """Of second - first: 95 %, bootstrap over the pairs."""
    p_value: float | None
    """Of McNemar's exact test; None where a problem has several samples, because its side is then no coin."""
    gained: tuple[str, ...]
    """Ids of problems that the second model gets right and the first does not: in more than half of the samples."""
    lost: tuple[str, ...]
    """Ids of problems the other way round."""

    @property
    def text(self) -> str:
        """The difference in percentage points."""
        low, high = (100 * bound for bound in self.interval)
        return f"{100 * (self.second - self.first):+.1f} ({low:+.1f} … {high:+.1f})"

    @property
    def p_text(self) -> str:
        """The p-value as tables show it."""
        return p_text(self.p_value)


@dataclass(frozen=True)
class Comparison:
    """Two evaluations side by side; in a notebook it shows its table."""

    first: str
    second: str
    differences: tuple[PairedDifference, ...]
    notes: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """Yield the report as Markdown; problems stand in it by their ids alone."""
        yield f"# {self.first} against {self.second}"
        yield ""
        yield "PASS@1, differences in percentage points with 95 % bootstrap intervals over the pairs; p of McNemar's exact test."
        yield ""
        yield from markdown_table(_HEADER, self._rows())
        yield from (f"- {note}" for note in self.notes)
        for each in self.differences:
            yield f"{each.name}, {each.rule}: gained {_ids(each.gained)}; lost {_ids(each.lost)}"

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        found = [{**asdict(each), "interval": list(each.interval)} for each in self.differences]
        return {"first": self.first, "second": self.second, "notes": list(self.notes), "differences": found}

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for each in self.differences:
            sides = f"{len(each.gained):,}", f"{len(each.lost):,}"
            yield (
                each.name,
                each.rule,
                f"{each.count:,}",
                f"{each.first:.1%}",
                f"{each.second:.1%}",
                each.text,
                *sides,
                each.p_text,
            )

    def _repr_html_(self) -> str:
        """Show the table in a notebook."""
        return page([table(_HEADER, self._rows()), paragraphs(self.notes)])


_HEADER = ("set", "rule", "problems", "first", "second", "difference", "gained", "lost", "p")


def compare(first: EvaluationResult | Path | str, second: EvaluationResult | Path | str) -> Comparison:
    """Compare two evaluations on the problems that both were asked.

    Parameters
    ----------
    first, second
        Results, or the folders of `kpmath evaluate`.

    Raises
    ------
    InputError
        If one is not a result, or they have no problem in common.
    """
    a, b = (its if isinstance(its, EvaluationResult) else read_results(Path(its)) for its in (first, second))
    others = {each.name: each for each in b.sets}
    # One file may have been named in two ways.
    of_content = {each.content_hash: each for each in b.sets}
    met: set[str] = set()
    found: list[PairedDifference] = []
    notes: list[str] = []
    for each in a.sets:
        other = others.get(each.name) or of_content.get(each.content_hash)
        pairs = [] if other is None else list(_pairs(each, other))
        if other is None or not pairs:
            notes.append(f"{each.name} has no problem in common: left out.")
            continue
        met.add(other.name)
        if (alone := len(each.problems) + len(other.problems) - 2 * len(pairs)) > 0:
            notes.append(
                f"{each.name}: {alone:,} problems have no partner with the same id, text and reference answer, and are left out."
            )
        found += [_difference(each.name, pairs, rule, a.settings.seed) for rule in RULES]
    known = met | {each.name for each in a.sets}
    notes += [f"{name} is in the second alone: left out." for name in others if name not in known]
    if not found:
        raise InputError("The two evaluations have no problem in common: evaluate both models on one set.")
    return Comparison(a.settings.model, b.settings.model, tuple(found), tuple(notes))


def _pairs(first: SetResult, second: SetResult) -> Iterator[tuple[GradedProblem, GradedProblem]]:
    others = {problem.id: problem for problem in second.problems}
    for problem in first.problems:
        other = others.get(problem.id)
        if other is None or other.reference != problem.reference:
            continue
        if problem.question == other.question or not (problem.question and other.question):
            yield problem, other  # results of before texts were hashed have none


def _difference(
    name: str, pairs: list[tuple[GradedProblem, GradedProblem]], rule: GradingRule, seed: int
) -> PairedDifference:
    before = [one.value("pass", 1, rule) for one, _ in pairs]
    after = [other.value("pass", 1, rule) for _, other in pairs]
    gained = tuple(one.id for (one, _), x, y in zip(pairs, before, after, strict=True) if x <= 0.5 < y)
    lost = tuple(one.id for (one, _), x, y in zip(pairs, before, after, strict=True) if y <= 0.5 < x)
    single = all(len(problem.grades) == 1 for pair in pairs for problem in pair)
    return PairedDifference(
        name=name,
        rule=rule,
        count=len(pairs),
        first=sum(before) / len(pairs),
        second=sum(after) / len(pairs),
        interval=difference(before, after, seed),
        p_value=mcnemar(len(gained), len(lost)) if single else None,
        gained=gained,
        lost=lost,
    )


def _ids(ids: tuple[str, ...]) -> str:
    return ", ".join(ids) if ids else "none"
