"""What an answer is once it is read: scalars, groups of them, words; and the keys by which forms are compared.

A form carries decorations that a writer may leave out: a label (`x = 5`), a unit (`5 cm`), brackets (`(1, 2)`). Two forms
are compared by the decorations that both have: `x = 5 cm` equals `5`, `5 cm` equals `0.05 m`, and `5 cm` is not `5 m`.
"""

from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property
from typing import Literal

from kpmath_builder.answers.values import Fingerprint, Key
from kpmath_builder.answers.units import Unit

__all__ = ["Decoration", "Form", "Group", "GroupKind", "Opaque", "Scalar", "Word", "same_form"]

GroupKind = Literal["list", "set", "tuple", "pair", "closed", "interval", "union", "matrix"]


class Decoration(IntFlag):
    """What a writer may add to an answer or leave out."""

    LABEL = 1
    UNIT = 2
    SIGNS = 4
    """The value where variables are negative: absent where roots or logarithms of them are not real."""
    CLOCK = 8
    BRACKETS = 16


ALL = Decoration.LABEL | Decoration.UNIT | Decoration.SIGNS | Decoration.CLOCK | Decoration.BRACKETS


@dataclass(frozen=True)
class Scalar:
    """One value."""

    value: Fingerprint
    label: Key | None = None
    """Key of the whole equation `x = value`, or of the label's words."""
    unit: Unit | None = None
    measured: Key | None = None
    """Key of the value in base units, with their names."""
    clock: Key | None = None
    """Key of a time of day; `value` is then the same digits read as a ratio."""

    @property
    def has(self) -> Decoration:
        """Decorations that stand on it."""
        has = Decoration(0)
        has |= Decoration.LABEL if self.label else Decoration(0)
        has |= Decoration.UNIT if self.unit else Decoration(0)
        has |= Decoration.SIGNS if self.value.real else Decoration(0)
        return has | (Decoration.CLOCK if self.clock else Decoration(0))

    def key(self, keep: Decoration, *, ordered: bool) -> Key:  # noqa: ARG002 - one signature for all forms
        """Return the key under the decorations that are kept."""
        if self.clock and Decoration.CLOCK in keep:
            return self.clock
        value = self.value.everywhere if Decoration.SIGNS in keep else self.value.positive
        if self.measured and Decoration.UNIT in keep:
            value = self.measured
        if self.label is None or Decoration.LABEL not in keep:
            return value
        return (*self.label, value) if self.label[0] == "label" else self.label


@dataclass(frozen=True)
class Group:
    """Several forms in a list, set, tuple, interval, union or matrix."""

    kind: GroupKind
    items: tuple["Form", ...]
    brackets: str = ""

    @cached_property
    def has(self) -> Decoration:
        """Decorations of the items, and brackets of its own."""
        has = Decoration(0)
        for item in self.items:
            has |= item.has & ~Decoration.BRACKETS
        if self.items and not all(Decoration.SIGNS in item.has for item in self.items):
            has &= ~Decoration.SIGNS
        return has | (Decoration(0) if self.kind in {"list", "set"} else Decoration.BRACKETS)

    def key(self, keep: Decoration, *, ordered: bool) -> Key:
        """Return the key; without brackets kept, `ordered` asks for the items in the order they were written in."""
        keys = [item.key(keep | Decoration.BRACKETS, ordered=False) for item in self.items]
        if self.kind in {"list", "set"}:
            return self._plain(keys, ordered=ordered)
        if Decoration.BRACKETS not in keep and self.kind in {"tuple", "pair", "closed"}:
            return ("sequence", *keys)
        if self.kind in {"pair", "closed", "interval"}:
            return ("interval", self.brackets, *keys)
        return (self.kind, self.brackets, *(sorted(keys, key=repr) if self.kind == "union" else keys))

    def _plain(self, keys: list[Key], *, ordered: bool) -> Key:
        if ordered and self.kind == "list":
            return ("sequence", *keys)
        if self.kind == "set":
            keys = list(dict.fromkeys(keys))
        return keys[0] if len(keys) == 1 and self.kind == "list" else ("list", *sorted(keys, key=repr))


@dataclass(frozen=True)
class Word:
    """Text, a choice letter, yes or no, or an equation or inequality that states no value."""

    words: Key
    has: Decoration = Decoration.SIGNS

    def key(self, keep: Decoration, *, ordered: bool) -> Key:  # noqa: ARG002 - one signature for all forms
        """Return the words."""
        return self.words


@dataclass(frozen=True)
class Opaque:
    """What is not read here: compared by its spelling, and by the checker where it is mathematics."""

    spelling: str
    checkable: bool
    """Whether the checker may be asked about it."""
    reason: str = ""
    has: Decoration = Decoration.SIGNS

    def key(self, keep: Decoration, *, ordered: bool) -> Key:  # noqa: ARG002 - one signature for all forms
        """Return the spelling."""
        return ("spelling", self.spelling)


Form = Scalar | Group | Word | Opaque


def same_form(a: Form, b: Form) -> bool:
    """Whether two forms are equal in everything that both of them state."""
    common = a.has & b.has
    mixed = Decoration.BRACKETS in a.has ^ b.has
    if a.key(common, ordered=mixed) == b.key(common, ordered=mixed):
        return True
    return _angles(a, b) or _angles(b, a)


def _angles(degrees: Form, bare: Form) -> bool:
    """Whether a bare number is the same angle in radians: 90° = π/2."""
    if not (isinstance(degrees, Scalar) and isinstance(bare, Scalar)) or degrees.measured is None or bare.unit:
        return False
    return degrees.measured[:2] == ("angle",) + degrees.measured[1:2] and degrees.measured[1] == bare.value.positive
