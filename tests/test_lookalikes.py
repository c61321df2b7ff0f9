"""Characters that look like others hide no copy of a problem."""

import pytest

from kpmath_builder.curation.lookalikes import plain_characters
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.records import SeedProblem

PROBLEM = "A baker sells 12 loaves & more than 3 < 5 cakes each hour. How many loaves does the baker sell in 4 hours?"
CYRILLIC = str.maketrans("oaecpxy", "\u043e\u0430\u0435\u0441\u0440\u0445\u0443")
COPIES = (
    PROBLEM.translate(CYRILLIC),
    PROBLEM.replace("baker", "bak\u0435r"),
    PROBLEM.replace("H", "\u041d").replace("A ", "\u0391 "),
    PROBLEM.replace("&", "&amp;").replace("<", "&lt;"),
    PROBLEM.replace("o", "&#1086;").replace("5 cakes", "5&nbsp;cakes"),
    PROBLEM.replace("loaves", "lo\u202aav\u202ces"),
)


@pytest.mark.parametrize("copy", COPIES, ids=range(len(COPIES)))
def test_a_copy_in_other_characters_is_reformatted_and_protected_like_any(copy: str) -> None:
    repeat = ProblemIndex([("x", PROBLEM)]).find(copy)
    assert repeat is not None
    assert repeat.kind.value == "reformatted"
    seed = SeedProblem(
        id="s",
        source="own",
        licence="mit",
        shareable=False,
        problem=PROBLEM,
        solution="",
        answer="",
        content_hash="",
    )
    assert ProtectedTexts([seed]).found_in(f"So they said: {copy}") == "s"


@pytest.mark.parametrize(
    "text",
    [
        r"\begin{array}{cc} a & b; \\ c &d \end{array}",
        "\u03b1 + \u03bd = \u03c7, \u0394x, \u03a3",
        "R&D; costs &c; &unknownname;",
        PROBLEM,
    ],
    ids=["array", "greek", "ampersands", "plain"],
)
def test_mathematics_is_left_alone(text: str) -> None:
    """Tabs of an array are no entities, and Greek letters of formulas are no Latin ones."""
    assert plain_characters(text) == text


def test_the_letters_of_another_alphabet_stay_letters() -> None:
    text = "\u0421\u043a\u043e\u043b\u044c\u043a\u043e \u044f\u0431\u043b\u043e\u043a?"
    folded = plain_characters(text)
    assert len(folded) == len(text)
    assert not folded.isascii()
