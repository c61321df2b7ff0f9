"""Runs of tokens: what they are made of, and how near two sets of them are."""

import numpy as np
import pytest

from kpmath_builder.curation.shingles import shingles, similarities, telling_words

WORDS = [f"word{number}" for number in range(30)]


def test_equal_texts_have_equal_runs_and_a_short_text_has_none() -> None:
    assert np.array_equal(shingles(WORDS), shingles(list(WORDS)))
    assert len(shingles(WORDS)) == 26
    assert len(shingles(WORDS[:19])) == 0


@pytest.mark.parametrize("changed", [0, 10, 29])
def test_the_coefficient_is_that_of_the_runs_in_common(changed: int) -> None:
    other = [*WORDS[:changed], "other", *WORDS[changed + 1 :]]
    runs = [{tuple(words[place : place + 5]) for place in range(26)} for words in (WORDS, other)]
    expected = len(runs[0] & runs[1]) / len(runs[0] | runs[1])
    found = similarities(shingles(WORDS), [shingles(other), shingles(WORDS), shingles(WORDS[::-1])])
    assert found.tolist() == pytest.approx([expected, 1.0, 0.0])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("find x express your answer as a common fraction now", "find x now"),
        ("find x round your answer to the nearest hundredth", "find x"),
        ("find x [ asy ] draw ( 0 ) [ / asy ] now", "find x now"),
        ("find x [ asy ] draw ( 0 )", "find x"),
        ("the answer is a fraction of the number", "the answer is a fraction of the number"),
        ("where is the nearest form of notation", "where is the nearest form of notation"),
    ],
)
def test_only_stock_phrases_and_drawing_code_are_left_out(text: str, left: str) -> None:
    assert " ".join(telling_words(text.split())) == left
