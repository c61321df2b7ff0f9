"""The test sets that rows are compared with: read from their own source, held in memory for the check, written nowhere."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

from kpmath_builder.errors import InputError
from kpmath_builder.protocol import canonical_json
from kpmath_builder.recipe import TestSetSettings
from kpmath_builder.seeds.formats import check_text
from kpmath_builder.seeds.rows import Row, Table, open_file, open_hub

__all__ = ["NOT_READ", "Benchmark", "BenchmarkProblem", "hub_answers", "read_benchmarks", "unread"]

NOT_READ = "not read"
"""Stands in place of the digest of a set that could not be read."""
_KEYS = "contamination.sets"
_PROBLEM = ("problem", "question")
_SOLUTION = ("solution", "answer")
_ID = "unique_id"
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class BenchmarkProblem:
    """One problem of a test set; the solution is "" if the set has none."""

    id: str
    question: str
    solution: str


@dataclass(frozen=True)
class Benchmark:
    """One test set."""

    name: str
    problems: tuple[BenchmarkProblem, ...] = ()
    digest: str = NOT_READ
    """Tagged hash over ids and texts."""
    fault: str = ""
    """Why it was not read; "" if it was."""

    @property
    def is_read(self) -> bool:
        """Whether rows can be compared with it."""
        return not self.fault


def read_benchmarks(sets: Sequence[TestSetSettings], *, ask_hub: bool = True) -> tuple[Benchmark, ...]:
    """Read test sets; one that the Hub does not give stands in the result with its fault.

    Without `ask_hub` those of the Hub are read from its cache alone.

    Raises
    ------
    InputError
        For a file that is missing or damaged, and for a set in which no column is known as the problem.
    """
    reachable = ask_hub and any(one.hub for one in sets) and hub_answers()
    return tuple(_read(one, reachable=reachable) for one in sets)


def unread(benchmarks: Sequence[Benchmark]) -> str:
    """Return the sentence about test sets that were not read; "" if all were."""
    missing = [one for one in benchmarks if not one.is_read]
    if not missing:
        return ""
    names = ", ".join(one.name for one in missing)
    return (
        f"No row was compared with {names}: {missing[0].fault} Once it can be read, `kpmath rescore` compares without asking anything; "
        f"a file in {_KEYS} does as well."
    )


def hub_answers() -> bool:
    """Whether the Hub can be reached: one short request, because a library that retries takes half a minute per set to find out."""
    from huggingface_hub import constants, get_session

    if constants.HF_HUB_OFFLINE:
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=_SECONDS)
    except Exception:  # noqa: BLE001 - whatever the client of the Hub is made of
        return False
    return True


@contextmanager
def _offline() -> Iterator[None]:
    """Let the Hub's libraries look into their caches alone."""
    import datasets
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before


def _read(one: TestSetSettings, *, reachable: bool) -> Benchmark:
    if one.path is not None:
        return _of_table(one, open_file(one.path, _KEYS))
    hub, source = str(one.hub), (one.split, one.hub_config, one.revision, _KEYS)
    try:
        if reachable:
            return _of_table(one, open_hub(hub, *source))
        with _offline():
            return _of_table(one, open_hub(hub, *source))
    except InputError as error:
        if reachable:
            return Benchmark(one.title, fault=str(error))
        return Benchmark(one.title, fault="the Hub cannot be reached, and its cache here does not hold them.")


def _of_table(one: TestSetSettings, table: Table) -> Benchmark:
    first = next(table.rows, None)
    if first is None:
        raise InputError(f"{table.origin} holds no rows: correct it in {_KEYS}.")
    columns = _columns(one, table, first)
    rows = (_problem(table, row, columns) for row in chain([first], table.rows))
    problems = tuple(problem for problem in rows if problem.question)
    if not problems:
        raise InputError(
            f"{table.origin} holds no row with a text in `{columns['problem']}`: say in {_KEYS} which column is the problem."
        )
    told = canonical_json([[its.id, its.question, its.solution] for its in problems])
    return Benchmark(one.title, problems, "sha256:" + hashlib.sha256(told.encode()).hexdigest())


def _columns(one: TestSetSettings, table: Table, row: Row) -> Mapping[str, str | None]:
    given = one.fields or {}
    names = {
        "problem": given.get("problem") or next((name for name in _PROBLEM if name in row.columns), None),
        "solution": given.get("solution") or next((name for name in _SOLUTION if name in row.columns), None),
        "id": given.get("id") or (_ID if _ID in row.columns else None),
    }
    lacking = [name for name in names.values() if name is not None and name not in row.columns]
    if lacking or names["problem"] is None:
        found = ", ".join(f"`{name}`" for name in row.columns)
        raise InputError(
            f"{table.origin}, {row.place}, has the fields {found}"
            + (f" and no `{lacking[0]}`" if lacking else "")
            + f': say in {_KEYS} which is the problem, e.g. {{ path = "…", fields = {{ problem = "input" }} }}.'
        )
    return names


def _problem(table: Table, row: Row, columns: Mapping[str, str | None]) -> BenchmarkProblem:
    _refuse_other_than_text(table, row, str(columns["problem"]))
    question, solution, name = (_text(table, row, columns[part]) for part in ("problem", "solution", "id"))
    return BenchmarkProblem(
        f"{_prefix(table)}/{name.removesuffix('.json') or row.number}", question, solution
    )


def _refuse_other_than_text(table: Table, row: Row, column: str) -> None:
    """Raise `InputError` for a problem that is no text: the column may be another than that of the problems."""
    value = row.columns.get(column)
    if value is not None and not isinstance(value, str):
        raise InputError(
            f"{table.origin}, {row.place}: `{column}` is {value!r:.40}; expected text: correct the row, or say in {_KEYS} which column "
            "is the problem."
        )


def _text(table: Table, row: Row, column: str | None) -> str:
    value = None if column is None else row.columns.get(column)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise InputError(
            f"{table.origin}, {row.place}: `{column}` is {value!r:.40}; expected text: correct the row."
        )
    text = "" if value is None else str(value)
    check_text(table.origin, row, str(column), text)
    return text.strip()


def _prefix(table: Table) -> str:
    return f"{table.stem}/{table.split}" if table.hub else table.stem
