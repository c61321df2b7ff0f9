"""The interval that a build publishes for the share of its true labels, over many builds."""

import argparse
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.mark.slow
def test_the_published_interval_holds_the_truth_in_93_of_100_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question has an accuracy of its own, and a wrong answer that it invites."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import label_estimate

    options = argparse.Namespace(questions=400, controls=120, samples=8)
    made = [label_estimate.build(f"like {number}", options, "like") for number in range(100)]
    assert sum(its is not None and its.holds for its in made) >= 93


@pytest.mark.slow
def test_the_interval_of_a_served_build_holds_the_truth_in_8_of_10_builds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whole builds over HTTP, of a solver whose accuracy is set per question; `benchmarks/label_builds.py` makes a hundred."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import label_builds

    made = []
    for number in range(10):
        (folder := tmp_path / str(number)).mkdir()
        made.append(label_builds.built(number, folder, questions=140, samples=8))
    assert sum(its is not None and its.holds for its in made) >= 8
