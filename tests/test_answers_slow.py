"""Minutes of mutated real answers: no crash, no hang over the limit, no growth of memory."""

import random
import resource
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
INPUTS = 20_000
LIMIT_SECONDS = 120
"""Of a busy machine; after that it hangs. A pair for the checker may take 3 seconds of processor time."""


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024


@pytest.mark.slow
def test_mutated_answers_neither_crash_nor_hang_nor_grow(shared_data: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import answers_fuzz

    answers, texts = answers_fuzz.material(shared_data)
    rng = random.Random(1)
    settled = 0
    for number in range(INPUTS):
        text = answers_fuzz.mutated(rng.choice(texts if number % 5 == 0 else answers), rng)
        started = time.perf_counter()
        assert not answers_fuzz.exercise(text, rng.choice(answers)), text
        assert time.perf_counter() - started < LIMIT_SECONDS, text
        if number == INPUTS // 2:
            settled = peak()
    assert peak() < settled + 100
