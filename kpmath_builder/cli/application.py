"""The application: its commands are added by the modules beside this one; errors become one sentence and an exit status."""

import errno
import io
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from kpmath_builder.cli.output import say
from kpmath_builder.errors import KpmathError
from kpmath_builder.text import cut

__all__ = ["app", "main"]

app = typer.Typer(
    help="Build a key-point-driven math dataset (KPMath, arXiv 2403.02333) with an open model of your own.",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_Misused = cast("type[Exception]", typer.BadParameter.mro()[1])
"""What typer raises for a wrong option, a missing argument or a value that cannot be; it has no public name."""


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
        say(f"kpmath: {cut(str(error))}", err=True)
        sys.exit(error.exit_status)
    except _Misused as error:
        say(f"kpmath: {cut(_about_misuse(error))}", err=True)
        sys.exit(2)
    except UnicodeEncodeError as error:
        if error.encoding not in {"utf-8", "ascii"}:
            raise
        say(
            "kpmath: A name holds characters that the locale of this shell does not have: set PYTHONUTF8=1 or a UTF-8 locale, then run "
            "the same command again.",
            err=True,
        )
        sys.exit(2)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        if error.errno == errno.ENAMETOOLONG:
            say(f"kpmath: {_about_long_name(error)}", err=True)
            sys.exit(2)
        say(f"kpmath: {cut(_about(error))}: correct that, then run the same command again.", err=True)
        sys.exit(1)
    sys.exit(status or 0)


def _about_misuse(error: Exception) -> str:
    """Return a sentence about words that are no command, with the help that lists those that are."""
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    given = next((word for word in sys.argv[1:2] if word in commands), "")
    said = " ".join(error.format_message().split()) if hasattr(error, "format_message") else str(error)
    see = f"see `{' '.join(filter(None, ('kpmath', given)))} --help`."
    return f"{said} {see.capitalize()}" if said.endswith("?") else f"{said.rstrip('.')}: {see}"


def _about_long_name(error: OSError) -> str:
    """Return a sentence about what was given, which is the longest part of the path that was tried."""
    name = max(Path(os.fsdecode(error.filename or "")).parts, key=len, default="")
    return f"The name {name:.40}… of a file or folder is too long: give a shorter one."


def _about(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename} ({what})" if error.filename else what
