"""The questions with known answers of a build: which one stands beside a blueprint."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from kpmath_builder.controls.choice import number_beside, place_of
from kpmath_builder.controls.known import KnownQuestion
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import HELD_BACK, Extraction, SeedProblem

__all__ = ["ControlPool", "check_controls", "held_back_of"]


class ControlSource(Protocol):
    """Where questions with known answers come from."""

    def question(self, number: int) -> KnownQuestion | None:
        """Return question number `number`, always the same one; None if there are not so many."""


class ControlPool:
    """Finds the question beside a blueprint from the build's seed and the blueprint's number alone.

    Each question is used once: what a solver makes of the same question twice is no second observation.

    Parameters
    ----------
    recipe
        Its table `controls` says how many there are, and of what sources, which take turns.
    held_back
        The seed problems that no practice is made of.
    """

    def __init__(self, recipe: Recipe, held_back: Sequence[SeedProblem]) -> None:
        self._share = recipe.controls.share if recipe.has_controls else 0.0
        self._seed = recipe.build.seed
        self._sources = list(_sources(recipe, held_back).values()) if self._share else []

    def beside(self, index: int) -> KnownQuestion | None:
        """Return what is solved beside blueprint `index`; None if nothing is, or its source has no further question."""
        number = number_beside(self._seed, index, self._share, "control")
        if number is None:
            return None
        turn, source = divmod(number, len(self._sources))
        return self._sources[source].question(turn)


def check_controls(recipe: Recipe) -> None:
    """Raise `InputError` for a file of controls or a generator that cannot be used, before anything is paid for."""
    ControlPool(recipe, ())


def held_back_of(seeds: Sequence[SeedProblem], extractions: Sequence[Extraction]) -> list[SeedProblem]:
    """Return the seed problems that were held back when the others were learnt from."""
    names = {its.seed_id for its in extractions if its.reason == HELD_BACK}
    return [seed for seed in seeds if seed.id in names]


class FixedQuestions:
    """Questions of a set, each once, in an order that the build's seed decides.

    Parameters
    ----------
    build_seed
        The recipe's.
    questions
        With ids of their own.
    """

    def __init__(self, build_seed: int, questions: Sequence[KnownQuestion]) -> None:
        self._ordered = sorted(questions, key=lambda its: (place_of(build_seed, its.id), its.id))

    def question(self, number: int) -> KnownQuestion | None:
        """Return one of them; None after the last."""
        return self._ordered[number] if number < len(self._ordered) else None


def _sources(recipe: Recipe, held_back: Sequence[SeedProblem]) -> Mapping[str, ControlSource]:
    # Each is imported only if the recipe names it.
    build_seed, made = recipe.build.seed, dict[str, ControlSource]()
    for name in recipe.controls.sources:
        match name:
            case "seeds":
                known = [KnownQuestion(name, seed.id, seed.problem, seed.answer) for seed in held_back]
                made[name] = FixedQuestions(build_seed, known)
            case "file":
                from kpmath_builder.controls.own_file import read_questions

                assert recipe.controls.path is not None, "the recipe refuses this source without its file"
                made[name] = FixedQuestions(build_seed, read_questions(recipe.controls.path))
            case "symbolic":
                from kpmath_builder.controls.composed import ComposedQuestions

                made[name] = ComposedQuestions(build_seed, held_back)
            case "reasoning-gym":
                from kpmath_builder.controls.generated import GeneratedQuestions

                made[name] = GeneratedQuestions(build_seed, recipe.controls.generators)
    return made
