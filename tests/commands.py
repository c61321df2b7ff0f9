"""Running `kpmath` in this process, for tests of the command line."""

import sys

import pytest

from kpmath_builder import cli

__all__ = ["Kpmath", "run_command"]


def run_command(
    words: tuple[object, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, str]:
    """Return exit status, output and errors."""
    monkeypatch.setattr(sys, "argv", ["kpmath", *map(str, words)])
    capsys.readouterr()
    try:
        cli.main()
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


class Kpmath:
    """Runs commands in this process, wherever that stands."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *words: object) -> tuple[int, str, str]:
        """Return exit status, output and errors."""
        return run_command(words, self._capsys, self._monkeypatch)
