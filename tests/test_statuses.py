"""What a status means: for ever, for now, for this request, or for the user to correct."""

import json

import pytest

from kpmath_builder.client.addresses import read_address
from kpmath_builder.client.faults import CallError, Owner, RefusedError, Weight
from kpmath_builder.client.retries import call_timeout
from kpmath_builder.client.secrets import HIDDEN, Secrets
from kpmath_builder.client.statuses import fault_of, server_words, user_error
from kpmath_builder.errors import InputError

URL = "http://x/v1"


def body(**error: str) -> bytes:
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_refused_says_so_in_the_server_s_words(status: int) -> None:
    fault = fault_of(URL, status, body(message="too long."), {})
    assert isinstance(fault, RefusedError)
    assert str(fault) == "too long"


@pytest.mark.parametrize(
    ("status", "owner", "weight", "away"),
    [
        (429, Owner.SERVER, Weight.RATE_LIMITED, False),
        (425, Owner.UNCLEAR, Weight.TURNED_AWAY, False),
        (503, Owner.UNCLEAR, Weight.TURNED_AWAY, True),
        (529, Owner.UNCLEAR, Weight.TURNED_AWAY, False),
        (408, Owner.UNCLEAR, Weight.ERROR, False),
        (500, Owner.UNCLEAR, Weight.ERROR, False),
        (502, Owner.UNCLEAR, Weight.ERROR, True),
        (504, Owner.UNCLEAR, Weight.ERROR, False),
        (403, Owner.UNCLEAR, Weight.LASTING, True),
        (404, Owner.UNCLEAR, Weight.LASTING, True),
        (402, Owner.UNCLEAR, Weight.LASTING, False),
        (418, Owner.UNCLEAR, Weight.LASTING, False),
        (204, Owner.UNCLEAR, Weight.LASTING, False),
    ],
)
def test_a_fault_has_an_owner_and_a_weight(status: int, owner: Owner, weight: Weight, *, away: bool) -> None:
    fault = fault_of(URL, status, b"", {"Retry-After": "7"})
    assert isinstance(fault, CallError)
    assert (fault.owner, fault.weight, fault.away, fault.retry_after) == (owner, weight, away, 7.0)


def test_a_quota_that_is_used_up_is_the_user_s_to_mend_and_not_waited_for() -> None:
    fault = fault_of(URL, 429, body(message="You exceeded your quota", code="insufficient_quota"), {})
    assert isinstance(fault, InputError)
    assert "add credit or set another key, then run the same command again" in str(fault)


@pytest.mark.parametrize(
    ("status", "keys", "words"),
    [
        (
            401,
            "teacher.",
            "set the key that it expects in the environment variable that teacher.api_key_env names",
        ),
        (403, "topics.embedding_", "that topics.embedding_key_env names"),
        (402, "teacher.", "wants to be paid first"),
        (301, "teacher.", "sends elsewhere"),
        (404, "teacher.", "correct teacher.model or teacher.addresses"),
    ],
)
def test_what_the_user_has_to_correct_names_the_key_of_the_recipe(status: int, keys: str, words: str) -> None:
    assert words in str(user_error(URL, status, b"no", keys))


@pytest.mark.parametrize("status", [408, 418, 429, 500, 503])
def test_what_may_pass_is_not_the_user_s(status: int) -> None:
    assert user_error(URL, status, b"") is None


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("https://user:pass%20word@host/v1", ["user", "pass word", "dXNlcjpwYXNzIHdvcmQ="]),
        ("https://sk-0123456789@host", ["sk-0123456789"]),
        ("https://host/v1?key=AIza%2F0123456789&v=1", ["AIza/0123456789", "AIza%2F0123456789"]),
    ],
    ids=["password", "key as user", "key in the query"],
)
def test_whatever_an_address_keeps_secret_is_known(address: str, secrets: list[str]) -> None:
    known = read_address(address).secrets
    assert set(secrets) <= set(known)
    hidden = Secrets(known).hide(f"wrong: {secrets[-1]}")
    assert hidden == f"wrong: {HIDDEN}"


def test_one_slow_short_reply_does_not_switch_the_time_limit_off() -> None:
    assert call_timeout(8192, 25.0, 20.0 / 64) == 4.0 * 50.0


NGINX = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18</center>"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (NGINX, "502 Bad Gateway"),
        (
            b"<!DOCTYPE html><html><head><title>\n example.com | 502: Bad&nbsp;gateway </title></head>",
            "example.com | 502: Bad gateway",
        ),
        (
            b"<html><head><style>p {color: red}</style></head><body><p>No <b>access</b> &amp; no key</p><script>x()</script>",
            "No access & no key",
        ),
        (b"<h1>Forbidden</h1>\n<p>Ask your administrator.</p>", "Forbidden Ask your administrator"),
        (b'{"error": "<html><title>Sign in</title></html>"}', "Sign in"),
        (b"<think>is no page</think>", "<think>is no page</think>"),
        (b"1 < 2", "1 < 2"),
        (b"<html>" + b"<" * 10**6, ""),
        (b"<html>" + b"<script" * 10**5, ""),
        (b"<html><!--" * 10**5, ""),
    ],
    ids=[
        "nginx",
        "title",
        "text",
        "heading",
        "in JSON",
        "a tag of no page",
        "a sign",
        "signs",
        "scripts",
        "comments",
    ],
)
def test_of_a_page_of_html_its_title_or_its_text_is_said(body: bytes, said: str) -> None:
    assert server_words(body) == said
