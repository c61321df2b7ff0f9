"""What to change about requests when a server refuses one: read from its words, or found by trying."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kpmath_builder.client.dialects import (
    FORMS,
    LONG_NAME,
    OPTIONAL,
    PATTERN_FIELDS,
    Dialect,
    PatternForm,
    wants_long_name,
)
from kpmath_builder.client.error_bodies import error_words, named_fields

__all__ = ["FORM", "Pinned", "adapted", "barest", "joined", "next_form", "one_more", "single_changes"]

Pinned = frozenset[str]
"""What the recipe has decided: fields of `[teacher.parameters]`, and `FORM` if `structured_outputs` is set."""
FORM = "pattern form"

MOST_NAMED = 3
"""A message that holds more of our fields than this quotes the request, rather than naming what is wrong."""

_NO_SYSTEM_ROLE = re.compile(
    r"system (?:role|messages?|prompts?|instructions?)\b.{0,40}\b(?:not|un|in)\s?(?:supported|allowed|enabled|valid)|"
    r"role.{0,20}\bsystem\b.{0,40}\b(?:not|un|in)\s?(?:supported|allowed|valid)|"
    r"\b(?:does not|doesn't) support (?:the )?system|developer instruction is not enabled|roles must alternate",
    re.IGNORECASE | re.DOTALL,
)
_PATTERN = re.compile(r"structured[_ ]output|guided|grammar|regex|regular expression", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"unknown|unsupported|unrecogni|unexpected|cannot find|extra (?:inputs|fields)|not (?:permitted|allowed|supported|accepted|valid|implemented)"
    r"|(?:does not|doesn't) (?:support|accept|allow)",
    re.IGNORECASE,
)
_INT32 = 31


def adapted(dialect: Dialect, pinned: Pinned, sent: Mapping[str, Any], body: bytes) -> Dialect | None:
    """Return the dialect that avoids what an error body objects to; None if its words do not say, or the recipe forbids it."""
    words = error_words(body)
    if dialect.system_role and _NO_SYSTEM_ROLE.search(words):
        return replace(dialect, system_role=False)
    names = named_fields(body, sent)
    if len(names) > MOST_NAMED:
        return None
    ours = {dialect.rename.get(name, name): name for name in OPTIONAL - dialect.omit}
    changed = _without(dialect, frozenset(ours[name] for name in names & ours.keys()) - pinned, words)
    if changed == dialect and PATTERN_FIELDS.get(dialect.pattern_form) in sent and _PATTERN.search(words):
        changed = next_form(dialect, pinned)
    return None if changed == dialect else changed


def _without(dialect: Dialect, named: frozenset[str], words: str) -> Dialect:
    if named >= {"temperature", "top_p"} and re.search(r"both|only one", words, re.IGNORECASE):
        named -= {"temperature"}
    if "max_tokens" in named:
        named -= {"max_tokens"}  # a reply without a bound is never asked for unless the recipe says so
        if wants_long_name(words):
            dialect = _renamed(dialect)
    if "seed" in named and dialect.seed_bits > _INT32 and not _UNKNOWN.search(words):
        named -= {"seed"}
        dialect = replace(dialect, seed_bits=_INT32)
    return replace(dialect, omit=dialect.omit | named)


def _renamed(dialect: Dialect) -> Dialect:
    return replace(dialect, rename={**dialect.rename, "max_tokens": LONG_NAME})


def next_form(dialect: Dialect, pinned: Pinned) -> Dialect:
    """Return the dialect with the next way of sending a regular expression; as it is after the last, or if the recipe has decided."""
    if dialect.pattern_form == "none" or FORM in pinned:
        return dialect
    return replace(dialect, pattern_form=FORMS[FORMS.index(dialect.pattern_form) + 1])


def single_changes(dialect: Dialect, pinned: Pinned) -> Iterator[Dialect]:
    """Yield the dialects that differ in one point, the likeliest first, for a server whose words do not help."""
    if dialect.system_role:
        yield replace(dialect, system_role=False)
    if (other := next_form(dialect, pinned)) != dialect:
        yield other
        if other.pattern_form != "none":
            yield replace(dialect, pattern_form="none")
    if "max_tokens" not in pinned | dialect.rename.keys() | dialect.omit:
        yield _renamed(dialect)
    for name in ("seed", "n", "top_p", "temperature"):
        if name not in pinned | dialect.omit:
            yield replace(dialect, omit=dialect.omit | {name})


def barest(dialect: Dialect, pinned: Pinned) -> Iterator[Dialect]:
    """Yield the dialects of the plainest requests that the recipe allows, with either name for the longest reply."""
    form: PatternForm = dialect.pattern_form if FORM in pinned else "none"
    omit = dialect.omit | (OPTIONAL - {"max_tokens"} - pinned)
    bare = replace(dialect, omit=omit, system_role=False, pattern_form=form)
    yield bare
    if "max_tokens" not in pinned | dialect.rename.keys() | dialect.omit:
        yield _renamed(bare)


def one_more(bare: Dialect, full: Dialect) -> Iterator[Dialect]:
    """Yield the barest dialect with one more thing of the full one each."""
    if full.system_role:
        yield replace(bare, system_role=True)
    form = full
    while form.pattern_form != bare.pattern_form:
        yield replace(bare, pattern_form=form.pattern_form)
        form = next_form(form, frozenset())
    for name in sorted(bare.omit - full.omit):
        yield replace(bare, omit=bare.omit - {name})


def joined(bare: Dialect, accepted: Sequence[Dialect]) -> Dialect:
    """Return the barest dialect with everything that was accepted by itself."""
    forms = [one.pattern_form for one in accepted if one.pattern_form != bare.pattern_form]
    regained = frozenset[str]().union(*(bare.omit - one.omit for one in accepted))
    return replace(
        bare,
        omit=bare.omit - regained,
        system_role=any(one.system_role for one in accepted),
        pattern_form=forms[0] if forms else bare.pattern_form,
    )
