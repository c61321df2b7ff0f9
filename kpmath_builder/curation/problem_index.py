"""Finding the problem, among thousands that are known, which a text repeats."""

from collections.abc import Iterable

from kpmath_builder.curation.forms import FORMS, Forms
from kpmath_builder.curation.repeat import Repeat

__all__ = ["ProblemIndex"]


class ProblemIndex:
    """Known problems, such as seeds or a test set, in memory.

    Parameters
    ----------
    problems
        Id and text of each; of equal ones the first is named.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self._ids: list[str] = []
        self._texts: list[str] = []
        self._places: list[dict[int, int]] = [{} for _ in FORMS]
        for name, text in problems:
            self._add(name, text)

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, text: str) -> Repeat | None:
        """Return the strongest way in which the text repeats a known problem, or None."""
        forms = Forms.of(text)
        for place in range(len(FORMS)):
            key = forms.keys[place]
            found = None if key is None else self._places[place].get(key)
            if found is not None:
                return Repeat(FORMS[place], self._ids[found], 1.0, self._texts[found])
        return None

    def _add(self, name: str, text: str) -> None:
        for places, key in zip(self._places, Forms.of(text).keys, strict=True):
            if key is not None:
                places.setdefault(key, len(self._ids))
        self._ids.append(name)
        self._texts.append(text)
