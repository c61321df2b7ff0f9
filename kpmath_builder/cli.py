"""The command `kpmath`: each command is a few lines that call the library."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from kpmath_builder.errors import InputError, KpmathError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Build a key-point-driven math dataset (KPMath, arXiv 2403.02333) with an open model of your own.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="A build folder.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the recipe, e.g. build.questions=500; repeatable.",
    ),
]


def main() -> None:
    """Run the command line; errors of ours become one sentence and their exit status."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        app()
    except KpmathError as error:
        print(f"kpmath: {error}", file=sys.stderr)  # noqa: T201 - the way to tell
        sys.exit(error.exit_status)


@app.command()
def build(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A recipe in TOML, e.g. examples/quickstart.toml.")
    ],
    settings: Settings = None,
) -> None:
    """Build a recipe, or go on with a build that was interrupted."""
    from kpmath_builder.display import Display
    from kpmath_builder.pipeline import build as run
    from kpmath_builder.recipe import Recipe

    read = Recipe.read(recipe, _pairs(settings))
    with Display() as display:
        try:
            result = run(read, progress=display)
        except KeyboardInterrupt:
            display.say("Stopped; what was answered is kept. Run the same command again to go on.")
            raise typer.Exit(130) from None
        display.result(result)


@app.command()
def rescore(folder: Folder, settings: Settings = None) -> None:
    """Decide anew with other thresholds over the answers that are there: no new tokens."""
    from kpmath_builder.display import Display
    from kpmath_builder.pipeline import rescore as run

    with Display() as display:
        display.result(run(folder, _pairs(settings), progress=display))


@app.command()
def status(folder: Folder) -> None:
    """Show how far a build is, shard by shard, and its funnel."""
    from kpmath_builder.display import Display
    from kpmath_builder.status import read_status

    with Display() as display:
        display.status(read_status(folder))


@app.command()
def explain(
    folder: Folder,
    row_id: Annotated[str, typer.Argument(metavar="ROW_ID", help="An id of any of the three tables.")],
) -> None:
    """Show the way from a row back to its seeds, prompts and responses."""
    from kpmath_builder.explain import explain as tell

    for line in tell(folder, row_id):
        typer.echo(line)


@app.command()
def export(
    folder: Folder,
    target: Annotated[
        Path, typer.Option("--to", help="Folder for the exported files; FOLDER/export where not given.")
    ] = Path(),
    file_format: Annotated[str, typer.Option("--format", help="jsonl, the only one so far.")] = "jsonl",
    config: Annotated[list[str] | None, typer.Option(help="Only this config; repeatable.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write the tables of a finished build as JSON lines."""
    from kpmath_builder.publishing.export import export_jsonl
    from kpmath_builder.workspace import Workspace

    if file_format != "jsonl":
        raise InputError(f"There is no export format {file_format!r}: use --format jsonl.")
    target = target if target != Path() else folder / "export"
    for name, rows in export_jsonl(Workspace.existing(folder).dataset, target, config, force=force).items():
        typer.echo(f"{target / name}.jsonl: {rows} rows")


def _pairs(settings: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for setting in settings or []:
        name, sign, value = setting.partition("=")
        if not sign or not name:
            raise InputError(f"--set {setting} has no value: write it as --set build.questions=500.")
        pairs[name.strip()] = value.strip()
    return pairs
