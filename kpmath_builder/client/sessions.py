"""The HTTP sessions to some servers, one for each."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import aiohttp
from yarl import URL

from kpmath_builder.client.addresses import read_address
from kpmath_builder.client.faults import CallError, Owner
from kpmath_builder.client.retries import LONGEST_CONNECT
from kpmath_builder.client.secrets import Secrets
from kpmath_builder.client.transport import Transport
from kpmath_builder.errors import InputError

__all__ = ["Sessions"]

_NO_TIME_LIMIT = aiohttp.ClientTimeout(total=None, sock_connect=LONGEST_CONNECT)
"""A slow answer is a healthy one, and each call has a limit of its own; TCP keep-alive notices a dead machine."""
_HEADERS = {"Accept-Encoding": "identity"}


class Sessions:
    """Sends requests to servers by their URL as shown, with the key, the credentials and the query of their addresses.

    Raises
    ------
    InputError
        When an address is not the address of a server, or the key cannot be sent.
    """

    def __init__(self, addresses: Sequence[str], *, api_key: str | None = None) -> None:
        read = [read_address(address) for address in addresses]
        self._addresses = {address.shown: address for address in read}
        self._transports = {
            address.shown: Transport.to(address.shown if address.socket else address.base) for address in read
        }
        self._headers = {address.shown: _HEADERS | address.headers(api_key) for address in read}
        if len(self._addresses) < len(set(addresses)):
            raise InputError(
                "Two addresses differ only in what is not shown (credentials, query) or in their spelling: keep one of them."
            )
        self.secrets = Secrets([api_key, *(secret for address in read for secret in address.secrets)])
        self._targets: dict[tuple[str, str], URL] = {}
        self._open: dict[tuple[str, bool], aiohttp.ClientSession] = {}

    @property
    def urls(self) -> list[str]:
        """The servers' URLs, fit to be shown."""
        return list(self._addresses)

    def request(
        self, url: str, path: str, data: bytes | None = None, *, reuse: bool = True
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Return a request in the making: POST with `data`, else GET; the answer's body is still to be read.

        Without `reuse` it has a connection of its own: one that was kept may have been closed by the server in this moment,
        which looks like a fault of the server.
        """
        target = self._targets.get((url, path))
        if target is None:  # to read a URL costs as much as to send a small request
            target = self._targets[url, path] = URL(self._addresses[url].url(path), encoded=True)
        return self._session(url, reuse=reuse).request(
            "GET" if data is None else "POST",
            target,
            data=data and aiohttp.BytesPayload(data, content_type="application/json"),
            allow_redirects=False,
        )

    def metrics(self, url: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse] | None:
        """Return the request for `/metrics`, or None if the server's base path leaves no place for it."""
        address = self._addresses[url].metrics
        if not address:
            return None
        return self._session(url).get(address, allow_redirects=False)

    def health(self, url: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Return the request for vLLM's `/health`, which stands beside `/v1`."""
        base = self._addresses[url].base.removesuffix("/v1")
        return self._session(url).get(f"{base}/health", allow_redirects=False)

    def no_answer(self, url: str, error: Exception) -> CallError:
        """Return the fault of a server that sent no answer, or broke one off; the words may hold a whole URL."""
        return _no_answer(url, error, self.secrets.hide(str(error) or type(error).__name__))

    async def close(self) -> None:
        """Close all sessions; a later request opens new ones."""
        sessions, self._open = list(self._open.values()), {}
        for session in sessions:
            await session.close()

    def _session(self, url: str, *, reuse: bool = True) -> aiohttp.ClientSession:
        session = self._open.get((url, reuse))
        if session is None:
            transport = self._transports[url]
            session = self._open[url, reuse] = aiohttp.ClientSession(
                connector=transport.connector(reuse=reuse),
                headers=self._headers[url],
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=_NO_TIME_LIMIT,
            )
        return session


def _no_answer(url: str, error: Exception, why: str) -> CallError:
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return CallError(
            f"the certificate of {url} is not trusted ({why[:200]}); correct the address, or add the certificate of its "
            "issuer and name the file in the environment variable SSL_CERT_FILE",
            away=True,
        )
    # A server that cannot be reached is away; a connection that breaks under way may be this request's doing.
    unreachable = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    owner = Owner.SERVER if unreachable else Owner.UNCLEAR
    return CallError(f"no answer from {url} ({why[:300]})", owner, away=True, broke_off=not unreachable)
