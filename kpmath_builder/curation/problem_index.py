"""Finding the problem, among thousands that are known, which a text repeats."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from kpmath_builder.curation.forms import EQUAL, FORMS, Forms, plain_text
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.passages import Passages
from kpmath_builder.curation.repeat import Repeat, RepeatKind
from kpmath_builder.curation.shingles import JACCARD, REWORDED, shingles

__all__ = ["ProblemIndex"]


class ProblemIndex:
    """Known problems, such as seeds or a test set, in memory.

    A known problem is found as a whole text, and inside a longer one if it is long enough not to stand there by chance.

    Parameters
    ----------
    problems
        Id and text of each; of equal ones the first is named.
    paraphrases
        How a text with the same numbers is found that says the same in other words; None: paraphrases are not looked for.
    """

    def __init__(
        self, problems: Iterable[tuple[str, str]], *, paraphrases: Paraphrases | None = None
    ) -> None:
        known = list(problems)
        forms = [Forms.of(text) for _, text in known]
        self._ids = [name for name, _ in known]
        self._texts = [text for _, text in known]
        self._places: list[dict[int, int]] = [{} for _ in FORMS]
        for number, form in enumerate(forms):
            for places, key in zip(self._places, form.keys, strict=True):
                if key is not None:
                    places.setdefault(key, number)
        self._passages = Passages(forms, self._texts)
        self._near = _Near([shingles(form.tokens) for form in forms], [form.numbers for form in forms])
        self._paraphrases = None if paraphrases is None else _Paraphrased(self._texts, forms, paraphrases)

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, text: str) -> Repeat | None:
        """Return the strongest way in which the text repeats a known problem, or None."""
        form = Forms.of(text)
        return self.find_form(text, form, shingles(form.tokens))

    def find_form(self, text: str, form: Forms, runs: NDArray[np.uint32]) -> Repeat | None:
        """Return what `find` returns, for a text whose forms and shingles were made before."""
        return (
            self._equal(form, range(EQUAL))
            or self._inside(form, text)
            or self._equal(form, range(EQUAL, len(FORMS)))
            or self._reordered(form)
            or self._nearest(form, runs)
            or self._paraphrased(text, form)
        )

    def _equal(self, form: Forms, places: Iterable[int]) -> Repeat | None:
        for place in places:
            key = form.keys[place]
            found = None if key is None else self._places[place].get(key)
            if found is not None:
                return self._repeat(FORMS[place], found)
        return None

    def _inside(self, form: Forms, text: str) -> Repeat | None:
        found = self._passages.find(form, text)
        if found is None:
            return None
        verbatim = plain_text(self._texts[found]) in plain_text(text)
        return self._repeat(RepeatKind.VERBATIM if verbatim else RepeatKind.REFORMATTED, found)

    def _reordered(self, form: Forms) -> Repeat | None:
        found = self._passages.find_reordered(form)
        return None if found is None else self._repeat(RepeatKind.NEAR, found)

    def _nearest(self, form: Forms, runs: NDArray[np.uint32]) -> Repeat | None:
        found = self._near.find(runs, form.numbers)
        return None if found is None else self._repeat(RepeatKind.NEAR, *found)

    def _paraphrased(self, text: str, form: Forms) -> Repeat | None:
        found = self._paraphrases.find(text, form) if self._paraphrases is not None else None
        return None if found is None else self._repeat(RepeatKind.PARAPHRASE, *found)

    def _repeat(self, kind: RepeatKind, number: int, similarity: float = 1.0) -> Repeat:
        return Repeat(kind, self._ids[number], similarity, self._texts[number])


class _Near:
    """Which problem has each shingle; exact, because thousands of problems need no MinHash."""

    def __init__(self, sets: Sequence[NDArray[np.uint32]], numbers: Sequence[int | None]) -> None:
        self._numbers = numbers
        self._sizes = [len(one) for one in sets]
        of = np.repeat(np.arange(len(sets)), self._sizes)
        all_shingles = np.concatenate([np.empty(0, np.uint32), *sets])
        order = np.argsort(all_shingles, kind="stable")
        self._of = of[order]
        self._shingles, starts = np.unique(all_shingles[order], return_index=True)
        self._starts = np.append(starts, len(order))

    def find(self, wanted: NDArray[np.uint32], numbers: int | None) -> tuple[int, float] | None:
        """Return the nearest problem and how near it is, of those that are near enough."""
        if not len(self._shingles):
            return None
        places = np.searchsorted(self._shingles[:-1], wanted)
        known = places[self._shingles[places] == wanted]
        least = max(1, REWORDED * len(wanted))  # of fewer common ones no problem is near enough
        if len(known) < least:
            return None
        shared = Counter(self._of[_ranges(self._starts[known], self._starts[known + 1])].tolist())
        near = [
            (likeness, -problem)  # of equally near ones the first
            for problem, common in shared.items()
            if common >= least
            and (likeness := common / (len(wanted) + self._sizes[problem] - common))
            >= self._wanted(problem, numbers)
        ]
        likeness, number = max(near, default=(0.0, 0))
        return (-number, likeness) if near else None

    def _wanted(self, problem: int, numbers: int | None) -> float:
        """Return how near a text of such numbers must be to a problem."""
        return REWORDED if numbers is not None and self._numbers[problem] == numbers else JACCARD


def _ranges(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of all ranges, one range behind the other."""
    behind = np.cumsum(ends - starts)
    return np.arange(behind[-1]) + np.repeat(ends - behind, ends - starts)


class _Paraphrased:
    """The vectors of problems of prose, by their numbers."""

    def __init__(self, texts: Sequence[str], forms: Sequence[Forms], rule: Paraphrases) -> None:
        self._rule = rule
        self._by_numbers: dict[int, list[tuple[int, NDArray[np.uint32]]]] = defaultdict(list)
        for number, (text, form) in enumerate(zip(texts, forms, strict=True)):
            if form.numbers is not None:
                self._by_numbers[form.numbers].append((number, rule.vector(text, form)))

    def find(self, text: str, form: Forms) -> tuple[int, float] | None:
        """Return the likest problem of the same numbers and how like it is, if that is enough."""
        if form.numbers is None or form.numbers not in self._by_numbers:
            return None
        problems, vectors = zip(*self._by_numbers[form.numbers], strict=True)
        found = self._rule.likest(self._rule.vector(text, form), vectors)
        return None if found is None else (problems[found[0]], found[1])
