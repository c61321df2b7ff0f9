"""Whether two answers are equal: by canonical form where both can be read, by the checker where one cannot."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.canonical import Parts, form_of
from kpmath_builder.answers.expressions import is_expression
from kpmath_builder.answers.forms import Decoration, Form, Opaque, Scalar, Word, bare, same_form
from kpmath_builder.answers.normalise import ROW_BREAK, normalise
from kpmath_builder.answers.published import agree_as_published
from kpmath_builder.answers.reading import as_answer
from kpmath_builder.answers.values import truly_differ
from kpmath_builder.answers.workers import checker

__all__ = ["Read", "Reason", "Verdict", "askable", "compare", "compare_read", "equivalent"]

_LABEL = re.compile(r"[A-Za-z](?:_\w|_\{\w+\})?(?:\([a-z]\))?\s*=\s*")

Read = tuple[Parts, Form]
"""An answer and its form."""
Kind = Literal["equal", "different", "unknown"]
Rule = Literal["strict", "published"]
"""How to grade: by value, or as published graders do."""


class Reason(StrEnum):
    """Why two answers are equal, different or neither is known."""

    SAME_TEXT = "same text"
    SAME_FORM = "same canonical form"
    CHECKED = "math-verify"
    PUBLISHED = "equal by the rule of published graders: a rounding, or a percent sign left out"
    NO_ANSWER = "no answer on one side or both"
    UNITS = "different units"
    LABELS = "different labels"
    VALUES = "different values"
    FORMS = "different canonical forms"
    WORDS = "words and mathematics"
    STEPS = "kinks or steps: neither proved equal nor different"
    UNREAD = "not worked out"
    UNDECIDED = "the checker came to no end within its limits"
    NOT_ASKED = "not asked: too many pairs to check"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two answers are equal, and why. As a condition it is true only if they are: `if equivalent(a, b):`."""

    kind: Kind
    reason: Reason
    detail: str = ""
    """What was not read, if something was not."""
    asked: bool = False
    """Whether the checker was asked."""

    def __bool__(self) -> bool:
        return self.equal

    @property
    def equal(self) -> bool:
        """Whether they were found equal; unknown is not equal."""
        return self.kind == "equal"

    @property
    def unknown(self) -> bool:
        """Whether it could not be decided within the limits."""
        return self.kind == "unknown"


def equivalent(a: Answer | str, b: Answer | str, *, rule: Rule = "strict") -> Verdict:
    """Compare two answers; reflexive and symmetric. A string may be an answer or a solution that ends with one.

    Parameters
    ----------
    a, b
        The answers.
    rule
        `strict` is what votes use. `published` also finds equal what published graders do: a decimal that rounds the other
        value to the digits it states, and a percent sign or a unit that only one side has. It is for evaluation only.

    """
    first, second = (as_answer(x) if isinstance(x, str) else x for x in (a, b))
    if first is None or second is None:
        same = first is second and str(a) == str(b)
        return Verdict("equal" if same else "different", Reason.NO_ANSWER)
    verdict = compare(first.parts, second.parts)
    if rule == "published" and not verdict and agree_as_published(first.parts, second.parts):
        return Verdict("equal", Reason.PUBLISHED)
    return verdict


def compare(a: Parts, b: Parts) -> Verdict:
    """Compare two answers given as their parts."""
    if a == b:
        return Verdict("equal", Reason.SAME_TEXT)
    return compare_read((a, form_of(a)), (b, form_of(b)))


def compare_read(a: Read, b: Read, *, ask: bool = True) -> Verdict:
    """Compare two answers with their forms; without `ask` what only the checker could decide is unknown."""
    verdict = _decided(a, b)
    if verdict is not None:
        return verdict
    if not ask:
        return Verdict("unknown", Reason.NOT_ASKED)
    return _asked(*sorted(_unlabelled(a[0], b[0])))


def askable(parts: Parts, form: Form) -> bool:
    """Whether the checker may be asked about an answer: it is one whole expression, of which nothing would be left out."""
    read = isinstance(form, Scalar) or (isinstance(form, Opaque) and form.checkable)
    return len(parts) == 1 and read and is_expression(_expression(parts[0]))


def _both_askable(a: Read, b: Read) -> bool:
    if askable(*a) and askable(*b):
        return True
    if not (isinstance(a[1], Opaque) and isinstance(b[1], Opaque) and len(a[0]) == len(b[0]) == 1):
        return False
    first, second = _unlabelled(a[0], b[0])
    return first != _expression(a[0][0]) and is_expression(first) and is_expression(second)


def _unlabelled(a: Parts, b: Parts) -> tuple[str, str]:
    """Return two expressions without the label that both have: `F_n = …` equals `F_n = …` if what follows is equal."""
    first, second = _expression(a[0]), _expression(b[0])
    label = _LABEL.match(first)
    if label and second.startswith(label[0]):
        return first[label.end() :], second[label.end() :]
    return first, second


def _expression(text: str) -> str:
    return normalise(text).replace(ROW_BREAK, "\\\\")


def _decided(a: Read, b: Read) -> Verdict | None:
    """Return what the canonical forms say, or None if one is mathematics that is not read here."""
    first, second = a[1], b[1]
    if same_form(first, second):
        return Verdict("equal", Reason.SAME_FORM)
    if not (first.has | second.has) & Decoration.UNREAD:
        if (first.has | second.has) & Decoration.STEPS and not _truly_differ(first, second):
            return Verdict("unknown", Reason.STEPS)
        return Verdict("different", _difference(first, second))
    if isinstance(first, Word) or isinstance(second, Word):
        return Verdict("different", Reason.WORDS)
    if not _both_askable(a, b):
        unread = [form.reason for form in (first, second) if isinstance(form, Opaque)]
        return Verdict("unknown", Reason.UNREAD, unread[0] if unread else "one of several parts")
    return None


def _truly_differ(a: Form, b: Form) -> bool:
    one, other = bare(a), bare(b)
    return isinstance(one, Scalar) and isinstance(other, Scalar) and truly_differ(one.value, other.value)


@lru_cache(maxsize=1 << 14)
def _asked(a: str, b: str) -> Verdict:
    same = checker.same(a, b)
    if same is None:
        return Verdict("unknown", Reason.UNDECIDED, asked=True)
    return Verdict("equal" if same else "different", Reason.CHECKED, asked=True)


def _difference(a: Form, b: Form) -> Reason:
    if not (isinstance(a, Scalar) and isinstance(b, Scalar)):
        return Reason.FORMS
    if a.unit and b.unit and a.value.positive == b.value.positive:
        return Reason.UNITS
    if a.value.positive == b.value.positive:
        return Reason.LABELS
    return Reason.VALUES
