"""How a server wants a request: which fields it knows and under which names, and how the shape of a reply is asked for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from kpmath_builder.errors import InputError

__all__ = ["OPTIONAL", "PLAIN", "Dialect", "SchemaMode", "advice", "read_parameters", "wants_long_name"]

SchemaMode = Literal["json_schema", "json_object", "none"]

OPTIONAL = frozenset({"temperature", "top_p", "max_tokens", "n", "seed", "stop"})
"""Fields that `[teacher.parameters]` may rename or omit."""
FIXED = frozenset({"model", "messages", "response_format", "stream"})
LONG_NAME = "max_completion_tokens"
SEED_BITS = 63
"""vLLM takes a seed as a signed 64-bit integer."""

_TOO_LARGE = re.compile(
    r"too (?:large|long|high|big)|at most|maximum|exceed|greater|less than", re.IGNORECASE
)
_MODES = {
    "json_object": "replies asked for as a JSON object of a shape given in words",
    "none": "the shape of replies given in words alone",
}


@dataclass(frozen=True)
class Dialect:
    """The deviations of a server from the plain protocol."""

    rename: Mapping[str, str] = field(default_factory=dict)
    """Field to the name that the server has for it."""
    omit: frozenset[str] = frozenset()
    """Fields that are not sent."""
    system_role: bool = True
    """Whether there is a system message; without it, its text begins the user's first message."""
    schema_mode: SchemaMode = "json_schema"
    """How the shape of a reply is asked for."""
    top_p_of_1: bool = True
    """Whether a `top_p` of 1, which changes nothing, is sent; TGI refuses it."""
    seed_bits: int = SEED_BITS
    """Seeds are sent modulo 2 to this power."""

    @cached_property
    def description(self) -> str:
        """The deviations in words, for the log; "" for the plain protocol."""
        words = [f"{name} as {other}" for name, other in sorted(self.rename.items())]
        if self.omit:
            words.append(f"without {' and '.join(sorted(self.omit))}")
        if not self.top_p_of_1:
            words.append("without a top_p of 1")
        if self.seed_bits != SEED_BITS:
            words.append(f"seeds of {self.seed_bits} bits")
        if not self.system_role:
            words.append("no system role")
        if self.schema_mode != "json_schema":
            words.append(_MODES[self.schema_mode])
        return "; ".join(words)

    @property
    def takes_n(self) -> bool:
        """Whether one call may carry several samples."""
        return "n" not in self.omit

    @cached_property
    def names(self) -> frozenset[str]:
        """All names under which fields of ours are sent or could be; further fields may not have them."""
        return OPTIONAL | FIXED | frozenset(self.rename.values())


PLAIN = Dialect()


def read_parameters(parameters: Mapping[str, str | bool], mode: SchemaMode = "json_schema") -> Dialect:
    """Return the dialect that `[teacher.parameters]` asks for: a name renames a field, false omits it, true sends it.

    Raises
    ------
    InputError
        When a field is not one of those that may be changed, or two would have one name.
    """
    for name in parameters:
        if name not in OPTIONAL:
            raise InputError(
                f"teacher.parameters cannot change '{name}', only {', '.join(sorted(OPTIONAL))}: remove it there"
                + ("; use teacher.schema_mode." if name == "response_format" else ".")
            )
    rename = {name: other for name, other in parameters.items() if isinstance(other, str)}
    for name, other in rename.items():
        if (
            not other.strip()
            or other in (OPTIONAL | FIXED) - {name}
            or list(rename.values()).count(other) > 1
        ):
            raise InputError(
                f"teacher.parameters gives '{name}' the name '{other}', which is empty or another field's: choose one of its own."
            )
    omit = frozenset(name for name, sent in parameters.items() if sent is False)
    return Dialect({name: other for name, other in rename.items() if name != other}, omit, schema_mode=mode)


def wants_long_name(words: str) -> bool:
    """Whether a server refuses the name `max_tokens`, and not its value: vLLM calls both names if that is too large."""
    return LONG_NAME in words and not _TOO_LARGE.search(words)


def advice(fields: Iterable[str], words: str = "") -> str:
    """Return what to change in a recipe for fields that a server refuses, line by line; "" if nothing is known to help."""
    names = sorted(fields)
    lines = [line for name in names if (line := _line(name, words))]
    extras = [f"`{name}`" for name in names if name not in OPTIONAL | FIXED]
    steps = [f"add {' and '.join(lines)}"] if lines else []
    steps += [f"remove {' and '.join(extras)} from teacher.extra"] if extras else []
    return ", ".join(steps)


def _line(name: str, words: str) -> str:
    if name == "max_tokens":
        return (
            '`max_tokens = "max_completion_tokens"` to [teacher.parameters]' if wants_long_name(words) else ""
        )
    if name in OPTIONAL:
        return f"`{name} = false` to [teacher.parameters]"
    return '`schema_mode = "none"` to [teacher]' if name == "response_format" else ""
