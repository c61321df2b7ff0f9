"""Our own secrets, kept out of whatever is stored or shown: a server may repeat the key that it was sent."""

import re
from collections.abc import Iterable

__all__ = ["Secrets"]

HIDDEN = "[secret]"
_SHORTEST = 8
"""Shorter keys are placeholders such as EMPTY or none; as words of a text they are no secrets."""


_SPECIAL = frozenset('"\\/')
"""What JSON may escape by a backslash alone."""


class Secrets:
    """Some texts that must not leave this process.

    Parameters
    ----------
    texts
        API keys and passwords; those shorter than eight characters are not looked for.
    """

    def __init__(self, texts: Iterable[str | None] = ()) -> None:
        found = {text.strip() for text in texts if text}
        texts_ = sorted((text for text in found if len(text) >= _SHORTEST), key=len, reverse=True)
        self._texts = tuple(texts_)
        self._bytes = tuple(text.encode() for text in texts_)
        self._special = any(_SPECIAL & set(text) for text in texts_)
        self._escaped = [re.compile(b"".join(map(_in_json, text))) for text in texts_]

    def hide(self, text: str) -> str:
        """Return the text with each secret replaced."""
        for secret in self._texts:
            text = text.replace(secret, HIDDEN)
        return text

    def hide_bytes(self, body: bytes) -> bytes:
        """Return the body with each secret replaced, also where JSON escapes it."""
        if not self._bytes:
            return body
        for secret in self._bytes:
            if secret in body:
                body = body.replace(secret, HIDDEN.encode())
        if b"\\u" in body or (self._special and b"\\" in body):
            for pattern in self._escaped:
                body = pattern.sub(HIDDEN.encode(), body)
        return body

    def __repr__(self) -> str:
        return f"Secrets({len(self._texts)})"


def _in_json(sign: str) -> bytes:
    r"""Return a pattern for a character as JSON may write it: `/`, `\/` or `\u002f`, with more backslashes in JSON within JSON."""
    plain = re.escape(sign.encode())
    if sign in _SPECIAL:
        plain = rb"\\*" + plain
    return rb"(?:%b|\\+u(?i:%04x))" % (plain, ord(sign))
