"""Our own secrets, kept out of whatever is stored or shown: a server may repeat the key that it was sent."""

import json
from collections.abc import Iterable

__all__ = ["Secrets"]

HIDDEN = "[secret]"
_SHORTEST = 8
"""Shorter keys are placeholders such as EMPTY or none; as words of a text they are no secrets."""


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
        # A JSON body holds a secret as it is, or with its special characters escaped.
        forms = dict.fromkeys(form for text in texts_ for form in (text, json.dumps(text)[1:-1]))
        self._texts = tuple(texts_)
        self._bytes = tuple(form.encode() for form in forms)

    def hide(self, text: str) -> str:
        """Return the text with each secret replaced."""
        for secret in self._texts:
            text = text.replace(secret, HIDDEN)
        return text

    def hide_bytes(self, body: bytes) -> bytes:
        """Return the body with each secret replaced, also where JSON escapes it."""
        for secret in self._bytes:
            if secret in body:
                body = body.replace(secret, HIDDEN.encode())
        return body

    def __repr__(self) -> str:
        return f"Secrets({len(self._texts)})"
