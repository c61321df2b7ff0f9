"""Commands that make a dataset."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kpmath_builder.cli.application import app
from kpmath_builder.cli.options import Folder, Json, Quiet, RecipeFile, Settings, Shrink, numbers, pairs
from kpmath_builder.cli.output import going_on_after_signals, open_display, print_json, say
from kpmath_builder.errors import InputError

if TYPE_CHECKING:
    from kpmath_builder.recipe import Recipe


@app.command()
def build(
    recipe: Annotated[
        Path | None, typer.Argument(metavar="RECIPE", help="A recipe in TOML, e.g. examples/quickstart.toml.")
    ] = None,
    *,
    settings: Settings = None,
    shards: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Build only these shards, e.g. 3,7-9; all by default."),
    ] = None,
    regenerate: Annotated[
        bool, typer.Option("--regenerate", help="Ask everything of the named shards anew.")
    ] = False,
    retry_given_up: Annotated[
        bool,
        typer.Option(
            "--retry-given-up",
            help="Ask again what a server refused, or failed at each time, in an earlier run.",
        ),
    ] = False,
    seeds: Annotated[
        Path | None,
        typer.Option(
            "--seeds",
            metavar="FILE",
            help="Instead of a recipe: a file of problems, whose columns are guessed.",
        ),
    ] = None,
    confirmed: Annotated[
        bool, typer.Option("--yes", help="The guess that --seeds showed is right: build.")
    ] = False,
    shrink: Shrink = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Build a recipe, or go on with a build that was interrupted."""
    from kpmath_builder.pipeline import build as run

    read = _recipe(recipe, seeds, settings, confirmed=confirmed)
    chosen = numbers(shards) if shards is not None else None
    with going_on_after_signals(err=quiet or json), open_display(quiet=quiet, json=json) as display:
        result = run(
            read,
            shards=chosen,
            regenerate=regenerate,
            retry_given_up=retry_given_up,
            shrink=shrink,
            progress=display,
            announce=announce,
        )
        display.result(result)
    if json:
        print_json(result.as_json())
    if result.shortfall or result.not_asked:
        raise typer.Exit(1)


def _recipe(
    path: Path | None, seeds: Path | None, settings: list[str] | None, *, confirmed: bool
) -> "Recipe":
    """Return the recipe at `path`, or that of a seed file once the user has confirmed how it is read."""
    if (path is None) == (seeds is None):
        raise InputError(
            "Give a recipe, or --seeds with a file of problems; for both: RECIPE --set seeds.path=FILE. `kpmath init` writes recipes."
        )
    from kpmath_builder.recipe import Recipe

    if path is not None:
        return Recipe.read(path, pairs(settings))
    from kpmath_builder.seeds.own import recipe_of_file

    assert seeds is not None
    recipe, guess = recipe_of_file(seeds, pairs(settings))
    if guess is not None and not confirmed:
        for line in guess.lines():
            say(line)
        raise InputError(
            f"If that is right, build with: {shlex.join(['kpmath', *sys.argv[1:], '--yes'])}; else name the columns with --set 'seeds.fields=…'."
        )
    return recipe


def announce(plan: object) -> None:
    """Show the plan of a long build beside its progress, on standard error."""
    for line in str(plan).splitlines():
        say(line, err=True)


@app.command()
def init(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="gsm8k, math, own, … ; without it the names are listed.")
    ] = "",
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The file to write; NAME.toml by default.")
    ] = None,
) -> None:
    """Write a recipe with comments to begin with; a file that is there is never replaced."""
    from kpmath_builder.recipe.shipped import shipped_names, write_recipe

    if not name:
        raise InputError(f"Name the recipe to begin with: {', '.join(shipped_names())}.")
    target = path or Path(f"{name}.toml")
    write_recipe(name, target)
    then = "mix" if name == "mix" else "plan"
    say(f"{target} is written: read its comments, then run kpmath {then} {shlex.quote(str(target))}")


@app.command()
def plan(
    recipe: RecipeFile,
    settings: Settings = None,
    tokens_per_second: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="What a model writes on one GPU; unset: as measured in the build folder, else 2,000.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Show what a recipe will take: requests, tokens, hours, cost, disk and uploads. Asks no server."""
    from kpmath_builder.estimation.planner import plan as make
    from kpmath_builder.recipe import Recipe

    made = make(Recipe.read(recipe, pairs(settings)), tokens_per_second=tokens_per_second)
    if json:
        print_json(made.as_json())
        return
    for line in str(made).splitlines():
        say(line)


@app.command()
def preview(
    recipe: RecipeFile,
    number: Annotated[
        int, typer.Option("-n", "--number", metavar="N", help="How many blueprints, 1 to 100.")
    ] = 5,
    show_prompts: Annotated[
        bool, typer.Option("--show-prompts", help="Print every prompt, and every reply in full.")
    ] = False,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Lead a few blueprints through the whole method and print everything on the way; what is asked counts for the build."""
    from kpmath_builder.previewing.preview import preview as run
    from kpmath_builder.recipe import Recipe

    read = Recipe.read(recipe, pairs(settings))
    with going_on_after_signals(), open_display(quiet=False, json=json) as display:
        result = run(
            read,
            number,
            progress=display,
            each_row=lambda row: display.preview_row(row, show_prompts=show_prompts),
        )
        display.preview(result)
    if json:
        print_json(result.as_json())


@app.command()
def rescore(
    folder: Folder,
    settings: Settings = None,
    shrink: Shrink = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Decide anew with other thresholds over the answers that are there: no new tokens."""
    from kpmath_builder.pipeline import rescore as run

    with open_display(quiet=quiet, json=json) as display:
        result = run(folder, pairs(settings), shrink=shrink, progress=display)
        display.result(result)
    if json:
        print_json(result.as_json())
    if result.shortfall or result.not_asked:
        raise typer.Exit(1)
