"""The formats of seed problems (GSM8K, MATH, a user's own) and how the final answer is read out of each.

Reference answers are read by the same reader as the votes, so that a solution gives one answer wherever it stands.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kpmath_builder.answers.reading import final_answer, make_answer
from kpmath_builder.errors import InputError
from kpmath_builder.seeds.rows import Row

__all__ = [
    "Format",
    "SeedRow",
    "bears_labels_of_math",
    "check_text",
    "choose_format",
    "read_row",
    "reference_answer",
]

Format = Literal["gsm8k", "math", "custom"]

GSM8K_COLUMNS = {"problem": "question", "solution": "answer"}
OWN_NAMES = ("problem", "solution", "answer", "level", "subject", "id")
_LONGEST_LABEL = 100
MATH_ID = re.compile(r"(?:train|test)/\w+/\d+\.json")
MATH_LEVEL = re.compile(r"Level [1-5?]")
MATH_SUBJECTS = frozenset(
    {
        "Algebra",
        "Counting & Probability",
        "Geometry",
        "Intermediate Algebra",
        "Number Theory",
        "Prealgebra",
        "Precalculus",
    }
)
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_EXPECTED = (
    "`question` and `answer` (GSM8K), `problem`, `solution`, `level` and `type` (MATH), "
    "or `problem` and `solution` (your own)"
)


@dataclass(frozen=True, slots=True)
class SeedRow:
    """What a row says, in our names; `problem` and `solution` may be empty, `answer` is None where none is readable."""

    problem: str
    solution: str
    answer: str | None
    level: str | None
    subject: str | None
    id: str | None
    sentinel: str | None = None
    """What stands in the answer's column to say that there is none: `proof`, `NotFound`, `NaN`."""
    is_math: bool = False
    """Whether the row bears MATH's own labels, whatever its columns are called, and whether they are read or not."""


def choose_format(
    origin: str, row: Row, asked: Format | Literal["auto"], fields: Mapping[str, str] | None
) -> Format:
    """Return the format of a set from its first row, unless it is asked for or a field map is given.

    Raises
    ------
    InputError
        Where the columns fit no format, or the field map fits no row.
    """
    if fields is not None:
        _check_fields(asked, fields)
        return "custom"
    if asked != "auto":
        return asked
    names = row.columns.keys()
    if names >= {"problem", "solution"}:
        by_id = MATH_ID.fullmatch(str(row.columns.get("unique_id")))
        return "math" if by_id or names >= {"level", "type"} else "custom"
    if names >= {"question", "answer"}:
        return "gsm8k"
    raise _wrong_fields(origin, row, _EXPECTED)


def _check_fields(asked: str, fields: Mapping[str, str]) -> None:
    unknown = sorted(set(fields) - set(OWN_NAMES))
    if unknown:
        raise InputError(
            f"seeds.fields has the unknown name {unknown[0]!r}: the names are {', '.join(OWN_NAMES)}."
        )
    if asked not in ("auto", "custom"):
        raise InputError(f'seeds.fields cannot go with seeds.format = "{asked}": leave one of them out.')


def _wrong_fields(origin: str, row: Row, expected: str) -> InputError:
    found = ", ".join(f"`{name}`" for name in row.columns) or "none"
    return InputError(
        f"{origin}, {row.place}, has the fields {found}; expected {expected}: "
        "name yours in seeds.fields, or correct the row."
    )


def read_row(origin: str, row: Row, format: Format, fields: Mapping[str, str] | None) -> SeedRow:  # noqa: A002 - the recipe's name
    """Read one row in the set's format.

    Raises
    ------
    InputError
        For a missing column or one of a wrong type.
    """
    columns = _columns(row, format, fields)
    needed = {columns["problem"], columns["solution"], *(fields or {}).values()}
    if not needed <= row.columns.keys():
        raise _wrong_fields(origin, row, " and ".join(f"`{name}`" for name in sorted(needed)))
    labels = {
        name: _label(origin, row, name, columns.get(name)) for name in ("answer", "level", "subject", "id")
    }
    problem = _text(origin, row, columns["problem"], "text")
    solution = _text(origin, row, columns["solution"], "text, a worked solution")
    sentinel = None
    if format == "math":
        level = labels["level"]
        labels |= {
            "answer": reference_answer(solution, r"\boxed", r"\fbox"),
            "level": f"Level {level}" if level and level.isdigit() else level,
        }
    elif not labels["answer"]:
        labels["answer"] = reference_answer(
            solution, "####", *([r"\boxed", r"\fbox"] if format == "custom" else [])
        )
    elif make_answer(labels["answer"]) is None:
        sentinel, labels["answer"] = labels["answer"], None
    return SeedRow(problem, solution, **labels, sentinel=sentinel, is_math=bears_labels_of_math(row))


def bears_labels_of_math(row: Row) -> bool:
    """Return whether a row has MATH's own level and subject, or its own id, whatever the columns are called."""
    said = [
        value.strip()
        for value in row.columns.values()
        if isinstance(value, str) and len(value) < _LONGEST_LABEL
    ]
    has_labels = any(map(MATH_LEVEL.fullmatch, said)) and not MATH_SUBJECTS.isdisjoint(said)
    return has_labels or any(map(MATH_ID.fullmatch, said))


def _columns(row: Row, format: Format, fields: Mapping[str, str] | None) -> dict[str, str]:  # noqa: A002 - as above
    if format == "gsm8k":
        return GSM8K_COLUMNS
    if format == "math":
        subject = "type" if "type" in row.columns else "subject"
        return {
            "problem": "problem",
            "solution": "solution",
            "level": "level",
            "subject": subject,
            "id": "unique_id",
        }
    # Who names columns means these and no others: a column that happens to be called `answer` may be anything.
    unnamed = ("problem", "solution") if fields else OWN_NAMES
    return {name: name for name in unnamed} | dict(fields or {})


def _text(origin: str, row: Row, column: str, meant: str) -> str:
    value = row.columns[column]
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(
            f"{origin}, {row.place}: `{column}` is {value!r:.40}; expected {meant}: correct the row."
        )
    check_text(origin, row, column, value)
    return value.strip()


def _label(origin: str, row: Row, name: str, column: str | None) -> str | None:
    value = row.columns.get(column) if column else None
    if isinstance(value, float) and math.isnan(value):
        value = "NaN" if name == "answer" else None  # how pandas writes a missing value
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 145.0, as SVAMP and others write whole answers
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise InputError(
            f"{origin}, {row.place}: `{column}` is {value!r:.40}; expected text or a number: correct it."
        )
    text = "" if value is None else str(value)
    check_text(origin, row, str(column), text)
    return text.strip() or None


def check_text(origin: str, row: Row, column: str, text: str) -> None:
    """Raise `InputError` for half a character, which JSON can spell and no file can hold."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(
            f"{origin}, {row.place}: `{column}` holds half a character (a surrogate): correct the row."
        )


def reference_answer(solution: str, *marks: str) -> str | None:
    """Return what the reader reads out of a reference solution, or None if it states its answer behind none of the marks."""
    if not any(mark in solution for mark in marks):
        return None
    answer = final_answer(solution)
    if answer is None:
        return None
    grouped = _GROUPED.fullmatch(answer.text)
    return answer.text.replace(",", "") if grouped else answer.text
