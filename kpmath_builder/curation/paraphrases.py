"""How the same problem in other words is found: by the vectors of its words, or of a model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpmath_builder.curation.forms import Forms
from kpmath_builder.curation.paraphrase_model import ParaphraseModel
from kpmath_builder.curation.wording import content_words, cosines

__all__ = ["Paraphrases"]

_IN_ONE = 4
"""Numbers of a model's vector that are stored together."""


@dataclass(frozen=True, slots=True)
class Paraphrases:
    """The rule for texts of prose that have the same numbers."""

    least: float
    """Cosine from which two texts are paraphrases."""
    model: ParaphraseModel | None = None
    """None: the vectors are those of the words."""

    def vector(self, text: str, form: Forms) -> NDArray[np.uint32]:
        """Return what a text is compared by: the hashes of its content words, or a model's vector, four numbers in one."""
        if self.model is None:
            return content_words(form.tokens)
        vector = self.model.vector(text)
        return np.pad(vector, (0, -len(vector) % _IN_ONE)).view(np.uint32)

    def likest(
        self, one: NDArray[np.uint32], others: Sequence[NDArray[np.uint32]]
    ) -> tuple[int, float] | None:
        """Return the place of the likest of other texts, the first of equal ones, and its cosine; None if it is below `least`."""
        likeness = cosines(one, others) if self.model is None else _cosines(one, others)
        best = int(np.argmax(likeness))
        return (best, float(likeness[best])) if likeness[best] >= self.least else None


def _cosines(one: NDArray[np.uint32], others: Sequence[NDArray[np.uint32]]) -> NDArray[np.float64]:
    """Return the cosines of a model's vectors; products of whole numbers are exact in whatever order they are added."""
    own = one.view(np.int8).astype(np.float64)
    vectors = np.stack(others).view(np.int8).astype(np.float64)
    squares = (vectors * vectors).sum(axis=1) * (own @ own)
    likeness: NDArray[np.float64] = (vectors @ own) / np.sqrt(np.maximum(1, squares))
    return likeness
