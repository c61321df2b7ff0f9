"""The client's pauses, made short, so that no test waits for the sake of politeness."""

from collections.abc import Callable

from kpmath_builder.client import endpoints, handshake, monitor, readiness, retries

__all__ = ["be_quick"]


def be_quick(change: Callable[[object, str, object], object]) -> None:
    """Shorten every pause; `change` is `setattr` or a monkeypatch's."""
    change(retries, "FIRST_PAUSE", 0.01)
    change(retries, "LONGEST_PAUSE", 0.05)
    change(retries, "LONGEST_OWN_PAUSE", 0.05)
    change(retries, "LONGEST_RETRY_AFTER", 0.5)
    change(retries, "SHORTEST_TIMEOUT", 0.5)
    change(endpoints, "FIRST_COOL_DOWN", 0.01)
    change(endpoints, "LONGEST_COOL_DOWN", 0.05)
    change(readiness, "SECONDS_BETWEEN_LOOKS", 0.05)
    change(monitor, "SECONDS_BETWEEN_LOOKS", 0.02)
    change(monitor, "SILENT_SECONDS", 0.3)
    change(handshake, "PROBE_SECONDS", 0.5)
