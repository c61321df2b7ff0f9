"""What a preview draws its blueprints from: the build's knowledge if it is there or costs little, else that of a handful of seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

from kpmath_builder.errors import NothingToDrawError
from kpmath_builder.execution.run import Run
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.learning import learn_from
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.randomness import rng, sample_indices
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import SeedProblem
from kpmath_builder.synthesis.blueprints import ONE_PROBLEM
from kpmath_builder.synthesis.leading import draw, drawer_for

__all__ = ["Ground", "find_ground", "handful"]

FEW_SEEDS = 64
"""So many seeds are all read: then the blueprints of the preview are the first of the build, and all that is asked counts for it."""
SEEDS_PER_BLUEPRINT = 3
"""A blueprint has three practices at most."""
LEAST_SEEDS = 12
"""Topics of fewer seeds seldom occur together."""
MOST_TIMES = 4
"""A handful may grow to so many times its size, before it is said that nothing can be drawn."""


@dataclass(frozen=True)
class Ground:
    """What blueprints are drawn from."""

    knowledge: Knowledge
    whole: bool
    """Whether it is the build's own, so that its blueprints are the build's."""


async def find_ground(seeds: Sequence[SeedProblem], n: int, run: Run, workspace: Workspace) -> Ground:
    """Return the knowledge of the folder, of few seeds, or of a handful that grows until `n` blueprints can be drawn from it.

    Raises
    ------
    NothingToDrawError
        When the seeds that were read hold too few topics.
    """
    known = Knowledge.load(workspace)
    if known is not None:
        return Ground(known, whole=True)
    count = len(seeds) if len(seeds) <= FEW_SEEDS else max(SEEDS_PER_BLUEPRINT * n, LEAST_SEEDS)
    most = MOST_TIMES * count
    while True:
        whole = count >= len(seeds)
        chosen = seeds if whole else handful(seeds, count, run.recipe.build.seed)
        is_last = whole or 2 * count > most
        try:
            # A handful cannot give topics the support that the whole set gives them.
            knowledge = await learn_from(chosen, run, workspace, None if whole else 1)
            if is_last or _is_enough(knowledge, n, run.recipe):
                return Ground(knowledge, whole)
        except NothingToDrawError:
            if is_last:
                raise
        count *= 2


def handful(seeds: Sequence[SeedProblem], count: int, build_seed: int) -> list[SeedProblem]:
    """Return so many seeds from all over the set, in their order; a larger handful holds the smaller ones."""
    places = sample_indices(rng(build_seed, 0, "preview"), len(seeds), count)
    return [seeds[place] for place in sorted(places)]


def _is_enough(knowledge: Knowledge, n: int, recipe: Recipe) -> bool:
    """Whether no blueprint has all its parts from one problem."""
    drawer = drawer_for(knowledge, recipe)
    return not any(ONE_PROBLEM in draw(drawer, index, 0).note for index in range(n))
