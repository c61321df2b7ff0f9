"""Raw rows of the known sets, and of any other by a field map, as question, solution and answer."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from kpmath_builder.curation.annotations import without_annotations

__all__ = [
    "MalformedRowError",
    "Pair",
    "by_fields",
    "of_alpaca",
    "of_build",
    "of_gsm8k",
    "of_math",
    "of_metamathqa",
    "of_tal",
]

Columns = Mapping[str, object]
_ASKED_FOR_FORM = re.compile(
    r"\APlease solve the following problem and put your answer at the end with \"The answer is: \"\.\s*"
)
"""What MMIQC puts before a problem that has a final answer."""


class Pair(NamedTuple):
    """What a row says; texts may be empty, `answer` is None if the set states none apart from the solution."""

    question: str
    solution: str
    answer: str | None = None
    subset: str = ""
    id: str = ""


class MalformedRowError(ValueError):
    """A column that must be text is not."""


def of_build(row: Columns) -> Pair:
    """Read a row of our own `qa-pairs`."""
    return Pair(_text(row, "question"), _text(row, "solution"), _text(row, "answer"), id=_text(row, "id"))


def of_gsm8k(row: Columns) -> Pair:
    """Read a row of GSM8K, without its calculator annotations."""
    solution = without_annotations(_text(row, "answer"))
    answer = solution.rpartition("####")[2].strip() if "####" in solution else None
    return Pair(_text(row, "question"), solution, answer)


def of_math(row: Columns) -> Pair:
    """Read a row of MATH."""
    return Pair(_text(row, "problem"), _text(row, "solution"), id=_label(row, "unique_id"))


def of_tal(row: Columns) -> Pair:
    """Read a row of TAL-SCQ5K: the options belong to the question, the letter of the right one to the solution."""
    options = [
        f"({_text(option, 'aoVal')}) {_text(option, 'content')}"
        for option in _options(row["answer_option_list"])
    ]
    letter = _text(row, "answer_value")
    analysis = "\n".join(filter(None, map(_as_text, _list(row["answer_analysis"]))))
    return Pair(
        "\n".join([_text(row, "problem"), *options]),
        f"{analysis}\nThe answer is ({letter})." if analysis and letter else analysis,
        letter,
        id=_label(row, "queId"),
    )


def of_metamathqa(row: Columns) -> Pair:
    """Read a row of MetaMathQA."""
    return Pair(_text(row, "query"), _text(row, "response"), subset=_text(row, "type"))


def of_alpaca(subset: str) -> Callable[[Columns], Pair]:
    """Return a reader of instruction, input and output, with the column that names the part."""

    def read(row: Columns) -> Pair:
        asked = [
            _ASKED_FOR_FORM.sub("", _text(row, "instruction")),
            _text(row, "input") if "input" in row else "",
        ]
        return Pair("\n".join(filter(None, asked)), _text(row, "output"), subset=_text(row, subset))

    return read


def by_fields(fields: Mapping[str, str]) -> Callable[[Columns], Pair]:
    """Return a reader for a user's own columns; of a test set the question alone. A null states no answer, and none that is empty."""

    def read(row: Columns) -> Pair:
        answer = None if row.get(fields.get("answer", "")) is None else _label(row, fields["answer"])
        labels = {name: _label(row, fields[name]) for name in ("subset", "id") if name in fields}
        solution = _text(row, fields["solution"]) if "solution" in fields else ""
        return Pair(_text(row, fields["question"]), solution, answer, **labels)

    return read


def _text(row: Columns, column: str) -> str:
    return _as_text(row[column])


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or any("\ud800" <= character <= "\udfff" for character in value):
        raise MalformedRowError
    return value.strip()


def _label(row: Columns, column: str) -> str:
    """Return text, or a number as text; nothing if the column is not there."""
    value = row.get(column)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _as_text(value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise MalformedRowError
    return value


def _options(value: object) -> list[Columns]:
    """Return the options, which the set wraps in a list each."""
    found = []
    for item in _list(value):
        option = item[0] if isinstance(item, list) and len(item) == 1 else item
        if not isinstance(option, Mapping) or not {"aoVal", "content"} <= option.keys():
            raise MalformedRowError
        found.append(option)
    return found
