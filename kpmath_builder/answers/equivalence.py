"""Simple equivalence (first version)."""

from dataclasses import dataclass
from typing import Literal

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.canonical import key
from kpmath_builder.answers.reading import as_answer

__all__ = ["Verdict", "equivalent"]


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: Literal["equal", "different", "unknown"]
    reason: str

    @property
    def equal(self) -> bool:
        return self.kind == "equal"

    @property
    def unknown(self) -> bool:
        return self.kind == "unknown"


def equivalent(a: Answer | str, b: Answer | str) -> Verdict:
    first, second = (as_answer(x) if isinstance(x, str) else x for x in (a, b))
    if first is None or second is None:
        return Verdict("equal" if a == b else "different", "no answer")
    same = tuple(map(key, first.parts)) == tuple(map(key, second.parts))
    return Verdict("equal" if same else "different", "canonical form")
