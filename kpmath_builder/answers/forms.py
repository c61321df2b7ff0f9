"""What an answer is once it is read: scalars, groups of them, words; and the keys by which forms are compared.

A form carries decorations that a writer may leave out: a label (`x = 5`), a unit (`5 cm`), brackets (`(1, 2)`). Two forms
are compared by the decorations that both have: `x = 5 cm` equals `5`, `5 cm` equals `0.05 m`, and `5 cm` is not `5 m`.
"""

from dataclasses import dataclass
from enum import IntFlag
from functools import cached_property
from typing import Literal

from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.units import Unit
from kpmath_builder.answers.values import Fingerprint

__all__ = [
    "Decoration",
    "Form",
    "Group",
    "GroupKind",
    "Opaque",
    "Scalar",
    "Word",
    "as_list",
    "buckets",
    "flat",
    "same_form",
]

GroupKind = Literal["list", "set", "tuple", "pair", "closed", "interval", "union", "matrix"]


class Decoration(IntFlag):
    """What a writer may add to an answer or leave out."""

    LABEL = 1
    UNIT = 2
    SIGNS = 4
    """The value where variables are negative: absent where roots or logarithms of them are not real."""
    CLOCK = 8
    BRACKETS = 16


_WITHOUT_DIMENSION = ("angle", "count")
ALL = Decoration.LABEL | Decoration.UNIT | Decoration.SIGNS | Decoration.CLOCK | Decoration.BRACKETS


@dataclass(frozen=True)
class Scalar:
    """One value."""

    value: Fingerprint
    label: Key | None = None
    """Key of the whole equation `x = value`; among other values only that of the name."""
    name: str = ""
    """What it is the value of."""
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


def flat(form: Form) -> tuple[Form, ...]:
    """Return the items of a list, or the form alone."""
    return form.items if isinstance(form, Group) and form.kind == "list" else (form,)


def as_list(forms: list[Form]) -> Form:
    """Return a list of forms; one form alone is itself."""
    return forms[0] if len(forms) == 1 else Group("list", tuple(forms))


def buckets(form: Form) -> tuple[Key, ...]:
    """Return keys of which equal forms share at least one, whatever decorations they are compared by."""
    if isinstance(form, Scalar):
        found = (
            form.value.positive,
            form.measured,
            form.clock,
            form.label if form.label and form.label[0] == "equation" else None,
        )
        angle = form.measured[1:] if form.measured and form.measured[0] in _WITHOUT_DIMENSION else ()
        return tuple(key for key in (*found, *angle) if isinstance(key, tuple))
    if isinstance(form, Group) and form.kind in {"list", "set", "tuple", "pair", "closed", "interval"}:
        items = frozenset(item.key(Decoration.BRACKETS, ordered=False) for item in form.items)
        return tuple(
            {("items", items), ("items", frozenset(item.key(ALL, ordered=False) for item in form.items))}
        )
    return (form.key(Decoration(0), ordered=False),)


def same_form(a: Form, b: Form) -> bool:
    """Whether two forms are equal in everything that both of them state."""
    common = a.has & b.has
    mixed = Decoration.BRACKETS in a.has ^ b.has
    if a.key(common, ordered=mixed) == b.key(common, ordered=mixed):
        return True
    return _worked_out(a, b) or _worked_out(b, a)


def _worked_out(measured: Form, bare: Form) -> bool:
    """Whether a bare number is what a unit without dimension makes of it: 90° = π/2, 5 dozen = 60."""
    if (
        not (isinstance(measured, Scalar) and isinstance(bare, Scalar))
        or measured.measured is None
        or bare.unit
    ):
        return False
    return measured.measured in {(kind, bare.value.positive) for kind in _WITHOUT_DIMENSION}
