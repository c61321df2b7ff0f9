"""A final question about several results of one kind: "What is n + m?", where no result fits into another passage."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from kpmath_builder.symbolic.expressions import Number, format_number, simplest

__all__ = ["Closing", "draw_closing", "match_closing"]

_WORDINGS = ("What is {}?", "What is the value of {}?", "Find {}.", "Find the value of {}.", "Calculate {}.")
_CLOSING = re.compile(
    r"(?:What is(?: the value of)?|Find(?: the value of)?|Calculate) ([A-Za-z](?: [+-] [A-Za-z])+)[.?]$"
)


@dataclass(frozen=True)
class Closing:
    """A sum or difference of variables that the passages define."""

    variables: tuple[str, ...]
    subtracts: bool = False
    """Whether the second of two variables is taken from the first."""

    @property
    def expression(self) -> str:
        """The sum as it stands in the question."""
        return f" {self._sign} ".join(self.variables)

    @property
    def _sign(self) -> str:
        return "-" if self.subtracts else "+"

    def value(self, known: Mapping[str, Number]) -> Number:
        """Return the answer for the values of the variables."""
        first, *others = (known[variable] for variable in self.variables)
        return simplest(first - sum(others) if self.subtracts else first + sum(others))

    def solution(self, known: Mapping[str, Number]) -> str:
        """Return the last step with its annotation: `n + m = 60 + 20 = <<60+20=80>>80`."""
        numbers = [format_number(known[variable]) for variable in self.variables]
        result = format_number(self.value(known))
        annotation = f"<<{self._sign.join(numbers)}={result}>>"
        return f"{self.expression} = {f' {self._sign} '.join(numbers)} = {annotation}{result}."


def draw_closing(variables: Sequence[str], results: Sequence[Number], rng: Random, *, differs: bool) -> str:
    """Draw a question about two or three results; a difference, if it may be one, takes the smaller of two from the larger."""
    named = list(zip(variables, results, strict=True))
    subtracts = differs and len(named) == 2 and results[0] != results[1] and rng.random() < 0.5
    if subtracts:
        named.sort(key=lambda item: item[1], reverse=True)
    closing = Closing(tuple(variable for variable, _ in named), subtracts)
    return rng.choice(_WORDINGS).format(closing.expression)


def match_closing(text: str) -> Closing | None:
    """Return the closing that is all of `text`, or None."""
    found = _CLOSING.match(text)
    if not found:
        return None
    first, *rest = found[1].split(" ")
    signs, variables = rest[::2], (first, *rest[1::2])
    mixed = (
        len(set(signs)) > 1 or ("-" in signs and len(variables) > 2) or len(set(variables)) < len(variables)
    )
    return None if mixed else Closing(variables, "-" in signs)
