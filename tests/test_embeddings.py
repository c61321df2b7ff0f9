"""The lexical embedder tells neighbouring topics apart, sees through wording, and does not depend on order."""

import asyncio
import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpmath_builder.knowledge.embeddings import (
    FloatMatrix,
    LexicalEmbedder,
    _direction,
    _weight,
    unit_rows,
)
from kpmath_builder.knowledge.vocabulary import DECISIVE, GENERIC, stems

SAME_THING = [
    ("Greatest common divisor", "Finding the GCD"),
    ("Pythagorean theorem", "Applying Pythagoras' Theorem"),
    ("Adding fractions", "Addition of Fractions"),
    ("Percentage increase", "Calculating per cent increases"),
    ("Solving simultaneous linear equations", "Systems of linear equations"),
    ("Law of cosines", "Cosine rule"),
    ("Factoring quadratics", "Factorization of a quadratic"),
    ("Collatz’s conjecture", "collatz conjecture"),
]
NEIGHBOURS = [
    ("Sum of an arithmetic sequence", "Sum of a geometric sequence"),
    ("nth term of an arithmetic sequence", "nth term of a geometric sequence"),
    ("Law of sines", "Law of cosines"),
    ("Greatest common divisor", "Least common multiple"),
    ("Area of a circle", "Circumference of a circle"),
    ("Permutations", "Combinations"),
    ("Simple interest", "Compound interest"),
    ("Solving linear equations", "Solving quadratic equations"),
    ("Similar triangles", "Congruent triangles"),
    ("Sum of interior angles of a polygon", "Sum of exterior angles of a polygon"),
]
CORPUS = [text for pair in SAME_THING + NEIGHBOURS for text in pair]


def embed(texts: Sequence[str]) -> FloatMatrix:
    return asyncio.run(LexicalEmbedder().embed(texts))


def similarity(one: str, other: str) -> float:
    rows = embed([one, other, *CORPUS])
    return float(rows[0] @ rows[1])


@pytest.mark.parametrize(("one", "other"), SAME_THING)
def test_two_wordings_of_one_thing_are_the_same(one: str, other: str):
    assert similarity(one, other) >= 0.90


@pytest.mark.parametrize(("one", "other"), NEIGHBOURS)
def test_neighbours_that_differ_in_one_word_are_well_below_the_middle_band(one: str, other: str):
    assert similarity(one, other) < 0.60


@settings(max_examples=50)
@given(st.lists(st.text(max_size=30), max_size=8))
def test_every_text_has_a_row_of_length_one(texts: list[str]):
    rows = embed(texts)
    assert rows.shape == (len(texts), 1024)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_neither_order_nor_repetition_changes_a_vector():
    texts = ["Adding fractions", "a² + b² = c²", "Law of sines", "="]
    expected = dict(zip(texts, embed(texts).tolist(), strict=True))
    for order in permutations(texts):
        rows = embed([*order, order[0]])
        assert dict(zip(order, rows[:-1].tolist(), strict=True)) == expected
        assert (rows[-1] == rows[0]).all()


def test_a_formula_without_words_keeps_its_text():
    assert stems("= ≥") == ["= ≥"]
    assert stems("of the") == ["of the"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Multiplying", "multiplication"),
        ("Probabilities", "probability"),
        ("vertices", "Vertex"),
        ("indices", "exponents"),
        ("log", "logarithms"),
        ("Modular arithmetic", "arithmetic modulo"),
        ("ties", "tie"),
        ("flies", "fly"),
        ("ratios", "ratio"),
    ],
)
def test_forms_of_one_word_have_one_stem(text: str, expected: str):
    assert stems(text) == stems(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("combining", "combinations"),
        ("integers", "integrals"),
        ("ratios", "rates"),
        ("factors", "factorials"),
        ("gas", "ga"),
    ],
)
def test_words_that_only_look_alike_keep_their_own_stems(one: str, other: str):
    assert stems(one) != stems(other)


def test_one_problem_annotated_twice_is_recognised(shared_data: Path):
    """Two runs of a model over the same 100 problems name other key points; plain TF-IDF ranks them at 0.55."""
    runs = [
        json.loads((shared_data / "topics" / f"mathscale_repro_math_{run}.json").read_text(encoding="utf-8"))
        for run in "ab"
    ]
    points = [{row["id"]: row["knowledge_points"] for row in run if row["knowledge_points"]} for run in runs]
    ids = sorted(points[0].keys() & points[1].keys())
    rows = iter(embed([text for run in points for i in ids for text in run[i]]))
    means = [np.array([np.mean([next(rows) for _ in run[i]], axis=0) for i in ids]) for run in points]
    first, second = (mean / np.linalg.norm(mean, axis=1, keepdims=True) for mean in means)
    product = first @ second.T
    rank = (product > np.diag(product)[:, None]).sum(axis=1) + 1
    assert len(ids) > 90
    assert (1 / rank).mean() > 0.60


def test_without_texts_there_is_no_row() -> None:
    assert embed([]).shape == (0, 1024)


def test_rows_are_scaled_to_length_one_and_a_row_of_zeros_stays() -> None:
    rows = unit_rows(np.array([[3, 4], [0, 0], [0, -2]], np.float32))
    assert rows.tolist() == pytest.approx(np.array([[0.6, 0.8], [0, 0], [0, -1]]))


def test_a_generic_word_weighs_less_than_others_and_a_decisive_one_more() -> None:
    generic, decisive = (min(words) for words in (GENERIC, DECISIVE))
    assert [_weight(stem) for stem in (generic, "zebra", decisive)] == pytest.approx([0.3, 1.0, 1.5])


def test_a_direction_is_one_of_signs_and_its_word_s_own() -> None:
    assert set(_direction("zebra")) == {-1.0, 1.0}
    assert abs(_direction("zebra") @ _direction("area")) < 200
