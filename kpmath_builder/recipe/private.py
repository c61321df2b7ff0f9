"""Words that must not leave the machine: what private keys of a recipe say, wherever a server repeats it."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from kpmath_builder.recipe.keys import Key, Section, walk

__all__ = ["hide_private", "private_words"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HIDDEN = "[private]"
_END = r"""[^\s"'`<>()\[\]{},;]+"""
_PLACE = rf"""(?:https?|unix|file):{_END}|(?<![\w/.])(?:~|\.\.?)?/(?:[\w.@+-]+/)+[\w.@+-]*"""
"""An address, or a path of two parts at least: a single slash is a fraction or an alternative."""


def private_words(recipe: Section) -> set[str]:
    """Return the addresses, paths and names of variables in a recipe's private keys, and paths in public ones."""
    return {word for key in walk(recipe) for word in _words(key) if len(word) > 2}


def hide_private(recipe: Section) -> Callable[[str], str]:
    """Return a function that hides a recipe's private words in a server's text, and any address and path besides.

    A server names places that no recipe knows: the socket of our own engine, its cache of models.
    """
    words = sorted(private_words(recipe), key=len, reverse=True)
    pattern = re.compile("|".join([_PLACE, *map(re.escape, words)]))
    return lambda text: pattern.sub(HIDDEN, text)


def _words(key: Key) -> Iterator[str]:
    if key.public:
        # What differs as it is shown is a path.
        yield from _texts(key.value) - _texts(key.shown)
        return
    for text in _texts(key.value):
        if key.name.endswith("_env"):
            yield text
        elif "://" in text:
            yield from _of_address(text)
        elif "/" in text or "\\" in text:
            yield text


def _of_address(address: str) -> Iterator[str]:
    yield address
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:  # not an address; the client reports that
        return
    yield parts.netloc
    yield parts.netloc.rpartition("@")[2]
    if host and host not in _LOOPBACK:
        yield host


def _texts(value: Any) -> set[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {text for item in value.values() for text in _texts(item)}
    if isinstance(value, list | tuple):
        return {text for item in value for text in _texts(item)}
    return {value} if isinstance(value, str) else set()
