"""How full simulated engines are kept, in simulated time: builds with fixed and with adaptive sampling in turn, and evaluations.

    python benchmarks/busy.py builds --lengths ../shared/data/model_outputs/gsm8k_multi_model.jsonl.gz
    python benchmarks/busy.py evaluations --lengths ../shared/data/model_outputs/math_level5_multi_model.jsonl.gz

The busy ratio is the shortest time in which the engines could answer the requests, if all of them waited in the order in which they came,
over the time that it took, from the first question written (the first problem asked) to the last answer. The end, when fewer and fewer
requests are left, counts. Of several models, each at a server of its own, the one with most to do decides. Lengths of answers are those of real
model outputs; the solver's accuracy is set per question (tests/controlled.py).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulated_engine import real_lengths
from simulated_time import Answered, Places, TimedServer, best_seconds, simulated_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from controlled import solving
from dummy_server import Body
from roleplay import play

from kpmath_builder import Recipe, build
from kpmath_builder.evaluation.evaluate import evaluate

STEP = 0.01
"""Seconds of a token."""
BUILDS: Mapping[str, tuple[int, bool, bool]] = {
    "one server": (1, False, False),
    "two servers of one model": (2, False, False),
    "two solvers, a server each": (2, True, False),
    "`build.rows`": (1, False, True),
    "`build.rows`, two solvers": (2, True, True),
}
"""How many servers, whether each is a solver of its own, and whether the build ends with a number of rows."""


@dataclass(frozen=True)
class Busy:
    """What the engines did from the first request that counts to the last answer."""

    requests: int
    seconds: float
    best: float

    @property
    def ratio(self) -> float:
        """1 if no place stood empty that could have been filled."""
        return self.best / self.seconds

    def row(self) -> tuple[str, ...]:
        """Return it as cells of a table."""
        idle = max(self.seconds - self.best, 0.0)
        return f"{self.requests:,}", f"{self.seconds:,.0f}", f"{idle:.1f}", f"{self.ratio:.3f}"

    @classmethod
    def of(cls, pools: Sequence[Sequence[TimedServer]], first: str) -> "Busy":
        """Return it for servers, those of one model together; `first` is the task with which time begins."""
        every = sorted((its for pool in pools for server in pool for its in server.answered), key=_came)
        began = next(its.came for its in every if its.task == first)
        best = 0.0
        for pool in pools:
            slots = sum(server.engine.slots for server in pool)
            its = sorted((one for server in pool for one in server.answered if one.came >= began), key=_came)
            best = max(best, best_seconds([one.tokens for one in its], slots, STEP))
        counted = [its for its in every if its.came >= began]
        return cls(len(counted), max(its.ended for its in counted) - began, best)


def _came(answered: Answered) -> float:
    return answered.came


def servers(
    wanted: argparse.Namespace, count: int, folder: Path, reply: Callable[[Body], str]
) -> list[TimedServer]:
    """Return simulated engines with the same number of places."""
    lengths = real_lengths(wanted.lengths)
    return [
        TimedServer(Places(wanted.slots, STEP), lengths, reply, folder / f"{number}.sock")
        for number in range(count)
    ]


def recipe(
    wanted: argparse.Namespace, folder: Path, engines: Sequence[TimedServer], kind: str, sampling: str
) -> Recipe:
    """Return the recipe of one kind of build."""
    _, several, has_rows = BUILDS[kind]
    addresses = [engine.address for engine in engines]
    model = {"kind": "openai", "model": "simulated", "in_flight": wanted.slots}
    tree: dict[str, Any] = {
        "teacher": {**model, "addresses": addresses[:1] if several else addresses},
        "seeds": {"limit": 40},
        "topics": {"ask_above": 0.9},
        "questions": {"checks": False},
        "duplicates": {"renumbered": "flag", "near": "flag"},
        "judging": {"threshold": 0.5},
        "controls": {"share": 0.0, "judge_share": 0.0},
        "solutions": {"samples": wanted.samples, "sampling": sampling},
        "build": {
            "folder": str(folder / "build"),
            "questions": wanted.questions,
            "shards": 4,
            "window": wanted.window,
        },
    }
    if several:
        tree["solvers"] = [
            {**model, "name": name, "addresses": [address], "temperature": temperature}
            for name, address, temperature in zip("ab", addresses, (0.7, 0.8), strict=True)
        ]
    if has_rows:
        tree["build"] |= {"rows": wanted.questions // 2, "questions": 4 * wanted.questions}
    return Recipe.of(tree)


def built(wanted: argparse.Namespace, kind: str, sampling: str) -> Busy:
    """Build in a folder of its own."""
    count, several, _ = BUILDS[kind]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engines = servers(wanted, count, folder, solving)
        with simulated_time(engines, counts_processor=wanted.processor):
            build(recipe(wanted, folder, engines, kind, sampling))
        return Busy.of([[engine] for engine in engines] if several else [engines], "write")


def builds(wanted: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """Yield a row for each kind of build, fixed and adaptive in turn."""
    each = ("requests", "seconds", "idle", "busy")
    yield (
        "build",
        *(f"{way}: {name}" for way in ("fixed", "adaptive") for name in each),
        "adaptive over fixed",
    )
    for kind in wanted.kinds or BUILDS:
        fixed, adaptive = (built(wanted, kind, sampling) for sampling in ("fixed", "adaptive"))
        yield kind, *fixed.row(), *adaptive.row(), f"{adaptive.ratio / fixed.ratio:.3f}"


def evaluations(wanted: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """Yield a row for each number of servers and samples."""
    yield "servers", "samples", "requests", "seconds", "idle", "busy"
    for count in (1, 2):
        for samples in (1, 8):
            its = evaluated(wanted, count, samples)
            yield str(count), str(samples), *its.row()


def evaluated(wanted: argparse.Namespace, count: int, samples: int) -> Busy:
    """Evaluate the simulated model on problems of the solver's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engines = servers(wanted, count, folder, play)
        problems = folder / "barns.jsonl"
        rows = (
            {"problem": f"A barn has {number} doors. How many?", "answer": "4"}
            for number in range(wanted.problems)
        )
        problems.write_text("".join(json.dumps(row) + "\n" for row in rows))
        with simulated_time(engines, counts_processor=wanted.processor):
            evaluate(
                "simulated",
                str(problems),
                addresses=[engine.address for engine in engines],
                samples=samples,
                settings={"teacher.in_flight": str(wanted.slots)},
                folder=folder / "evaluation",
            )
        return Busy.of([engines], "solve")


def main() -> None:
    """Print a table as its rows come."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    tables: Mapping[str, Callable[[argparse.Namespace], Iterator[tuple[str, ...]]]] = {
        "builds": builds,
        "evaluations": evaluations,
    }
    parser.add_argument("table", choices=tables)
    parser.add_argument(
        "--lengths", type=Path, help="a file of real outputs, as simulated_engine.py reads it"
    )
    parser.add_argument("--slots", type=int, default=128, help="places of each engine")
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--problems", type=int, default=5000, help="of an evaluation")
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--window", type=int, help="blueprints in flight; by default as the recipe has it")
    parser.add_argument("--kinds", nargs="*", choices=BUILDS)
    parser.add_argument("--processor", action="store_true", help="count the processor time of both sides")
    wanted = parser.parse_args()
    for number, row in enumerate(tables[wanted.table](wanted)):
        print(f"| {' | '.join(row)} |", flush=True)
        if not number:
            print("|---" * len(row) + "|", flush=True)


if __name__ == "__main__":
    main()
