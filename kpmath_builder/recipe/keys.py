"""How a key of the recipe is declared, and how the tree of them is walked.

Every key carries its meaning (shown in errors and in `docs/recipe.md`) and what a change of it means for a folder that is
already being built: `data` keys change what is asked, and what they touch is asked anew; `draw` keys are data keys that
also decide what the questions are drawn from, and `layout` keys where the folder keeps it: one folder has one value of
each. `decision` keys change only what is made of the answers, `free` keys nothing.
"""

from collections.abc import Iterator
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

__all__ = ["Kind", "Section", "key", "kind_of", "walk"]

Kind = Literal["draw", "data", "decision", "layout", "free"]


def key(meaning: str, default: Any = ..., kind: Kind = "data", **limits: Any) -> Any:  # noqa: ANN401 - as pydantic.Field
    """Declare a key with its meaning, its default (none: required), its kind and its limits."""
    return Field(default, description=meaning, json_schema_extra={"kind": kind}, **limits)


class Section(BaseModel):
    """A frozen table of the recipe; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def walk(section: Section, prefix: str = "") -> Iterator[tuple[str, Any, FieldInfo]]:
    """Yield each key below a section: its dotted name, its value as JSON has it, its declaration."""
    dumped = section.model_dump(mode="json")
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from walk(value, f"{prefix}{name}.")
        elif name == "roles":
            for role in sorted(value):
                yield from walk(value[role], f"{prefix}roles.{role}.")
        else:
            yield prefix + name, dumped[name], field


def kind_of(field: FieldInfo) -> Kind:
    """Return the kind that a key was declared with."""
    assert isinstance(field.json_schema_extra, dict), "every key of the recipe is declared with key()"
    return cast("Kind", field.json_schema_extra["kind"])
