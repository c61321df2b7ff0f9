"""Test problems: from the rows of a file or of the Hub to questions with reference answers.

Unlike seeds, nothing is left out in silence: the score of a test set with fewer problems is another score. A row that cannot be
used ends the evaluation with its place.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from kpmath_builder.answers.reading import make_answer
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import canonical_json
from kpmath_builder.seeds.formats import reference_answer
from kpmath_builder.seeds.rows import Row

__all__ = ["EvalProblem", "ProblemColumns", "hash_of_problems", "read_problems"]

_MARKS = ("####", r"\boxed", r"\fbox")
_BOX = r"\boxed{"
_ENDS_SENTENCE = re.compile(r"[.,;:!?]\s*\Z")
_UNIT_BEHIND = re.compile(r"\s*\([^()]*\)\Z")
"""ASDiv writes `9 (apples)`."""


@dataclass(frozen=True, slots=True)
class ProblemColumns:
    """Which columns of a row are what. `problem` may be several, which are joined to one text in their order."""

    problem: tuple[str, ...]
    answer: str
    level: str | None = None
    subject: str | None = None
    id: str | None = None
    """By default `id`, where the rows have it; else problems are named by the numbers of their rows."""
    optional: tuple[str, ...] = ()
    """ProblemColumns of `problem` that may be empty."""
    unit_in_brackets: bool = False
    """Whether the answer has its unit in brackets behind it."""

    @property
    def needed(self) -> frozenset[str]:
        """ProblemColumns without which a row cannot be read so."""
        return frozenset({*self.problem, self.answer, self.level, self.subject, self.id} - {None})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class EvalProblem:
    """One problem of a test set."""

    id: str
    question: str
    reference: str
    level: str | None = None
    subject: str | None = None


def read_problems(
    origin: str, rows: Iterable[Row], layouts: Sequence[ProblemColumns], limit: int | None
) -> tuple[tuple[EvalProblem, ...], str | None]:
    """Return the problems of a set in their order, the first `limit` of them, and the column of their ids, if they have one.

    Parameters
    ----------
    layouts
        Ways to read a row; the first whose columns the first row has is taken for all.

    Raises
    ------
    InputError
        Where no layout fits, a row has no question or no reference answer, or two rows share an id.
    """
    problems: list[EvalProblem] = []
    places: dict[str, str] = {}
    columns: ProblemColumns | None = None
    for row in rows:
        columns = columns or _fitting(origin, row, layouts)
        problem = _read(origin, row, columns)
        if (earlier := places.setdefault(problem.id, row.place)) != row.place:
            raise InputError(
                f"{origin}: {earlier} and {row.place} have the same id {problem.id!r}: give each its own, or name another column with "
                "--fields …,id=COLUMN."
            )
        problems.append(problem)
        if len(problems) == limit:
            break
    if not problems:
        raise InputError(f"{origin} holds no rows: give a file or a split with problems.")
    return tuple(problems), columns.id if columns else None


def hash_of_problems(problems: Iterable[EvalProblem]) -> str:
    """Return the tagged hash over all that is asked and compared."""
    text = canonical_json([asdict(problem) for problem in problems])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _fitting(origin: str, row: Row, layouts: Sequence[ProblemColumns]) -> ProblemColumns:
    found = next((columns for columns in layouts if columns.needed <= row.columns.keys()), None)
    if found is None:
        has = ", ".join(f"`{name}`" for name in row.columns) or "none"
        wants = " or ".join(_listed(columns) for columns in layouts)
        raise InputError(
            f"{origin}, {row.place}, has the columns {has}; expected {wants}: name yours with --fields problem=…,answer=…"
        )
    return replace(found, id="id") if found.id is None and "id" in row.columns else found


def _listed(columns: ProblemColumns) -> str:
    return ", ".join(f"`{name}`" for name in sorted(columns.needed))


def _read(origin: str, row: Row, columns: ProblemColumns) -> EvalProblem:
    if missing := sorted(columns.needed - row.columns.keys()):
        raise InputError(f"{origin}, {row.place}, has no column `{missing[0]}`: correct the row.")
    question = _question(origin, row, columns)
    reference = _reference(_label(origin, row, columns.answer), columns)
    if reference is None:
        raise InputError(
            f"{origin}, {row.place}: no reference answer can be read from `{columns.answer}`: give the answer alone, or a solution that "
            r"states it after `####` or in a `\boxed{}`."
        )
    own = _label(origin, row, columns.id) if columns.id else ""
    level = _label(origin, row, columns.level) if columns.level else ""
    return EvalProblem(
        id=own or row.number,
        question=question,
        reference=reference,
        level=(f"Level {level}" if columns.level == "level" and level.isdigit() else level) or None,
        subject=(_label(origin, row, columns.subject) if columns.subject else "") or None,
    )


def _question(origin: str, row: Row, columns: ProblemColumns) -> str:
    """Join the columns of a question; a part that ends without a mark gets a full stop."""
    question = ""
    for name in columns.problem:
        text = _label(origin, row, name)
        if not text and name not in columns.optional:
            raise InputError(f"{origin}, {row.place}: `{name}` is empty: correct the row, or leave it out.")
        if question and text:
            question += " " if _ENDS_SENTENCE.search(question) else "\n" if "\n" in text else ". "
        question += text
    return question


def _label(origin: str, row: Row, column: str) -> str:
    value = row.columns[column]
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)  # 145.0, as SVAMP and MAWPS write whole answers
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    if isinstance(value, bool | Mapping) or not isinstance(value, str | int | float | None):
        raise InputError(
            f"{origin}, {row.place}: `{column}` is {value!r:.40}; expected text or a number: correct it."
        )
    text = "" if value is None or (isinstance(value, float) and not math.isfinite(value)) else str(value)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(
            f"{origin}, {row.place}: `{column}` holds half a character (a surrogate): correct the row."
        )
    return text.strip()


def _reference(text: str, columns: ProblemColumns) -> str | None:
    if text.count("####") > 1:  # which of the two is the answer?
        return None
    if any(mark in text for mark in _MARKS):
        return reference_answer(text, *_MARKS) or _last_box(text)
    if columns.unit_in_brackets:
        text = _UNIT_BEHIND.sub("", text)
    return text if text and make_answer(text) is not None else None


def _last_box(solution: str) -> str | None:
    r"""Return what stands in the last `\boxed{}`: the reference of the literature where the solution says more than the reader accepts.

    Five solutions of MATH's test set are so, e.g. a coefficient in a box before its power.
    """
    start = solution.rfind(_BOX)
    depth = 0
    for place in range(start, len(solution)) if start >= 0 else ():
        depth += (solution[place] == "{") - (solution[place] == "}")
        if not depth and solution[place] == "}":
            inside = solution[start + len(_BOX) : place]
            return inside if make_answer(inside) is not None else None
    return None
