"""Questions with known answers from a user's own file."""

from pathlib import Path

from kpmath_builder.answers.reading import as_answer, make_answer
from kpmath_builder.controls.known import KnownQuestion
from kpmath_builder.errors import InputError
from kpmath_builder.seeds.rows import Row, open_file

__all__ = ["read_questions"]

_PROBLEM, _ANSWER = ("problem", "question"), "answer"


def read_questions(path: Path) -> list[KnownQuestion]:
    """Return the questions of a file in its order; a solution in the field `answer` is read to its final answer.

    Raises
    ------
    InputError
        When the file cannot be read, or a row has no problem, no readable answer, or the problem of an earlier row.
    """
    table = open_file(path, "controls")
    found: dict[str, KnownQuestion] = {}
    for row in table.rows:
        question = _question(table.stem, table.origin, row)
        text = " ".join(question.problem.split()).casefold()
        if text in found:
            raise InputError(
                f"{table.origin}, {row.place}: the problem stands there twice: leave one of them out."
            )
        found[text] = question
    if not found:
        raise InputError(f"{table.origin} holds no rows: correct controls.path.")
    return list(found.values())


def _question(stem: str, origin: str, row: Row) -> KnownQuestion:
    name = next((name for name in _PROBLEM if name in row.columns), _PROBLEM[0])
    problem, said = row.columns.get(name), row.columns.get(_ANSWER)
    if not isinstance(problem, str) or not problem.strip():
        raise InputError(f"{origin}, {row.place}: `{name}` is no text: give the problem.")
    text = str(said).strip() if isinstance(said, str | int | float) and not isinstance(said, bool) else ""
    answer = as_answer(text) if text else None
    if answer is None or make_answer(answer.text) is None:
        raise InputError(
            f"{origin}, {row.place}: `{_ANSWER}` is {said!r:.40}, in which no answer can be read: give it."
        )
    return KnownQuestion("file", f"{stem}/{row.number}", problem.strip(), answer.text)
