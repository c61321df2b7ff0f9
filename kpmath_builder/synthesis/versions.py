"""All candidates of one draw: the question of its blueprint, and harder versions of that."""

from collections.abc import Callable, Mapping

from kpmath_builder.execution.ask import Ask
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Blueprint, Candidate, SeedProblem
from kpmath_builder.synthesis.candidates import synthesise, synthesise_harder

__all__ = ["address_of", "synthesise_versions"]


def address_of(index: int, version: int) -> int | str:
    """Return what addresses the requests of a version of a draw; 0 is the first one."""
    return f"{index}h{version}" if version else index


async def synthesise_versions(
    blueprint: Blueprint, seeds: Mapping[str, SeedProblem], ask_of: Callable[[int], Ask], recipe: Recipe
) -> list[Candidate]:
    """Lead a blueprint through the method, then `questions.harder_rounds` harder versions, as long as the one before is agreed upon.

    Parameters
    ----------
    ask_of
        Returns what asks for a version, by its number.
    """
    versions = [await synthesise(blueprint, seeds, ask_of(0), recipe)]
    for number in range(1, recipe.questions.harder_rounds + 1):
        if not versions[-1].is_agreed:
            break
        versions.append(await synthesise_harder(versions[-1], number, seeds, ask_of(number), recipe))
    return versions
