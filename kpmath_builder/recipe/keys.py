"""How a key of the recipe is declared, and how the tree of them is walked.

Every key carries its meaning (shown in errors and in `docs/recipe.md`), what a change of it means for a folder that is
already being built (`KeyKind`), and whether it is public: a private key concerns only the machine on which the build runs
and never leaves it.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path, PurePath, PureWindowsPath
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

__all__ = [
    "Addresses",
    "Key",
    "KeyKind",
    "Section",
    "UserPath",
    "declaration",
    "is_local_path",
    "key",
    "last_part",
    "public_model",
    "public_value",
    "walk",
]


class KeyKind(StrEnum):
    """What a change of a key means for a folder that is already being built."""

    DRAW = "draw"
    """Changes what the questions are drawn from: one folder has one value."""
    SEEDS = "seeds"
    """Changes how the seeds are read: one folder has one set of seeds, with its ids and licences, wherever that is read from."""
    ASKED = "asked"
    """Changes what is asked; what it touches is asked anew."""
    DECISION = "decision"
    """Changes only what is made of the answers."""
    LAYOUT = "layout"
    """Changes where the folder keeps things: one folder has one value."""
    FREE = "free"
    """Changes nothing in the tables."""


class Key(NamedTuple):
    """One key of a recipe."""

    name: str
    """With the names of its tables before it, e.g. build.seed."""
    value: Any
    """As JSON has it."""
    meaning: str
    kind: KeyKind
    public: bool
    shown: Any
    """The value as it may leave the machine, if the key is public."""


def key(
    meaning: str,
    default: Any = ...,  # noqa: ANN401 - as pydantic.Field
    kind: KeyKind = KeyKind.ASKED,
    *,
    public: bool = True,
    **limits: Any,  # noqa: ANN401 - as pydantic.Field
) -> Any:  # noqa: ANN401 - as pydantic.Field
    """Declare a key with its meaning, its default (none: required), its kind, whether it is public, and its limits."""
    return Field(
        default, description=meaning, json_schema_extra={"kind": kind.value, "public": public}, **limits
    )


class Section(BaseModel):
    """A frozen table of the recipe; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    def shown(self, name: str, value: Any) -> Any:  # noqa: ANN401, ARG002 - any JSON value; the name is for subclasses
        """Return the value of a public key as it may leave the machine: local paths in it by their last parts."""
        return public_value(value)


def walk(section: Section, prefix: str = "") -> Iterator[Key]:
    """Yield each key below a section, depth first, in the order of declaration."""
    fields = _declarations(type(section))
    dumped = section.model_dump(mode="json", include={name for name, _, declared in fields if declared})
    for name, meaning, declared in fields:
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from walk(value, f"{prefix}{name}.")
        elif declared is None:  # a table of tables
            for part in sorted(value):
                yield from walk(value[part], f"{prefix}{name}.{part}.")
        else:
            kind, public = declared
            shown = section.shown(name, dumped[name])
            yield Key(prefix + name, dumped[name], meaning, kind, public, shown)


@cache
def _declarations(section: type[Section]) -> tuple[tuple[str, str, tuple[KeyKind, bool] | None], ...]:
    """Return name, meaning and declaration of each field of a kind of section."""
    return tuple(
        (name, field.description or "", declaration(field)) for name, field in section.model_fields.items()
    )


def _in_a_list(value: Any) -> Any:  # noqa: ANN401 - raw TOML
    return [value] if isinstance(value, str) else value


Addresses = Annotated[tuple[str, ...], BeforeValidator(_in_a_list)]
"""Some addresses; one may stand without brackets, as on a command line."""


def _of_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"{path} begins with a user who has no home here: write the whole path") from None


UserPath = Annotated[Path, AfterValidator(_of_home)]
"""A path; `~` is the user's home folder, as in a shell."""


def declaration(field: FieldInfo) -> tuple[KeyKind, bool] | None:
    """Return the kind of a key and whether it is public; None for a field that is a table."""
    declared = field.json_schema_extra
    if not isinstance(declared, dict) or "kind" not in declared:
        return None
    return KeyKind(str(declared["kind"])), declared["public"] is True


def public_value(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value with each local path in it replaced by its last part."""
    if isinstance(value, dict):
        return {name: public_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [public_value(item) for item in value]
    return last_part(value) if isinstance(value, str) and is_local_path(value) else value


_LOCAL = re.compile(r"(~[^/\s]*|\.{1,2})?/\S|[A-Za-z]:[\\/]|file:|\\\\")


def is_local_path(text: str) -> bool:
    """Return whether a text names a place in a file system rather than on the Hub."""
    return bool(_LOCAL.match(text))


def last_part(path: str) -> str:
    """Return the last part of a path of any system."""
    parts = PureWindowsPath(path) if "\\" in path else PurePath(path)
    return parts.name


def public_model(name: str) -> str:
    """Return a model's name as a server lists it, a file or folder by its last part.

    Servers of GGUF files list the file as it was given on their command line, mostly without a leading dot.
    """
    is_file = name.endswith((".gguf", ".safetensors", ".bin"))
    return last_part(name) if is_file or is_local_path(name) else name
