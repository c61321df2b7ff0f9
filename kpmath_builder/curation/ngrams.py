r"""The n-gram checks that papers print: the 20- and 30-grams of KPMath, and the plain 13-gram of many others.

They work on words alone (`\w+` in lower case), so that signs and operators are lost, stock phrases and drawing code count, and a problem
of fewer than n words is never found. They are here to be compared with other people's figures; `ProblemIndex` is the check to trust.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
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
_ASCII_WORDS = b"".join(
    sign.lower().encode() if _WORD.match(sign) else b" " for sign in map(chr, range(128))
).ljust(256)
_BETWEEN = "|"
"""Stands between texts, and is no word: no run goes from one text into the next."""
_BASE = 0x9E3779B97F4A7C15
_Words = npt.NDArray[np.intp]
"""A text as the numbers of its words."""
_Hashes = npt.NDArray[np.uint64]
_SIEVED = 8
"""Words of the runs in the sieve: a run of n words can be known only if each run of eight in it is, and hashes of a power of two are cheap."""
_SIEVE_BITS = 22
"""A sieve of so many bits lets 7 % of foreign runs pass if there are 300,000 known ones, but hardly ever six neighbours."""
_SIEVE_SHIFT = np.uint64(64 - _SIEVE_BITS)


class NgramHit(NamedTuple):
    """A run of words that a text shares with problems."""

    check: str
    problems: tuple[int, ...]
    """Numbers of the problems, ascending."""
    matched: str


class NgramChecks:
    """Finds runs of words of test problems in training texts.

    In memory it holds the problems' words, 12 bytes for each run of them, and a sieve of 4 MiB.

    Parameters
    ----------
    problems
        Question and solution of each problem.
    """

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self._vocabulary = _Vocabulary()
        questions, solutions = [], []
        for question, solution in problems:
            questions.append(self._vocabulary.learned(_words(question)))
            solutions.append(self._vocabulary.learned(_words(solution)))
        self._hashes = _mixed(np.arange(len(self._vocabulary) + 1, dtype=np.uint64))
        self._may_be = np.zeros(1 << _SIEVE_BITS, bool)
        for words in (*questions, *solutions):
            self._may_be[_rolling(self._hashes[words], _SIEVED) >> _SIEVE_SHIFT] = True
        self._runs = {
            name: _Runs(solutions if name == SOLUTION_30 else questions, self._hashes, n)
            for name, n in _LENGTHS.items()
        }

    def find(self, question: str, solutions: Sequence[str] = ()) -> list[NgramHit]:
        """Return the hit of each check that finds something: the 13-gram looks at the question, the others at solutions as well."""
        words = _words(question)
        asked = len(words)
        words += _words("", *dict.fromkeys(solutions))
        numbers = self._vocabulary.numbers(words)
        hashes = self._hashes[numbers]
        may_be = np.flatnonzero(self._may_be[_rolling(hashes, _SIEVED) >> _SIEVE_SHIFT])
        hits: list[NgramHit] = []
        if not len(_beginnings(may_be, _SHORTEST - _SIEVED)):
            return hits
        for name, runs in self._runs.items():
            n = _LENGTHS[name]
            end = asked if name == QUESTION_13 else len(words)
            places = _beginnings(may_be, n - _SIEVED)
            if found := runs.find(numbers[:end], hashes[:end], places[places + n <= end]):
                place = found[min(found)]
                hits.append(NgramHit(name, tuple(sorted(found)), " ".join(words[place : place + n])))
        return hits


class _Vocabulary(dict[str, int]):
    """Words by the numbers that were given out to them; 0 is every other word."""

    def __missing__(self, word: str) -> int:
        return 0

    def learned(self, words: Sequence[str]) -> _Words:
        """Return words as numbers, which are given out here."""
        return np.array([self.setdefault(word, len(self) + 1) for word in words], np.intp)

    def numbers(self, words: Sequence[str]) -> _Words:
        """Return words as the numbers that they have."""
        return np.fromiter(map(self.__getitem__, words), np.intp, len(words))


class _Runs:
    """The runs of n words of some texts, by their hashes."""

    def __init__(self, texts: Sequence[_Words], of_words: _Hashes, n: int) -> None:
        self._n, self._texts = n, texts
        hashed = [_rolling(of_words[text], n) for text in texts]
        owners = np.repeat(np.arange(len(texts), dtype=np.int32), [len(its) for its in hashed])
        hashes = np.concatenate(hashed) if hashed else np.empty(0, np.uint64)
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._owners = hashes[order], owners[order]

    def find(self, text: _Words, hashes: _Hashes, places: npt.NDArray[np.int64]) -> dict[int, int]:
        """Return the number of each text that shares a run to the first place of it.

        Parameters
        ----------
        hashes
            Those of the text's words.
        places
            Where such a run can begin, ascending.
        """
        found: dict[int, int] = {}
        if not len(places) or not len(self._hashes):
            return found
        windows = _rolling(hashes, self._n)
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


def _contains(text: _Words, run: _Words) -> bool:
    return bool((np.lib.stride_tricks.sliding_window_view(text, len(run)) == run).all(axis=1).any())


def _words(*texts: str) -> list[str]:
    """Return the words of texts, `_BETWEEN` between two of them."""
    return f" {_BETWEEN} ".join(map(_words_alone, texts)).split()


def _words_alone(text: str) -> str:
    if text.isascii():
        return text.encode().translate(_ASCII_WORDS).decode()
    return " ".join(_WORD.findall(text.lower()))


def _mixed(numbers: _Hashes) -> _Hashes:
    """Return numbers spread over 64 bits, so that sums of them rarely meet; arrays overflow without a word."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _rolling(values: _Hashes, n: int) -> _Hashes:
    """Return a hash of each run of n values: a polynomial of the values, whose length doubles and grows by one as the bits of n say."""
    if len(values) < n:
        return np.empty(0, np.uint64)
    runs, length = values, 1
    for bit in f"{n:b}"[1:]:
        runs = runs[:-length] + _power(length) * runs[length:]
        length *= 2
        if bit == "1":
            runs = runs[:-1] + _power(length) * values[length:]
            length += 1
    return runs


def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_BASE, exponent, 1 << 64))
