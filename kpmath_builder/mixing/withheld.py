"""Texts that no mix holds whatever its recipe says: MATH's problems, and seeds of the builds that may not be shared."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.curation.signatures import RowReading
from kpmath_builder.files.sealed import read_lines
from kpmath_builder.mixing.collecting import Spool
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.mixing.rows import LeftOut, MathText, MixRow
from kpmath_builder.records import SeedProblem
from kpmath_builder.seeds import hash_of_problem

__all__ = ["Withheld"]

_THE_SAME = frozenset({RepeatKind.VERBATIM, RepeatKind.REFORMATTED})


class Withheld:
    """The texts that the sources and the builds' seeds hold and that must not be in a mix.

    Parameters
    ----------
    recipe
        Whether it names MATH itself, with which rows that grew out of MATH are compared.
    spools
        All sources, by their names.
    """

    def __init__(self, recipe: MixRecipe, spools: Mapping[str, Spool]) -> None:
        self.texts: Sequence[SeedProblem] = tuple(
            _distinct(
                [*_of_builds(recipe), *(seed for spool in spools.values() for seed in _of_spool(spool))]
            )
        )
        self._index = ProblemIndex((seed.id, seed.problem) for seed in self.texts)
        self._copies = ProtectedTexts(self.texts)
        self._knows_math = any(source.kind == "math" for source in recipe.sources.values())

    def reason(self, row: MixRow, question: RowReading) -> tuple[LeftOut, str, str] | None:
        """Return why a row must not be in the mix, which text it repeats and how; None if it may."""
        if row.math is MathText.POSSIBLE and not self._knows_math:
            return LeftOut.MAY_BE_MATH, "", ""
        repeat = self._index.find_form(*question)
        if repeat is not None and (repeat.kind in _THE_SAME or row.math is MathText.POSSIBLE):
            return LeftOut.MATH, repeat.of, repeat.kind.value
        for text in (row.question, row.solution):
            if seed_id := self._copies.found_in(text):
                return LeftOut.MATH, seed_id, "contained"
        return None


def _of_builds(recipe: MixRecipe) -> Iterator[SeedProblem]:
    for source in recipe.sources.values():
        if source.kind == "build":
            assert source.path is not None, "the recipe was checked"
            lines = read_lines(source.path / "knowledge" / "seeds.jsonl")
            seeds = map(SeedProblem.model_validate_json, lines)
            yield from (seed for seed in seeds if not seed.shareable)


def _of_spool(spool: Spool) -> Iterator[SeedProblem]:
    for row in spool.rows():
        if row.math is MathText.VERBATIM and row.question:
            yield SeedProblem(
                id=f"{spool.name}/{row.source_id}",
                source=spool.source,
                licence=row.licence,
                shareable=False,
                problem=row.question,
                solution="",
                answer="",
                content_hash=hash_of_problem(row.question, ""),
            )


def _distinct(seeds: Iterable[SeedProblem]) -> Iterator[SeedProblem]:
    """Yield the first seed of each text; MetaMathQA answers one problem of MATH many times."""
    seen: set[str] = set()
    for seed in seeds:
        text = " ".join(seed.problem.casefold().split())
        if text not in seen:
            seen.add(text)
            yield seed
