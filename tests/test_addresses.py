"""From what a user pastes to the URLs that are called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.client.addresses import Address, read_address, unused_key
from kpmath_builder.client.factory import make_teacher
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import TeacherContext
from kpmath_builder.recipe import ServerSettings
from kpmath_builder.stopping import Stop

BASES = {
    "http://localhost:8000": "http://localhost:8000/v1",
    "http://localhost:8000/": "http://localhost:8000/v1",
    "http://localhost:8000/v1": "http://localhost:8000/v1",
    "http://localhost:8000/v1/": "http://localhost:8000/v1",
    " http://localhost:8000/v1/\n": "http://localhost:8000/v1",
    "http://localhost:": "http://localhost/v1",
    "https://api.openai.com": "https://api.openai.com/v1",
    "https://api.openai.com/v1/chat/completions": "https://api.openai.com/v1",
    "https://api.openai.com/v1/chat/completions/": "https://api.openai.com/v1",
    "http://localhost:8000/v1/completions": "http://localhost:8000/v1",
    "http://localhost:8000/v1/models": "http://localhost:8000/v1",
    "http://localhost:8000/v1/embeddings": "http://localhost:8000/v1",
    "https://api.anthropic.com/v1/messages": "https://api.anthropic.com/v1",
    "https://api.openai.com/v1/responses": "https://api.openai.com/v1",
    "https://generativelanguage.googleapis.com/v1beta/openai": "https://generativelanguage.googleapis.com/v1beta/openai",
    "https://generativelanguage.googleapis.com/v1beta/openai/": "https://generativelanguage.googleapis.com/v1beta/openai",
    "https://host/api/v4": "https://host/api/v4",
    "https://openrouter.ai/api/v1": "https://openrouter.ai/api/v1",
    "https://openrouter.ai/api/v1/chat/completions": "https://openrouter.ai/api/v1",
    "https://x.openai.azure.com/openai/v1": "https://x.openai.azure.com/openai/v1",
    "https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1": "https://x.openai.azure.com/openai/deployments/gpt",
    "https://host/chat/completions": "https://host",
    "http://127.0.0.1:11434": "http://127.0.0.1:11434/v1",
    "http://[::1]:8000": "http://[::1]:8000/v1",
    "http://under_score.example:1": "http://under_score.example:1/v1",
    "HTTP://Localhost:8000/V4": "http://Localhost:8000/V4",
    "http://gateway/models/mine": "http://gateway/models/mine",
    "http://user:pa%40ss@host:81/x": "http://host:81/x",
}


@pytest.mark.parametrize("given_text", BASES)
def test_an_address_keeps_a_path_of_its_own_and_loses_a_pasted_operation(given_text: str) -> None:
    assert read_address(given_text).base == BASES[given_text]


@pytest.mark.parametrize("base", sorted(set(BASES.values())))
def test_a_base_url_that_was_read_is_read_as_itself(base: str) -> None:
    again = read_address(base)
    assert again.base == (base if base != "https://host" else "https://host/v1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:8000",
        "localhost",
        "ftp://host",
        "http://",
        "http://:8000",
        "http:///v1",
        "http://host:port",
        "http://host:99999",
        "http://host:0",
        "http://ho st",
        "http://ho\nst/v1",
        "http://host/a b",
        "http://host\\v1",
        "http://[::1",
        "http://[nonsense]:80",
        "http://host#part",
        "http://ho%20st",
        "http://\ud800",
        "//host/v1",
        "unix:",
        "unix:relative/socket",
        "unix://host/socket",
        "unix:/folder/",
        "unix:/so\ncket",
    ],
    ids=ascii,
)
def test_what_is_not_an_address_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(
        InputError, match=r"is not the address of a (server|socket): write it like "
    ) as caught:
        read_address(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "http://user:hunter2@host",
        "http://user:hunter2@host/v1?code=hunter2",
        "http://hunter2@host",
        "https://host/v1?key=hunter2",
    ],
)
def test_neither_credentials_nor_query_are_ever_shown(text: str) -> None:
    address = read_address(text)
    assert "hunter2" not in address.shown
    assert "hunter2" not in repr(address)
    assert "hunter2" not in address.base


@pytest.mark.parametrize(
    "text",
    [
        "htp://user:hunter2@host",
        "user:hunter2@host",
        "http://user:hunter2@ho st",
        "http://user:hun@ter2hunter2@host:port",
        "http://host:port?key=hunter2",
        "http://user:hunter2/@host:x",
    ],
)
def test_a_refusal_shows_no_credentials(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read_address(text)
    assert "hunter2" not in str(caught.value)


def test_credentials_are_unquoted_and_go_into_a_header_instead_of_the_url() -> None:
    address = read_address("http://us%3Aer:pa%40ss@host:81/x")
    assert address.credentials == ("us:er", "pa@ss")
    assert address.headers("key") == {"Authorization": "Basic dXM6ZXI6cGFAc3M="}


def test_a_query_is_kept_for_every_call() -> None:
    address = read_address("https://x.openai.azure.com/openai/deployments/gpt?api-version=2024-10-21")
    assert (
        address.url("/chat/completions")
        == "https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-10-21"
    )


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("http://localhost:8000", "http://localhost:8000/metrics"),
        ("http://localhost:8000/v1/chat/completions", "http://localhost:8000/metrics"),
        ("http://gateway/llm/v1", "http://gateway/llm/metrics"),
        ("http://localhost:8080/chat/completions", "http://localhost:8080/metrics"),
        ("http://gateway/v1?key=k", "http://gateway/metrics?key=k"),
        ("https://host/api/v4", ""),
        ("https://generativelanguage.googleapis.com/v1beta/openai", ""),
        ("unix:/run/vllm.sock", "http://localhost/metrics"),
    ],
)
def test_metrics_lie_beside_the_version(text: str, metrics: str) -> None:
    assert read_address(text).metrics == metrics


@pytest.mark.parametrize("text", ["unix:/run/vllm.sock", "unix:///run/vllm.sock"])
def test_a_socket_is_called_at_localhost(text: str) -> None:
    address = read_address(text)
    assert address.socket == "/run/vllm.sock"
    assert address.shown == "unix:/run/vllm.sock"
    assert address.url("/models") == "http://localhost/v1/models"


@pytest.mark.parametrize(
    ("base", "headers"),
    [
        ("http://host", {"Authorization": "Bearer key"}),
        ("https://x.openai.azure.com/openai/v1", {"Authorization": "Bearer key"}),
        (
            "https://x.openai.azure.com/openai/deployments/gpt",
            {"Authorization": "Bearer key", "api-key": "key"},
        ),
        ("https://evil.example/openai.azure.com/deployments/gpt", {"Authorization": "Bearer key"}),
    ],
)
def test_a_key_goes_where_the_server_looks_for_it(base: str, headers: dict[str, str]) -> None:
    assert read_address(base).headers(" key\n") == headers


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_no_key_is_no_header(key: str | None) -> None:
    assert read_address("http://host").headers(key) == {}


@pytest.mark.parametrize("key", ["two\nlines", "clé", "nul\x00", "tab\tbed", "\ud800"], ids=ascii)
def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InputError, match="The API key holds a character") as caught:
        read_address("http://host").headers(key)
    assert key not in str(caught.value)


@given(st.text() | st.text(alphabet="htps:/@?#[]%1a. \n"))
def test_any_text_is_an_address_or_one_sentence(text: str) -> None:
    try:
        address = read_address(text)
    except InputError:
        return
    assert isinstance(address, Address)
    assert read_address(address.shown).shown in {address.shown, f"{address.shown}/v1"}


@pytest.mark.parametrize(
    ("address", "key", "said"),
    [
        ("http://me:secret-password@host:8000", "sk-1", 1),
        ("http://me@host:8000", "sk-1", 1),
        ("http://me:secret-password@host:8000", None, 0),
        ("http://me:secret-password@host:8000", "", 0),
        ("http://host:8000", "sk-1", 0),
    ],
)
def test_a_key_that_is_not_sent_for_the_address_has_its_own_is_spoken_of(
    address: str, key: str | None, said: int
) -> None:
    notes = unused_key([address], key, "MY_KEY")
    assert len(notes) == said
    for note in notes:
        assert note.startswith("http://host:8000/v1: the user name and password in its address are sent")
        assert "the key in MY_KEY is not" in note
        assert "secret" not in note


def test_the_teacher_s_notes_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MY_KEY", "sk-1")
    settings = ServerSettings(model="m", addresses="http://me:pw@host", api_key_env="MY_KEY")
    said: list[str] = []
    make_teacher(settings, TeacherContext(tmp_path, said.append, Stop(), 64, [{}]))
    assert [note for note in said if "the key in MY_KEY is not" in note] == said
    assert said
