"""The items of a JSON list one by one, because MetaMathQA and others publish lists of hundreds of megabytes."""

import json
from collections.abc import Iterator
from typing import TextIO

__all__ = ["json_items"]

PART = 1 << 20
"""Characters that are read at once."""
_CUT = 20
"""An error so near the end of what was read may be that of a value that goes on."""


def json_items(file: TextIO) -> Iterator[object]:
    """Yield the items of a list.

    Raises
    ------
    ValueError
        When it is no JSON, or no list; the message names the item, counted from 1.
    """
    window = _Window(file)
    if window.sign() != "[":
        raise ValueError("it is no list")
    window.step()
    number = 0
    while (sign := window.sign()) != "]":
        if number:
            if sign != ",":
                raise ValueError(f"no comma after item {number}")
            window.step()
            window.sign()
        number += 1
        try:
            yield window.value()
        except json.JSONDecodeError as error:
            raise ValueError(f"{error.msg} in item {number}") from None
    window.step()
    if window.sign():
        raise ValueError(f"more text behind the list of {number:,} items")


class _Window:
    """The part of the text that is looked at; what was read of it is let go."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._place = 0
        self._ended = False
        self._decoder = json.JSONDecoder()

    def sign(self) -> str:
        """Return the next character that is no space; "" at the end."""
        while True:
            while self._place < len(self._text) and self._text[self._place] in " \t\r\n\ufeff":
                self._place += 1
            if self._place < len(self._text):
                return self._text[self._place]
            if self._ended:
                return ""
            self._read()

    def step(self) -> None:
        """Go on to the next character."""
        self._place += 1

    def value(self) -> object:
        """Return the value that begins here, and go on behind it."""
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - _CUT
                if self._ended or not is_cut:
                    raise
            else:
                closed = isinstance(value, dict | list | str)  # a number may go on
                if closed or end + _CUT < len(self._text) or self._ended:
                    self._place = end
                    return value
            self._read()

    def _read(self) -> None:
        part = self._file.read(PART)
        self._ended = not part
        self._text, self._place = self._text[self._place :] + part, 0
