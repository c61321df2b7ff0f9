"""What can go wrong with a call, and whose fault it may be. Knows no HTTP client.

A fault of one request must not stop a build, and a fault of a server must not end a request: so each fault says who may own
it, and where that is unclear the connection finds out by asking for something that was answered before.
"""

from enum import Enum, IntEnum, auto

__all__ = ["CallError", "GivenUpError", "Owner", "RefusedError", "Weight"]


class Owner(Enum):
    """Who causes a fault."""

    SERVER = auto()
    """The server is busy, starting or away; the request is sent again for as long as patience lasts."""
    UNCLEAR = auto()
    """This request or the server."""
    REQUEST = auto()
    """This request: the server answers others."""


class Weight(IntEnum):
    """How much a fault counts towards giving a request up once the request owns it (see `retries.STRIKES`)."""

    RATE_LIMITED = 1
    """A 429 while others are answered: usually a matter of waiting, but a request may be too large for the limit by itself."""
    TURNED_AWAY = 4
    """The server says that it is too busy, and answers others meanwhile."""
    ERROR = 24
    """An error inside the server, or a connection that broke."""
    MALFORMED = 48
    """An answer that cannot be read; it was paid for."""
    LASTING = 96
    """A fault that looks meant for this very request, such as the 403 of a moderation."""
    EMPTY = 128
    """An answer without a word; with the same seed the next one is likely to be as empty."""
    NO_ANSWER = 192
    """No answer within the time limit of a call."""


class CallError(Exception):
    """A call that failed in a way that may pass.

    Parameters
    ----------
    what
        For the user.
    owner
        Who may have caused it.
    retry_after
        Seconds that the server asked to wait.
    away
        Whether another server may stand at the address by now.
    broke_off
        Whether the server ended, or broke the connection, while it worked on the request.
    weight
        How much it counts once the request owns it.
    """

    def __init__(
        self,
        what: str,
        owner: Owner = Owner.SERVER,
        *,
        retry_after: float | None = None,
        away: bool = False,
        broke_off: bool = False,
        weight: Weight = Weight.ERROR,
    ) -> None:
        super().__init__(what)
        self.owner = owner
        self.retry_after = retry_after
        self.away = away
        self.broke_off = broke_off
        self.weight = weight


class RefusedError(Exception):
    """The server says that it will never answer this request; the message is the server's."""


class GivenUpError(Exception):
    """The request alone kept failing while the server answered others; the message says how."""
