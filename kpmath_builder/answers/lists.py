"""What items side by side are: one compound quantity, a mixed number, intervals that are joined or cut, pairs, or a list."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from kpmath_builder.answers.forms import Form, Group, Labelled, Scalar, Word, as_list, bare
from kpmath_builder.answers.precision import Key
from kpmath_builder.answers.quantities import compound, rational
from kpmath_builder.answers.tokens import Token
from kpmath_builder.answers.trees import Number
from kpmath_builder.answers.values import fingerprint

__all__ = ["gathered", "mixed_number", "named", "outer_separator", "together"]


def gathered(forms: list[Form], words: frozenset[str]) -> Form:
    """Return what items are that stand between the separators `words`: commas, semicolons, `and`, `or`."""
    if "and" in words or len(forms) == 2:
        whole = compound(forms)
        if whole is not None:
            return whole
    if "or" in words:
        forms = [form for at, form in enumerate(forms) if form not in forms[:at]]
        if len(forms) == 1:
            return forms[0]
    bounds = _bounds(forms, words)
    if bounds is not None:
        return bounds
    if all(isinstance(form, Group) and form.kind == "interval" for form in forms):
        return Group("union", tuple(forms))
    items = _tuples(forms) or _shared_label(_by_noun(forms))
    joined = {"and", "or"} & words
    return Labelled(("joined", *joined), items) if len(joined) == 1 and all(map(_is_name, forms)) else items


def outer_separator(words: list[str]) -> str:
    """Return the separator of the outer list if a list holds lists, as in `1, 2; 3, 4` and `1 and 2 or 3 and 4`, or ""."""
    if {",", ";"} <= {*words}:
        return ";"
    if {"and", "or"} <= {*words}:
        return "or"
    several = words.count("and") + words.count("or") > 1
    return next((word for word in (";", ",") if several and word in words), "")


def named(forms: list[Form]) -> bool:
    """Whether the names of the values say themselves which belong together: `x = 1, y = 2 or x = 3, y = 4`."""
    names = [_name(form) for form in forms]
    return _tuples(forms) is not None or (all(names) and len({*names}) == len(names))


def together(form: Form, *, ordered: bool) -> Form:
    """Return a list within a list as one item: a tuple between semicolons, a group without order between words."""
    if not isinstance(form, Group) or form.kind != "list":
        return form
    if not ordered:
        return Group("system", form.items)
    return Group("pair" if len(form.items) == 2 else "tuple", form.items, "()")


def _is_name(form: Form) -> bool:
    """Whether an item is a word or a letter: `A and B` is not `A or B`, while `2 and 3` are the same roots as `2 or 3`."""
    return isinstance(form, Word) or (
        isinstance(form, Scalar) and form.value.positive[0] == "f" and form == Scalar(form.value)
    )


def mixed_number(pieces: Sequence[list[Token]], forms: Sequence[Form]) -> Form | None:
    """Return `2 and 3/4` as 2.75."""
    if len(forms) != 2 or not all(isinstance(form, Scalar) and form == Scalar(form.value) for form in forms):
        return None
    whole, part = (
        rational(form) if isinstance(form, Scalar) and form.value.positive[0] == "q" else Fraction(0)
        for form in forms
    )
    written = any(token.value in {"frac", "/"} or "/" in token.value for token in pieces[-1])
    if not written or whole.denominator != 1 or whole < 1 or not 0 < part < 1:
        return None
    return Scalar(fingerprint(Number(whole + part)))


def _bounds(forms: list[Form], words: frozenset[str]) -> Form | None:
    """Return inequalities in one unknown: joined by `or` their union, by `and` what both leave.

    A comma may mean either; it is read as `and` where both leave something, as `or` where they do not.
    """
    labels = {form.label for form in forms if isinstance(form, Labelled)}
    groups = [form.form for form in forms if isinstance(form, Labelled)]
    intervals = [group for group in groups if isinstance(group, Group) and group.kind == "interval"]
    if len(labels) != 1 or len(intervals) != len(forms) or len(forms) < 2:
        return None
    label = next(iter(labels))
    common = _intersection(intervals) if len(intervals) == 2 and "or" not in words else None
    if common is not None:
        return Labelled(label, common)
    if "and" in words:
        return Labelled(label, Group("system", tuple(intervals)))
    return Labelled(label, Group("union", tuple(intervals)))


def _intersection(intervals: Sequence[Group]) -> Group | None:
    """Return what a lower and an upper bound leave between them."""
    lower = [group for group in intervals if _infinite(group.items[1], 1)]
    upper = [group for group in intervals if _infinite(group.items[0], -1)]
    if len(lower) != 1 or len(upper) != 1 or lower == upper:
        return None
    low, high = lower[0].items[0], upper[0].items[1]
    known = all(isinstance(end, Scalar) and end.value.positive[0] == "q" for end in (low, high))
    if (
        not known
        or not isinstance(low, Scalar)
        or not isinstance(high, Scalar)
        or rational(low) >= rational(high)
    ):
        return None
    return Group("interval", (low, high), lower[0].brackets[0] + upper[0].brackets[1])


def _infinite(form: Form, sign: int) -> bool:
    return isinstance(form, Scalar) and form.value.positive == ("infinity", sign)


def _name(form: Form) -> str:
    return form.name if isinstance(form, Scalar) else ""


def _tuples(forms: list[Form]) -> Form | None:
    """Return `x = 1, y = 2, x = 3, y = 4` as two pairs."""
    given = [_name(form) for form in forms]
    size = given.index(given[0], 1) if given[0] and given[0] in given[1:] else 0
    if (
        size < 2
        or len(forms) % size
        or len(set(given[:size])) != size
        or given != given[:size] * (len(forms) // size)
    ):
        return None
    parts = [tuple(_by_name(forms[at : at + size])) for at in range(0, len(forms), size)]
    return as_list([Group("pair" if size == 2 else "tuple", part, "()") for part in parts])


def _by_noun(forms: list[Form]) -> list[Form]:
    """Make different nouns labels: in `5 nickels and 3 dimes` they say which number is which."""
    nouns = {form.noun for form in forms if isinstance(form, Scalar)}
    if len(nouns) < 2:
        return forms
    return [
        Labelled(("counted", form.noun), replace(form, noun=""))
        if isinstance(form, Scalar) and form.noun
        else form
        for form in forms
    ]


def _shared_label(forms: list[Form]) -> Form:
    """Name the values of a list one by one; in `x = 1, 2` the name is everyone's."""
    given = [_name(form) for form in forms]
    if given[0] and set(given[1:]) <= {"", given[0]}:
        label: Key = ("name", given[0])
        return Labelled(
            label, as_list([replace(f, label=None, name="") if isinstance(f, Scalar) else f for f in forms])
        )
    labels = {form.label for form in forms if isinstance(form, Labelled)}
    if len(labels) == 1 and isinstance(forms[0], Labelled) and forms[0].bound is None:
        return Labelled(forms[0].label, as_list([bare(form) for form in forms]))
    return as_list(
        _by_name(forms) if all(given) and len(set(given)) == len(given) else [_with_name(f) for f in forms]
    )


def _by_name(forms: Sequence[Form]) -> list[Form]:
    """Return named values in the order of their names, in which a tuple gives them: `y = 1, x = 2` is (2, 1)."""
    return [_with_name(form) for form in sorted(forms, key=_name)]


def _with_name(form: Form) -> Form:
    return replace(form, label=("label", form.name)) if isinstance(form, Scalar) and form.name else form
