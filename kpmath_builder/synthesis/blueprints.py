"""Drawing blueprints: which topics, practices and key points a new question is made from (paper section 2.2)."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from kpmath_builder.errors import InputError, NothingToDrawError
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.randomness import rng, sample_indices, weighted_index
from kpmath_builder.records import Blueprint, BlueprintPart, Practice

__all__ = ["NO_THIRD_TOPIC", "ONE_PROBLEM", "OTHER_TOPIC", "BlueprintDrawer"]

NO_THIRD_TOPIC: Final = "no-third-topic"
"""Note of a blueprint that should have had three topics, but no topic goes with both of the first two and has a third problem."""
OTHER_TOPIC: Final = "other-topic"
"""Note of a blueprint with a topic that was drawn again, because the first one would have brought the same problem twice."""
ONE_PROBLEM: Final = "one-problem"
"""Note of a blueprint whose parts come from one problem, because no two topics that go together have different ones."""

_Holder = tuple[str, tuple[str, ...]]
"""A seed problem that has a topic, and its key points for it."""


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
    one_topic_share, three_topics_share
        Share of blueprints with one topic, and share with three of all others, 0 … 1; the rest have two. The paper draws two or
        three, and does not say how often which.
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
        one_topic_share: float = 0.0,
        max_key_points_per_topic: int = 2,
    ) -> None:
        if not tcpm.counts.any():
            raise NothingToDrawError(
                "No two topics occur together in any seed problem, so nothing can be drawn: add seeds."
            )
        self._tcpm = tcpm
        self._holders = _holders(practices)
        if set(self._holders) != set(tcpm.topics):
            raise InputError(
                "The practices and the co-occurrence matrix have different topics: build the knowledge again."
            )
        self._row_sums: npt.NDArray[np.float64] = tcpm.values.sum(axis=1)
        self._paired = np.array([self._has_partner(topic) for topic in range(len(tcpm.topics))])
        self._build_seed = build_seed
        self._draw_id = draw_id
        self._three_topics_share = three_topics_share
        self._one_topic_share = one_topic_share
        self._max_key_points = max_key_points_per_topic

    def draw(self, index: int) -> Blueprint:
        """Return blueprint number `index`, counted from 0."""
        generator = rng(self._build_seed, index, "blueprint")
        topics, notes = self._draw_topics(generator, self._draw_count(generator))
        return Blueprint(
            id=f"{self._draw_id}-{index:08d}",
            index=index,
            parts=self._draw_parts(generator, topics),
            note=", ".join(notes),
        )

    def _draw_count(self, generator: np.random.Generator) -> int:
        at = generator.random()
        several = 1 - self._one_topic_share
        if at >= several:
            return 1
        return 3 if at < self._three_topics_share * several else 2

    def _draw_topics(self, generator: np.random.Generator, wanted: int) -> tuple[list[str], list[str]]:
        """Draw by row sums, then by the first topic's row, then by the product of both topics' rows; return topics and notes.

        The paper does not say what happens if all parts come from one problem. Such a blueprint asks for the old problem, so
        that a topic which brings no problem of its own is drawn again, the first one only if none goes with it.
        """
        values = self._tcpm.values
        if wanted == 1:
            return [self._tcpm.topics[weighted_index(generator, np.cumsum(self._row_sums))]], []
        first, notes = self._draw_first(generator)
        second, again = self._draw_next(generator, values[first], [first])
        if second is None:
            second = weighted_index(generator, np.cumsum(values[first]))
            again = [ONE_PROBLEM]
        drawn, notes = [first, second], notes + again
        if wanted == 3:
            third, again = self._draw_next(generator, values[first] * values[second], drawn)
            drawn += [] if third is None else [third]
            notes += [NO_THIRD_TOPIC] if third is None else again
        return [self._tcpm.topics[i] for i in drawn], list(dict.fromkeys(notes))

    def _draw_first(self, generator: np.random.Generator) -> tuple[int, list[str]]:
        """Draw a topic by the row sums, again if no topic that goes with it has a problem besides."""
        first = weighted_index(generator, np.cumsum(self._row_sums))
        if self._paired[first] or not self._paired.any():
            return first, []
        return weighted_index(generator, np.cumsum(self._row_sums * self._paired)), [OTHER_TOPIC]

    def _draw_next(
        self, generator: np.random.Generator, weights: npt.NDArray[np.float64], drawn: list[int]
    ) -> tuple[int | None, list[str]]:
        """Draw a topic that has a problem besides those of the topics drawn, or None, and return what is to be noted."""
        if not weights.any():
            return None, []
        topic = weighted_index(generator, np.cumsum(weights))
        if self._have_different_problems([*drawn, topic]):
            return topic, []
        left = np.zeros_like(weights)
        for other in np.flatnonzero(weights):
            if self._have_different_problems([*drawn, int(other)]):
                left[other] = weights[other]
        return (weighted_index(generator, np.cumsum(left)), [OTHER_TOPIC]) if left.any() else (None, [])

    def _has_partner(self, topic: int) -> bool:
        partners = np.flatnonzero(self._tcpm.values[topic])
        return any(self._have_different_problems([topic, int(partner)]) for partner in partners)

    def _have_different_problems(self, topics: Sequence[int]) -> bool:
        # Of n topics, one that has n problems always has one to spare: more need not be looked at.
        few = [self._holders[self._tcpm.topics[i]][: len(topics)] for i in topics]
        return _first_different(few) is not None

    def _draw_parts(self, generator: np.random.Generator, topics: Sequence[str]) -> tuple[BlueprintPart, ...]:
        """Draw a practice for each topic, from different problems where the topics have them."""
        drawn = [self._draw_holders(generator, topic, len(topics)) for topic in topics]
        chosen = _first_different(drawn) or tuple(holders[0] for holders in drawn)
        parts = []
        for topic, (seed_id, key_points) in zip(topics, chosen, strict=True):
            kept = sorted(sample_indices(generator, len(key_points), self._max_key_points))
            parts.append(
                BlueprintPart(topic=topic, seed_id=seed_id, key_points=tuple(key_points[i] for i in kept))
            )
        return tuple(parts)

    def _draw_holders(self, generator: np.random.Generator, topic: str, count: int) -> list[_Holder]:
        """Draw as many practices that have the topic as the blueprint has topics: one of them is not used by the others."""
        holders = self._holders[topic]
        return [holders[i] for i in sample_indices(generator, len(holders), count)]


def _first_different(holders: Sequence[Sequence[_Holder]]) -> tuple[_Holder, ...] | None:
    """Return one holder per topic, no problem twice, those drawn first if they do; None if there is no such choice."""
    choices = product(*holders)
    return next((c for c in choices if len({seed_id for seed_id, _ in c}) == len(c)), None)


def _holders(practices: Sequence[Practice]) -> dict[str, list[_Holder]]:
    """Return, for each topic, the seed ids that have it with their key points for it, in order of seed id."""
    holders: dict[str, list[_Holder]] = {}
    for practice in sorted(practices, key=lambda practice: practice.seed.id):
        for part in practice.topics:
            holders.setdefault(part.topic, []).append((practice.seed.id, part.key_points))
    return holders
