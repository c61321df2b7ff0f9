"""Which columns of a user's own file are problem, solution and answer: a guess from their names, for a person to confirm."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kpmath_builder.answers.reading import make_answer
from kpmath_builder.errors import InputError
from kpmath_builder.seeds.formats import GSM8K_COLUMNS, Format, SeedRow, choose_format, read_row
from kpmath_builder.seeds.rows import Row, open_file

__all__ = ["Guess", "guess_fields"]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "problem": (
        "problem",
        "question",
        "query",
        "prompt",
        "instruction",
        "exercise",
        "task",
        "input",
        "text",
        "q",
    ),
    "solution": (
        "solution",
        "rationale",
        "explanation",
        "reasoning",
        "cot",
        "chain_of_thought",
        "response",
        "completion",
        "output",
        "worked_solution",
        "answer",
        "a",
    ),
    "answer": (
        "answer",
        "final_answer",
        "expected_answer",
        "target",
        "label",
        "gold",
        "result",
        "short_answer",
    ),
    "level": ("level", "difficulty", "grade"),
    "subject": ("subject", "topic", "category", "type", "domain"),
    "id": ("id", "uid", "unique_id", "problem_id", "question_id"),
}
"""Our names to those that columns have, the likeliest first."""
_NEEDED = ("problem", "solution")
_WORKING = re.compile(
    r"[^\W\d_]{2}\S{0,99}\s"
    r"|(?:(?![〇零一二三四五六七八九十百千万億亿両两])[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af][^\n]*?){5}"
    r"|[=＝→⇒≈]|\\(?:to|Rightarrow|implies)\b|\n|####|\\boxed"
)
"""What no bare answer has: words, a step, or a mark. Some scripts have no spaces; five of their letters, numerals aside, are a sentence."""
_LOOKED_AT = 50
"""Rows from which it is seen whether a column holds text."""


@dataclass(frozen=True)
class Guess:
    """How a file would be read."""

    form: Format
    fields: Mapping[str, str] | None
    """Our names to the file's columns; None if its format is known by its columns."""
    first: SeedRow
    """The first row, so read."""
    place: str
    """Where that row stands, e.g. "line 1"."""
    is_annotated: bool
    """Whether any of the first solutions has calculator annotations, which the embedded program needs."""

    def lines(self) -> Iterator[str]:
        """Yield how the first row is read, a line for each part."""
        columns = self.fields or {}
        named = f"the format of {self.form}" if self.fields is None else "these columns"
        yield f"Read as {named}; {self.place}:"
        parts = {
            "problem": self.first.problem,
            "solution": self.first.solution,
            "answer": self.first.answer or "",
            "level": self.first.level or "",
            "subject": self.first.subject or "",
            "id": self.first.id or "",
        }
        for name, text in parts.items():
            if text:
                column = f" ({columns[name]})" if name in columns else ""
                yield f"  {name}{column}: {_short(text)}"
        if self.first.answer is None:
            yield "  answer: none can be read, so this row would be left out"


def guess_fields(path: Path) -> Guess:
    """Guess how a seed file is to be read.

    Raises
    ------
    InputError
        If the file cannot be read, or no column looks like a problem or a worked solution.
    """
    table = open_file(path)
    rows = list(islice(table.rows, _LOOKED_AT))
    if not rows:
        raise InputError(f"{path} holds no rows: give a file with seed problems.")
    fields = None if _is_known(table.origin, rows[0]) else _fields(path, rows)
    form, read = _read(table.origin, rows, fields)
    if bare := _bare(row.solution for row in read):
        column = (fields or (GSM8K_COLUMNS if form == "gsm8k" else {})).get("solution", "solution")
        fields = _worked_fields(path, rows)
        if fields is None:
            raise _unworked(path, column, bare)
        form, read = _read(table.origin, rows, fields)
    is_annotated = any("<<" in row.solution and ">>" in row.solution for row in read)
    return Guess(form, fields, read[0], rows[0].place, is_annotated)


def _read(origin: str, rows: Sequence[Row], fields: Mapping[str, str] | None) -> tuple[Format, list[SeedRow]]:
    form = choose_format(origin, rows[0], "auto", fields)
    return form, [read_row(origin, row, form, fields) for row in rows]


def _bare(solutions: Iterable[object]) -> str:
    """Return the first solution if all are answers without their working, of which no key point can be read; otherwise ""."""
    texts = [text for text in solutions if isinstance(text, str) and text]
    is_bare = all(make_answer(text) is not None and not _WORKING.search(text) for text in texts)
    return texts[0] if texts and is_bare else ""


def _worked_fields(path: Path, rows: list[Row]) -> dict[str, str] | None:
    """Return the fields if another column than that of bare answers has worked solutions."""
    bare = {name for name in rows[0].columns if _bare(row.columns.get(name) for row in rows)}
    try:
        return _fields(path, rows, unworked=bare)
    except InputError:
        return None


def _unworked(path: Path, column: str, example: str) -> InputError:
    return InputError(
        f"`{column}` in {path} holds answers without their working, e.g. {_short(example, 40)!r}: give worked solutions that end with "
        "`#### ANSWER` or \\boxed{ANSWER}, or name the column that holds them (this one too, if these are worked solutions) with --set "
        '\'seeds.fields={ problem = "…", solution = "…" }\'.'
    )


def _is_known(origin: str, row: Row) -> bool:
    try:
        choose_format(origin, row, "auto", None)
    except InputError:
        return False
    return True


def _fields(path: Path, rows: list[Row], unworked: Collection[str] = ()) -> dict[str, str]:
    """Return our names to the columns; those in `unworked` are no solutions."""
    columns = {name.strip().lower(): name for name in rows[0].columns}
    texts = {
        low for low, name in columns.items() if all(isinstance(row.columns.get(name), str) for row in rows)
    }
    fields: dict[str, str] = {}
    for name, likely in _NAMES.items():
        free = (low for low in likely if low in columns and columns[low] not in fields.values())
        if name == "solution":
            free = (low for low in free if columns[low] not in unworked)
        chosen = next((low for low in free if low in texts or name not in _NEEDED), None)
        if chosen is not None:
            fields[name] = columns[chosen]
        elif name in _NEEDED:
            raise InputError(
                f"{path}, {rows[0].place}, has the columns {', '.join(rows[0].columns)}, and none is known as the {name}, which must be text: name them with "
                '--set \'seeds.fields={ problem = "…", solution = "…" }\'.'
            )
    return fields


def _short(text: str, most: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]} …"
