"""Version numbers of published datasets, and which part must grow: columns → major, rows → minor, card → patch."""

import re
from typing import NamedTuple, Self

from kpmath_builder.errors import InputError
from kpmath_builder.publishing.version_diff import VersionDiff

__all__ = ["Version", "check_step"]


_NUMBER = r"(0|[1-9][0-9]{0,8})"


class Version(NamedTuple):
    """`MAJOR.MINOR.PATCH`; its tag on the Hub is `vMAJOR.MINOR.PATCH`."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `1.2.0` or `v1.2.0`; raises `InputError` for anything else."""
        if found := re.fullmatch(rf"v?{_NUMBER}\.{_NUMBER}\.{_NUMBER}", text.strip()):
            return cls(*map(int, found.groups()))
        raise InputError(f"{text[:40]!r} is no version: write three numbers, like 1.2.0.")

    @classmethod
    def of_tag(cls, tag: str) -> Self | None:
        """Return the version that a tag names, or None for other tags."""
        return cls.parse(tag) if re.fullmatch(rf"v{_NUMBER}(\.{_NUMBER}){{2}}", tag) else None

    @property
    def tag(self) -> str:
        """The name of the version's tag."""
        return f"v{self}"

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def least_after(self, difference: VersionDiff) -> "Version":
        """Return the lowest version that may follow this one with such a difference."""
        if difference.columns_changed:
            return Version(self.major + 1, 0, 0)
        if difference.rows_changed:
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)


def check_step(old: Version, new: Version, difference: VersionDiff) -> None:
    """Raise `InputError` where `new` says less about the change since `old` than it is."""
    least = old.least_after(difference)
    if new < least:
        what = (
            "its columns"
            if difference.columns_changed
            else "its rows"
            if difference.rows_changed
            else "no row"
        )
        raise InputError(
            f"{new} cannot follow {old}, the last published version, which differs in {what}: "
            f"publish it as {least} or higher (columns raise the first number, rows the second, the card the third)."
        )
