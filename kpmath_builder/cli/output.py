"""What the commands print: lines, a live table, JSON."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from kpmath_builder.text import shown

if TYPE_CHECKING:
    from kpmath_builder.display import Display

__all__ = ["going_on_after_signals", "open_display", "print_json", "say"]

JSON_FORMAT = 1
"""Raised when a key of a JSON result goes or changes its meaning."""


def say(line: str, *, err: bool = False) -> None:
    """Print a line; what would act on the terminal is shown as an escape."""
    typer.echo(shown(line), err=err)


def open_display(*, quiet: bool, json: bool) -> "Display":
    """Return what shows a command's work: on standard error if standard output is for a program, or for nobody."""
    from rich.console import Console

    from kpmath_builder.display import Display

    apart = Console(stderr=True, highlight=False, soft_wrap=True) if quiet or json else None
    return Display(apart, quiet=quiet)


def print_json(result: dict[str, Any]) -> None:
    """Print a result for programs (docs/scripting.md)."""
    from json import dumps

    typer.echo(dumps({"format": JSON_FORMAT, **result}, indent=1))


@contextmanager
def going_on_after_signals(*, err: bool = False) -> Iterator[None]:
    """After Ctrl+C or SIGTERM, say how to go on, and end."""
    from kpmath_builder.stopping import Interrupted

    try:
        yield
    except Interrupted as stop:
        again = shlex.join(word for word in sys.argv[1:] if word != "--regenerate")  # it has begun: go on
        say(f"{stop}; what was answered is kept. Go on with: kpmath {again}", err=err)
        sys.stdout.flush()
        from kpmath_builder.engine.process_group import kill_running  # few commands ever start an engine

        kill_running()
        os._exit(stop.exit_status)  # not even a thread that hangs in a dead file server may hold this up
