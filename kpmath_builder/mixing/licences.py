"""Which licences let everybody share and change a row for any use, which is what a published mix asks of its rows."""

from collections.abc import Collection

__all__ = ["FREE_LICENCES", "UNKNOWN", "may_be_shared"]

UNKNOWN = "unknown"
FREE_LICENCES = frozenset(
    {
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc0-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "mit",
        "odc-by",
        "pddl",
        "unlicense",
    }
)
"""Ids of the Hub's list."""


def may_be_shared(licence: str, allowed: Collection[str]) -> bool:
    """Return whether rows of a licence are mixed in; `allowed` are those that the recipe names besides."""
    return licence.lower() in FREE_LICENCES or licence in allowed
