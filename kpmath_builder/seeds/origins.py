"""Whose problems a set holds: the source and licence of each, and what its ids begin with."""

import re
from dataclasses import dataclass
from pathlib import Path

from kpmath_builder.seeds.formats import Format
from kpmath_builder.seeds.rows import Table

__all__ = ["BUNDLED", "MATH", "Labels", "Origin", "origin_of"]


@dataclass(frozen=True, slots=True)
class Labels:
    """What the settings say about a user's own problems."""

    source: str | None = None
    licence: str | None = None
    shareable: bool | None = None

    def named(self) -> dict[str, str | bool | None]:
        """Return them by their names in the recipe."""
        return {
            "seeds.source": self.source,
            "seeds.licence": self.licence,
            "seeds.shareable": self.shareable,
        }


@dataclass(frozen=True, slots=True)
class Origin:
    """Where problems come from, what may be done with their text, and the beginning of their ids."""

    source: str
    licence: str
    shareable: bool
    prefix: str


GSM8K = "openai/gsm8k"
MATH = "hendrycks/math"
BUNDLED = Labels("kpmath-builder", "apache-2.0", shareable=True)


def origin_of(table: Table, form: Format, labels: Labels) -> Origin:
    """Return the origin of a set from its format, its name and the settings.

    MATH is never shareable: its problems were taken off the Hub, so only ids, hashes, topics and key points may be
    published. A set in GSM8K's format is GSM8K only where its name or `labels.source` says so, because a false
    licence is worse than none.
    """
    if form == "math":
        return Origin(MATH, "mit (disputed)", shareable=False, prefix=f"math/{table.split}")
    if form == "gsm8k" and labels.source in (None, GSM8K) and (labels.source or _named_gsm8k(table)):
        shareable = labels.shareable is not False
        return Origin(GSM8K, labels.licence or "mit", shareable, prefix=f"gsm8k/{table.split}")
    known = table.origin if table.hub and not Path(table.origin).exists() else "unknown"
    prefix = f"{table.stem}/{table.split}" if table.hub else table.stem
    return Origin(labels.source or known, labels.licence or "unknown", bool(labels.shareable), prefix)


def _named_gsm8k(table: Table) -> bool:
    """Whether it is `openai/gsm8k`, a folder or file `gsm8k`, `gsm8k_train.jsonl`, or `gsm8k/train.jsonl`."""
    words = set(re.split(r"[^a-z0-9]+", table.stem.lower())) - {"train", "test"}
    if table.hub:
        return table.origin == GSM8K or (words == {"gsm8k"} and Path(table.origin).is_dir())
    return words == {"gsm8k"} or (not words and table.folder.lower() == "gsm8k")
