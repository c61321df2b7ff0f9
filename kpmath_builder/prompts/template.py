"""A prompt file: sections `[system]`, `[example]`, `[reply]`, `[practice]` and `[user]`, and placeholders filled in one pass."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kpmath_builder.errors import InputError

__all__ = ["Template", "fill"]

_SECTION = re.compile(r"^\[(\w+)\][ \t]*$", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\$(\$|[A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Template:
    """The sections of one prompt file.

    `[system]` (may be missing, for models without that role) is constant: nothing is filled in, and a dollar sign is
    one. So is each `[example]` with the `[reply]` below it, of which there may be any number: they are turns of the chat before the one
    that counts, because small models copy an example that stands in the same turn. In `[user]` and in `[practice]`, which is repeated for each practice and may use its `$number`, `$name` is a
    placeholder and `$$` a dollar sign.
    """

    system: str
    practice: str
    user: str
    examples: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, origin: str, text: str, needed: Mapping[str, frozenset[str]]) -> "Template":
        """Read a prompt file; `needed` maps each section but `[system]` to the placeholders that must stand in it.

        Raises
        ------
        InputError
            Naming the file and the section or placeholder that is missing, unknown or given twice.
        """
        sections, examples = _sections(origin, text)
        for section in sections.keys() - needed.keys() - {"system"}:
            raise InputError(f"{origin} has the unknown section [{section}]: {_known(needed)}.")
        for section in needed.keys() - sections.keys():
            raise InputError(f"{origin} lacks the section [{section}]: {_known(needed)}.")
        for section, names in needed.items():
            _check(origin, section, sections[section], names)
        constant = "\n".join([sections.get("system", ""), *(part for pair in examples for part in pair)])
        _check_constant(origin, constant, needed)
        return cls(sections.get("system", ""), sections.get("practice", ""), sections["user"], examples)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values into the text; what a value contains is never filled in again."""
    return _PLACEHOLDER.sub(lambda match: "$" if match[1] == "$" else values[match[1]], text)


def _sections(origin: str, text: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the sections that stand once, and the examples with their replies."""
    head, *pieces = _SECTION.split(text)
    if head.strip():
        raise InputError(
            f"{origin} has text before its first section: begin it with a line [system] or [user]."
        )
    shown = [(name, body.strip()) for name, body in zip(pieces[::2], pieces[1::2], strict=True)]
    turns = [part for part in shown if part[0] in {"example", "reply"}]
    if [name for name, _ in turns] != ["example", "reply"] * (len(turns) // 2):
        raise InputError(f"{origin}: each section [example] needs its [reply] below it: add what is missing.")
    texts = [body for _, body in turns]
    shown = [part for part in shown if part not in turns]
    names = [name for name, _ in shown]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"{origin} has the section [{twice[0]}] twice: join the two.")
    return dict(shown), tuple(zip(texts[::2], texts[1::2], strict=True))


def _known(needed: Mapping[str, frozenset[str]]) -> str:
    return "its sections are " + ", ".join(f"[{name}]" for name in ("system", *needed))


def _check(origin: str, section: str, text: str, names: frozenset[str]) -> None:
    found = {match[1] for match in _PLACEHOLDER.finditer(text)} - {"$"}
    allowed = names | {"number"} if section == "practice" else names
    for name in sorted(found - allowed):
        known = ", ".join(f"${known}" for known in sorted(allowed))
        raise InputError(
            f"{origin}: [{section}] has the unknown placeholder ${name}: use {known}, or $$ for a dollar sign."
        )
    for name in sorted(names - found):
        raise InputError(
            f"{origin}: [{section}] lacks the placeholder ${name}: put it where its text belongs."
        )


def _check_constant(origin: str, system: str, needed: Mapping[str, frozenset[str]]) -> None:
    for name in sorted(frozenset[str]().union(*needed.values())):
        if re.search(rf"\${name}\b", system):
            raise InputError(
                f"{origin}: the placeholder ${name} stands in a section that is constant: move it to [user]."
            )
