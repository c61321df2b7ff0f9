"""How a server wants a request: which fields it knows and under which names, and how it is told the form of a reply."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from kpmath_builder.errors import InputError

__all__ = [
    "FORMS",
    "OPTIONAL",
    "PATTERN_FIELDS",
    "PLAIN",
    "UNPROBED",
    "Dialect",
    "PatternForm",
    "advice",
    "read_parameters",
    "wants_long_name",
]

PatternForm = Literal["vllm", "sglang", "llama.cpp", "none"]
"""Whose field carries the regular expression of a reply."""
FORMS: Sequence[PatternForm] = ("vllm", "sglang", "llama.cpp", "none")
"""In the order in which they are tried."""
PATTERN_FIELDS: Mapping[PatternForm, str] = {
    "vllm": "structured_outputs",
    "sglang": "regex",
    "llama.cpp": "grammar",
}

OPTIONAL = frozenset({"temperature", "top_p", "max_tokens", "n", "seed", "stop"})
"""Fields that `[teacher.parameters]` may rename or omit."""
FIXED = frozenset({"model", "messages", "stream"})
LONG_NAME = "max_completion_tokens"
SEED_BITS = 63
"""vLLM takes a seed as a signed 64-bit integer."""

_OURS = OPTIONAL | FIXED | frozenset(PATTERN_FIELDS.values())
_TOO_LARGE = re.compile(
    r"too (?:large|long|high|big)|at most|maximum|exceed|greater|less than", re.IGNORECASE
)


@dataclass(frozen=True)
class Dialect:
    """The deviations of a server from the plain protocol."""

    rename: Mapping[str, str] = field(default_factory=dict)
    """Field to the name that the server has for it."""
    omit: frozenset[str] = frozenset()
    """Fields that are not sent."""
    system_role: bool = True
    """Whether there is a system message; without it, its text begins the user's first message."""
    pattern_form: PatternForm = "vllm"
    """How a reply is held to a regular expression."""
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
        if self.pattern_form == "none":
            words.append("no regular expressions")
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
UNPROBED = Dialect(pattern_form="none")
"""For a server that has not answered the probe: nothing that it may refuse."""


def read_parameters(parameters: Mapping[str, str | bool], form: PatternForm = "vllm") -> Dialect:
    """Return the dialect that `[teacher.parameters]` asks for: a name renames a field, false omits it, true sends it.

    Raises
    ------
    InputError
        When a field is not one of those that may be changed, or two would have one name.
    """
    for name in parameters:
        if name not in OPTIONAL:
            raise InputError(
                f"teacher.parameters cannot change '{name}', only {', '.join(sorted(OPTIONAL))}: remove it there."
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
    return Dialect({name: other for name, other in rename.items() if name != other}, omit, pattern_form=form)


def wants_long_name(words: str) -> bool:
    """Whether a server refuses the name `max_tokens`, and not its value: vLLM calls both names if that is too large."""
    return LONG_NAME in words and not _TOO_LARGE.search(words)


def advice(fields: Iterable[str], words: str = "", extra: Container[str] = ()) -> str:
    """Return what to change in a recipe for fields that a server refuses, line by line; "" if nothing is known to help.

    `extra` are fields that the recipe has added itself.
    """
    names = sorted(fields)
    ours = [name for name in names if name in _OURS and name not in extra]
    lines = [line for name in ours if (line := _line(name, words))]
    extras = [f"`{name}`" for name in names if name not in ours]
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
    return '`structured_outputs = "none"` to [teacher]' if name in PATTERN_FIELDS.values() else ""
