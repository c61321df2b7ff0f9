"""How one problem can repeat another."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Repeat", "RepeatKind"]


class RepeatKind(StrEnum):
    """How a problem repeats another, strongest first."""

    VERBATIM = "verbatim"
    """Equal but for case and spacing."""
    REFORMATTED = "reformatted"
    """Equal but for what LaTeX and English write in several ways, and for the order of the sentences."""
    RENUMBERED = "renumbered"
    """Equal but for the numbers; people may have other names as well."""
    RENAMED = "renamed"
    """Equal but for the names of people."""
    NEAR = "near"
    """So many runs of words in common that one was made of the other."""
    PARAPHRASE = "paraphrase"
    """The same problem in other words, by the likeness of vectors."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Which problem is repeated, and how."""

    kind: RepeatKind
    of: str
    """The id of the problem that is repeated."""
    similarity: float
    """1.0 for equal forms; otherwise the share of common runs of words."""
    matched: str
    """What both have in common, for people to look at; it can be benchmark text and stays on the machine."""
