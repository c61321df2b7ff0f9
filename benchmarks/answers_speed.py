"""Cost of reading and voting: beside math-verify, with the number of answers, and for a whole dataset."""

import itertools
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from answers_data import OUTPUTS, outputs, table

from kpmath_builder.answers import Answer, equivalent, final_answer, vote

__all__ = ["against_math_verify", "growth", "scale"]

QUESTIONS = 60
VOTES = 10
TENTH = 80_000


def against_math_verify(data: Path, *, rows: bool) -> None:  # noqa: ARG001 - one signature for all measurements
    """Print answers per second of one core for reading and voting, against math-verify over pairs and representatives."""
    body = []
    for name in OUTPUTS:
        every = [[output["text"] for output in problem["outputs"][:VOTES]] for problem in outputs(data, name)]
        problems = random.Random(1).sample(outputs(data, name), QUESTIONS)
        texts = [[output["text"] for output in problem["outputs"][:VOTES]] for problem in problems]
        golds = [problem["gold"] for problem in problems]
        methods: dict[str, tuple[Callable[[list[str]], Answer | str | None], list[list[str]]]] = {
            "ours": (_ours, every),
            "math-verify, all pairs": (_pairwise, texts),
            "math-verify, representatives": (_representatives, texts),
        }
        for method, (majority, groups) in methods.items():
            started = time.process_time()
            for group in groups:
                majority(group)
            rate = sum(map(len, groups)) / (time.process_time() - started)
            winners = [majority(group) for group in texts]
            right = sum(
                w is not None and equivalent(w, gold).equal for w, gold in zip(winners, golds, strict=True)
            )
            body.append((name, method, f"{rate:,.0f}", f"{right} of {QUESTIONS}"))
    table(("set", "method", "answers per second", "majority right"), body)


def _ours(texts: list[str]) -> Answer | None:
    result = vote([final_answer(text) for text in texts], "paper")
    return result.classes[0].answer if result.classes else None


def _parsed(texts: list[str]) -> list[Any]:
    from math_verify import parse

    return [parse(f"${answer}$") if (answer := final_answer(text)) else [] for text in texts]


def _pairwise(texts: list[str]) -> str | None:
    from math_verify import verify

    parsed = _parsed(texts)
    counts = [1] * len(parsed)
    for a, b in itertools.combinations(range(len(parsed)), 2):
        if parsed[a] and parsed[b] and verify(parsed[a], parsed[b]):
            counts[a] += 1
            counts[b] += 1
    return _text(parsed, counts)


def _representatives(texts: list[str]) -> str | None:
    from math_verify import verify

    parsed = _parsed(texts)
    counts = [0] * len(parsed)
    for at, answer in enumerate(parsed):
        first = next(
            (other for other in range(at) if counts[other] and answer and verify(parsed[other], answer)), at
        )
        counts[first] += 1
    return _text(parsed, counts)


def _text(parsed: list[Any], counts: list[int]) -> str | None:
    best = max(range(len(parsed)), key=lambda at: (bool(parsed[at]), counts[at]))
    return str(parsed[best][-1]) if parsed[best] else None


def growth(data: Path, *, rows: bool) -> None:  # noqa: ARG001 - one signature for all measurements
    """Print microseconds per answer of a vote over 10 to 1,000 answers, half of them distinct, in four notations."""
    del data
    body = []
    for number in (10, 30, 100, 300, 1_000):
        seconds = [_mixed_vote(number, trial) for trial in range(5)]
        plain = [_plain_vote(number) for _ in range(5)]
        body.append((number, f"{min(seconds) / number * 1e6:.0f}", f"{min(plain) / number * 1e6:.1f}"))
    table(("answers", "mixed notation, none seen before: µs per answer", "one integer: µs per answer"), body)


def _mixed_vote(number: int, trial: int) -> float:
    rng = random.Random(number * 1_000 + trial)
    denominator = 10_007 + 2 * (trial * 1_009 + number)
    notations = (r"\frac{%d}{%d}", "%d/%d", r"x = \dfrac{%d}{%d}", "$%d/%d$")
    answers = [
        rng.choice(notations) % (rng.randrange(1, number // 2 + 1), denominator) for _ in range(number)
    ]
    started = time.process_time()
    vote(answers)
    return time.process_time() - started


def _plain_vote(number: int) -> float:
    answers = [final_answer("The answer is 18.")] * number
    started = time.process_time()
    vote(answers)
    return time.process_time() - started


def scale(data: Path, *, rows: bool) -> None:  # noqa: ARG001 - one signature for all measurements
    """Read and vote on a tenth of 800,000 questions with 10 answers each, on two processes."""
    groups = [
        [output["text"] for output in problem["outputs"]]
        for name in OUTPUTS
        for problem in outputs(data, name)
    ]
    started = time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        used = list(pool.map(_share_of_scale, (groups, groups), (0, 1)))
    seconds = time.perf_counter() - started
    table(
        (
            "questions",
            "answers read and voted",
            "wall seconds, two processes",
            "processor seconds, both",
            "800,000 questions on two cores",
        ),
        [
            (
                f"{TENTH:,}",
                f"{TENTH * VOTES:,}",
                f"{seconds:.0f}",
                f"{sum(used):.0f}",
                f"{max(used) * 10 / 60:.1f} min of processor time each",
            )
        ],
    )


def _share_of_scale(groups: Sequence[list[str]], share: int) -> float:
    """Process every second question, each with ten outputs drawn of one problem; return the processor seconds."""
    rng = random.Random(share)
    started = time.process_time()
    for question in range(share, TENTH, 2):
        texts = rng.sample(groups[question % len(groups)], VOTES)
        vote([final_answer(text) for text in texts])
    return time.process_time() - started
