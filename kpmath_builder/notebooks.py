"""What notebooks show: a bar while a build runs, and pieces of HTML for results.

A build runs in a thread of its own there, because the notebook's event loop runs already; the bar is one output that is updated in
place, which every notebook can do without further packages.
"""

import sys
from collections.abc import Iterable, Sequence
from html import escape
from importlib import import_module
from typing import Any

from kpmath_builder.progress import Listener, Progress
from kpmath_builder.text import cut, shown

__all__ = ["NotebookBar", "fold", "listener_here", "page", "paragraphs", "preformatted", "table"]


def listener_here(progress: Listener | None) -> Listener | None:
    """Return what listens to a build: what the user gave, else a bar in a notebook, else nothing."""
    return NotebookBar() if progress is None and _in_notebook() else progress


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")  # a notebook has imported it
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class NotebookBar:
    """Listens to a build and shows it as a bar; notes are printed below."""

    def __init__(self) -> None:
        self._display: Any = import_module("IPython.display")
        self._shown: Any = None

    def __call__(self, progress: Progress) -> None:
        """Show a moment of the build."""
        if progress.note:
            print(shown(cut(progress.note)))  # noqa: T201 - a notebook's way to say something
            return
        bar = self._display.HTML(_bar(progress))
        if self._shown is None:
            self._shown = self._display.display(bar, display_id=True)
        else:
            self._shown.update(bar)


def _bar(progress: Progress) -> str:
    told = _text(str(progress))
    if not progress.total:
        return told
    value = f"value='{progress.done}' max='{progress.total}'"
    return f"<progress {value} style='width:20em;vertical-align:middle'></progress> {told}"


def page(parts: Iterable[str]) -> str:
    """Return pieces of HTML as one."""
    return f"<div style='text-align:left'>{''.join(parts)}</div>"


def paragraphs(lines: Iterable[str]) -> str:
    """Return lines of text as paragraphs."""
    return "".join(f"<p style='margin:0.2em 0'>{_text(line)}</p>" for line in lines)


def fold(title: str, content: str) -> str:
    """Return HTML that a click on its title opens."""
    return f"<details><summary><b>{_text(title)}</b></summary>{content}</details>"


def preformatted(text: str) -> str:
    """Return a text with its line breaks; formulas stay as they are written."""
    return f"<pre style='white-space:pre-wrap;margin:0.2em 0 0.6em 1em'>{_text(text)}</pre>"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of texts."""
    head = "".join(f"<th style='text-align:left'>{_text(name)}</th>" for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{_text(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(text: str) -> str:
    lines = (shown(line) for line in text.split("\n"))
    return escape("\n".join(lines))
