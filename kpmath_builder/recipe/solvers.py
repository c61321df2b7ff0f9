"""`[[solvers]]`: several models that solve each question together, and which of them gives which sample."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, NamedTuple, TypeAlias

from pydantic import Field

from kpmath_builder.recipe.keys import KeyKind, Section, UserPath, key
from kpmath_builder.recipe.teacher import (
    TEACHERS,
    ServerSettings,
    SymbolicSettings,
    TeacherSettings,
    VllmSettings,
)

__all__ = ["AnySolver", "SolverSettings", "Turn", "named", "turns"]


class SolverSettings(Section):
    """Who gives a share of the solutions: `name`, the keys of `[teacher]`, and these; what is not set is that of `[solutions]`."""

    share: float = key(
        "share of the samples, in proportion to the shares of the others", 1.0, gt=0, le=1_000_000
    )
    temperature: float | None = key("sampling temperature; unset: that of [solutions]", None, ge=0)
    top_p: float | None = key("nucleus sampling; unset: that of [solutions]", None, gt=0, le=1)
    max_tokens: int | None = key(
        "longest solution in tokens, thinking included; unset: that of [solutions]", None, ge=1
    )
    prompt: UserPath | None = key(
        "prompt file of this solver, in the form of solve.txt; unset: the prompt of solve",
        None,
        KeyKind.FREE,
        public=False,
    )

    @property
    def own_sampling(self) -> dict[str, float | int]:
        """The sampling fields that take the place of those of `[solutions]`."""
        fields = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}
        return {name: value for name, value in fields.items() if value is not None}

    @property
    def teacher(self) -> TeacherSettings:
        """Who answers; equal to the table of a role with the same keys, so that they share their server."""
        kind = TEACHERS[str(getattr(self, "kind"))]  # noqa: B009 - each kind of solver has one
        return kind.model_validate({name: getattr(self, name) for name in kind.model_fields})


class SymbolicSolver(SolverSettings, SymbolicSettings):
    """A solver of `kind = "symbolic"`."""


class ServerSolver(SolverSettings, ServerSettings):
    """A solver of `kind = "openai"`."""


class VllmSolver(SolverSettings, VllmSettings):
    """A solver of `kind = "vllm"`."""


AnySolver: TypeAlias = Annotated[SymbolicSolver | ServerSolver | VllmSolver, Field(discriminator="kind")]


def named(solvers: Any) -> Any:  # noqa: ANN401 - raw TOML
    """Return the tables of an array `[[solvers]]` by their names; anything else as it is.

    Raises
    ------
    ValueError
        With the end of a sentence about the recipe, if a table has no name or two have one.
    """
    if not isinstance(solvers, list | tuple):
        return solvers
    tables: dict[str, Any] = {}
    for number, table in enumerate(solvers, start=1):
        if not isinstance(table, Mapping):
            raise ValueError(  # noqa: TRY004 - pydantic turns this one into a fault of the recipe
                f"solvers must be tables [[solvers]], got {table!r}"
            )
        name = table.get("name")
        if not isinstance(name, str):
            raise ValueError(f'solver {number} has no name: give each table [[solvers]] one, e.g. name = "a"')  # noqa: TRY004
        if name in tables:
            raise ValueError(f"solvers names two solvers {name!r}: give each a name of its own")
        tables[name] = {key: value for key, value in table.items() if key != "name"}
    return tables


class Turn(NamedTuple):
    """Who gives one sample: the solver, and how many samples it has given before."""

    solver: str
    sample: int


@lru_cache(maxsize=64)
def turns(shares: Sequence[tuple[str, float]], count: int) -> tuple[Turn, ...]:
    """Return who gives each of the first samples; it follows from the shares alone.

    However many samples are asked for, each solver has given its share of them to within less than one sample, 1 - 1 / (2k - 2) for k
    solvers, which no other order betters (Tijdeman 1980, the chairman assignment problem).
    """
    parts = {name: Fraction(str(share)) for name, share in sorted(shares)}
    total = sum(parts.values())
    due = {name: part / total for name, part in parts.items()}
    slack = Fraction(1, 2 * len(due) - 2) if len(due) > 1 else Fraction(0)
    given = dict.fromkeys(due, 0)
    order: list[Turn] = []
    for number in range(1, count + 1):
        claims = {name: share * number - given[name] for name, share in due.items()}
        # Of those who may be given a turn, the one whose deadline comes first.
        may = [name for name, claim in claims.items() if claim >= slack]
        chosen = min(may, key=lambda name: ((1 - slack - claims[name]) / due[name], name))
        order.append(Turn(chosen, given[chosen]))
        given[chosen] += 1
    return tuple(order)
