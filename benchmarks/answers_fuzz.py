"""Mutated real answers: no crash, no hang, no growth of memory, and still equal to themselves."""

import random
import resource
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from answers_data import OUTPUTS, outputs, rows_of, table

from kpmath_builder.answers import check_arithmetic, equivalent, final_answer, vote

__all__ = ["exercise", "fuzz", "material", "mutated"]

INPUTS = 100_000
ROUNDS = 8
THREADS, WORKERS = 4, 2
SPARE_PARTS = (
    "\\frac{", "}", "{", "\\sqrt", "^", "^{", "_", "!", "(", ")", "[", "]", "\\{", "\\}", ",", ";", "=", "<", "\\le ", "\\pm ", "\\cup ", "$", "\\",
    "9^{9^{9^9}}", "10^{99999}", "e^", "\\binom{10^9}{7}", "\\sum_{k=1}^{10^9}", "\\text{", " cm", "%", "\\begin{pmatrix}", "&", "\\\\", "\x00", "\x0c",
    "\u202e", "٣", "-", "/0", "0.", "|", "'", "°", "\\infty", "\\log_", "import os", "\\boxed{", "####", '"answer": "', "x=",
)  # fmt: skip


def mutated(text: str, rng: random.Random) -> str:
    """Return a text with a few cuts, doublings, swaps and foreign pieces."""
    for _ in range(rng.randint(1, 6)):
        at, to = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        choice = rng.random()
        if choice < 0.25:
            text = text[:at] + text[to:] if to - at < 40 else text[:at]
        elif choice < 0.4:
            text = text[:to] + text[at:to][:200] * rng.randint(1, 4) + text[to:]
        elif choice < 0.9:
            text = text[:at] + rng.choice(SPARE_PARTS) * rng.choice((1, 1, 1, 2, 40)) + text[at:]
        else:
            text = text[to:] + text[:at]
    return text


def fuzz(data: Path, *, rows: bool, inputs: int = INPUTS) -> None:  # noqa: ARG001 - one signature for all measurements
    """Read, compare, check and vote on mutated answers, in one thread, in several and in worker processes; print the slowest and the memory."""
    body = []
    ways = (
        ("one thread", None),
        (f"{THREADS} threads", ThreadPoolExecutor(THREADS)),
        (f"{WORKERS} workers", ProcessPoolExecutor(WORKERS)),
    )
    for way, (name, pool) in enumerate(ways):
        started = time.perf_counter()
        rounds = [(str(data), seed, inputs // ROUNDS) for seed in range(way * ROUNDS, (way + 1) * ROUNDS)]
        results = [*map(_round, rounds)] if pool is None else [*pool.map(_round, rounds)]
        if pool is not None:
            pool.shutdown()
        slowest = max(result.slowest for result in results)
        memory = [result.memory for result in results]
        body.append(
            (
                name,
                f"{sum(result.inputs for result in results):,}",
                0,
                sum(result.unequal for result in results),
                f"{slowest[0]:.2f} s",
                f"{time.perf_counter() - started:.0f} s",
                f"{memory[len(memory) // 2]} MiB",
                f"{max(memory)} MiB",
            )
        )
        print(f"Slowest input in {name}: `{slowest[1][:120]!r}`\n")
    heads = (
        "way",
        "inputs",
        "crashes",
        "not equal themselves",
        "slowest",
        "in all",
        "peak memory after half",
        "at the end",
    )
    table(heads, body)


@dataclass(frozen=True)
class Round:
    """What one round of mutated answers showed; a crash ends the run."""

    inputs: int
    unequal: int
    slowest: tuple[float, str]
    memory: int


def _round(what: tuple[str, int, int]) -> Round:
    """Stand at the top of the module, where a process finds it."""
    data, seed, inputs = what
    answers, texts = _material(data)
    rng = random.Random(20261122 + seed)
    slowest, unequal = (0.0, ""), 0
    for number in range(inputs):
        text = mutated(rng.choice(texts if number % 5 == 0 else answers), rng)
        began = time.perf_counter()
        unequal += exercise(text, rng.choice(answers))
        slowest = max(slowest, (time.perf_counter() - began, text))
    return Round(inputs, unequal, slowest, _peak())


@cache
def _material(data: str) -> tuple[list[str], list[str]]:
    return material(Path(data))


def material(data: Path) -> tuple[list[str], list[str]]:
    """Return short answers and whole solutions to mutate."""
    golds = [final_answer(row["solution"]) for row in rows_of(data / "math" / "test.jsonl")]
    pairs = rows_of(data / "equivalence" / "hardverify_pairs.jsonl") + rows_of(
        data / "equivalence" / "llm_judged_pairs.jsonl"
    )
    answers = [str(gold) for gold in golds if gold] + [pair["prediction"] for pair in pairs]
    texts = [
        output["text"]
        for name in OUTPUTS
        for problem in outputs(data, name)[:60]
        for output in problem["outputs"][:10]
    ]
    return answers, texts


def exercise(text: str, other: str) -> bool:
    """Use everything once; return whether the text is found unequal to itself."""
    final_answer(text)
    check_arithmetic(text)
    equivalent(text, other)
    vote([text, other, text])
    return not equivalent(text, text).equal


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
