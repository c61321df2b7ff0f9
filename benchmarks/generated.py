"""Generated builds of any size, with text that compresses about as real solutions do."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from kpmath_builder.dataset.facts import CardFacts
from kpmath_builder.dataset.rows import pair_rows
from kpmath_builder.dataset.schemas import SCHEMAS
from kpmath_builder.dataset.tables import TableCounts, write_tables
from kpmath_builder.files.sealed import FileRecord, write_lines, write_object
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.records import (
    Blueprint,
    BlueprintPart,
    Candidate,
    Judgement,
    Practice,
    SeedProblem,
    Solution,
    Stage,
    Tokens,
    TopicKeyPoints,
    Vote,
)

__all__ = ["corpus", "make_candidates", "make_pairs", "write_build"]

SEEDS = [f"gsm8k/train/{number:05d}" for number in range(7_473)]
TOPICS = [f"Subject {n % 12} - Subcategory {n}" for n in range(119)]


def corpus(words: int = 4_000_000, seed: int = 0) -> list[str]:
    """Return words in Zipf's proportions; texts are slices of it."""
    generator = np.random.default_rng(seed)
    vocabulary = ["".join(map(chr, generator.integers(97, 123, 2 + n % 9))) for n in range(30_000)]
    numbers = generator.zipf(1.2, words) % len(vocabulary)
    return [vocabulary[number] for number in numbers.tolist()]


def make_candidates(
    count: int, words: list[str], *, first: int = 0, samples: int = 10, share: float = 0.9
) -> Iterator[Candidate]:
    """Yield kept candidates, all of whose solutions agree; the same number always gives the same one."""
    for number in range(first, first + count):
        yield _candidate(number, words, samples, share)


def make_pairs(questions: int, words: list[str], *, first: int = 0, share: float = 0.9) -> pa.Table:
    """Return rows of qa-pairs, ten a question."""
    sources = dict.fromkeys(SEEDS, "openai/gsm8k")
    rows = [
        row
        for candidate in make_candidates(questions, words, first=first, share=share)
        for row in pair_rows(candidate, candidate.solutions, name="generated", sources=sources)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["qa-pairs"])


def _candidate(number: int, words: list[str], samples: int, share: float) -> Candidate:
    rng = random.Random(number)

    def text(length: int) -> str:
        start = rng.randrange(len(words) - length)
        return " ".join(words[start : start + length])

    parts = tuple(
        BlueprintPart(topic=topic, seed_id=SEEDS[rng.randrange(len(SEEDS))], key_points=(text(6), text(7)))
        for topic in rng.sample(TOPICS, rng.choice((2, 3)))
    )
    answer = str(rng.randrange(10_000))
    solutions = tuple(
        Solution(
            sample=sample,
            text=text(130),
            finish_reason="stop",
            completion_tokens=200,
            answer=answer,
            answer_class=0,
            score_vector=(share,),
            score=share,
            agreed=True,
        )
        for sample in range(samples)
    )
    return Candidate(
        blueprint=Blueprint(id=f"{number:08d}", index=number, parts=parts),
        models={"writer": "w", "judge": "j", "solver": "s"},
        question=text(60),
        judgement=Judgement(key_points_present=0.95, correctness=0.9, quality=0.9),
        solutions=solutions,
        vote=Vote(
            mode="strict", winner=answer, share=share, margin=share, tie=False, votes=samples, abstentions=0
        ),
        spent={"solve": Tokens(requests=samples, prompt=1000, completion=2000)},
        stage=Stage.KEPT,
    )


def write_build(folder: Path, candidates: Iterator[Candidate], *, fingerprint: str) -> TableCounts:
    """Write the folder of a finished build, as far as publishing looks at it."""
    seeds = [
        SeedProblem(
            id=seed_id,
            source="openai/gsm8k",
            licence="mit",
            shareable=True,
            problem=f"problem {number}",
            solution=f"solution {number}",
            answer=str(number),
            content_hash=f"sha256:{number:064x}",
        )
        for number, seed_id in enumerate(SEEDS)
    ]
    points = (TopicKeyPoints(topic=TOPICS[0], key_points=("a",)),)
    practices = [Practice(seed=seed, raw=points, topics=points, model="e") for seed in seeds]
    (folder / "knowledge").mkdir(parents=True, exist_ok=True)
    lines = (seed.model_dump_json().encode() + b"\n" for seed in seeds)
    write_lines(folder / "knowledge" / "seeds.jsonl", {}, lines)
    counts = write_tables(
        folder / "dataset",
        name="generated",
        fingerprint=fingerprint,
        seeds=seeds,
        extractions=[],
        practices=practices,
        candidates=candidates,
        select=lambda candidate: candidate.solutions,
        facts=CardFacts(models={"writer": "generated"}),
    )
    paths = [*plain_files(folder / "dataset"), *plain_files(folder / "knowledge")]
    files = {path.relative_to(folder).as_posix(): FileRecord.of(path) for path in paths}
    write_object(folder / "manifest.json", {"files": files})
    return counts
