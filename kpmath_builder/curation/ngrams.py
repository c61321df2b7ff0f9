r"""The n-gram checks that papers print: the 20- and 30-grams of KPMath, and the plain 13-gram of many others.

They work on words alone (`\w+` in lower case), so that signs and operators are lost, stock phrases and drawing code count, and a problem
of fewer than n words is never found. They are here to be compared with other people's figures; `ProblemIndex` is the check to trust.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["QUESTION_13", "QUESTION_20", "SOLUTION_30", "NgramChecks", "NgramHit"]

QUESTION_13 = "question 13-gram"
QUESTION_20 = "question 20-gram"
SOLUTION_30 = "solution 30-gram"

_LENGTHS: Mapping[str, int] = {QUESTION_13: 13, QUESTION_20: 20, SOLUTION_30: 30}
_SHORTEST = min(_LENGTHS.values())
_WORD = re.compile(r"\w+")
_ASCII_WORDS = {
    code: sign.lower() if _WORD.match(sign) else " " for code, sign in enumerate(map(chr, range(128)))
}
_BASE = np.uint64(0x9E3779B97F4A7C15)
_Numbers = npt.NDArray[np.uint64]
_SIEVE_BITS = 24
"""A sieve of so many bits lets 2 % of foreign runs pass if there are 300,000 known ones."""
_SIEVE_SHIFT = np.uint64(64 - _SIEVE_BITS)


class NgramHit(NamedTuple):
    """A run of words that a text shares with problems."""

    check: str
    problems: tuple[int, ...]
    """Numbers of the problems, ascending."""
    matched: str


class NgramChecks:
    """Finds runs of words of test problems in training texts.

    In memory it holds the problems' words, 12 bytes for each run of them, and a sieve of 16 MiB.

    Parameters
    ----------
    problems
        Question and solution of each problem.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self._vocabulary: dict[str, int] = {}
        questions, solutions = [], []
        for question, solution in problems:
            questions.append(self._known(question))
            solutions.append(self._known(solution))
        self._may_be = np.zeros(1 << _SIEVE_BITS, bool)
        for words in (*questions, *solutions):
            self._may_be[_rolling(_mixed(words), _SHORTEST) >> _SIEVE_SHIFT] = True
        self._runs = {
            name: _Runs(solutions if name == SOLUTION_30 else questions, n) for name, n in _LENGTHS.items()
        }

    def _known(self, text: str) -> _Numbers:
        """Return the words of a problem as numbers, which are given out here; 0 is every other word."""
        vocabulary = self._vocabulary
        return np.array(
            [vocabulary.setdefault(word, len(vocabulary) + 1) for word in _words(text)], np.uint64
        )

    def find(self, question: str, solutions: Sequence[str] = ()) -> list[NgramHit]:
        """Return the hit of each check that finds something: the 13-gram looks at the question, the others at solutions as well."""
        words = _words(question)
        asked = len(words)
        for solution in dict.fromkeys(solutions):
            words += ["", *_words(solution)]  # no run goes from one text into the next
        numbers = np.fromiter(map(self._vocabulary.get, words, repeat(0)), np.uint64, len(words))
        mixed = _mixed(numbers)
        may_be = np.flatnonzero(self._may_be[_rolling(mixed, _SHORTEST) >> _SIEVE_SHIFT])
        hits = []
        for name, runs in self._runs.items():
            n = _LENGTHS[name]
            end = asked if name == QUESTION_13 else len(words)
            places = _beginnings(may_be, n - _SHORTEST)
            if found := runs.find(numbers[:end], mixed[:end], places[places + n <= end]):
                place = found[min(found)]
                hits.append(NgramHit(name, tuple(sorted(found)), " ".join(words[place : place + n])))
        return hits


class _Runs:
    """The runs of n words of some texts, by their hashes."""

    def __init__(self, texts: Sequence[_Numbers], n: int) -> None:
        self._n, self._texts = n, texts
        hashed = [_rolling(_mixed(text), n) for text in texts]
        owners = np.repeat(np.arange(len(texts), dtype=np.int32), [len(its) for its in hashed])
        hashes = np.concatenate(hashed) if hashed else np.empty(0, np.uint64)
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._owners = hashes[order], owners[order]

    def find(self, text: _Numbers, mixed: _Numbers, places: npt.NDArray[np.int64]) -> dict[int, int]:
        """Return the number of each text that shares a run to the first place of it.

        Parameters
        ----------
        mixed
            What `_mixed` makes of the text.
        places
            Where such a run can begin, ascending.
        """
        found: dict[int, int] = {}
        if not len(places) or not len(self._hashes):
            return found
        windows = _rolling(mixed, self._n)
        first = np.searchsorted(self._hashes, windows[places])
        is_met = self._hashes[np.minimum(first, len(self._hashes) - 1)] == windows[places]
        for place, begin in zip(places[is_met].tolist(), first[is_met].tolist(), strict=True):
            run = text[place : place + self._n]
            end = np.searchsorted(self._hashes, windows[place], "right")
            for owner in self._owners[begin:end].tolist():
                if owner not in found and _contains(
                    self._texts[owner], run
                ):  # equal hashes may be of other words
                    found[owner] = place
        return found


def _beginnings(places: npt.NDArray[np.int64], more: int) -> npt.NDArray[np.int64]:
    """Return the places that are followed by so many neighbours: a long run is known only if each short one in it is."""
    return (
        places[: len(places) - more][places[more:] - places[: len(places) - more] == more]
        if len(places) > more
        else places[:0]
    )


def _contains(text: _Numbers, run: _Numbers) -> bool:
    return bool((np.lib.stride_tricks.sliding_window_view(text, len(run)) == run).all(axis=1).any())


def _words(text: str) -> list[str]:
    return text.translate(_ASCII_WORDS).split() if text.isascii() else _WORD.findall(text.lower())


def _mixed(numbers: npt.NDArray[np.uint64]) -> _Numbers:
    """Return numbers spread over 64 bits, so that sums of them rarely meet; arrays overflow without a word."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _rolling(values: _Numbers, n: int) -> _Numbers:
    """Return a hash of each run of n values, built from runs whose lengths double."""
    if len(values) < n:
        return np.empty(0, np.uint64)
    total, run = np.zeros(len(values) - n + 1, np.uint64), values
    done, power, base, factor = 0, 1, _BASE, np.uint64(1)
    with np.errstate(over="ignore"):
        while power <= n:
            if n & power:
                total += factor * run[done : done + len(total)]
                done, factor = done + power, factor * base
            run = run[:-power] + base * run[power:]
            power, base = 2 * power, base * base
    return total
