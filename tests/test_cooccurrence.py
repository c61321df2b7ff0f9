"""The TCPM is the paper's pseudo-code, and its file is a function of its content."""

import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.errors import InputError
from kpmath_builder.knowledge.cooccurrence import Tcpm
from kpmath_builder.records import Practice, SeedProblem, TopicKeyPoints


def practice(name: str, **sizes: int) -> Practice:
    """Make a practice of topics with so many key points each."""
    topics = tuple(
        TopicKeyPoints(topic=topic, key_points=tuple(f"{topic}{i}" for i in range(size)))
        for topic, size in sizes.items()
    )
    seed = SeedProblem(
        id=name,
        source="test",
        licence="MIT",
        shareable=True,
        problem="",
        solution="",
        answer="",
        content_hash="",
    )
    return Practice(seed=seed, raw=topics, topics=topics, model="test")


EXAMPLE = [practice("p", B=1, A=6, C=5), practice("q", A=7, B=2), practice("r", A=5), practice("s", D=9)]


def test_a_hand_worked_example():
    """A and B meet twice, C meets each once; A has more than five key points in p and q, D in s, C (five) never."""
    tcpm = Tcpm.from_practices(EXAMPLE)
    assert tcpm.topics == ("A", "B", "C", "D")
    assert tcpm.counts.tolist() == [[2, 2, 1, 0], [2, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]]
    assert tcpm.values[0].tolist() == pytest.approx([math.log10(3), math.log10(3), math.log10(2), 0])


@pytest.mark.parametrize(("size", "expected"), [(5, 0), (6, 1), (60, 1)])
def test_the_diagonal_counts_a_problem_once_from_six_key_points_on(size: int, expected: int):
    assert Tcpm.from_practices([practice("p", A=size)]).counts.tolist() == [[expected]]


def transcription(practices: list[Practice]) -> dict[tuple[str, str], float]:
    """Write the pseudo-code down as it stands (docs/method.md, section 3)."""
    topics = sorted({part.topic for d in practices for part in d.topics})
    matrix = {(i, j): 0 for i in topics for j in topics}
    for d in practices:
        key_points = {part.topic: part.key_points for part in d.topics}
        for i, points in key_points.items():
            for j in key_points:
                if j != i:
                    matrix[i, j] += 1
            if len(points) > 5:
                matrix[i, i] += 1
    return {pair: math.log10(count + 1) for pair, count in matrix.items()}


@given(st.lists(st.dictionaries(st.sampled_from("ABCDE"), st.integers(1, 8), max_size=5), max_size=12))
def test_it_is_the_papers_pseudo_code(problems: list[dict[str, int]]):
    practices = [practice(str(i), **sizes) for i, sizes in enumerate(problems)]
    tcpm = Tcpm.from_practices(practices)
    expected = transcription(practices)
    found = {
        (one, other): float(tcpm.values[i, j])
        for i, one in enumerate(tcpm.topics)
        for j, other in enumerate(tcpm.topics)
    }
    assert found == pytest.approx(expected)
    assert (tcpm.counts == tcpm.counts.T).all()


def test_the_order_of_problems_and_topics_does_not_matter():
    turned = [practice("p", C=5, B=1, A=6), *reversed(EXAMPLE[1:])]
    assert stored(Tcpm.from_practices(turned)) == stored(Tcpm.from_practices(EXAMPLE))


def stored(tcpm: Tcpm) -> bytes:
    stream = io.BytesIO()
    tcpm.save(stream)
    return stream.getvalue()


def test_a_file_is_read_back_and_has_the_same_bytes_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tcpm = Tcpm.from_practices([*EXAMPLE, practice("t", **{"Géométrie – cercles": 6})])
    tcpm.save(tmp_path / "tcpm.npz")
    again = Tcpm.load(tmp_path / "tcpm.npz")
    assert again.topics == tcpm.topics
    assert (again.counts == tcpm.counts).all()
    assert again.counts.dtype == np.int64
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert stored(again) == (tmp_path / "tcpm.npz").read_bytes()


@pytest.mark.parametrize("content", [b"", b"something else", json.dumps([1]).encode()])
def test_another_file_is_an_input_error(tmp_path: Path, content: bytes):
    (tmp_path / "tcpm.npz").write_bytes(content)
    with pytest.raises(InputError, match="build again"):
        Tcpm.load(tmp_path / "tcpm.npz")


def test_an_array_file_is_an_input_error(tmp_path: Path):
    with (tmp_path / "tcpm.npz").open("wb") as out:
        np.save(out, np.eye(2))
    with pytest.raises(InputError, match="build again"):
        Tcpm.load(tmp_path / "tcpm.npz")


def test_a_truncated_or_missing_file_is_an_input_error(tmp_path: Path):
    (tmp_path / "tcpm.npz").write_bytes(stored(Tcpm.from_practices(EXAMPLE))[:200])
    for name in ("tcpm.npz", "absent.npz"):
        with pytest.raises(InputError, match="build again"):
            Tcpm.load(tmp_path / name)


def test_no_practices_give_an_empty_matrix():
    assert Tcpm.from_practices([]).values.shape == (0, 0)
