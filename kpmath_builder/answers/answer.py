"""What was read out of a solution as its final answer: the text as it stands, and one text for each part of the question."""

from dataclasses import dataclass

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    r"""A final answer as it was written, freed of wrappers such as `\boxed{}`, `$` and bold.

    `str(answer)` is its text.
    """

    text: str
    """Never empty."""
    parts: tuple[str, ...]
    """One entry for a plain answer, several where the answer is laid out as (a), (b), (c)."""

    def __str__(self) -> str:
        return self.text
