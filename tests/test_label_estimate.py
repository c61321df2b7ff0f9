"""The interval that a build publishes for the share of its true labels, over a hundred builds."""

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
