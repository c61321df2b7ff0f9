"""Whether the published interval for the share of true labels holds the truth, over served builds of a solver whose accuracy is set per question.

    python benchmarks/label_builds.py [--builds 100] [--first 0] [--questions 320] [--samples 8] [--least 93]

Whole builds: the real client asks the dummy server of the tests over HTTP, answers go through the log, tables and manifest are written.
The solver is right about each question as often as `controlled.accuracy_of` says, controls included, and else mostly makes one and the same error. Each
build writes other questions, and has a file of other controls. The truth is looked up for the kept rows of `scored`,
the interval is the manifest's. With `--least`, exits with 1 if fewer builds hold the truth.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from controlled import solving, truth_of, write_questions
from dummy_server import DummyServer
from small_builds import recipe, rows

from kpmath_builder import build

CONTROL_SHARE = 0.85


@dataclass(frozen=True)
class Outcome:
    """What one build published, and what is true."""

    share: float
    low: float
    high: float
    rows: int
    controls: int
    truth: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def built(number: int, folder: Path, questions: int, samples: int) -> Outcome | None:
    """Build, and return what came of it; None if no estimate is published."""
    controls = write_questions(folder / "controls.jsonl", questions, first=questions * number)
    target = folder / "build"
    with DummyServer(solving) as server:
        made = recipe(
            target,
            server,
            teacher_samples_per_request=samples,
            controls_share=CONTROL_SHARE,
            controls_sources=["file"],
            controls_path=str(controls),
            controls_judge_share=0.0,
            judging_threshold=0.0,
            solutions_samples=samples,
            build_questions=questions,
            build_seed=number,
            build_window=64,
        )
        build(made)
    told = json.loads((target / "manifest.json").read_text())["calibration"]["true_labels"]
    if told is None:
        return None
    kept = [row for row in rows(target, "scored") if row["status"] == "kept"]
    right = sum(row["consensus_winner"] == str(truth_of(row["question"])) for row in kept)
    assert told["rows"] == len(kept), "the estimate is about the rows that are kept"
    return Outcome(**told, truth=right / len(kept))


def main() -> int:
    """Print a line for each build, and how many hold the truth."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (
        ("builds", 100),
        ("first", 0),
        ("questions", 140),
        ("samples", 8),
        ("least", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    found = []
    for number in range(options.first, options.first + options.builds):
        began, used = time.perf_counter(), time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            its = built(number, Path(folder), options.questions, options.samples)
        took = f"{time.perf_counter() - began:.1f} s, {time.process_time() - used:.1f} s of processor time"
        print(f"build {number}: {its}, {took}", flush=True)
        found += [its] if its else []
    held = sum(its.holds for its in found)
    print(f"\n{len(found)} of {options.builds} builds publish an estimate, {held} intervals hold the truth")
    return 0 if held >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
