"""Known problems are found in longer texts and in changed ones, and not where only stock phrases are the same."""

from pathlib import Path

import pytest

from kpmath_builder.curation import ProblemIndex, RepeatKind, find_repeats
from kpmath_builder.curation.duplicates import compare_signatures
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.signatures import RowReading, Signatures

BAKERY = (
    "Tom bakes 12 loaves of bread every morning and sells nine of them before noon. "
    "How many loaves are left over after a whole week of work?"
)
REORDERED = (
    "It is hard. How many loaves are left over after a whole week of work? "
    "Tom bakes 12 loaves of bread every morning and sells nine of them before noon. Show all your work."
)
ROOTS = r"Find the sum of the roots of $x^2 - 5x + \frac{1}{2} = 0$ that are real."
SHORT = r"Compute $\sin 60^\circ$."


def kind(text: str) -> RepeatKind | None:
    found = ProblemIndex([("bakery", BAKERY), ("roots", ROOTS), ("short", SHORT)]).find(text)
    return found and found.kind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Solve this. {BAKERY} Show your work.", RepeatKind.VERBATIM),
        (f"Solve this: {BAKERY.upper()}", RepeatKind.VERBATIM),
        (f"Hard one!\n{ROOTS}\n\nAnswer: 5", RepeatKind.VERBATIM),
        (
            r"Look: find the sum of the roots of \(x^{2}-5x+\dfrac12=0\) that are real. Then rest.",
            RepeatKind.REFORMATTED,
        ),
        (REORDERED, RepeatKind.REFORMATTED),
    ],
)
def test_a_known_problem_is_found_inside_a_longer_text(text: str, expected: RepeatKind) -> None:
    assert kind(text) is expected


PENS = "Tom has 3 pens. He buys 4 more pens today. How many pens does he have?"
POWERS = "What is the remainder when $2^{100}$ is divided by 7?"
SUM = "Find the sum of all integers from 1 to 20"


@pytest.mark.parametrize(
    "text",
    [
        f"Problem 5: {PENS}",
        f"(a) {PENS}",
        f"**Question:** {PENS}",
        f"[2 points] {PENS}\nA) 3 B) 4 C) 5",
        f'Tom asks: "{PENS}" What is the next step?',
        f"{PENS} $\\textbf{{(A)}}\\ 3\\qquad\\textbf{{(B)}}\\ 4$",
        f"Solve.\n\n{SUM}\n\nAnswer: 210",
        f"Compute: {SUM}",
    ],
)
def test_text_before_or_behind_the_whole_problem_does_not_matter(text: str) -> None:
    found = ProblemIndex([("pens", PENS), ("sum", SUM)]).find(text)
    assert found is not None
    assert found.kind is RepeatKind.VERBATIM


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (PENS, PENS.replace("He buys", "He loses 2 pens. He buys")),
        (PENS, PENS[:-1] + " if he loses two?"),
        (POWERS, POWERS.replace("7?", "7^5?")),
        (POWERS, POWERS.replace("7?", "7 and 5?")),
        ("What is the sum of the roots of $x^2+5x+6$?", "What is the sum of the roots of $x^2+5x+6y$?"),
        (SUM, f"Do not {SUM.lower()} but their product."),
        (SUM, f"{SUM}\nthat are even."),
    ],
)
def test_a_longer_or_changed_problem_is_near_at_most(known: str, text: str) -> None:
    found = ProblemIndex([("known", known)]).find(text)
    assert found is None or found.kind is RepeatKind.NEAR


def test_a_short_problem_is_found_only_as_a_whole() -> None:
    assert kind("compute \\(\\sin 60^{\\circ}\\)") is RepeatKind.REFORMATTED
    assert kind(f"Tom says: {SHORT} Ann says no.") is None


@pytest.mark.parametrize(
    "text",
    [
        r"Look: find the sum of the roots of $x^2 + 5x + \frac{1}{2} = 0$ that are real. Then rest.",
        r"Look: find the sum of the roots of $x^3 - 5x + \frac{1}{2} = 0$ that are real. Then rest.",
    ],
)
def test_another_sign_or_exponent_inside_a_longer_text_is_another_problem(text: str) -> None:
    assert kind(text) not in {RepeatKind.VERBATIM, RepeatKind.REFORMATTED}


def test_a_few_other_words_make_a_near_duplicate() -> None:
    found = ProblemIndex([("bakery", BAKERY)]).find(BAKERY.replace("of work?", "of baking?"))
    assert found is not None
    assert (found.kind, found.of, found.matched) == (RepeatKind.NEAR, "bakery", BAKERY)
    assert 0.7 <= found.similarity < 1


STOCK = (
    "Express your answer as a common fraction in simplest form. Round your answer to the nearest hundredth."
)
DRAWING = '[asy] draw((0,0)--(1,0)--(1,1)--cycle); label("A",(0,0),W); dot((1,1)); [/asy]'


@pytest.mark.parametrize("shared", [STOCK, DRAWING, f"{STOCK} {DRAWING}"])
def test_stock_phrases_and_drawing_code_do_not_make_texts_near(shared: str) -> None:
    index = ProblemIndex(
        [("one", f"What is the area of the shaded region if its side is 3 units long? {shared}")]
    )
    assert index.find(f"How far is it from the tower to the little house by the river bank? {shared}") is None


def test_nothing_known_is_found_nowhere() -> None:
    assert ProblemIndex([]).find(BAKERY) is None


def test_of_equal_problems_the_first_is_named() -> None:
    found = ProblemIndex([("one", BAKERY), ("other", BAKERY)]).find(BAKERY)
    assert found is not None
    assert found.of == "one"


STEPS = (
    "Tom takes a number. Then he adds 14 to it. Then he doubles the result. What is the last number of all?"
)


def test_steps_in_another_order_are_near_inside_a_longer_text_as_well() -> None:
    text = (
        "Solve this. Tom takes a number. Then he doubles the result. Then he adds 14 to it. What is the last number of all? "
        "Think of each step before you write it down, and say why it is right."
    )
    found = ProblemIndex([("steps", STEPS)]).find(text)
    assert found is not None
    assert (found.kind, found.similarity) == (RepeatKind.NEAR, 1.0)


FARM = (
    "A farmer has 38 cows and 14 goats on a big field. He sells 12 of the cows at the market for a good price, and buys 9 goats "
    "with the money that he got. How many animals are on the field now?"
)
REWORDED = (
    FARM.replace("farmer", "rancher")
    .replace("good", "fair")
    .replace("got", "made")
    .replace("animals", "beasts")
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (REWORDED, RepeatKind.NEAR),
        (REWORDED.replace("9", "nine"), RepeatKind.NEAR),
        (REWORDED.replace("9", "8"), None),
    ],
)
def test_a_text_with_several_other_words_is_near_if_its_numbers_are_the_same(
    text: str, expected: RepeatKind | None, tmp_path: Path
) -> None:
    found = ProblemIndex([("farm", FARM)]).find(text)
    assert (found and found.kind) == expected
    among_rows = find_repeats([("farm", FARM), ("other", text)], scratch=tmp_path).get("other")
    assert (among_rows and (among_rows.kind, among_rows.similarity)) == (
        found and (found.kind, found.similarity)
    )


def test_formulas_of_the_same_numbers_are_near_only_by_their_wording() -> None:
    one = r"Solve $\frac{2x + 3}{5x - 7} = \frac{x + 11}{x - 13}$ over the real numbers with $x > 17$."
    other = r"Draw $\frac{2x + 3}{5x - 7} + \frac{x - 11}{x + 13}$ over the real numbers with $x < 17$."
    assert ProblemIndex([("one", one)]).find(other) is None


RETOLD = (
    "On a wide meadow, there were 38 cows together with 14 goats, owned by one farmer. At market 12 cows were sold by him; the money "
    "bought him another nine goats. What is the present count of animals on his meadow?"
)


@pytest.mark.parametrize(
    ("text", "similarity", "expected"),
    [
        (RETOLD, 0.4, RepeatKind.PARAPHRASE),
        (RETOLD, 0.9, None),
        (RETOLD, None, None),
        (RETOLD.replace("nine", "seven"), 0.4, None),
        (
            "A train with 38 seats, 14 doors and 12 wheels is 9 miles away. How long will it take to come?",
            0.4,
            None,
        ),
    ],
)
def test_the_same_problem_in_other_words_is_a_paraphrase_if_these_are_looked_for(
    text: str, similarity: float | None, expected: RepeatKind | None, tmp_path: Path
) -> None:
    rule = None if similarity is None else Paraphrases(similarity)
    found = ProblemIndex([("farm", FARM)], paraphrases=rule).find(text)
    assert (found and found.kind) == expected
    readings = [RowReading.of(FARM), RowReading.of(text)]
    signatures = Signatures.of(["farm", "other"], readings, paraphrases=rule)
    earlier = compare_signatures([signatures], scratch=tmp_path, paraphrases=rule).get("other")
    assert (earlier and (earlier.kind, earlier.similarity)) == (found and (found.kind, found.similarity))


def test_a_nearer_kind_is_named_before_a_paraphrase() -> None:
    found = ProblemIndex([("farm", FARM)], paraphrases=Paraphrases(0.1)).find(REWORDED)
    assert found is not None
    assert found.kind is RepeatKind.NEAR
