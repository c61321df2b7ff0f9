"""An evaluation that is killed five times, against one that is not: the same result file, and each request logged once.

    vllm serve MODEL --served-model-name tiny --port 8000 --trust-request-chat-template
    python benchmarks/evaluation_kills.py http://127.0.0.1:8000 tiny ../shared/data/gsm8k/test.jsonl

A kill (SIGKILL) comes whenever a sixth of the answers more is in the log. What was under way at a kill is not in the log and is asked again.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

KILLS = 5
LOOK_EVERY = 0.05


def main() -> None:
    """Print what each run left, and whether the results are the same."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address")
    parser.add_argument("model")
    parser.add_argument("gsm8k", type=Path)
    parser.add_argument("--problems", type=int, default=60)
    parser.add_argument("--max-tokens", type=int, default=96)
    told = parser.parse_args()
    words = [
        *(sys.executable, "-m", "kpmath_builder", "evaluate", told.address, "--model", told.model, "--quiet"),
        *("--on", f"gsm8k={told.gsm8k}", "--limit", str(told.problems), "--max-tokens", str(told.max_tokens)),
        *("--template", "paper", "--set", "teacher.in_flight=6", "--to"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder, "whole"), Path(folder, "killed")
        subprocess.run([*words, str(whole)], check=True)
        for number in range(1, KILLS + 1):
            kill_at([*words, str(killed)], killed, number * told.problems // (KILLS + 1))
            print(f"kill {number}: {len(keys(killed))} answers in the log")
        subprocess.run([*words, str(killed)], check=True)
        found = keys(killed)
        print(f"at the end: {len(found)} answers in the log, {len(set(found))} different requests")
        same = (whole / "results.json").read_bytes() == (killed / "results.json").read_bytes()
        print("the result files are the same" if same else "the result files differ")


def kill_at(words: Sequence[str], folder: Path, answers: int) -> None:
    """Run an evaluation and kill it as soon as its log holds so many answers."""
    with subprocess.Popen(words) as run:
        while run.poll() is None and len(keys(folder)) < answers:
            time.sleep(LOOK_EVERY)
        run.send_signal(signal.SIGKILL)


def keys(folder: Path) -> list[str]:
    """Return the keys of all whole lines of the log."""
    log = folder / "responses" / "evaluation.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else []
    return [line.split('"', 4)[3] for line in lines if line.endswith("\n")]


if __name__ == "__main__":
    main()
