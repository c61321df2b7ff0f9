"""Questions with a known fault, and sound ones: which one the judge is asked about beside a blueprint."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from kpmath_builder.controls.choice import number_beside
from kpmath_builder.controls.faults import contradicted, incomplete
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Practice, SeedProblem

__all__ = ["PlantedCase", "PlantedKind", "PlantedPool"]

_TRIES = 50
"""Practices that are tried for one fault; not every problem can be given each."""


class PlantedKind(StrEnum):
    """What is wrong with a planted question."""

    SOUND = "sound"
    INCOMPLETE = "needed quantity removed"
    CONTRADICTED = "contradiction added"
    FOREIGN = "key points of another topic"


@dataclass(frozen=True)
class PlantedCase:
    """What the judge is asked about: a question made of one practice, and the practice whose key points it should need."""

    kind: PlantedKind
    practice: Practice
    question: str
    shown: Practice


class PlantedPool:
    """Finds the planted question beside a blueprint from the build's seed and the blueprint's number alone; the kinds take turns.

    Parameters
    ----------
    recipe
        Its table `controls` says how many there are.
    practices
        What the questions are made of.
    """

    def __init__(self, recipe: Recipe, practices: Sequence[Practice]) -> None:
        self._share = recipe.controls.judge_share if recipe.has_planted else 0.0
        self._seed = recipe.build.seed
        self._practices = practices

    def beside(self, index: int) -> PlantedCase | None:
        """Return what is judged beside blueprint `index`; None if nothing is, or no practice can be given the fault."""
        number = number_beside(self._seed, index, self._share, "planted")
        if number is None:
            return None
        kinds = tuple(PlantedKind)
        rng = Random(f"planted/{self._seed}/{number}")  # noqa: S311 - no secret
        return self._case(kinds[number % len(kinds)], rng)

    def _case(self, kind: PlantedKind, rng: Random) -> PlantedCase | None:
        for practice in rng.sample(self._practices, min(_TRIES, len(self._practices))):
            shown = self._other(practice, rng) if kind is PlantedKind.FOREIGN else practice
            question = _MADE[kind](practice.seed, rng)
            if question is not None and shown is not None:
                return PlantedCase(kind, practice, question, shown)
        return None

    def _other(self, practice: Practice, rng: Random) -> Practice | None:
        """Return a practice that has no topic in common."""
        topics = _topics(practice)
        chosen = rng.sample(self._practices, min(_TRIES, len(self._practices)))
        return next((other for other in chosen if not topics & _topics(other)), None)


def _topics(practice: Practice) -> set[str]:
    return {named.topic for named in practice.topics}


def _sound(seed: SeedProblem, _: Random) -> str:
    return seed.problem


_MADE: Mapping[PlantedKind, Callable[[SeedProblem, Random], str | None]] = {
    PlantedKind.SOUND: _sound,
    PlantedKind.INCOMPLETE: lambda seed, rng: incomplete(seed.problem, seed.solution, rng),
    PlantedKind.CONTRADICTED: lambda seed, rng: contradicted(seed.problem, seed.solution, rng),
    PlantedKind.FOREIGN: _sound,
}
