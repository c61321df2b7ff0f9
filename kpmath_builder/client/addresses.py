"""From the address that a user pastes to the URLs that are called: base path, query, credentials, sockets."""

import base64
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from kpmath_builder.errors import InputError

__all__ = ["Address", "read_address", "unused_key"]

DEFAULT_PATH = "/v1"
OPERATIONS = (
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/models",
    "/messages",
    "/responses",
)
"""Operations of the protocol (and their siblings at the same base) that a pasted address may end in."""

_HOST = re.compile(r"[\w.-]+")
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\]")
_AZURE = re.compile(
    r"\.(?:openai\.azure\.(?:com|us|cn)|cognitiveservices\.azure\.(?:com|us|cn)|services\.ai\.azure\.com)$"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where one server is, apart from what must not be shown.

    `base` has neither credentials nor query nor a slash at its end. A server behind a socket has `socket`, the path of its
    file, and the base `http://localhost/v1`.
    """

    base: str
    query: str = field(default="", repr=False)
    """Kept for every call, e.g. `api-version=2024-10-21`; it may hold a key and is never shown."""
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    """User name and password."""
    socket: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Whatever of the address must not be repeated: credentials as given and as sent, the query and its values."""
        values = [value for _, value in parse_qsl(self.query)]
        raw = [part.partition("=")[2] for part in self.query.split("&")]
        pair = [] if self.credentials is None else [*self.credentials, _basic(self.credentials)]
        return tuple(filter(None, [*pair, self.query, *values, *raw]))

    @property
    def shown(self) -> str:
        """The address as messages name it: without credentials and query."""
        return f"unix:{self.socket}" if self.socket else self.base

    def url(self, path: str) -> str:
        """Return the URL of an operation, e.g. `/chat/completions`."""
        return self._with_query(self.base + path)

    @property
    def metrics(self) -> str:
        """The URL of the server's `/metrics`, beside `/v1` as vLLM has it; "" if the base path is not of that shape."""
        root = self.base.removesuffix(DEFAULT_PATH)
        is_root = not urlsplit(root).path
        return self._with_query(f"{root}/metrics") if root != self.base or is_root else ""

    def headers(self, api_key: str | None) -> dict[str, str]:
        """Return the headers that identify us: the address's own credentials, else the key.

        Azure's deployment paths expect a key in a header of their own; its `/openai/v1` takes a bearer token.

        Raises
        ------
        InputError
            When the key has a character that no header can hold.
        """
        if self.credentials is not None:
            return {"Authorization": f"Basic {_basic(self.credentials)}"}
        key = (api_key or "").strip()
        if not key:
            return {}
        if not (key.isascii() and key.isprintable()):
            raise InputError(
                "The API key holds a character that no header can hold (a line break, an accent): set it again, without comments."
            )
        own = {"api-key": key} if self._is_azure_deployment else {}
        return {"Authorization": f"Bearer {key}"} | own

    @property
    def _is_azure_deployment(self) -> bool:
        parts = urlsplit(self.base)
        return bool(_AZURE.search(parts.hostname or "")) and "/deployments/" in parts.path

    def _with_query(self, url: str) -> str:
        return f"{url}?{self.query}" if self.query else url


def unused_key(addresses: Iterable[str], key: str | None, variable: str) -> list[str]:
    """Return a sentence for each address whose own user name and password are sent in place of the key."""
    read = [read_address(address) for address in addresses] if key else []
    return [
        f"{address.shown}: the user name and password in its address are sent, and the key in {variable} is not: take one of the two out."
        for address in read
        if address.credentials is not None
    ]


def read_address(text: str) -> Address:
    """Return the address that a user gave.

    A path of its own is used as given; a bare host gets `/v1`; a pasted operation such as `…/chat/completions` is taken
    off. `unix:/path/to/socket` is a socket.

    Raises
    ------
    InputError
        When it is not the address of a server; the message holds no credentials.
    """
    text = text.strip()
    if text.startswith("unix:"):
        return _read_socket(text)
    if _UNFIT.search(text):
        raise _bad(text)
    try:
        parts = urlsplit(text)
        port, host, credentials = (
            parts.port,
            parts.hostname or "",
            _credentials(parts.username, parts.password),
        )
    except ValueError:
        raise _bad(text) from None
    if (
        parts.scheme not in {"http", "https"}
        or not _is_host(host, parts.netloc)
        or port == 0
        or parts.fragment
    ):
        raise _bad(text)
    place = parts.netloc.rpartition("@")[2].removesuffix(":")
    return Address(f"{parts.scheme}://{place}{_base_path(parts.path)}", parts.query, credentials)


def _basic(credentials: tuple[str, str]) -> str:
    return base64.b64encode(":".join(credentials).encode()).decode()


def _read_socket(text: str) -> Address:
    path = text.removeprefix("unix:")
    path = "/" + path.lstrip("/") if path.startswith("///") else path
    if not path.startswith("/") or path.startswith("//") or path.endswith("/") or not path.isprintable():
        raise InputError(
            f"'{_printable(text)}' is not the address of a socket: write it like unix:/run/vllm.sock, with its whole path."
        )
    return Address(f"http://localhost{DEFAULT_PATH}", socket=path)


def _base_path(path: str) -> str:
    path = path.rstrip("/")
    operation = next((end for end in OPERATIONS if path.endswith(end)), "")
    if operation:
        return path.removesuffix(operation).rstrip("/")
    return path or DEFAULT_PATH


def _credentials(user: str | None, password: str | None) -> tuple[str, str] | None:
    if user is None and password is None:
        return None
    return unquote(user or ""), unquote(password or "")


def _is_host(host: str, netloc: str) -> bool:
    if "[" not in netloc:
        return bool(_HOST.fullmatch(host))
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False


def _bad(text: str) -> InputError:
    kept = re.split(r"[?#]", text.rpartition("@")[2] if "@" in text else text)[0]
    return InputError(
        f"'{_printable(kept)}' is not the address of a server: write it like http://localhost:8000."
    )


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)[:200]
