"""Records for tests, drawn from a seeded generator: each stage and drop reason, absent fields, LaTeX, many scripts."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kpmath_builder.dataset.facts import CardFacts
from kpmath_builder.dataset.tables import TableCounts, write_tables
from kpmath_builder.files.sealed import FileRecord, write_lines, write_object
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.records import (
    Blueprint,
    BlueprintPart,
    Candidate,
    DropReason,
    Extraction,
    Judgement,
    Practice,
    RepeatMark,
    SeedProblem,
    Solution,
    Stage,
    Tokens,
    TopicKeyPoints,
    Vote,
)
from kpmath_builder.seeds import hash_of_problem

MODELS = {"extractor": "extract-1b", "writer": "write-70b", "judge": "judge-70b", "solver": "solve-7b"}
TOPICS = (
    "Algebra - Linear Equations",
    "Geometry - Circles",
    "Arithmetic - Percentages",
    "Number Theory - Primes",
)
WORDS = (
    r"\frac{3}{4}",
    r"$x^2 \ge 0$",
    "größer",
    "三角形",
    "число",
    "½",
    "π≈3.14",
    "line\nbreak",
    '"quoted"',
    "| pipe |",
    "a,b",
    "🙂",
)
UNSHAREABLE_MARK = "text under a licence that forbids sharing"

ENDINGS = (
    (Stage.ASKED, DropReason.UNWRITTEN),
    (Stage.WRITTEN, DropReason.UNJUDGED),
    (Stage.WRITTEN, DropReason.LOW_QUALITY),
    (Stage.WRITTEN, DropReason.TOO_MANY_PARTS),
    (Stage.JUDGED, DropReason.UNSOLVED),
    (Stage.SOLVED, DropReason.NO_AGREEMENT),
    (Stage.SOLVED, DropReason.TIE),
    (Stage.SOLVED, DropReason.LOW_SHARE),
    (Stage.AGREED, DropReason.DUPLICATE),
    (Stage.WRITTEN, DropReason.NOT_ASKED),
    (Stage.KEPT, DropReason.NONE),
    (Stage.KEPT, DropReason.NONE),
)


@dataclass(frozen=True)
class Build:
    """What a pipeline hands over to be published."""

    seeds: tuple[SeedProblem, ...]
    extractions: tuple[Extraction, ...]
    practices: tuple[Practice, ...]
    candidates: tuple[Candidate, ...]

    def write(self, folder: Path, **changes: object) -> TableCounts:
        """Publish into `folder` all agreed solutions."""
        facts = CardFacts(models=MODELS, recipe={"solutions.samples": 4, "consensus.mode": "strict"})
        arguments: dict[str, Any] = {
            "name": "kpmath-test",
            "fingerprint": "sha256:0123",
            "seeds": self.seeds,
            "extractions": self.extractions,
            "practices": self.practices,
            "candidates": self.candidates,
            "select": agreed,
            "facts": facts,
        }
        return write_tables(folder, **{**arguments, **changes})

    def finish(self, folder: Path, **changes: object) -> Path:
        """Make the folder of a finished build, as far as publishing looks at it."""
        (folder / "knowledge").mkdir(parents=True, exist_ok=True)
        self.write(folder / "dataset", **changes)
        lines = (seed.model_dump_json().encode() + b"\n" for seed in self.seeds)
        write_lines(folder / "knowledge" / "seeds.jsonl", {}, lines)
        return list_files(folder)


def list_files(folder: Path) -> Path:
    """Write the manifest as if the build had written all that lies below `dataset/` and `knowledge/`."""
    paths = [*plain_files(folder / "dataset"), *plain_files(folder / "knowledge")]
    files = {path.relative_to(folder).as_posix(): FileRecord.of(path) for path in paths}
    write_object(folder / "manifest.json", {"code": "0.1.0", "files": files})
    return folder


def agreed(candidate: Candidate) -> tuple[Solution, ...]:
    """Select every solution that the consensus retained."""
    return tuple(solution for solution in candidate.solutions if solution.agreed)


def make_build(candidates: int = 60, seeds: int = 12, *, seed: int = 0) -> Build:
    """Draw a build: every third seed is not shareable, every fourth has no practice; each ending occurs in turn."""
    rng = random.Random(seed)
    problems = tuple(make_seed(rng, number) for number in range(seeds))
    practices = tuple(make_practice(rng, problem) for number, problem in enumerate(problems) if number % 4)
    extractions = [Extraction(seed_id=p.seed.id, topics=p.raw, model=p.model) for p in practices]
    extractions += [
        Extraction(seed_id=problem.id, model=MODELS["extractor"], reason="no valid reply")
        for problem in problems[4::4]
    ]
    return Build(
        problems,
        tuple(extractions),
        practices,
        tuple(make_candidate(rng, number, practices) for number in range(candidates)),
    )


def make_seed(rng: random.Random, number: int) -> SeedProblem:
    """Draw a seed problem."""
    shareable = number % 3 != 0
    mark = "" if shareable else UNSHAREABLE_MARK
    problem, solution = f"{mark} {text(rng)}", f"{mark} {text(rng)}"
    source = "gsm8k" if shareable else "math"
    return SeedProblem(
        id=f"{source}/train/{number:05d}",
        source=source,
        licence="MIT" if shareable else "disputed",
        shareable=shareable,
        problem=problem,
        solution=solution,
        answer=f"{mark}{rng.randrange(100)}",
        level=None if shareable else f"Level {rng.randint(1, 5)}",
        subject=None if shareable else "Algebra",
        content_hash=hash_of_problem(problem, solution),
    )


def make_practice(rng: random.Random, seed: SeedProblem) -> Practice:
    """Draw a practice for a seed problem."""
    raw = tuple(
        TopicKeyPoints(
            topic=f"{topic} (raw)", key_points=tuple(text(rng, 3) for _ in range(rng.randint(1, 6)))
        )
        for topic in rng.sample(TOPICS, rng.randint(1, 3))
    )
    topics = tuple(TopicKeyPoints(topic=t.topic.removesuffix(" (raw)"), key_points=t.key_points) for t in raw)
    return Practice(seed=seed, raw=raw, topics=topics, model=MODELS["extractor"])


def make_candidate(
    rng: random.Random, number: int, practices: tuple[Practice, ...], words: int = 12
) -> Candidate:
    """Draw a candidate that ends as `ENDINGS[number % len(ENDINGS)]` says; `words` is the length of its texts."""
    stage, reason = ENDINGS[number % len(ENDINGS)]
    judged = stage not in {Stage.ASKED, Stage.WRITTEN} or reason in {
        DropReason.LOW_QUALITY,
        DropReason.TOO_MANY_PARTS,
    }
    voted = stage in {Stage.SOLVED, Stage.AGREED, Stage.KEPT}
    vote = make_vote(rng, reason) if voted else None
    return Candidate(
        blueprint=make_blueprint(rng, number, practices),
        models=MODELS if number % 5 else {"writer": MODELS["writer"]},
        question=None if stage is Stage.ASKED else text(rng, words),
        judgement=make_judgement(rng, reason) if judged else None,
        solutions=make_solutions(rng, vote, words) if voted else (),
        vote=vote,
        spent={task: make_tokens(rng) for task in ("write", "judge", "solve") if voted or task == "write"},
        stage=stage,
        reason=reason,
        detail=text(rng, 2) if reason else "",
        repeats=make_repeats(number) if stage in {Stage.AGREED, Stage.KEPT} else (),
    )


def make_repeats(number: int) -> tuple[RepeatMark, ...]:
    """Return what two of five agreed questions repeat."""
    row = RepeatMark(check="row", id="q0000000", kind="near", similarity=0.75)
    return (
        () if number % 5 < 3 else (row, RepeatMark(check="test", set="T", id="t/1", kind="question 13-gram"))
    )


def make_blueprint(rng: random.Random, number: int, practices: tuple[Practice, ...]) -> Blueprint:
    """Draw a blueprint of two or three parts."""
    parts = []
    for practice in rng.choices(practices, k=rng.choice((2, 3))):
        topic = rng.choice(practice.topics)
        parts.append(
            BlueprintPart(topic=topic.topic, seed_id=practice.seed.id, key_points=topic.key_points[:2])
        )
    note = "no-third-topic" if number % 7 == 0 else ""
    return Blueprint(id=f"q{number:07d}", index=number, parts=tuple(parts), note=note)


def make_judgement(rng: random.Random, reason: DropReason) -> Judgement:
    """Draw a judgement; a low one has something to say."""
    low = reason is DropReason.LOW_QUALITY
    present, correct = rng.uniform(0, 0.8) if low else rng.uniform(0.85, 1), rng.uniform(0.85, 1)
    return Judgement(
        key_points_present=present,
        correctness=correct,
        quality=min(present, correct),
        missing_key_points=(text(rng, 3),) if low else (),
        errors=(text(rng, 4), text(rng, 2)) if low else (),
        sub_questions=5 if reason is DropReason.TOO_MANY_PARTS else rng.randint(1, 3),
    )


def make_vote(rng: random.Random, reason: DropReason) -> Vote:
    """Draw a vote; where nobody agrees there is no winner."""
    winner = (
        None
        if reason is DropReason.NO_AGREEMENT
        else f"\\frac{{{rng.randint(1, 9)}}}{{7}}; {rng.randint(1, 99)}"
    )
    tie = reason is DropReason.TIE
    share = 0.25 if winner is None else 0.5 if tie else 0.75
    return Vote(
        mode="strict", winner=winner, share=share, margin=0.0 if tie else 0.5, tie=tie, votes=3, abstentions=1
    )


def make_solutions(rng: random.Random, vote: Vote | None, words: int) -> tuple[Solution, ...]:
    """Draw four solutions of a two-part question: two or more agree, one abstains."""
    winner = vote.winner if vote else None
    return tuple(
        Solution(
            sample=sample,
            text=text(rng, words),
            finish_reason="length" if sample == 3 else "stop",
            completion_tokens=rng.randint(1, 400),
            answer=None if sample == 3 else winner or str(sample),
            wrong_arithmetic=("2 + 2 = 5",) if sample == 3 else (),
            answer_class=None if sample == 3 else 0 if winner else sample,
            score_vector=() if sample == 3 else (0.75, 0.5),
            score=0.0 if sample == 3 else 0.75,
            agreed=winner is not None and sample < 2,
        )
        for sample in range(4)
    )


def make_tokens(rng: random.Random) -> Tokens:
    """Draw what one task cost."""
    return Tokens(requests=rng.randint(1, 9), prompt=rng.randrange(10**4), completion=rng.randrange(10**4))


def text(rng: random.Random, words: int = 8) -> str:
    """Draw a text of many scripts, unlike any other."""
    return " ".join([*rng.choices(WORDS, k=words), f"{rng.getrandbits(32):08x}"])
