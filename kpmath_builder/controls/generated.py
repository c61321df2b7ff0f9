"""Questions that the generators of reasoning-gym make; they go on where the seeds end, and nobody has seen them before."""

from collections.abc import Sequence

from kpmath_builder.controls.choice import place_of
from kpmath_builder.controls.known import KnownQuestion
from kpmath_builder.errors import InputError
from kpmath_builder.folder.outside import GENERATOR_MISSING

__all__ = ["GeneratedQuestions"]


class GeneratedQuestions:
    """Any number of questions; the generators take turns.

    Parameters
    ----------
    build_seed
        Decides with the question's number what is generated.
    generators
        Names of reasoning-gym.

    Raises
    ------
    InputError
        When the package is missing, or has no generator of a name.
    """

    def __init__(self, build_seed: int, generators: Sequence[str]) -> None:
        try:
            import reasoning_gym  # takes seconds, and is an extra
            from reasoning_gym.factory import DATASETS
        except ImportError:
            raise InputError(GENERATOR_MISSING) from None
        if unknown := [name for name in generators if name not in DATASETS]:
            raise InputError(
                f"controls.generators names {unknown[0]!r}, which reasoning-gym does not have: correct it."
            )
        self._make = reasoning_gym.create_dataset
        self._build_seed, self._generators = build_seed, generators

    def question(self, number: int) -> KnownQuestion:
        """Return one of them."""
        turn, which = divmod(number, len(self._generators))
        name = self._generators[which]
        seed = int(place_of("reasoning-gym", self._build_seed, name, turn) * 2**31)
        made = self._make(name, size=1, seed=seed)[0]
        question, gold = str(made["question"]).strip(), str(made["answer"]).strip()
        return KnownQuestion("reasoning-gym", f"reasoning-gym/{name}/{turn:05d}", question, gold)
