"""What an answer is once it is read: scalars, groups of them, words; and the keys by which forms are compared.

A form accounts for everything that was written. Some of it is a decoration that a writer may leave out: a label (`x = 5`),
a unit (`5 cm`), what is counted (`5 apples`), brackets (`(1, 2)`). Two forms are compared by the decorations that both have:
`x = 5 cm` equals `5`, `5 cm` equals `0.05 m`, and `5 cm` is not `5 m`. A condition (`n = 2^k for k ≥ 1`) is none: it is
compared always.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.units import Unit
from kpmath_builder.answers.values import Fingerprint

__all__ = [
    "NOTHING",
    "Decoration",
    "Form",
    "Given",
    "Group",
    "GroupKind",
    "Labelled",
    "Opaque",
    "Scalar",
    "Word",
    "as_list",
    "bare",
    "flat",
    "same_form",
    "worked_out",
]

GroupKind = Literal["list", "set", "tuple", "pair", "closed", "interval", "union", "matrix", "system"]


class Decoration:
    """What a writer may add to an answer or leave out, as bits of a set: plain integers, because sets of them are made often."""

    LABEL: Final = 1
    UNIT: Final = 2
    SIGNS: Final = 4
    """The value where variables are negative: absent where roots or logarithms of them are not real."""
    CLOCK: Final = 8
    BRACKETS: Final = 16
    CONTENT: Final = 32
    """What a choice says: `C. 12`."""
    PER: Final = 64
    """What a price is for: `$5 per kg`."""
    STEPS: Final = 128
    """No decoration: a value with a kink or a step, which may equal another that its key does not show."""
    UNREAD: Final = 256
    """No decoration: something in it is not read."""


NOTHING: Key = ("nothing",)
"""The number of what is none."""
_WITHOUT_DIMENSION = ("angle", "count")
ALL: Final = 127
"""All decorations."""


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
    noun: str = ""
    """What is counted, in the place of a unit; "" for nothing, or for what fits every count."""
    per: str = ""
    """What a price is for."""
    content: Key | None = None
    """Key of what a choice says; `value` is then its letter."""

    @cached_property
    def has(self) -> int:
        """Decorations that stand on it."""
        return (
            Decoration.LABEL * bool(self.label)
            | Decoration.UNIT * bool(self.unit or self.noun)
            | Decoration.SIGNS * self.value.real
            | Decoration.CLOCK * bool(self.clock)
            | Decoration.PER * bool(self.per)
            | Decoration.CONTENT * bool(self.content)
            | Decoration.STEPS * self.value.steps
        )

    def key(self, keep: int, *, ordered: bool) -> Key:  # noqa: ARG002 - one signature for all forms
        """Return the key under the decorations that are kept."""
        if self.clock and keep & Decoration.CLOCK:
            return self.clock
        value = self.value.everywhere if keep & Decoration.SIGNS else self.value.positive
        if self.measured and keep & Decoration.UNIT:
            value = self.measured
        if self.noun and keep & Decoration.UNIT:
            value = ("count of", self.noun, value)
        if self.per and keep & Decoration.PER:
            value = ("per", self.per, value)
        if self.content and keep & Decoration.CONTENT:
            value = ("choice", value, self.content)
        if self.label is None or not keep & Decoration.LABEL:
            return value
        return (*self.label, value) if self.label[0] == "label" else self.label


@dataclass(frozen=True)
class Group:
    """Several forms in a list, set, tuple, interval, union or matrix."""

    kind: GroupKind
    items: tuple["Form", ...]
    brackets: str = ""

    @cached_property
    def has(self) -> int:
        """Decorations of the items, and brackets of its own."""
        has = 0
        for item in self.items:
            has |= item.has & ~Decoration.BRACKETS
        if self.items and not all(item.has & Decoration.SIGNS for item in self.items):
            has &= ~Decoration.SIGNS
        return has | (0 if self.kind in {"list", "set", "system"} else Decoration.BRACKETS)

    def key(self, keep: int, *, ordered: bool) -> Key:
        """Return the key; without brackets kept, `ordered` asks for the items in the order they were written in."""
        remembered = self._keys.get((keep, ordered))
        if remembered is None:
            remembered = self._keys[keep, ordered] = self._key(keep, ordered=ordered)
        return remembered

    @cached_property
    def _keys(self) -> dict[tuple[int, bool], Key]:
        return {}

    def _key(self, keep: int, *, ordered: bool) -> Key:
        keys = [item.key(keep | Decoration.BRACKETS, ordered=False) for item in self.items]
        if self.kind in {"list", "set"}:
            return self._plain(keys, ordered=ordered)
        if not keep & Decoration.BRACKETS and self.kind in {"tuple", "pair", "closed"}:
            return ("sequence", *keys)
        if self.kind in {"pair", "closed", "interval"}:
            return ("interval", self.brackets, *keys)
        return (
            self.kind,
            self.brackets,
            *(sorted(keys, key=repr) if self.kind in {"union", "system"} else keys),
        )

    def _plain(self, keys: list[Key], *, ordered: bool) -> Key:
        if ordered and self.kind == "list":
            return ("sequence", *keys)
        if self.kind == "set":
            keys = list(dict.fromkeys(keys))
        return keys[0] if len(keys) == 1 and self.kind == "list" else ("list", *sorted(keys, key=repr))


@dataclass(frozen=True)
class Labelled:
    """A form with the name of what it is the value of: `Area = 5`, `f(x) = 2x`, `x ∈ [0, 1)`, `Tom: 3`."""

    label: Key
    form: "Form"
    bound: "Form | None" = None
    """The form with the variables that the label binds renamed: `f(x) = x` and `f(z) = z` are one function."""

    @cached_property
    def has(self) -> int:
        """Decorations of the form, and the label."""
        return self.form.has | Decoration.LABEL

    def key(self, keep: int, *, ordered: bool) -> Key:
        """Return the key of the form, with the label where labels are kept."""
        if not keep & Decoration.LABEL:
            return self.form.key(keep, ordered=ordered)
        return ("label", self.label, (self.bound or self.form).key(keep, ordered=ordered))


@dataclass(frozen=True)
class Given:
    """A form that holds under a condition; the condition always counts."""

    form: "Form"
    condition: Key

    @cached_property
    def has(self) -> int:
        """Decorations of the form."""
        return self.form.has

    def key(self, keep: int, *, ordered: bool) -> Key:
        """Return the key of the form and the condition."""
        return ("given", self.form.key(keep, ordered=ordered), self.condition)


@dataclass(frozen=True)
class Word:
    """Text, a choice letter, yes or no, or an equation or inequality that states no value."""

    words: Key
    has: int = Decoration.SIGNS

    def key(self, keep: int, *, ordered: bool) -> Key:  # noqa: ARG002 - one signature for all forms
        """Return the words."""
        return self.words


@dataclass(frozen=True)
class Opaque:
    """What is not read here: compared by its spelling, and by the checker where it is mathematics."""

    spelling: str
    checkable: bool
    """Whether the checker may be asked about it."""
    reason: str = ""
    has: int = Decoration.SIGNS | Decoration.UNREAD

    def key(self, keep: int, *, ordered: bool) -> Key:  # noqa: ARG002 - one signature for all forms
        """Return the spelling."""
        return ("spelling", self.spelling)


Form = Scalar | Group | Labelled | Given | Word | Opaque


def flat(form: Form) -> tuple[Form, ...]:
    """Return the items of a list, or the form alone."""
    return form.items if isinstance(form, Group) and form.kind == "list" else (form,)


def as_list(forms: list[Form]) -> Form:
    """Return a list of forms; one form alone is itself."""
    return forms[0] if len(forms) == 1 else Group("list", tuple(forms))


def bare(form: Form) -> Form:
    """Return the form without a label around it."""
    return form.form if isinstance(form, Labelled) else form


def same_form(a: Form, b: Form) -> bool:
    """Whether two forms are equal in everything that both of them state."""
    common = a.has & b.has
    if (a.has ^ b.has) & Decoration.CLOCK and (a.has | b.has) & Decoration.UNIT:
        return False  # a time of day is no measure, though its digits may be a ratio
    mixed = bool((a.has ^ b.has) & Decoration.BRACKETS)
    if a.key(common, ordered=mixed) == b.key(common, ordered=mixed):
        return True
    if not _names_agree(a, b):
        return False
    return not {worked_out(bare(a)), worked_out(bare(b))}.isdisjoint(
        {("bare", _number(a)), ("bare", _number(b))}
    )


def _names_agree(a: Form, b: Form) -> bool:
    if isinstance(a, Labelled) and isinstance(b, Labelled):
        return a.label == b.label
    names = {form.name for form in (a, b) if isinstance(form, Scalar) and form.name}
    return len(names) < 2


def _number(form: Form) -> Key:
    form = bare(form)
    return ("none",) if not isinstance(form, Scalar) or form.unit else form.value.positive


def worked_out(form: Form) -> Key:
    """Return the key of the bare number that a unit without dimension makes of its value: 90° = π/2, 5 dozen = 60."""
    if not isinstance(form, Scalar) or form.measured is None or form.measured[0] not in _WITHOUT_DIMENSION:
        return NOTHING
    return ("bare", form.measured[1])
