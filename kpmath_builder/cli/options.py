"""Options that several commands share, and how their values are read."""

from pathlib import Path
from typing import Annotated

import typer

from kpmath_builder.errors import InputError

__all__ = ["Folder", "Json", "Quiet", "RecipeFile", "Settings", "Shrink", "numbers", "pairs"]

RecipeFile = Annotated[
    Path, typer.Argument(metavar="RECIPE", help="A recipe in TOML, e.g. examples/quickstart.toml.")
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A build folder.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the recipe, e.g. build.questions=500; KEY=unset takes its default; repeatable.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print notes and errors alone, on standard error."),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print the result as JSON, and all else on standard error (docs/scripting.md)."
    ),
]
Shrink = Annotated[
    bool,
    typer.Option(
        "--shrink", help="Cut the tables if the folder holds more questions or rows than asked for."
    ),
]

MOST_SHARDS = 4096


def numbers(text: str) -> set[int]:
    """Read "3,7-9"."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (last and int(last) < int(first)):
            raise InputError(f'--shards "{text[:80]}" is not a list of shards: write it like --shards 3,7-9.')
        if max(len(first), len(last)) > len(str(MOST_SHARDS)) or int(last or first) > MOST_SHARDS:
            raise InputError(
                f"--shards {text[:80]} names a shard beyond {MOST_SHARDS}, the most that build.shards can be: write it like 3,7-9."
            )
        found.update(range(int(first), int(last or first) + 1))
    return found


def pairs(settings: list[str] | None) -> dict[str, str]:
    """Read each "KEY=VALUE" of --set."""
    found: dict[str, str] = {}
    for setting in settings or []:
        name, sign, value = setting.partition("=")
        if not sign or not name:
            raise InputError(f"--set {setting} has no value: write it as --set build.questions=500.")
        found[name.strip()] = value.strip()
    return found
