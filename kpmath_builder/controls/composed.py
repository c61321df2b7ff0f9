"""Questions that the rules of the symbolic teacher compose of two held-back seeds, with the answer that they compute."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from random import Random

from kpmath_builder.controls.known import KnownQuestion
from kpmath_builder.records import SeedProblem
from kpmath_builder.symbolic.compose import compose
from kpmath_builder.symbolic.expressions import format_number
from kpmath_builder.symbolic.passages import Passage, passage_of
from kpmath_builder.symbolic.reading import read_question
from kpmath_builder.symbolic.reasons import UnfitError

__all__ = ["ComposedQuestions"]

_TRIES = 20
"""Pairs that are tried for one question."""


class ComposedQuestions:
    """Any number of questions, as long as two of the seeds have calculator annotations that the rules can follow.

    Parameters
    ----------
    build_seed
        Decides with the question's number what is composed.
    seeds
        Those that no practice is made of.
    """

    def __init__(self, build_seed: int, seeds: Sequence[SeedProblem]) -> None:
        self._build_seed, self._seeds = build_seed, seeds

    def question(self, number: int) -> KnownQuestion | None:
        """Return one of them; None if no pair fits together."""
        if len(self._passages) < 2:
            return None
        rng = Random(f"control/{self._build_seed}/{number}")  # noqa: S311 - no secret
        for _ in range(_TRIES):
            pair = [passage for _, passage in rng.sample(self._passages, 2)]
            with suppress(UnfitError):
                text = compose(pair, rng)
                reading = read_question(text, pair)
                assert reading is not None, "what is composed can be read"
                answer = format_number(reading.answer(reading.run()))
                return KnownQuestion("symbolic", f"symbolic/{number:05d}", text, answer)
        return None

    @cached_property
    def _passages(self) -> list[tuple[str, Passage]]:
        found = []
        for seed in self._seeds:
            with suppress(UnfitError):
                found.append((seed.id, passage_of(seed.problem, seed.solution)))
        return found
