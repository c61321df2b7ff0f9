"""What an HTTP status of an OpenAI-compatible server means for the request that got it."""

from collections.abc import Mapping

from kpmath_builder.client.error_bodies import error_words
from kpmath_builder.client.faults import CallError, Owner, RefusedError, Weight
from kpmath_builder.client.retry_after import read_retry_after
from kpmath_builder.errors import InputError
from kpmath_builder.text import shown

__all__ = ["fault_of", "server_words", "user_error"]

REFUSED = frozenset({400, 413, 422})
BUSY = frozenset({425, 503, 529})
QUOTA = (b'"insufficient_quota"', b'"billing_hard_limit_reached"')
"""Codes of a 429 that no waiting mends."""
AWAY = frozenset({401, 403, 404, 502, 503})
"""After these another server, or one with another key or model, may stand at the address."""


def fault_of(
    url: str, status: int, body: bytes, headers: Mapping[str, str]
) -> CallError | RefusedError | InputError:
    """Return the exception for an answer that is not 200."""
    words = server_words(body)
    if status in REFUSED:
        return RefusedError(words)
    if status == 429 and any(code in body for code in QUOTA):
        return InputError(
            f"The quota of the account at {url} is used up ({words}): add credit or set another key, then run the same command "
            "again."
        )
    said = f"{status} from {url}" + (f" ({words})" if words else "")
    retry_after = read_retry_after(headers)
    if status == 429:
        return CallError(said, retry_after=retry_after, weight=Weight.RATE_LIMITED)
    if status in BUSY:
        weight = Weight.TURNED_AWAY
    elif status >= 500 or status in {408, 409}:
        weight = Weight.ERROR
    else:
        weight = Weight.LASTING
    return CallError(said, Owner.UNCLEAR, retry_after=retry_after, away=status in AWAY, weight=weight)


def user_error(url: str, status: int, body: bytes, keys: str = "teacher.") -> InputError | None:
    """Return what the user has to correct if a server that never answered yet says `status`; None if that may pass.

    Parameters
    ----------
    keys
        What the recipe's keys for this server begin with.
    """
    said = f"{status} {server_words(body)}".rstrip()
    if status in {401, 403}:
        variable = f"{keys}api_key_env" if keys == "teacher." else f"{keys}key_env"
        return InputError(
            f"{url} does not accept the API key ({said}): set the key that it expects in the environment variable that "
            f"{variable} names."
        )
    if status == 402:
        return InputError(
            f"{url} wants to be paid first ({said}): add credit to the account behind the API key."
        )
    if 300 <= status < 400:
        return InputError(
            f"{url} sends elsewhere ({said}): write the address that it leads to in {keys}addresses."
        )
    if status in {404, 405, 410, 421, 451, 501}:
        return InputError(f"{url} answers {said}: correct {keys}model or {keys}addresses.")
    return None


def server_words(body: bytes) -> str:
    """Return the message in an error body, whichever of the usual shapes it has, or its first words; fit to be shown."""
    return shown(error_words(body)).rstrip(".")
