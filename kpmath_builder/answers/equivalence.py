"""Whether two answers are equal: by canonical form where both can be read, by the checker where one cannot."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.canonical import form_of
from kpmath_builder.answers.forms import Form, same_form
from kpmath_builder.answers.reading import as_answer

__all__ = ["Verdict", "compare", "equivalent"]

Kind = Literal["equal", "different", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two answers are equal, and why."""

    kind: Kind
    reason: str

    @property
    def equal(self) -> bool:
        """Whether they were found equal; unknown is not equal."""
        return self.kind == "equal"

    @property
    def unknown(self) -> bool:
        """Whether it could not be decided within the limits."""
        return self.kind == "unknown"


def equivalent(a: Answer | str, b: Answer | str) -> Verdict:
    """Compare two answers; reflexive and symmetric. A string may be an answer or a solution that ends with one."""
    first, second = (as_answer(x) if isinstance(x, str) else x for x in (a, b))
    if first is None or second is None:
        same = first is second and str(a) == str(b)
        return Verdict("equal" if same else "different", "no answer on one side or both")
    return compare(first.parts, second.parts)


def compare(a: tuple[str, ...], b: tuple[str, ...]) -> Verdict:
    """Compare two answers given as their parts."""
    return _compared(*sorted((a, b)))


@lru_cache(maxsize=1 << 16)
def _compared(a: tuple[str, ...], b: tuple[str, ...]) -> Verdict:
    if a == b:
        return Verdict("equal", "same text")
    first, second = form_of(a), form_of(b)
    if same_form(first, second):
        return Verdict("equal", "same canonical form")
    return Verdict("different", _difference(first, second))


def _difference(a: Form, b: Form) -> str:
    return f"{type(a).__name__} and {type(b).__name__} differ"
