"""The test sets that are known by name, and a user's own: where they lie and how their rows are read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.problems import EvalProblem, ProblemColumns, read_problems
from kpmath_builder.seeds.rows import open_file, open_hub

__all__ = ["KNOWN", "EvalSet", "KnownTestSet", "open_sets", "read_fields"]

_FIELDS = ("problem", "answer", "level", "subject", "id", "output")
_FILE = re.compile(r"\.(?:jsonl|jsonl\.gz|json|csv|parquet)\Z")


@dataclass(frozen=True)
class KnownTestSet:
    """A public test set: its place on the Hub, and the ways in which its rows are written there and in files."""

    hub: str
    layouts: tuple[ProblemColumns, ...]
    config: str | None = None
    split: str = "test"


_MATH = ProblemColumns(("problem",), "solution", "level", "type")
KNOWN: Mapping[str, KnownTestSet] = {
    "gsm8k": KnownTestSet("openai/gsm8k", (ProblemColumns(("question",), "answer"),), "main"),
    "math": KnownTestSet("EleutherAI/hendrycks_math", (_MATH,)),
    "math-500": KnownTestSet(
        "HuggingFaceH4/MATH-500",
        (ProblemColumns(("problem",), "answer", "level", "subject", "unique_id"), _MATH),
    ),
    "svamp": KnownTestSet(
        "ChilleD/SVAMP", (ProblemColumns(("Body", "Question"), "Answer", subject="Type", id="ID"),)
    ),
    "asdiv": KnownTestSet(
        "MU-NLPC/Calc-asdiv_a",
        (
            ProblemColumns(("question",), "result", level="grade", id="id"),
            ProblemColumns(("body", "question"), "answer", subject="solution_type", unit_in_brackets=True),
        ),
    ),
    "mawps": KnownTestSet(
        "MU-NLPC/Calc-mawps",
        (
            ProblemColumns(("question",), "result", id="id"),
            ProblemColumns(("input",), "target", subject="type"),
        ),
    ),
    "tabmwp": KnownTestSet(
        "Arietem/tabmwp",
        (
            ProblemColumns(
                ("table_title", "table", "question", "choices"),
                "answer",
                level="grade",
                subject="ques_type",
                optional=("table_title", "choices"),
            ),
        ),
    ),
}
_OWN = tuple(
    ProblemColumns((problem,), answer)
    for problem in ("problem", "question")
    for answer in ("answer", "solution")
)


@dataclass(frozen=True)
class EvalSet:
    """The problems of one test set. `origin` names the file or the dataset that they came from."""

    name: str
    origin: str
    problems: tuple[EvalProblem, ...] = field(repr=False)
    id_column: str | None = None
    """Where its rows have the problems' ids; None if these are the numbers of the rows."""


def open_sets(
    wanted: Sequence[str], fields: Mapping[str, str] | None = None, limit: int | None = None
) -> tuple[EvalSet, ...]:
    """Return the sets that were asked for: `gsm8k`, `gsm8k=FILE`, `svamp=OWNER/DATASET`, or a file alone.

    Parameters
    ----------
    fields
        Columns of the user's own files, and of none else: `problem` (several joined by `+`), `answer`, `level`, `subject`, `id`. A known
        set's file is read by them too, unless it has its usual columns and a file of one's own stands beside it.
    limit
        The first so many problems of each set.

    Raises
    ------
    InputError
        If a set is unknown, missing or damaged, or two have one name, or `fields` are given and nothing is read by them.
    """
    if limit is not None and limit < 1:
        raise InputError(f"--limit is {limit}: give a number from 1, or leave it out.")
    places = [_place(text.strip()) for text in wanted if text.strip()]
    beside_own = any(place and name not in KNOWN for name, place in places)
    if fields and not any(place for _, place in places):
        raise InputError("--fields names the columns of a file, and --on names none: leave it out.")
    sets = [_open(name, place, fields, limit, beside_own=beside_own) for name, place in places]
    if not sets:
        raise InputError(f"Name a test set with --on: {', '.join(KNOWN)}, or a file of your own.")
    names = [each.name for each in sets]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(
            f"--on names the set {twice[0]!r} twice: leave one out, or give one another name as NAME=FILE."
        )
    return tuple(sets)


def read_fields(text: str) -> dict[str, str]:
    """Read `problem=Body+Question,answer=Answer`; `output=COLUMN` may stand beside these or alone.

    Raises
    ------
    InputError
        If a name is not one of ours, or one of problem and answer is missing.
    """
    found: dict[str, str] = {}
    for pair in text.split(","):
        name, sign, column = (part.strip() for part in pair.partition("="))
        if name not in _FIELDS or not sign or not column:
            raise InputError(
                f"--fields {text[:80]} is not a map of columns: write it like problem=question,answer=result, with the names {', '.join(_FIELDS)}."
            )
        found[name] = column
    of_sets = found.keys() - {"output"}
    if of_sets and (missing := [name for name in _FIELDS[:2] if name not in found]):
        raise InputError(
            f"--fields {text[:80]} does not name the column of the {missing[0]}: add {missing[0]}=…."
        )
    return found


def _place(text: str) -> tuple[str, str]:
    """Return the name of a set and its place, "" for a known one on the Hub."""
    name, sign, place = (part.strip() for part in text.partition("="))
    if name not in KNOWN and not sign:
        name, place = _own_name(text), text
    if not name or (sign and not place):
        raise InputError(f"--on {text} is not a test set: write it like --on gsm8k or --on gsm8k=FILE.")
    return name, place


def _open(
    name: str, place: str, fields: Mapping[str, str] | None, limit: int | None, *, beside_own: bool
) -> EvalSet:
    known = KNOWN.get(name)
    if not place:
        assert known is not None, "what is not known has a place"
        return _from_hub(name, known.hub, known.layouts, limit, config=known.config, split=known.split)
    layouts = known.layouts if known else _OWN
    if fields:
        layouts = (_columns(fields), *(layouts if known and beside_own else ()))
    if _FILE.search(place.lower()) or Path(place).exists():
        return _from_file(name, Path(place), layouts, limit)
    if known is not None or re.fullmatch(r"[\w.-]+/[\w.-]+", place):
        return _from_hub(name, place, layouts, limit)
    raise InputError(
        f"There is no test set and no file {place!r}: name one of {', '.join(KNOWN)}, or give a file or a dataset of the Hub."
    )


def _own_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", Path(text).name.split(".", 1)[0]).strip("-._") or "own"


def _columns(fields: Mapping[str, str]) -> ProblemColumns:
    return ProblemColumns(
        tuple(name.strip() for name in fields["problem"].split("+")),
        fields["answer"],
        fields.get("level"),
        fields.get("subject"),
        fields.get("id"),
    )


def _from_file(name: str, path: Path, layouts: Sequence[ProblemColumns], limit: int | None) -> EvalSet:
    if path.is_dir() or not path.exists():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"The test set {path} {what}: give a .jsonl, .json, .csv or .parquet file.")
    table = open_file(path)
    return EvalSet(name, path.name, *read_problems(str(path), table.rows, layouts, limit))


def _from_hub(
    name: str,
    hub: str,
    layouts: Sequence[ProblemColumns],
    limit: int | None,
    *,
    config: str | None = None,
    split: str = "test",
) -> EvalSet:
    try:
        table = open_hub(hub, split, config, None)
    except InputError as error:
        cause = " ".join(str(error.__cause__ or error).split())[:160].rstrip(".:")
        raise InputError(
            f"The test set {name} could not be loaded from {hub} on the Hub ({cause}): give a file instead, --on {name}=FILE."
        ) from error
    return EvalSet(name, hub, *read_problems(hub, table.rows, layouts, limit))
