"""Votes over many different answers, of the kinds that cost most, and the pace of reading, comparing and voting.

Both run on any version of the package, for ratios: `PYTHONPATH=<another checkout> python benchmarks/answers.py pace crowds`.
"""

import random
import time
from collections.abc import Iterator
from pathlib import Path

from answers_data import OUTPUTS, outputs, rows_of, table

from kpmath_builder.answers import Answer, final_answer, vote
from kpmath_builder.answers.canonical import form_of

__all__ = ["crowds", "pace"]

ROUNDS = 3


def pace(data: Path, *, rows: bool) -> None:  # noqa: ARG001 - one signature for all measurements
    """Print the best of a few rounds: answers read and voted on per second, and microseconds per canonical form, none seen before."""
    body = []
    for name in OUTPUTS:
        texts = [[output["text"] for output in problem["outputs"][:10]] for problem in outputs(data, name)]
        number = sum(map(len, texts))
        seconds = min(_seconds_to_vote(texts) for _ in range(ROUNDS))
        body.append((name, f"{number / seconds:,.0f} answers/s read and voted on"))
    golds = [
        final_answer(row["solution"])
        for name in ("train.jsonl.gz", "test.jsonl")
        for row in rows_of(data / "math" / name)
    ]
    distinct = sorted({gold.parts for gold in golds if gold})
    seconds = min(_seconds_to_read(distinct) for _ in range(ROUNDS))
    body.append(
        ("MATH golds", f"{seconds / len(distinct) * 1e6:.0f} µs per canonical form of {len(distinct):,}")
    )
    table(("set", "pace, one core, processor time"), body)


def _seconds_to_vote(texts: list[list[str]]) -> float:
    started = time.process_time()
    for group in texts:
        vote([final_answer(text) for text in group], "paper")
    return time.process_time() - started


def _seconds_to_read(answers: list[tuple[str, ...]]) -> float:
    getattr(form_of.__globals__["_known_form"], "cache_clear")()  # noqa: B009 - a private cache
    started = time.process_time()
    for parts in answers:
        form_of(parts)
    return time.process_time() - started


def crowds(data: Path, *, rows: bool) -> None:  # noqa: ARG001 - one signature for all measurements
    """Print what votes over many different answers cost, in seconds of processor time."""
    body = []
    for name, answers in _crowds():
        started = time.process_time()
        result = vote(answers)
        seconds = time.process_time() - started
        body.append((name, len(result.classes), f"{result.unknown:,}", f"{seconds:.2f}"))
    table(("votes", "classes", "pairs not compared", "seconds"), body)


def _crowds() -> Iterator[tuple[str, list[Answer | str]]]:
    rng = random.Random(20261126)
    yield "1,000 that nobody can read", [f"5 ?? {number} ^" for number in range(1_000)]
    yield "1,000 with an unknown command", [rf"\foo{{{number}}} \bar x" for number in range(1_000)]
    yield "1,000 labels of one value", [f"x_{{{number}}} = 5" for number in range(1_000)]
    yield "500 with kinks", [f"|x-{number}|" for number in range(500)]
    yield (
        "300 lists of 190 numbers",
        [", ".join(str(rng.randrange(1_000)) for _ in range(190)) for _ in range(300)],
    )
    parts = [tuple(str(rng.randrange(100)) for _ in range(300)) for _ in range(200)]
    yield "200 answers of 300 parts", [Answer("; ".join(part), part) for part in parts]
