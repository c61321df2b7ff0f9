"""How many questions with known answers a build will ask, and what cannot work with so few: said before anything is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Self

from kpmath_builder.calibration import LEAST_CONTROLS
from kpmath_builder.controls.choice import is_held_back
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import SeedProblem

__all__ = ["ForeseenControls"]


@dataclass(frozen=True, slots=True)
class ForeseenControls:
    """The controls of a build of so many questions.

    Attributes
    ----------
    share, draws
        `controls.share`, and the questions that are drawn.
    count
        Those that will be asked; some will have no vote, or repeat a practice or a test problem.
    in_vain
        Settings that need more of them.
    rows
        `build.rows`, if that decides how many questions are drawn and not `build.questions`.
    """

    share: float
    draws: int
    count: int
    in_vain: tuple[str, ...] = ()
    rows: int | None = None

    @classmethod
    def of(cls, recipe: Recipe, seeds: Sequence[SeedProblem], draws: int) -> Self | None:
        """Return what `draws` questions of a recipe will have beside them; None if a recipe has no controls."""
        if not recipe.has_controls:
            return None
        runs = floor(draws * recipe.controls.share)
        places = [_places(recipe, source, seeds) for source in recipe.controls.sources]
        turns = [ceil((runs - turn) / len(places)) for turn in range(len(places))]
        count = sum(
            asked if held is None else min(asked, held) for asked, held in zip(turns, places, strict=True)
        )
        needing = {
            f"selection.min_p_correct = {recipe.selection.min_p_correct:g} will drop nothing": recipe.selection.min_p_correct
            > 0,
            'consensus.weights = "controls" will weigh all solvers alike': recipe.weighs_solvers,
        }
        in_vain = (said for said, is_set in needing.items() if is_set and count < LEAST_CONTROLS)
        rows = recipe.build.rows if draws < recipe.build.questions else None
        return cls(recipe.controls.share, draws, count, tuple(in_vain), rows)

    @property
    def sentence(self) -> str:
        """How many there will be, and what they are too few for."""
        these = f"{self.count:,} questions with known answers will be asked beside {self.draws:,} (controls.share = {self.share:g})"
        if self.count >= LEAST_CONTROLS:
            return f"{these}; p_correct needs {LEAST_CONTROLS} that have a vote."
        vain = "".join(f", and {said}" for said in self.in_vain)
        return f"{these}; p_correct needs {LEAST_CONTROLS} that have a vote, so there will be none{vain}. {self._remedy}"

    @property
    def warning(self) -> str:
        """The sentence if settings will do nothing; else empty."""
        return self.sentence if self.in_vain else ""

    @property
    def _remedy(self) -> str:
        if self.count < floor(self.draws * self.share):
            return "The sources hold no more: name further ones in controls.sources, or raise controls.held_back."
        least = ceil(100 * 1.2 * LEAST_CONTROLS / self.draws) / 100
        size = "build.questions" if self.rows is None else "build.rows"
        if least <= 1:
            return f"Raise controls.share to {least:g}, or {size}."
        questions = ceil(1.2 * LEAST_CONTROLS / self.share)
        raised = questions if self.rows is None else ceil(self.rows * questions / self.draws)
        return f"Raise {size} to {raised:,}."


def _places(recipe: Recipe, source: str, seeds: Sequence[SeedProblem]) -> int | None:
    """Return how many questions a source holds; None for any number."""
    held_back = sum(is_held_back(seed.id, recipe.held_back) for seed in seeds)
    match source:
        case "seeds":
            return held_back
        case "symbolic":
            return None if held_back > 1 else 0
        case "file":
            from kpmath_builder.controls.own_file import read_questions

            assert recipe.controls.path is not None, "the recipe refuses this source without its file"
            return len(read_questions(recipe.controls.path))
        case _:
            return None
