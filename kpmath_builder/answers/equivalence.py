"""Whether two answers are equal: by canonical form where both can be read, by the checker where one cannot."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.canonical import Parts, form_of
from kpmath_builder.answers.forms import Form, Opaque, Scalar, Word, same_form
from kpmath_builder.answers.normalise import ROW_BREAK, normalise
from kpmath_builder.answers.reading import as_answer
from kpmath_builder.answers.workers import checker

__all__ = ["Verdict", "compare", "equivalent"]

Kind = Literal["equal", "different", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two answers are equal, and why."""

    kind: Kind
    reason: str
    asked: bool = False
    """Whether the checker was asked."""

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


def compare(a: Parts, b: Parts, *, ask: bool = True) -> Verdict:
    """Compare two answers given as their parts; without `ask` what only the checker could decide is unknown."""
    first, second = sorted((a, b))
    verdict = _decided(first, second)
    if verdict is not None:
        return verdict
    if not ask:
        return Verdict("unknown", "not asked: too many pairs to check")
    return _asked(*(normalise(parts[0]).replace(ROW_BREAK, "\\\\") for parts in (first, second)))


def _decided(a: Parts, b: Parts) -> Verdict | None:
    """Return what the canonical forms say, or None where one is mathematics that is not read here."""
    if a == b:
        return Verdict("equal", "same text")
    first, second = form_of(a), form_of(b)
    if same_form(first, second):
        return Verdict("equal", "same canonical form")
    if not isinstance(first, Opaque) and not isinstance(second, Opaque):
        return Verdict("different", _difference(first, second))
    if isinstance(first, Word) or isinstance(second, Word):
        return Verdict("different", "words and mathematics")
    refused = [form.reason for form in (first, second) if isinstance(form, Opaque) and not form.checkable]
    if refused or len(a) + len(b) > 2:
        return Verdict("unknown", f"not worked out: {refused[0] if refused else 'several parts'}")
    return None


@lru_cache(maxsize=1 << 14)
def _asked(a: str, b: str) -> Verdict:
    same = checker.same(a, b)
    if same is None:
        return Verdict("unknown", "the checker came to no end within its limits", asked=True)
    return Verdict("equal" if same else "different", "math-verify", asked=True)


def _difference(a: Form, b: Form) -> str:
    if not (isinstance(a, Scalar) and isinstance(b, Scalar)):
        return "different canonical forms"
    if a.unit and b.unit and a.value.positive == b.value.positive:
        return "different units"
    if a.value.positive == b.value.positive:
        return "different labels"
    return "different values"
