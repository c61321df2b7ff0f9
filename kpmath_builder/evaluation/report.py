"""The report of an evaluation and of a comparison as Markdown. Problems are named by their ids; none of their text is in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kpmath_builder.evaluation.result import EvaluationResult, SetResult
from kpmath_builder.evaluation.scores import Score
from kpmath_builder.text import shown

__all__ = ["markdown", "markdown_table"]

_LONGEST_CELL = 200


def markdown(result: EvaluationResult) -> str:
    """Return the report: settings, scores, tables per level and subject, disagreements of the rules."""
    return "\n".join(_lines(result)) + "\n"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table; what a model wrote cannot break it."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield "| " + " | ".join(map(_cell, row)) + " |"
    yield ""


def _lines(result: EvaluationResult) -> Iterator[str]:
    settings = result.settings
    yield f"# {_cell(settings.model)}"
    yield ""
    if settings.samples:
        yield (
            f"Template `{settings.template}`, {settings.samples} samples per problem, temperature {settings.temperature:g}, top-p "
            f"{settings.top_p:g}, at most {settings.max_tokens:,} tokens, seed {settings.seed}."
        )
    else:
        yield "Recorded outputs: how they were asked for is not known here."
    yield "Intervals: 95 %, Wilson's where each problem is right or wrong, else the bootstrap over problems."
    yield ""
    rows = (
        (each.name, f"{len(each.problems):,}", *_score(found))
        for each in result.sets
        for found in each.scores
    )
    yield from markdown_table(("set", "problems", "measure", "rule", "score (95 %)", "interval"), rows)
    for each in result.sets:
        yield from _set(each)


def _score(found: Score) -> tuple[str, ...]:
    return found.name, found.rule, found.text, found.method


def _set(each: SetResult) -> Iterator[str]:
    yield f"## {each.name}"
    yield ""
    yield f"From {_cell(each.origin)}, {each.content_hash}."
    yield ""
    yield from (f"- {note}" for note in each.notes())
    yield ""
    yield from _groups("level", each.levels)
    yield from _groups("subject", each.subjects)
    rows = [
        (
            problem.id,
            sample,
            grade.answer,
            problem.reference,
            grade.strict,
            grade.published,
            grade.math_verify,
        )
        for problem, sample, grade in each.disagreements
    ]
    if rows:
        yield "Answers on which the rules, or math-verify and one of them, disagree:"
        yield ""
        yield from markdown_table(
            ("problem", "sample", "answer", "reference", "strict", "published", "math-verify"), rows
        )


def _groups(label: str, groups: Mapping[str, tuple[int, tuple[Score, ...]]]) -> Iterator[str]:
    if groups:
        rows = (
            (name, f"{count:,}", *(found.text for found in scores))
            for name, (count, scores) in groups.items()
        )
        yield from markdown_table((label, "problems", "pass@1 strict", "pass@1 published"), rows)


_WORDS = {True: "right", False: "wrong", None: "–"}


def _cell(value: object) -> str:
    if value is None or isinstance(value, bool):
        return _WORDS[value]
    text = shown(" ".join(str(value).split()))
    text = text if len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + " …"
    return text.replace("|", "\\|")
