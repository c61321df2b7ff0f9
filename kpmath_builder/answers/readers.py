"""How the readers of brackets and statements come back to the reader of whole answers, which calls them."""

from collections.abc import Callable
from dataclasses import dataclass

from kpmath_builder.answers.forms import Form
from kpmath_builder.answers.tokens import Token

__all__ = ["Readers"]


@dataclass(frozen=True, slots=True)
class Readers:
    """The two ways to read what stands inside something."""

    answer: Callable[[list[Token]], Form]
    """With separators: a list of items."""
    item: Callable[[list[Token]], Form]
    """Without."""
