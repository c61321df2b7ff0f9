"""The command `kpmath`: each command is a few lines that call the library."""

import io
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from kpmath_builder.errors import InputError, KpmathError
from kpmath_builder.text import cut, shown

if TYPE_CHECKING:
    from kpmath_builder.display import Display
    from kpmath_builder.recipe import Recipe

__all__ = ["app", "main"]

app = typer.Typer(
    help="Build a key-point-driven math dataset (KPMath, arXiv 2403.02333) with an open model of your own.",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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
    bool, typer.Option("--shrink", help="Cut the tables if the folder holds more questions than asked for.")
]

MOST_SHARDS = 4096
_Misused = cast("type[Exception]", typer.BadParameter.mro()[1])
"""What typer raises for a wrong option, a missing argument or a value that cannot be; it has no public name."""
JSON_FORMAT = 1
"""Raised when a key of a JSON result goes or changes its meaning."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"kpmath-builder {version('kpmath-builder')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


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
    except UnicodeEncodeError as error:
        if error.encoding not in {"utf-8", "ascii"}:
            raise
        _say(
            "kpmath: A name holds characters that the locale of this shell does not have: set PYTHONUTF8=1 or a UTF-8 locale, then run "
            "the same command again.",
            err=True,
        )
        sys.exit(2)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        _say(f"kpmath: {cut(_about(error))}: correct that, then run the same command again.", err=True)
        sys.exit(1)
    sys.exit(status or 0)


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
        return Recipe.read(path, _pairs(settings))
    from kpmath_builder.seeds.own import recipe_of_file

    assert seeds is not None
    recipe, guess = recipe_of_file(seeds, _pairs(settings))
    if guess is not None and not confirmed:
        for line in guess.lines():
            _say(line)
        raise InputError(
            f"If that is right, build with: {shlex.join(['kpmath', *sys.argv[1:], '--yes'])}; else name the columns with --set 'seeds.fields=…'."
        )
    return recipe


def _announce(plan: object) -> None:
    """Show the plan of a long build beside its progress, on standard error."""
    for line in str(plan).splitlines():
        _say(line, err=True)


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


def _display(*, quiet: bool, json: bool) -> "Display":
    """Return what shows a command's work: on standard error if standard output is for a program, or for nobody."""
    from rich.console import Console

    from kpmath_builder.display import Display

    apart = Console(stderr=True, highlight=False, soft_wrap=True) if quiet or json else None
    return Display(apart, quiet=quiet)


def _print_json(result: dict[str, Any]) -> None:
    from json import dumps

    typer.echo(dumps({"format": JSON_FORMAT, **result}, indent=1))


def _about(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename} ({what})" if error.filename else what


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
    chosen = _numbers(shards) if shards is not None else None
    with _going_on_after_signals(err=quiet or json), _display(quiet=quiet, json=json) as display:
        result = run(
            read,
            shards=chosen,
            regenerate=regenerate,
            retry_given_up=retry_given_up,
            shrink=shrink,
            progress=display,
            announce=_announce,
        )
        display.result(result)
    if json:
        _print_json(result.as_json())
    if result.nothing_kept:
        raise typer.Exit(1)


@contextmanager
def _going_on_after_signals(*, err: bool = False) -> Iterator[None]:
    """After Ctrl+C or SIGTERM, say how to go on, and end."""
    from kpmath_builder.stopping import Interrupted

    try:
        yield
    except Interrupted as stop:
        again = shlex.join(word for word in sys.argv[1:] if word != "--regenerate")  # it has begun: go on
        _say(f"{stop}; what was answered is kept. Go on with: kpmath {again}", err=err)
        sys.stdout.flush()
        os._exit(stop.exit_status)  # not even a thread that hangs in a dead file server may hold this up


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
    _say(f"{target} is written: read its comments, then run kpmath plan {shlex.quote(str(target))}")


@app.command()
def plan(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A recipe in TOML, e.g. examples/gsm8k-paper.toml.")
    ],
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

    made = make(Recipe.read(recipe, _pairs(settings)), tokens_per_second=tokens_per_second)
    if json:
        _print_json(made.as_json())
        return
    for line in str(made).splitlines():
        _say(line)


@app.command()
def preview(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", help="A recipe in TOML, e.g. examples/quickstart.toml.")
    ],
    number: Annotated[
        int, typer.Option("-n", "--number", metavar="N", help="How many blueprints, 1 to 100.")
    ] = 5,
    show_prompts: Annotated[
        bool, typer.Option("--show-prompts", help="Print every prompt, and every reply in full.")
    ] = False,
    settings: Settings = None,
) -> None:
    """Lead a few blueprints through the whole method and print everything on the way; what is asked counts for the build."""
    from kpmath_builder.display import Display
    from kpmath_builder.previewing.preview import preview as run
    from kpmath_builder.recipe import Recipe

    read = Recipe.read(recipe, _pairs(settings))
    with _going_on_after_signals(), Display() as display:
        result = run(
            read,
            number,
            progress=display,
            each_row=lambda row: display.preview_row(row, show_prompts=show_prompts),
        )
        display.preview(result)


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

    with _display(quiet=quiet, json=json) as display:
        result = run(folder, _pairs(settings), shrink=shrink, progress=display)
        display.result(result)
    if json:
        _print_json(result.as_json())
    if result.nothing_kept:
        raise typer.Exit(1)


@app.command()
def status(folder: Folder, json: Json = False) -> None:
    """Show how far a build is, shard by shard, and its funnel."""
    from kpmath_builder.inspection.status import read_status

    found = read_status(folder)
    if json:
        _print_json({"folder": str(folder), **found.as_json()})
        return
    with _display(quiet=False, json=False) as display:
        display.status(found)


@app.command()
def verify(
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="A build folder.")] = None,
    *,
    repo: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Check a published version instead of a folder.")
    ] = "",
    version: Annotated[str, typer.Option(metavar="X.Y.Z", help="Which version, with --repo.")] = "",
    repair: Annotated[
        bool,
        typer.Option("--repair", help="First make again, from the log alone, what is damaged in the folder."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make everything of a build again from its log alone, and name each place that differs.

    With --repo and --version instead: download a published version and compare every file with its checksum.
    """
    if (folder is None) != bool(repo) or bool(repo) != bool(version) or (repo and repair):
        raise InputError("Give a build folder, or --repo and --version of what is published.")
    if folder is None:
        _verify_published(repo, version, quiet=quiet, json=json)
        return
    from kpmath_builder.inspection.verify import Verifier
    from kpmath_builder.pipeline import repair as mend

    found = []
    with _display(quiet=quiet, json=json) as display:
        if repair:
            mend(folder, progress=display)
        verifier = Verifier(folder, display)
        for disagreement in verifier.run():
            found.append(disagreement)
            display.say(str(disagreement))
        if not quiet:
            looked = ", ".join(f"{count:,} {what}" for what, count in verifier.checked.items())
            display.say(f"{len(found):,} disagreements in {looked}.")
    if json:
        disagreements = [disagreement.as_json() for disagreement in found]
        checked = {what.replace(" ", "_"): count for what, count in verifier.checked.items()}
        _print_json({"folder": str(folder), "disagreements": disagreements, "checked": checked})
    if found:
        raise typer.Exit(1)


def _verify_published(repo: str, version: str, *, quiet: bool, json: bool) -> None:
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from kpmath_builder.publishing.checking import verify_published

    disable_progress_bars("huggingface_hub.http_get")  # one a file
    problems = verify_published(repo, version)
    if json:
        _print_json({"repo": repo, "version": version, "problems": problems})
    for problem in problems:
        _say(problem, err=quiet or json)
    if problems:
        raise typer.Exit(1)
    if not (quiet or json):
        _say(f"{repo} {version}: every file is as it was published.")


@app.command()
def explain(
    folder: Folder,
    row_id: Annotated[str, typer.Argument(metavar="ROW_ID", help="An id of any of the three tables.")],
    json: Json = False,
) -> None:
    """Show the way from a row back to its seeds, prompts and responses."""
    from kpmath_builder.inspection.explain import explain as explained

    explanation = explained(folder, row_id)
    if json:
        _print_json({"folder": str(folder), **explanation.as_json()})
        return
    for line in explanation.lines():
        _say(line)


@app.command()
def export(
    folder: Folder,
    *,
    target: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIRECTORY", help="Folder for the files.", show_default="FOLDER/export"),
    ] = None,
    file_format: Annotated[str, typer.Option("--format", help="jsonl, the only one so far.")] = "jsonl",
    config: Annotated[list[str] | None, typer.Option(help="Only this config; repeatable.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the tables of a finished build as JSON lines."""
    from kpmath_builder.dataset.export import export_jsonl
    from kpmath_builder.folder.guards import check_export
    from kpmath_builder.folder.workspace import Workspace

    if file_format != "jsonl":
        raise InputError(f"There is no export format {file_format!r}: use --format jsonl.")
    target = folder / "export" if target is None else target
    workspace = Workspace.existing(folder)
    check_export(workspace, target)
    workspace.check_tables()
    rows_of = export_jsonl(workspace.dataset, target, config, force=force)
    if json:
        _print_json({"folder": str(target), "rows": rows_of})
        return
    for name, rows in rows_of.items() if not quiet else ():
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
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Publish a finished build on the Hugging Face Hub: one commit, one tag, or nothing."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from kpmath_builder.publishing.publish import publish as run

    # A terminal sees the bars of uploads; those of downloads are one a file.
    shows_bars = sys.stderr.isatty() and not quiet
    disable_progress_bars("huggingface_hub.http_get" if shows_bars else None)
    note = partial(_say, err=quiet or json)
    published = run(
        folder, repo, version, dry_run=dry_run, pull_request=pull_request, private=private, note=note
    )
    if json:
        _print_json(published.as_json())
        return
    for line in published.lines() if not quiet else ():
        _say(line)


def _numbers(text: str) -> set[int]:
    """Read "3,7-9"."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or (last and int(last) < int(first)):
            raise InputError(f'--shards "{text[:80]}" is not a list of shards: write it like --shards 3,7-9.')
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
