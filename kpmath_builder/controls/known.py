"""A question with its known answer."""

from dataclasses import dataclass

__all__ = ["KnownQuestion"]


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """What is solved as if nobody knew the answer."""

    source: str
    """A name of `controls.sources`."""
    id: str
    problem: str
    gold: str
    """The known answer."""
