"""What an HTTP status of an OpenAI-compatible server means for the request that got it."""

import json

from kpmath_builder.client.retries import PassingError, RefusedError, parse_retry_after
from kpmath_builder.errors import InputError

__all__ = ["fault_of", "server_words", "wrong_key"]

BUSY = frozenset({408, 409, 425, 429})
REFUSED = frozenset({400, 413, 422})


def fault_of(url: str, status: int, body: bytes, retry_after: str | None) -> Exception:
    """Return the exception for an answer that is not 200: it may pass, is for ever, or is the user's to correct."""
    words = server_words(body)
    if status in REFUSED:
        return RefusedError(words)
    if status in BUSY or status >= 500:
        return PassingError(
            f"{status} from {url}" + (f" ({words})" if words else ""),
            retry_after=parse_retry_after(retry_after),
            may_be_the_request=status == 500,
            away=status in {502, 503},
        )
    if status in {401, 403}:
        return wrong_key(url, status, body)
    return InputError(f"{url} answers {status} {words}: correct teacher.model or teacher.addresses.")


def server_words(body: bytes) -> str:
    """Return the message in an error body, whichever of the usual shapes it has, or its first words."""
    try:
        value = json.loads(body)
        error = value.get("error", value)
        words = error if isinstance(error, str) else error.get("message") or error["detail"]
    except (ValueError, AttributeError, KeyError):
        words = body.decode(errors="replace")
    return " ".join(str(words).split())[:500].rstrip(".")


def wrong_key(url: str, status: int, body: bytes) -> InputError:
    """Return what to tell the user about a key that is missing or wrong."""
    return InputError(
        f"{url} does not accept the API key ({status} {server_words(body)}): set the key that it expects."
    )
