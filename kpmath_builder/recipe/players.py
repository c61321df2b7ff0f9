"""Who is asked in a build."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from kpmath_builder.protocol import Role, Sampling
from kpmath_builder.recipe.teacher import TeacherSettings

__all__ = ["TABLE_OF", "Player"]

TABLE_OF: Final[Mapping[Role, str]] = {
    "extractor": "extraction",
    "writer": "questions",
    "judge": "judging",
    "solver": "solutions",
    "referee": "referee",
    "reference": "reference",
}
"""Role to the table with the sampling of what it is asked."""


class Player(NamedTuple):
    """One who is asked in a build: a role, or of several solvers one."""

    name: str
    """The role; of several solvers `solver NAME`."""
    role: Role
    solver: str
    """Name of the solver; empty for a role that one teacher plays."""
    settings: TeacherSettings
    sampling: Sampling
