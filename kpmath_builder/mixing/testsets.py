"""Test sets that no row may repeat: their questions are read for the check, and held in memory alone."""

from collections.abc import Iterator
from dataclasses import dataclass

from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.repeat import Repeat
from kpmath_builder.errors import InputError
from kpmath_builder.mixing.reading import MalformedRowError
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.mixing.sources import OpenedSet, known_set, open_set

__all__ = ["TestQuestions"]


@dataclass(frozen=True)
class TestQuestions:
    """The questions of all test sets of a recipe."""

    __test__ = False  # no test of pytest's

    states: dict[str, str]
    """Test set to what it was when it was read."""
    sizes: dict[str, int]
    """Test set to its number of questions."""
    index: ProblemIndex

    @classmethod
    def of(cls, recipe: MixRecipe) -> "TestQuestions":
        """Read all test sets; raises `InputError` if one cannot be read or has no question."""
        states: dict[str, str] = {}
        questions: dict[str, list[tuple[str, str]]] = {}
        for name, settings in recipe.tests.items():
            opened = open_set(settings, settings.kind, f"tests.{name}", split="test")
            states[name] = opened.state
            questions[name] = list(_questions(recipe, name, opened))
            if not questions[name]:
                raise InputError(
                    f"tests.{name} holds no question: correct its path, or leave the test set out."
                )
        return cls(
            states,
            {name: len(found) for name, found in questions.items()},
            ProblemIndex(question for found in questions.values() for question in found),
        )

    def find(self, question: str) -> Repeat | None:
        """Return the test problem that a question repeats, by its id, which begins with the name of the test set."""
        return self.index.find(question)


def _questions(recipe: MixRecipe, name: str, opened: OpenedSet) -> Iterator[tuple[str, str]]:
    settings = recipe.tests[name]
    known = known_set(settings, settings.kind)
    for number, row in enumerate(opened.rows):
        try:
            pair = known.read(row.columns)
        except (KeyError, MalformedRowError):
            raise InputError(
                f"{opened.label}, {row.place}, has no question that can be read: correct {opened.label}.kind, {opened.label}.fields or "
                "the row."
            ) from None
        if pair.question:
            yield f"{name}/{pair.id or number}", pair.question
