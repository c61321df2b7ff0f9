"""What a served model makes of each prompt: readable replies, key points, questions, judgements, solutions.

    python benchmarks/prompts.py http://127.0.0.1:8115 MODEL ../shared/data/gsm8k --out DIR [--seeds 20 --questions 12 --judged 20 --solved 20] [--final]

Runs through the package's own prompts, readers and checks, and goes on where it was interrupted. Prompts are improved on the seeds of
development; `--final` takes others, for the figures that are published. `--prompts FOLDER` tries other prompts. Every reply is kept in
DIR/replies.jsonl, for people to read and for tests. Faulty problems are made of good ones by program (kpmath_builder.controls.faults).
"""

import argparse
import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from kpmath_builder import answers
from kpmath_builder.controls.faults import contradicted, incomplete
from kpmath_builder.execution.ask import Ask
from kpmath_builder.execution.run import Run
from kpmath_builder.execution.teachers import Teachers
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.knowledge.extraction import extract
from kpmath_builder.knowledge.key_points import KeyPointFault, sift
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.loops import ends_in_loop
from kpmath_builder.prompts.replies import REPLIES, ExtractReply
from kpmath_builder.prompts.reply_reading import read_reply
from kpmath_builder.protocol import Message, Request, Response, Task
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import Extraction, Judgement, SeedProblem, TopicKeyPoints
from kpmath_builder.seeds import load_seeds
from kpmath_builder.stopping import StoppedError
from kpmath_builder.synthesis.question_checks import find_fault
from kpmath_builder.synthesis.questions import judge, write

DEVELOPMENT, FINAL = 3000, 5000
"""Where in GSM8K train the seeds begin: prompts are never tried on those of the published figures."""
PLAIN = "Reason step by step, and put your final answer within \\boxed{{}}.\n\n{problem}"
THRESHOLD = 0.85
S = TypeVar("S")
T = TypeVar("T")
_WORD = re.compile(r"[a-z]{4,}")
_DAMAGED = re.compile(
    r"[\x08\x0c\x0b\x07]|\\\\(?:frac|times|sqrt|text|boxed|cdot|pi)\b|\t(?:imes|ext|heta)\b"
)
r"""What is left of LaTeX commands behind a single backslash, or doubled backslashes as for JSON."""
_COMMON = """
    number numbers total each times unit units value amount quantity quantities rate price cost time more less than equal equals
    find calculate using divide multiply subtract add adding sum difference product fraction percent percentage given with that from
    into they their these which when item items part parts whole first second half same will have what many much after before
"""
"""Words of mathematics, and those that every text has."""


@dataclass
class Tally:
    """What a role's first replies were like."""

    asked: int = 0
    readable: int = 0
    repaired: int = 0
    loops: int = 0
    cut_off: int = 0
    damaged: int = 0
    latex: int = 0
    tokens: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, task: Task, response: Response) -> None:
        """Count one first reply."""
        kind = REPLIES[task]
        assert kind is not None
        self.asked += 1
        self.tokens += response.completion_tokens
        self.latex += "\\" in response.text or "$" in response.text
        self.damaged += bool(_DAMAGED.search(response.text))
        if response.finish_reason != "stop":
            self.cut_off += 1
            self.loops += ends_in_loop(response.text)
            self.reasons["cut off"] += 1
            return
        read = read_reply(response.text, kind)
        self.readable += read.value is not None
        self.repaired += bool(read.repairs)
        if read.value is None:
            self.reasons[read.reason] += 1


class Bench:
    """One run: a model, its log, and what is counted."""

    def __init__(self, options: argparse.Namespace, run: Run, log: ResponseLog) -> None:
        self.options, self.run, self.log = options, run, log
        self.tallies: dict[str, Tally] = {}

    def ask(self, address: str) -> Ask:
        """Return what asks one question, found again in the log by its address."""
        return Ask(self.run, self.log, address)

    def note(self, ask: Ask) -> None:
        """Count the first reply of each task."""
        seen: set[str] = set()
        for one in ask.asked:
            task = one.request.task
            if task not in seen and REPLIES[task] is not None:
                seen.add(task)
                self.tallies.setdefault(task, Tally()).note(task, one.response)


async def extractions(
    bench: Bench, seeds: Sequence[SeedProblem]
) -> tuple[list[Extraction], dict[str, float]]:
    """Ask for key points; return those that are left, and what the raw ones were like."""
    faults: Counter[str] = Counter()
    prompt = bench.run.prompts.instructions("extract")

    async def one(seed: SeedProblem) -> Extraction:
        ask = bench.ask(f"extract {seed.id}")
        found = await extract(seed, ask)
        bench.note(ask)
        read = read_reply(ask.asked[0].response.text, ExtractReply).value
        for topic in read.topics if read else ():
            faults["topics"] += 1
            for point in topic.key_points:
                faults["key points"] += 1
                faults["story"] += bool(story(point, seed.problem))
                one_topic = TopicKeyPoints(topic=topic.topic, key_points=(point,))
                faults.update(fault.value for fault in sift([one_topic], seed, prompt)[1])
        faults["seeds"] += bool(read)
        faults["one topic"] += bool(read) and len(read.topics) == 1
        return found

    found = await gather(bench, seeds, one)
    count = max(1, faults["key points"])
    return found, {
        "key points per seed": round(faults["key points"] / max(1, faults["seeds"]), 2),
        "share of seeds with one topic": round(faults["one topic"] / max(1, faults["seeds"]), 2),
        "with a number of the seed": round(faults[KeyPointFault.NUMBER.value] / count, 3),
        "copied from the prompt": round(faults[KeyPointFault.COPY.value] / count, 3),
        "with two words of the story": round(faults["story"] / count, 3),
        "seeds left without a key point": sum(bool(one.reason) for one in found),
    }


def story(point: str, problem: str) -> bool:
    """Whether a key point holds two words of its problem that are no words of mathematics."""
    words = set(_WORD.findall(point.lower())) - set(_COMMON.split())
    return len(words & set(_WORD.findall(problem.lower()))) >= 2


async def questions(bench: Bench, practices: Sequence[list[dict[str, Any]]]) -> dict[str, Any]:
    """Ask for questions; return what the program's checks find in them."""
    prompt = bench.run.prompts.instructions("write")
    faults: Counter[str] = Counter()

    async def one(drawn: list[dict[str, Any]]) -> None:
        ask = bench.ask("write " + " ".join(part["id"] for part in drawn))
        written = await write(drawn, ask)
        bench.note(ask)
        if written.value is None:
            faults["unwritten"] += 1
        else:
            fault = find_fault(written.value.question, drawn, prompt)
            faults[fault.reason.value if fault else "passed"] += 1

    await gather(bench, practices, one)
    return dict(faults)


@dataclass(frozen=True)
class Case:
    """A problem to be judged."""

    kind: str
    seed: SeedProblem
    question: str
    practices: list[dict[str, Any]]


def cases(found: Sequence[tuple[SeedProblem, list[dict[str, Any]]]], count: int) -> list[Case]:
    """Return sound problems, and of each two faulty ones: two of the three kinds, in turn, or those that can be made of it."""
    made: list[Case] = []
    for at, (seed, parts) in enumerate(found[:count]):
        rng = Random(seed.id)
        topics = {part["topic"] for part in parts}
        others = [its for _, its in found if not topics & {part["topic"] for part in its}]
        foreign = others[at % len(others)] if others else []
        faulty = [
            ("incomplete", incomplete(seed.problem, seed.solution, rng), parts),
            ("contradicted", contradicted(seed.problem, seed.solution, rng), parts),
            ("foreign key points", seed.problem if foreign else None, foreign),
        ]
        turn = faulty[at % 3 :] + faulty[: at % 3]
        made.append(Case("sound", seed, seed.problem, parts))
        made += [Case(kind, seed, text, shown) for kind, text, shown in turn if text][:2]
    return made


async def judgements(bench: Bench, made: Sequence[Case]) -> dict[str, Any]:
    """Judge the cases; return pass rates and the area under the curve, sound against each kind and against all."""
    qualities: dict[str, list[float]] = {}
    right = Counter[str]()
    verdicts: list[dict[str, Any]] = []

    async def one(case: Case) -> None:
        ask = bench.ask(f"judge {case.kind} {case.seed.id}")
        judged = await judge(case.question, case.practices, ask, samples=bench.run.recipe.judging.samples)
        bench.note(ask)
        quality = -1.0 if judged.value is None else judged.value.quality
        qualities.setdefault(case.kind, []).append(quality)
        found = None if judged.value is None else judged.value.model_dump(mode="json")
        verdicts.append({"kind": case.kind, "id": case.seed.id, "judgement": found, "reason": judged.reason})
        if case.kind == "sound" and judged.value is not None:
            right["judged"] += 1
            right["right"] += agrees(judged.value, case.seed)

    await gather(bench, made, one)
    (bench.options.out / "verdicts.json").write_text(json.dumps(verdicts, indent=1) + "\n", encoding="utf-8")
    faulty = {kind: its for kind, its in qualities.items() if kind != "sound"}
    sound = qualities.get("sound", [])
    return {
        "judged": {kind: len(its) for kind, its in qualities.items()},
        "passed": {
            kind: round(sum(q >= THRESHOLD for q in its) / len(its), 2) for kind, its in qualities.items()
        },
        "area under the curve": {
            **{kind: area(sound, its) for kind, its in faulty.items()},
            "all": area(sound, [quality for its in faulty.values() for quality in its]),
        },
        "own answer right on sound problems": f"{right['right']} of {right['judged']}",
    }


def agrees(judgement: Judgement, seed: SeedProblem) -> bool:
    """Whether the judge's own answer is the seed's."""
    said = answers.final_answer(answers.solution_text(f"\\boxed{{{judgement.judge_answer}}}"))
    known = answers.final_answer(answers.solution_text(f"\\boxed{{{seed.answer}}}"))
    return bool(said and known and answers.equivalent(said, known).equal)


def area(sound: Sequence[float], faulty: Sequence[float]) -> float | None:
    """Return how often a sound problem has more than a faulty one; 0.5 is chance."""
    if not sound or not faulty:
        return None
    wins = sum((s > f) + 0.5 * (s == f) for s in sound for f in faulty)
    return round(wins / (len(sound) * len(faulty)), 3)


async def solutions(bench: Bench, seeds: Sequence[SeedProblem]) -> dict[str, Any]:
    """Solve test problems once with the package's prompt and once with the plain one."""
    counts: dict[str, Counter[str]] = {"package": Counter(), "plain": Counter()}
    paired: Counter[tuple[bool, bool]] = Counter()

    async def one(seed: SeedProblem) -> None:
        ask = bench.ask(f"solve {seed.id}")
        (ours,) = await ask.samples("solve", {"question": seed.problem, "practices": []}, 1)
        plain = plain_request(ask.asked[0].request, seed.problem)
        (theirs,), _ = await bench.run.responses(plain, [0], bench.log, f"plain {seed.id}")
        paired[solved(ours, seed, counts["package"]), solved(theirs, seed, counts["plain"])] += 1

    await gather(bench, seeds, one)
    return {
        **{name: dict(its) for name, its in counts.items()},
        "right with ours alone": paired[True, False],
        "right with the plain one alone": paired[False, True],
    }


def plain_request(ours: Request, problem: str) -> Request:
    """Return the request with the plain prompt, sampled alike."""
    message = Message("user", PLAIN.format(problem=problem))
    return replace(ours, messages=(message,), pattern="")


def solved(response: Response, seed: SeedProblem, count: Counter[str]) -> bool:
    """Count a solution, and return whether its answer is the known one."""
    text = answers.solution_text(response.text)
    said = answers.final_answer(text) if response.finish_reason == "stop" else None
    known = answers.final_answer(answers.solution_text(f"\\boxed{{{seed.answer}}}"))
    right = bool(said and known and answers.equivalent(said, known).equal)
    count["asked"] += 1
    count["right"] += right
    count["unread"] += said is None
    count["wrong arithmetic"] += bool(answers.check_arithmetic(text).wrong)
    count["tokens"] += response.completion_tokens
    return right


async def gather(bench: Bench, items: Iterable[S], one: Callable[[S], Awaitable[T]]) -> list[T]:
    """Run as many at once as the server is asked for."""
    slots = asyncio.Semaphore(bench.options.in_flight)

    async def within(item: S) -> T:
        async with slots:
            return await one(item)

    try:
        return await asyncio.gather(*map(within, items))
    except StoppedError:  # says only that another request has failed
        raise bench.run.stop.why or AssertionError from None


def practice(seed: SeedProblem, topic: TopicKeyPoints) -> dict[str, Any]:
    """Return a topic of a seed as the writer is shown it."""
    return {
        "id": seed.id,
        "topic": topic.topic,
        "key_points": list(topic.key_points[:2]),
        "problem": seed.problem,
        "solution": seed.solution,
    }


def blueprints(
    found: Sequence[tuple[SeedProblem, list[dict[str, Any]]]], count: int
) -> list[list[dict[str, Any]]]:
    """Pair neighbouring seeds by one topic of each."""
    return [[found[at][1][0], found[at + 1][1][-1]] for at in range(min(count, len(found) - 1))]


async def bench_all(options: argparse.Namespace) -> dict[str, Any]:
    """Ask everything; return the figures."""
    start = FINAL if options.final else DEVELOPMENT
    data = load_seeds(path=options.math or options.gsm8k / "train.jsonl").problems
    seeds = data[start : start + options.seeds]
    test = load_seeds(path=options.gsm8k / "test.jsonl").problems[: options.solved]
    recipe = recipe_of(options)
    report = Reporter(lambda progress: print(progress.note, flush=True) if progress.note else None)
    figures: dict[str, Any] = {"model": options.model, "seeds": [start, start + options.seeds]}
    with ResponseLog(options.out / "log.jsonl") as log:
        async with Teachers(recipe, report.note) as teachers:
            bench = Bench(options, Run(recipe, Prompts.load(options.prompts), report, teachers), log)
            found, figures["extraction"] = await extractions(bench, seeds)
            save(options.out, figures, bench)
            parts = [
                (seed, [practice(seed, topic) for topic in one.topics])
                for seed, one in zip(seeds, found, strict=True)
                if one.topics
            ]
            figures["questions"] = await questions(bench, blueprints(parts, options.questions))
            save(options.out, figures, bench)
            figures["judge"] = await judgements(bench, cases(parts, options.judged))
            save(options.out, figures, bench)
            figures["solutions"] = await solutions(bench, test)
            save(options.out, figures, bench)
    return figures


def recipe_of(options: argparse.Namespace) -> Recipe:
    """Return a recipe whose sampling is the package's own, with shorter replies if the machine is slow."""
    longest = {"max_tokens": options.longest}
    return Recipe.of(
        {
            "teacher": {
                "kind": "openai",
                "model": options.model,
                "addresses": [options.address],
                "in_flight": options.in_flight,
                "patience": 3600,
                "extra": json.loads(options.extra),
            },
            "extraction": longest,
            "questions": longest,
            "judging": {
                **longest,
                "samples": options.judgements,
                # At 0 several judgements would be one.
                "temperature": 0.7 if options.judgements > 1 else 0.0,
                "probabilities": options.probabilities,
            },
            "solutions": longest,
            "build": {"folder": str(options.out / "build")},
        }
    )


def save(folder: Path, figures: dict[str, Any], bench: Bench) -> None:
    """Write the figures so far, and print them."""
    figures["replies"] = {
        task: {**vars(tally), "reasons": dict(tally.reasons.most_common(6))}
        for task, tally in bench.tallies.items()
    }
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    with (folder / "replies.jsonl").open("w", encoding="utf-8") as out:
        for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            kept = {"task": entry["task"], "for": entry["for"]}
            kept |= {name: entry["response"][name] for name in ("finish_reason", "text")}
            out.write(json.dumps(kept, ensure_ascii=False) + "\n")


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address")
    parser.add_argument("model")
    parser.add_argument("gsm8k", type=Path, help="folder with train.jsonl and test.jsonl")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--math", type=Path, help="MATH's training problems: the seeds, in place of GSM8K's")
    parser.add_argument("--prompts", type=Path)
    parser.add_argument("--final", action="store_true")
    parser.add_argument(
        "--probabilities", action="store_true", help="key points count by the probability of yes"
    )
    for name, default in {
        "seeds": 20,
        "questions": 12,
        "judged": 20,
        "judgements": 1,
        "solved": 20,
        "in-flight": 8,
        "longest": 512,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--extra", default="{}", help="further fields of each request, as JSON")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print(json.dumps(asyncio.run(bench_all(options)), indent=1))


if __name__ == "__main__":
    main()
