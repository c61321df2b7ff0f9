"""Commands that give a build to others."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from kpmath_builder.cli.application import app
from kpmath_builder.cli.options import Folder, Json, Quiet
from kpmath_builder.cli.output import print_json, say
from kpmath_builder.errors import InputError


@app.command()
def export(
    folder: Folder,
    *,
    target: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIRECTORY", help="Folder for the files.", show_default="FOLDER/export"),
    ] = None,
    file_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="jsonl: the tables as they are; messages, prompt-completion, prompt-completion-text, prompt-only, paper: what trainers take, "
            "as JSON lines.",
        ),
    ] = "jsonl",
    reasoning: Annotated[
        str | None,
        typer.Option(
            help="With a format of trainers: what the solver thought as reasoning_content, or in the answer with think.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[list[str] | None, typer.Option(help="Only this config; repeatable.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the tables of a finished build as JSON lines."""
    from kpmath_builder.dataset.export import export_jsonl, file_name
    from kpmath_builder.dataset.formats import FORMATS
    from kpmath_builder.folder.guards import check_export
    from kpmath_builder.folder.workspace import Workspace
    from kpmath_builder.mixing.folder import is_mix

    format_name = None if file_format == "jsonl" else file_format
    if format_name not in (None, *FORMATS):
        raise InputError(
            f"There is no export format {file_format!r}: choose from jsonl, {', '.join(FORMATS)}."
        )
    target = folder / "export" if target is None else target
    workspace = Workspace(folder) if is_mix(folder) else Workspace.existing(folder)
    check_export(workspace, target)
    workspace.check_tables()
    rows_of = export_jsonl(
        workspace.dataset, target, config, force=force, format_name=format_name, reasoning=reasoning
    )
    if json:
        print_json({"folder": str(target), "rows": rows_of})
        return
    for name, rows in rows_of.items() if not quiet else ():
        say(f"{target / file_name(name, format_name)}: {rows} rows")


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
    allow_critical: Annotated[
        bool,
        typer.Option("--allow-critical", help="Publish in spite of critical findings of the audit."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Publish a finished build on the Hugging Face Hub: one commit, one tag, or nothing."""
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from kpmath_builder.publishing.publish import publish as run

    # A terminal sees the bars of uploads; those of downloads are one a file.
    shows_bars = sys.stderr.isatty() and not quiet
    disable_progress_bars("huggingface_hub.http_get" if shows_bars else None)
    note = partial(say, err=quiet or json)
    published = run(
        folder,
        repo,
        version,
        dry_run=dry_run,
        pull_request=pull_request,
        private=private,
        allow_critical=allow_critical,
        note=note,
    )
    if json:
        print_json(published.as_json())
        return
    for line in published.lines() if not quiet else ():
        say(line)
