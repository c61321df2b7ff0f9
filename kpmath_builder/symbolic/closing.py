"""A final question about several results, where no result fits into another passage: their sum, or what two differ by.

Passages that nothing links keep their own questions, and the closing asks about "the two answers". A result that another
passage takes has a letter, and then the closing asks for letters: "What is n + m?".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from kpmath_builder.symbolic.expressions import Number, format_number, simplest

__all__ = ["Closing", "close_answers", "close_letters", "match_closing"]

_COUNTS = {2: "two", 3: "three"}
_SUMS = (
    "What is the sum of the {} answers?",
    "What do the {} answers add up to?",
    "What do you get if you add the {} answers?",
    "Add the {} answers.",
)
_DIFFERENCES = ("What is the difference between the two answers?", "By how much do the two answers differ?")
_OF_ANSWERS: Mapping[str, tuple[int, bool]] = {
    **{wording.format(count): (number, False) for wording in _SUMS for number, count in _COUNTS.items()},
    **dict.fromkeys(_DIFFERENCES, (2, True)),
}
"""Number of answers, and whether they are subtracted, by wording."""
_OF_LETTERS = (
    "What is {}?",
    "What is the value of {}?",
    "Find {}.",
    "Find the value of {}.",
    "Calculate {}.",
)
_LETTERS = re.compile(
    r"(?:What is(?: the value of)?|Find(?: the value of)?|Calculate) ([A-Za-z](?: [+-] [A-Za-z])+)[.?]$"
)


@dataclass(frozen=True)
class Closing:
    """A sum or difference of `count` results."""

    count: int
    subtracts: bool = False
    """Whether the second of two letters is taken from the first, or the smaller of two answers from the larger."""
    letters: tuple[str, ...] = ()
    """Those that it asks for; empty if it asks about answers, which are those of all passages."""

    def value(self, results: Sequence[Number]) -> Number:
        """Return the answer; the results are in the order of the letters, or of the passages."""
        first, *others = self._ordered(results)
        return simplest(first - sum(others) if self.subtracts else first + sum(others))

    def solution(self, results: Sequence[Number]) -> str:
        """Return the last step with its annotation: `n + m = 60 + 20 = <<60+20=80>>80.`, or `The sum is 60 + 20 = …`."""
        sign = "-" if self.subtracts else "+"
        numbers = [format_number(result) for result in self._ordered(results)]
        result = format_number(self.value(results))
        step = f"{f' {sign} '.join(numbers)} = <<{sign.join(numbers)}={result}>>{result}."
        if self.letters:
            return f"{f' {sign} '.join(self.letters)} = {step}"
        return f"The {'difference' if self.subtracts else 'sum'} is {step}"

    def _ordered(self, results: Sequence[Number]) -> Sequence[Number]:
        return sorted(results, reverse=True) if self.subtracts and not self.letters else results


def close_answers(results: Sequence[Number], rng: Random, wording: Random, *, differs: bool) -> str:
    """Draw a question about the answers to two or three questions, and its wording; `differs` allows what two of them differ by."""
    if _subtracts(results, rng, differs=differs):
        return wording.choice(_DIFFERENCES)
    return wording.choice(_SUMS).format(_COUNTS[len(results)])


def close_letters(
    letters: Sequence[str], results: Sequence[Number], rng: Random, wording: Random, *, differs: bool
) -> str:
    """Draw a question about two or three letters, and its wording; a difference, if it may be one, takes the smaller of two from the larger."""
    named = list(zip(letters, results, strict=True))
    subtracts = _subtracts(results, rng, differs=differs)
    if subtracts:
        named.sort(key=lambda item: item[1], reverse=True)
    sign = " - " if subtracts else " + "
    return wording.choice(_OF_LETTERS).format(sign.join(letter for letter, _ in named))


def _subtracts(results: Sequence[Number], rng: Random, *, differs: bool) -> bool:
    return differs and len(results) == 2 and results[0] != results[1] and rng.random() < 0.5


def match_closing(text: str) -> Closing | None:
    """Return the closing that is all of `text`, or None."""
    if text in _OF_ANSWERS:
        return Closing(*_OF_ANSWERS[text])
    found = _LETTERS.match(text)
    if not found:
        return None
    first, *rest = found[1].split(" ")
    signs, letters = rest[::2], (first, *rest[1::2])
    mixed = len(set(signs)) > 1 or ("-" in signs and len(letters) > 2) or len(set(letters)) < len(letters)
    return None if mixed else Closing(len(letters), "-" in signs, letters)
