"""What to change about requests when a server refuses one: read from its words, or found by trying."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kpmath_builder.client.dialects import LONG_NAME, OPTIONAL, Dialect, SchemaMode, wants_long_name
from kpmath_builder.client.error_bodies import error_words, named_fields

__all__ = ["Pinned", "adapted", "barest", "joined", "one_more", "single_changes"]

Pinned = frozenset[str]
"""What the recipe has decided: fields of `[teacher.parameters]`, and "response_format" if the schema mode is set."""

MOST_NAMED = 3
"""A message that holds more of our fields than this quotes the request, rather than naming what is wrong."""

_NO_SYSTEM_ROLE = re.compile(
    r"system (?:role|messages?|prompts?|instructions?)\b.{0,40}\b(?:not|un|in)\s?(?:supported|allowed|enabled|valid)|"
    r"role.{0,20}\bsystem\b.{0,40}\b(?:not|un|in)\s?(?:supported|allowed|valid)|"
    r"\b(?:does not|doesn't) support (?:the )?system|developer instruction is not enabled|roles must alternate",
    re.IGNORECASE | re.DOTALL,
)
_SCHEMA = re.compile(
    r"response[_ ]?(?:format|schema|mime)|json[_ ](?:schema|object|mode)|structured[_ ]output|guided|grammar|additionalProperties",
    re.IGNORECASE,
)
_UNKNOWN = re.compile(
    r"unknown|unsupported|unrecogni|unexpected|cannot find|extra (?:inputs|fields)|not (?:permitted|allowed|supported|accepted|valid|implemented)"
    r"|(?:does not|doesn't) (?:support|accept|allow)",
    re.IGNORECASE,
)
_NEXT_MODE: Mapping[SchemaMode, SchemaMode] = {"json_schema": "json_object", "json_object": "none"}
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
    if changed == dialect and "response_format" in sent and _SCHEMA.search(words):
        changed = _lower_mode(dialect, pinned)
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


def _lower_mode(dialect: Dialect, pinned: Pinned) -> Dialect:
    lower = _NEXT_MODE.get(dialect.schema_mode)
    return dialect if lower is None or "response_format" in pinned else replace(dialect, schema_mode=lower)


def single_changes(dialect: Dialect, pinned: Pinned) -> Iterator[Dialect]:
    """Yield the dialects that differ in one point, the likeliest first, for a server whose words do not help."""
    if dialect.system_role:
        yield replace(dialect, system_role=False)
    lower = _lower_mode(dialect, pinned)
    if lower != dialect:
        yield lower
        if lower.schema_mode != "none":
            yield replace(dialect, schema_mode="none")
    if "max_tokens" not in pinned | dialect.rename.keys() | dialect.omit:
        yield _renamed(dialect)
    for name in ("seed", "n", "top_p", "temperature"):
        if name not in pinned | dialect.omit:
            yield replace(dialect, omit=dialect.omit | {name})


def barest(dialect: Dialect, pinned: Pinned) -> Iterator[Dialect]:
    """Yield the dialects of the plainest requests that the recipe allows, with either name for the longest reply."""
    mode: SchemaMode = dialect.schema_mode if "response_format" in pinned else "none"
    omit = dialect.omit | (OPTIONAL - {"max_tokens"} - pinned)
    bare = replace(dialect, omit=omit, system_role=False, schema_mode=mode)
    yield bare
    if "max_tokens" not in pinned | dialect.rename.keys() | dialect.omit:
        yield _renamed(bare)


def one_more(bare: Dialect, full: Dialect) -> Iterator[Dialect]:
    """Yield the barest dialect with one more thing of the full one each."""
    if full.system_role:
        yield replace(bare, system_role=True)
    mode: SchemaMode | None = full.schema_mode if full.schema_mode != bare.schema_mode else None
    while mode and mode != bare.schema_mode:
        yield replace(bare, schema_mode=mode)
        mode = _NEXT_MODE.get(mode)
    for name in sorted(bare.omit - full.omit):
        yield replace(bare, omit=bare.omit - {name})


def joined(bare: Dialect, accepted: Sequence[Dialect]) -> Dialect:
    """Return the barest dialect with everything that was accepted by itself."""
    modes = [one.schema_mode for one in accepted if one.schema_mode != bare.schema_mode]
    regained = frozenset[str]().union(*(bare.omit - one.omit for one in accepted))
    return replace(
        bare,
        omit=bare.omit - regained,
        system_role=any(one.system_role for one in accepted),
        schema_mode=modes[0] if modes else bare.schema_mode,
    )
