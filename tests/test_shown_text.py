"""What others wrote is shown as text: no command to the terminal, no secret, no endless list."""

import io
import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from kpmath_builder.client.secrets import HIDDEN, Secrets
from kpmath_builder.dataset.markdown import fenced, table
from kpmath_builder.dataset.svg import bars, heat_map
from kpmath_builder.display import Display
from kpmath_builder.files.lock import LockOwner
from kpmath_builder.funnel import Funnel
from kpmath_builder.inspection.status import ShardStatus, Status
from kpmath_builder.records import Tokens
from kpmath_builder.text import cut, cut_list, shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain words", "plain words"),
        ("größer ≤ 中文", "größer ≤ 中文"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\tc", r"a\nb\tc"),
        ("left \u202e right", r"left \u202e right"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("lone \ud800 half", r"lone \ud800 half"),
        ("\x9b2J", r"\x9b2J"),
    ],
    ids=["plain", "letters", "colour", "layout", "bidirectional", "zero width", "surrogate", "8-bit command"],
)
def test_a_character_that_acts_is_shown_as_an_escape(text: str, seen: str) -> None:
    assert shown(text) == seen


@given(st.text())
def test_whatever_is_shown_can_be_printed_anywhere_and_is_shown_once(text: str) -> None:
    seen = shown(text)
    seen.encode()
    assert shown(seen) == seen


def test_a_list_is_cut_in_number_and_in_length() -> None:
    assert cut_list([]) == "nothing"
    assert cut_list(["a", "b"]) == "a, b"
    line = cut_list([f"model-{n}" * 50 for n in range(100_000)])
    assert line.endswith("… and 99,990 more")
    assert len(line) < 1000


@pytest.mark.parametrize("key", ["sk-0123456789abcdef", 'quote"and\\slash', "späte Schlüssel"])
def test_a_secret_is_hidden_in_text_and_in_json(key: str) -> None:
    secrets = Secrets([f" {key}\n", None, ""])
    assert secrets.hide(f"wrong key {key}!") == f"wrong key {HIDDEN}!"
    for ascii_only in (True, False):
        body = json.dumps({"error": f"Incorrect API key: {key}"}, ensure_ascii=ascii_only).encode()
        assert json.loads(secrets.hide_bytes(body)) == {"error": f"Incorrect API key: {HIDDEN}"}


@pytest.mark.parametrize("key", ["sk-0123456789abcdef", "sk/0123/4567"])
def test_a_secret_is_hidden_however_a_server_escapes_it(key: str) -> None:
    """Each character as a code, in capitals or not, a slash with a backslash, and all that in JSON within JSON."""
    secrets = Secrets([key])
    for code in ("{:04x}", "{:04X}"):
        inner = '{"said": "' + "".join("\\u" + code.format(ord(sign)) for sign in key) + '"}'
        for body in (
            inner,
            json.dumps({"content": inner}),
            inner.replace("\\u002f", "\\/").replace("\\u002F", "\\/"),
        ):
            hidden = secrets.hide_bytes(body.encode()).decode()
            assert HIDDEN in hidden
            assert "\\u" not in hidden
            json.loads(hidden)


def test_a_placeholder_is_no_secret() -> None:
    secrets = Secrets(["EMPTY", "none"])
    assert secrets.hide("the set is EMPTY") == "the set is EMPTY"


def test_of_two_secrets_the_longer_is_hidden_whole() -> None:
    assert Secrets(["abcdefgh", "abcdefghijkl"]).hide("abcdefghijkl") == HIDDEN


HOSTILE = "a\x1b]0;owned\x07 <b> & \u202e \x00 \ud800 \ufffe [red]"


def test_a_picture_is_well_formed_whatever_its_topics_are_called() -> None:
    for picture in (
        bars(HOSTILE, [(HOSTILE, (1, 2))], (HOSTILE, HOSTILE)),
        heat_map(HOSTILE, [HOSTILE], [[1.0]], HOSTILE),
    ):
        assert ET.fromstring(picture.encode()).tag.endswith("svg")


def test_a_card_shows_what_would_act() -> None:
    for text in (table([HOSTILE], [[HOSTILE]]), fenced(HOSTILE)):
        assert text.replace("\n", "").isprintable()


def test_the_display_prints_text_and_no_commands() -> None:
    """Notes repeat servers' words, locks name hosts; neither moves the cursor nor is read as the console's mark-up."""
    out = io.StringIO()
    display = Display(Console(file=out, force_terminal=False, soft_wrap=True))
    display.say(HOSTILE)
    owner = LockOwner(HOSTILE, 1, HOSTILE)
    shard = ShardStatus(0, "begun", str(owner), 0, 0, 1, Tokens(), None)
    display.status(Status([shard], Funnel(), HOSTILE))
    assert out.getvalue().replace("\n", "").isprintable()
    assert "[red]" in out.getvalue()


def test_an_endless_sentence_is_cut_in_the_middle() -> None:
    """Its end says what to do next."""
    told = cut("model, " * 100_000 + "serve one of these.")
    assert len(told) < 1_600
    assert told.endswith("serve one of these.")
