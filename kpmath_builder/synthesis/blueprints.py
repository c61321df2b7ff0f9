"""Drawing blueprints: which topics, practices and key points a new question is made from (paper section 2.2)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from kpmath_builder.errors import InputError
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.randomness import rng, sample_indices, weighted_index
from kpmath_builder.records import Blueprint, BlueprintPart, Practice

__all__ = ["NO_THIRD_TOPIC", "BlueprintDrawer"]

NO_THIRD_TOPIC: Final = "no-third-topic"
"""Note of a blueprint that should have had three topics, where no topic goes with both of the first two."""


class BlueprintDrawer:
    """Draws blueprint i from (build seed, i) alone, so that draws can be made anywhere, in any order.

    Parameters
    ----------
    practices
        The annotated seeds from which `tcpm` was counted.
    build_seed
        The recipe's seed.
    draw_id
        Beginning of each blueprint's id.
    three_topics_share
        Share of blueprints with three topics, 0 … 1; the others have two. The paper does not give it.
    max_key_points_per_topic
        Key points kept of each drawn practice.

    Raises
    ------
    InputError
        Where no two topics occur together, or where practices and matrix do not belong together.
    """

    def __init__(
        self,
        practices: Sequence[Practice],
        tcpm: Tcpm,
        *,
        build_seed: int,
        draw_id: str,
        three_topics_share: float = 0.5,
        max_key_points_per_topic: int = 2,
    ) -> None:
        if not tcpm.counts.any():
            raise InputError(
                "No two topics occur together in any seed problem, so nothing can be drawn: add seeds."
            )
        self._tcpm = tcpm
        self._holders = _holders(practices)
        if set(self._holders) != set(tcpm.topics):
            raise InputError(
                "The practices and the co-occurrence matrix have different topics: build the knowledge again."
            )
        self._first = np.cumsum(tcpm.values.sum(axis=1))
        self._build_seed = build_seed
        self._draw_id = draw_id
        self._three_topics_share = three_topics_share
        self._max_key_points = max_key_points_per_topic

    def draw(self, index: int) -> Blueprint:
        """Return blueprint number `index`, counted from 0."""
        generator = rng(self._build_seed, index, "blueprint")
        wanted = 3 if generator.random() < self._three_topics_share else 2
        topics = self._draw_topics(generator, wanted)
        return Blueprint(
            id=f"{self._draw_id}-{index:08d}",
            index=index,
            parts=self._draw_parts(generator, topics),
            note="" if len(topics) == wanted else NO_THIRD_TOPIC,
        )

    def _draw_topics(self, generator: np.random.Generator, wanted: int) -> list[str]:
        """Draw by row sums, then by the first topic's row, then by the product of both topics' rows."""
        values = self._tcpm.values
        drawn = [weighted_index(generator, self._first)]
        weights: npt.NDArray[np.float64] = values[drawn[0]]
        drawn.append(weighted_index(generator, np.cumsum(weights)))
        weights = weights * values[drawn[1]]
        if wanted == 3 and weights.any():
            drawn.append(weighted_index(generator, np.cumsum(weights)))
        return [self._tcpm.topics[i] for i in drawn]

    def _draw_parts(self, generator: np.random.Generator, topics: Sequence[str]) -> tuple[BlueprintPart, ...]:
        parts: list[BlueprintPart] = []
        for topic in topics:
            used = {part.seed_id for part in parts}
            seed_id, key_points = self._draw_holder(generator, topic, used)
            kept = sorted(sample_indices(generator, len(key_points), self._max_key_points))
            parts.append(
                BlueprintPart(topic=topic, seed_id=seed_id, key_points=tuple(key_points[i] for i in kept))
            )
        return tuple(parts)

    def _draw_holder(
        self, generator: np.random.Generator, topic: str, used: set[str]
    ) -> tuple[str, tuple[str, ...]]:
        """Draw a practice that has the topic, one that the blueprint does not use yet where there is one.

        The paper draws each at random and says nothing of repetition; two parts from one problem make the old problem.
        Of `len(used) + 1` different holders one is unused, so that many draws always do.
        """
        holders = self._holders[topic]
        drawn = [holders[i] for i in sample_indices(generator, len(holders), len(used) + 1)]
        return next((holder for holder in drawn if holder[0] not in used), drawn[0])


def _holders(practices: Sequence[Practice]) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Return, for each topic, the seed ids that have it with their key points for it, in order of seed id."""
    holders: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for practice in sorted(practices, key=lambda practice: practice.seed.id):
        for part in practice.topics:
            holders.setdefault(part.topic, []).append((practice.seed.id, part.key_points))
    return holders
