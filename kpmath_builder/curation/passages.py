"""Finding known problems inside longer texts, before or behind other words."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TypeVar

from kpmath_builder.curation.forms import Forms, sentences_of
from kpmath_builder.curation.order import in_plain_order

__all__ = ["Passages"]

_LEAST = 10
"""A problem of fewer tokens stands in other texts by chance: "Find the value of x"."""
_ANCHOR = 6
_GAP = re.compile(r"(\S)(\s++)(?=(\S?))")
_Part = TypeVar("_Part", str, tuple[str, ...])
_Arrange = Callable[[Sequence[str]], list[str]]


class Passages:
    """Problems by a run of tokens that is rare among them; a search costs little more than cutting the text into runs."""

    def __init__(self, problems: Sequence[Forms], texts: Sequence[str]) -> None:
        self._texts = texts
        self._tokens = [form.tokens for form in problems]
        self._anchors = self._rarest([list(_runs(tokens)) for tokens in self._tokens])
        self._sentences = [in_plain_order(form.sentences) for form in problems]
        self._sorted = [sorted(form.sentences) for form in problems]
        self._by_sentence = self._rarest(
            [sentences if len(sentences) > 1 else [] for sentences in self._sorted]
        )

    def find(self, form: Forms, text: str) -> int | None:
        """Return the first problem that stands in the text as whole sentences, in their order or in another of the same meaning."""
        alike = set(self._in_order(form.tokens))
        broken = _broken(text) if alike else []
        whole = (problem for problem in alike if _stands_whole(_broken(self._texts[problem]), broken))
        alike_in_order = self._windows(form.sentences, in_plain_order, self._sentences)
        return min([*whole, *alike_in_order], default=None)

    def find_reordered(self, form: Forms) -> int | None:
        """Return the first problem whose sentences stand together in the text, in whatever order."""
        return min(self._windows(form.sentences, sorted, self._sorted), default=None)

    def _in_order(self, tokens: Sequence[str]) -> Iterator[int]:
        for place, run in enumerate(_runs(tokens)):
            for problem, offset in self._anchors.get(run, ()):
                wanted = self._tokens[problem]
                start = place - offset
                if 0 <= start <= len(tokens) - len(wanted) and tokens[start : start + len(wanted)] == wanted:
                    yield problem

    def _windows(
        self, sentences: Sequence[str], arranged: _Arrange, problems: Sequence[Sequence[str]]
    ) -> Iterator[int]:
        """Yield the problems, arranged, that some sentences in a row are when they are arranged in the same way."""
        for place, sentence in enumerate(sentences):
            for problem, _ in self._by_sentence.get(sentence, ()):
                wanted = problems[problem]
                count = len(wanted)
                starts = range(max(0, place - count + 1), min(place, len(sentences) - count) + 1)
                if any(arranged(sentences[start : start + count]) == wanted for start in starts):
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


def _broken(text: str) -> list[str]:
    """Return the sentences of a text; labels, lines and quotes end one as well."""
    return sentences_of(_GAP.sub(_with_end, text))


def _with_end(found: re.Match[str]) -> str:
    before, gap, after = found.groups()
    label = before in _ENDS_LABEL and (after.isupper() or after in {"(", "\\"})
    line = "\n" in gap and not after.islower()
    return f"{found[0]}. " if before == ":" or line or label or _QUOTES & {before, after} else found[0]


_ENDS_LABEL = frozenset("])}*$")
_QUOTES = frozenset('"“”')


def _stands_whole(problem: Sequence[str], text: Sequence[str]) -> bool:
    """Return whether the sentences of a problem, wherever they are parted, stand in the text from a border to a border."""
    wanted = " ".join(problem).split()
    tokens = " ".join(text).split()
    borders = {0, *accumulate(len(sentence.split()) for sentence in text)}
    return any(
        start + len(wanted) in borders and tokens[start : start + len(wanted)] == wanted for start in borders
    )
