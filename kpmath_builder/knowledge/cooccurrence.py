"""The topic-level co-occurrence probability matrix, TCPM (paper section 2.1; docs/method.md, section 3).

Its bytes on disk are a function of its content: numpy gives the members of an .npz a fixed date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from kpmath_builder.errors import InputError
from kpmath_builder.records import Practice

__all__ = ["Tcpm"]

_MANY_KEY_POINTS = 5
"""A topic goes together with itself in a problem that has more key points than that under it."""


@dataclass(frozen=True, eq=False)
class Tcpm:
    """Which topics occur together in a seed problem; symmetric, one for each seed set."""

    topics: tuple[str, ...]
    """In alphabetical order; row and column i belong to topic i."""
    counts: npt.NDArray[np.int64]
    """Shape (n, n): problems that have both topics; on the diagonal those with more than five key points under one."""

    @cached_property
    def values(self) -> npt.NDArray[np.float64]:
        """log10(counts + 1), shape (n, n); rows are not normalised."""
        values: npt.NDArray[np.float64] = np.log10(self.counts + 1.0)
        return values

    @classmethod
    def from_practices(cls, practices: Sequence[Practice]) -> Self:
        """Count the clustered topics of the practices, each of which has a topic at most once."""
        topics = sorted({part.topic for practice in practices for part in practice.topics})
        place = {topic: i for i, topic in enumerate(topics)}
        counts = np.zeros((len(topics), len(topics)), np.int64)
        for practice in practices:
            here = [place[part.topic] for part in practice.topics]
            many = [len(part.key_points) > _MANY_KEY_POINTS for part in practice.topics]
            assert len(set(here)) == len(here), f"a topic stands twice in practice {practice.seed.id}"
            counts[np.ix_(here, here)] += 1
            counts[here, here] += np.array(many, np.int64) - 1
        return cls(tuple(topics), counts)

    def save(self, target: Path | BinaryIO) -> None:
        """Write topics and counts as .npz; equal matrices give equal bytes."""
        np.savez(target, topics=np.array(self.topics, dtype=np.str_), counts=self.counts)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; raises `InputError` where the file is something else."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(tuple(stored["topics"].tolist()), stored["counts"])
        except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile):
            raise InputError(
                f"{path} is not a stored co-occurrence matrix: delete it and build again."
            ) from None
