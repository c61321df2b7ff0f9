"""The command that mixes a dataset with others."""

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kpmath_builder.cli.application import app
from kpmath_builder.cli.options import Json, Quiet, Settings, pairs
from kpmath_builder.cli.output import print_json, say

_STOPPED = 130


@app.command()
def mix(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A recipe of a mix in TOML, e.g. examples/mix.toml.")
    ],
    settings: Settings = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Mix builds with existing sets into the config `plus` (KPMath-Plus), or go on with a mix that was stopped."""
    from kpmath_builder.mixing import MixRecipe
    from kpmath_builder.mixing import mix as run

    read = MixRecipe.read(recipe, pairs(settings))
    note = partial(say, err=True)
    try:
        mixed = run(read, note=(lambda _: None) if quiet else note)
    except KeyboardInterrupt:
        note(f"Stopped; what was read is kept. Go on with: kpmath {shlex.join(sys.argv[1:])}")
        raise typer.Exit(_STOPPED) from None
    if json:
        print_json(mixed.as_json())
        return
    for line in mixed.lines() if not quiet else ():
        say(line)
