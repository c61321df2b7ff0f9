"""The command `kpmath`: each command is a few lines that call the library."""

import io
import logging
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.text import cut, shown

__all__ = ["app", "main"]

app = typer.Typer(
    help="Build a key-point-driven math dataset (KPMath, arXiv 2403.02333) with an open model of your own.",
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


MOST_SHARDS = 4096
_Misused = cast("type[Exception]", typer.BadParameter.mro()[1])
"""What typer raises for a wrong option, a missing argument or a value that cannot be; it has no public name."""


def main() -> None:
    """Run the command line; errors of ours become one sentence and their exit status."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    for stream in (sys.stdout, sys.stderr):  # a terminal of another encoding gets escapes, never an error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = app(sys.argv[1:] or ["--help"], prog_name="kpmath", standalone_mode=False)
    except KpmathError as error:
        _say(f"kpmath: {cut(str(error))}", err=True)
        sys.exit(error.exit_status)
    except _Misused as error:
        _say(f"kpmath: {cut(_about_misuse(error))}", err=True)
        sys.exit(2)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        _say(f"kpmath: {cut(_about(error))}: correct that, then run the same command again.", err=True)
        sys.exit(1)
    sys.exit(status or 0)


def _say(line: str, *, err: bool = False) -> None:
    """Print a line; what would act on the terminal is shown as an escape."""
    typer.echo(shown(line), err=err)


def _about_misuse(error: Exception) -> str:
    """Return a sentence about words that are no command, with the help that lists those that are."""
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    given = next((word for word in sys.argv[1:2] if word in commands), "")
    said = " ".join(error.format_message().split()) if hasattr(error, "format_message") else str(error)
    see = f"see `{' '.join(filter(None, ('kpmath', given)))} --help`."
    return f"{said} {see.capitalize()}" if said.endswith("?") else f"{said.rstrip('.')}: {see}"


def _about(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename} ({what})" if error.filename else what


@app.command()
def build(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A recipe in TOML, e.g. examples/quickstart.toml.")
    ],
    settings: Settings = None,
    shards: Annotated[
        str, typer.Option(metavar="LIST", help="Build only these shards, e.g. 3,7-9; all by default.")
    ] = "",
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
) -> None:
    """Build a recipe, or go on with a build that was interrupted."""
    from kpmath_builder.display import Display
    from kpmath_builder.pipeline import build as run
    from kpmath_builder.recipe import Recipe
    from kpmath_builder.stopping import Interrupted

    read = Recipe.read(recipe, _pairs(settings))
    chosen = _numbers(shards) if shards else None
    try:
        with Display() as display:
            result = run(
                read, shards=chosen, regenerate=regenerate, retry_given_up=retry_given_up, progress=display
            )
            display.result(result)
    except Interrupted as stop:
        again = shlex.join(word for word in sys.argv[1:] if word != "--regenerate")  # it has begun: go on
        _say(f"{stop}; what was answered is kept. Go on with: kpmath {again}")
        sys.stdout.flush()
        os._exit(stop.exit_status)  # not even a thread that hangs in a dead file server may hold this up


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
    from kpmath_builder.inspection.status import read_status

    with Display() as display:
        display.status(read_status(folder))


@app.command()
def verify(
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="A build folder.")] = None,
    repo: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Check a published version instead of a folder.")
    ] = "",
    version: Annotated[str, typer.Option(metavar="X.Y.Z", help="Which version, with --repo.")] = "",
    repair: Annotated[
        bool,
        typer.Option("--repair", help="First make again, from the log alone, what is damaged in the folder."),
    ] = False,
) -> None:
    """Make everything of a build again from its log alone, and name each place that differs.

    With --repo and --version instead: download a published version and compare every file with its checksum.
    """
    if (folder is None) != bool(repo) or bool(repo) != bool(version) or (repo and repair):
        raise InputError("Give a build folder, or --repo and --version of what is published.")
    if folder is None:
        _verify_published(repo, version)
        return
    from kpmath_builder.display import Display
    from kpmath_builder.inspection.verify import Verifier
    from kpmath_builder.pipeline import repair as mend

    with Display() as display:
        if repair:
            mend(folder, progress=display)
        verifier = Verifier(folder, display)
        found = 0
        for found, disagreement in enumerate(verifier.run(), start=1):  # noqa: B007 - the last number is the count
            display.say(str(disagreement))
        looked = ", ".join(f"{count:,} {what}" for what, count in verifier.checked.items())
        display.say(f"{found:,} disagreements in {looked}.")
    if found:
        raise typer.Exit(1)


def _verify_published(repo: str, version: str) -> None:
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from kpmath_builder.publishing.checking import verify_published

    disable_progress_bars("huggingface_hub.http_get")  # one a file
    problems = verify_published(repo, version)
    for problem in problems:
        _say(problem)
    if problems:
        raise typer.Exit(1)
    _say(f"{repo} {version}: every file is as it was published.")


@app.command()
def explain(
    folder: Folder,
    row_id: Annotated[str, typer.Argument(metavar="ROW_ID", help="An id of any of the three tables.")],
) -> None:
    """Show the way from a row back to its seeds, prompts and responses."""
    from kpmath_builder.inspection.explain import explain as notify

    for line in notify(folder, row_id):
        _say(line)


@app.command()
def export(
    folder: Folder,
    target: Annotated[
        Path, typer.Option("--to", help="Folder for the exported files; FOLDER/export by default.")
    ] = Path(),
    file_format: Annotated[str, typer.Option("--format", help="jsonl, the only one so far.")] = "jsonl",
    config: Annotated[list[str] | None, typer.Option(help="Only this config; repeatable.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Write the tables of a finished build as JSON lines."""
    from kpmath_builder.dataset.export import export_jsonl
    from kpmath_builder.folder.workspace import Workspace

    if file_format != "jsonl":
        raise InputError(f"There is no export format {file_format!r}: use --format jsonl.")
    target = target if target != Path() else folder / "export"
    workspace = Workspace.existing(folder)
    workspace.check_tables()
    for name, rows in export_jsonl(workspace.dataset, target, config, force=force).items():
        _say(f"{target / name}.jsonl: {rows} rows")


@app.command()
def publish(
    folder: Folder,
    *,
    repo: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Dataset on the Hub; made if it is not there.")
    ],
    version: Annotated[
        str,
        typer.Option(
            metavar="X.Y.Z",
            help="Raise X if columns change, Y if rows change, Z if only the card does.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare, change nothing.")] = False,
    pull_request: Annotated[bool, typer.Option("--pr", help="Open a pull request instead.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Make a new repository private.")] = False,
) -> None:
    """Publish a finished build on the Hugging Face Hub: one commit, one tag, or nothing."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from kpmath_builder.publishing.publish import publish as run

    disable_progress_bars("huggingface_hub.http_get")  # one a file; those of uploads stay
    published = run(
        folder, repo, version, dry_run=dry_run, pull_request=pull_request, private=private, note=_say
    )
    for line in published.lines():
        _say(line)


def _numbers(text: str) -> set[int]:
    """Read "3,7-9"."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise InputError(f"--shards {text[:80]} is not a list of shards: write it like --shards 3,7-9.")
        if max(len(first), len(last)) > len(str(MOST_SHARDS)) or int(last or first) > MOST_SHARDS:
            raise InputError(
                f"--shards {text[:80]} names a shard beyond {MOST_SHARDS}, the most that build.shards can be: write it like 3,7-9."
            )
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def _pairs(settings: list[str] | None) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for setting in settings or []:
        name, sign, value = setting.partition("=")
        if not sign or not name:
            raise InputError(f"--set {setting} has no value: write it as --set build.questions=500.")
        pairs[name.strip()] = value.strip()
    return pairs
