"""Finding known problems inside longer texts, before or behind other words."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeVar

from kpmath_builder.curation.forms import Forms

__all__ = ["Passages"]

_LEAST = 10
"""A problem of fewer tokens stands in other texts by chance: "Find the value of x"."""
_ANCHOR = 6
_Part = TypeVar("_Part", str, tuple[str, ...])


class Passages:
    """Problems by a run of tokens that is rare among them; a search costs little more than cutting the text into runs."""

    def __init__(self, problems: Sequence[Forms]) -> None:
        self._tokens = [form.tokens for form in problems]
        self._anchors = self._rarest([list(_runs(tokens)) for tokens in self._tokens])
        self._sentences = [frozenset(form.sentences) for form in problems]
        self._by_sentence = self._rarest(
            [sorted(sentences) if len(sentences) > 1 else [] for sentences in self._sentences]
        )

    def find(self, form: Forms) -> int | None:
        """Return the first problem that stands in the text, in the order of its sentences or in another."""
        tokens = form.tokens
        return min([*self._in_order(tokens), *self._in_any_order(frozenset(form.sentences))], default=None)

    def _in_order(self, tokens: Sequence[str]) -> Iterator[int]:
        for place, run in enumerate(_runs(tokens)):
            for problem, offset in self._anchors.get(run, ()):
                wanted = self._tokens[problem]
                start = place - offset
                if start >= 0 and tokens[start : start + len(wanted)] == wanted:
                    yield problem

    def _in_any_order(self, sentences: frozenset[str]) -> Iterator[int]:
        for sentence in sentences & self._by_sentence.keys():
            for problem, _ in self._by_sentence[sentence]:
                if self._sentences[problem] <= sentences:
                    yield problem

    def _rarest(self, parts: Sequence[Sequence[_Part]]) -> dict[_Part, list[tuple[int, int]]]:
        """Return for the rarest part of each problem the problem and the part's place in it."""
        frequency = Counter(part for of_one in parts for part in set(of_one))
        found: dict[_Part, list[tuple[int, int]]] = defaultdict(list)
        for problem, of_one in enumerate(parts):
            if of_one and len(self._tokens[problem]) >= _LEAST:
                place = min(range(len(of_one)), key=lambda place: frequency[of_one[place]])
                found[of_one[place]].append((problem, place))
        return dict(found)


def _runs(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(tokens[place:] for place in range(_ANCHOR)), strict=False)
