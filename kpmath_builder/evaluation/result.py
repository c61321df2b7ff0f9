"""What an evaluation found: every grade, the scores that follow, and both as JSON. No text of a problem is in it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.grading import Grade
from kpmath_builder.evaluation.scores import GradedProblem, Score, by_group, ks_for, score
from kpmath_builder.notebooks import page, paragraphs, table
from kpmath_builder.protocol import UNANSWERED

__all__ = ["RESULTS", "EvaluationResult", "EvaluationSettings", "SetResult", "read_results"]

RESULTS = "results.json"
KIND = "kpmath-evaluation"
FORMAT = 1


@dataclass(frozen=True)
class EvaluationSettings:
    """What was asked, and how."""

    model: str
    template: str
    """Name of the prompt template; "recorded" for recorded outputs, whose prompts are not known."""
    template_hash: str
    samples: int
    """Asked for per problem; 0 for recorded outputs."""
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    extra: Mapping[str, Any]
    """Further fields of each request."""
    outputs: str = ""
    """The tagged hash of the file of recorded outputs; "" where a model was asked."""


@dataclass(frozen=True)
class SetResult:
    """The grades of one test set."""

    name: str
    origin: str
    content_hash: str
    missing: int
    """Problems without a recorded output; they are not in the scores."""
    ks: tuple[int, ...]
    seed: int
    problems: tuple[GradedProblem, ...]
    remarks: tuple[str, ...] = ()
    """What else should be known of the outputs: sentences."""

    @cached_property
    def scores(self) -> tuple[Score, ...]:
        """pass@k and maj@k by both rules."""
        return score(self.problems, self.ks, self.seed)

    @cached_property
    def levels(self) -> Mapping[str, tuple[int, tuple[Score, ...]]]:
        """pass@1 for each level."""
        return by_group(self.problems, lambda problem: problem.level, self.seed)

    @cached_property
    def subjects(self) -> Mapping[str, tuple[int, tuple[Score, ...]]]:
        """pass@1 for each subject."""
        return by_group(self.problems, lambda problem: problem.subject, self.seed)

    @property
    def ends(self) -> Counter[str]:
        """How the samples ended."""
        return Counter(end for problem in self.problems for end in problem.ends)

    @property
    def unread(self) -> int:
        """Samples that name no answer."""
        return sum(grade.answer is None for problem in self.problems for grade in problem.grades)

    @property
    def disagreements(self) -> Iterator[tuple[GradedProblem, int, Grade]]:
        """Samples on which the rules, or math-verify and one of them, come to different verdicts."""
        for problem in self.problems:
            for sample, grade in enumerate(problem.grades):
                if grade.disagrees:
                    yield problem, sample, grade

    def notes(self) -> Iterator[str]:
        """Yield what should be known beside the scores."""
        count = sum(len(problem.grades) for problem in self.problems)
        yield from self.remarks
        if self.missing:
            yield f"{self.missing:,} problems of {self.name} have no output and are not counted."
        ends = self.ends
        lost = sum(ends[end] for end in UNANSWERED)
        if unread := self.unread - lost:
            yield f"{unread:,} of {count:,} outputs name no answer and count as wrong."
        if ends["length"]:
            yield f"{ends['length']:,} of {count:,} outputs were cut off at the limit of tokens."
        if lost:
            yield f"{lost:,} of {count:,} requests got no answer and count as wrong; --retry-given-up asks them again."
        if differing := sum(1 for _ in self.disagreements):
            yield f"The rules, or math-verify and one of them, disagree on {differing:,} of {count:,} answers: they are listed in the report."


@dataclass(frozen=True)
class EvaluationResult:
    """An evaluation of one model; in a notebook it shows its tables."""

    settings: EvaluationSettings
    sets: tuple[SetResult, ...]
    folder: Path | None = None
    """Where it was written, if it was."""

    def lines(self) -> Iterator[str]:
        """Yield the scores as lines for a terminal."""
        for each in self.sets:
            for found in each.scores:
                yield f"{each.name}: {found.name} {found.rule} {found.text}, {len(each.problems):,} problems"
            yield from each.notes()

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return {
            "kind": KIND,
            "version": FORMAT,
            "settings": asdict(self.settings),
            "confidence": 0.95,
            "sets": [_set_json(each) for each in self.sets],
        }

    def summary(self) -> dict[str, Any]:
        """Return the scores without the single problems."""
        whole = self.as_json()
        sets = [{name: value for name, value in each.items() if name != "problems"} for each in whole["sets"]]
        return {**whole, "sets": sets, "folder": None if self.folder is None else str(self.folder)}

    def _repr_html_(self) -> str:
        """Show the scores in a notebook."""
        rows = [
            (each.name, f"{len(each.problems):,}", found.name, found.rule, found.text, found.method)
            for each in self.sets
            for found in each.scores
        ]
        notes = [note for each in self.sets for note in each.notes()]
        header = ("set", "problems", "measure", "rule", "score (95 %)", "interval")
        return page([table(header, rows), paragraphs(notes)])

    @classmethod
    def from_json(cls, tree: Mapping[str, Any], folder: Path | None = None) -> Self:
        """Return the result that `as_json` wrote; raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        if tree["kind"] != KIND or tree["version"] != FORMAT:
            raise ValueError(f"kind {tree['kind']}, version {tree['version']}")
        sets = tuple(_set_from(each, tree["settings"]["seed"]) for each in tree["sets"])
        return cls(EvaluationSettings(**tree["settings"]), sets, folder)


def read_results(path: Path) -> EvaluationResult:
    """Read the result of an evaluation from its folder, or from the file itself.

    Raises
    ------
    InputError
        If there is none, or it is not one.
    """
    file = path / RESULTS if path.is_dir() else path
    try:
        return EvaluationResult.from_json(json.loads(file.read_text(encoding="utf-8")), file.parent)
    except OSError as error:
        raise InputError(
            f"There is no result of an evaluation at {file} ({error.strerror}): give the folder of `kpmath evaluate`."
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{file} is not a result of `kpmath evaluate` ({type(error).__name__}: {error!s:.80}): move it away and evaluate again, which asks nothing that the log holds."
        ) from None


def _set_json(each: SetResult) -> dict[str, Any]:
    return {
        "name": each.name,
        "origin": each.origin,
        "content_hash": each.content_hash,
        "count": len(each.problems),
        "missing": each.missing,
        "unread": each.unread,
        "ends": dict(sorted(each.ends.items())),
        "remarks": list(each.remarks),
        "ks": list(each.ks),
        "scores": _scores_json(each.scores),
        "levels": {
            name: {"count": count, "scores": _scores_json(found)}
            for name, (count, found) in each.levels.items()
        },
        "subjects": {
            name: {"count": count, "scores": _scores_json(found)}
            for name, (count, found) in each.subjects.items()
        },
        "disagreements": [
            {"id": problem.id, "sample": sample, "reference": problem.reference, **asdict(grade)}
            for problem, sample, grade in each.disagreements
        ],
        "problems": [asdict(problem) for problem in each.problems],
    }


def _scores_json(scores: Sequence[Score]) -> list[dict[str, Any]]:
    return [
        {
            "measure": found.name,
            "rule": found.rule,
            "value": round(found.value, 6),
            "low": round(found.interval.low, 6),
            "high": round(found.interval.high, 6),
            "interval": found.method,
        }
        for found in scores
    ]


def _set_from(tree: Mapping[str, Any], seed: int) -> SetResult:
    return SetResult(
        name=tree["name"],
        origin=tree["origin"],
        content_hash=tree["content_hash"],
        missing=tree["missing"],
        ks=tuple(tree["ks"]) or ks_for(1),
        seed=seed,
        problems=tuple(map(_problem_from, tree["problems"])),
        remarks=tuple(tree.get("remarks", ())),
    )


def _problem_from(row: Mapping[str, Any]) -> GradedProblem:
    """Read a problem; what is edited by hand must not become a score."""
    grades = tuple(Grade(**grade) for grade in row["grades"])
    lists = {"ends": tuple(row["ends"]), "votes": tuple(row.get("votes", ()))}
    problem = GradedProblem(**{**row, **lists, "grades": grades})
    if not grades or len(problem.ends) != len(grades) or len(problem.votes) not in {0, len(grades)}:
        raise ValueError(f"problem {problem.id} has {len(grades)} grades")
    if wrong := [
        grade
        for grade in grades
        if not isinstance(grade.strict, bool) or not isinstance(grade.published, bool)
    ]:
        raise ValueError(f"problem {problem.id} has the verdict {wrong[0].strict!r:.20}")
    return problem
