"""Training steps of the experiment with matrix products in float32 and in bfloat16, in turns; prints tokens per second and their ratio.

    python benchmarks/experiment_precision.py FOLDER [--threads 2] [--rounds 3]

FOLDER is a model for transformers, as `examples/experiment/run.py` makes in `models/base`. Needs examples/experiment/requirements.txt.
"""

import argparse
import random
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(
    0, str(Path(__file__).resolve().parents[1] / "examples" / "experiment")
)  # there is a rows.py beside this file too
from choices import Choices
from training import Encoded, _step, load

ROWS, PROMPT, LENGTH = 20, 76, 180
"""Rows of GSM8K have about so many tokens."""


def main() -> None:
    """Take one step for each precision in each round; the first round warms up."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    draw = random.Random(0)
    speeds: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    _, model = load(options.folder, Choices(threads=options.threads))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=0.0, fused=True)
    rows = [Encoded([draw.randrange(40_000) for _ in range(LENGTH)], PROMPT) for _ in range(ROWS)]
    batches = [rows[: ROWS // 2], rows[ROWS // 2 :]]
    for number in range(options.rounds + 1):
        for precision, found in speeds.items():
            began = time.monotonic()
            _step(model, optimiser, batches, Choices(threads=options.threads, precision=precision))
            if number:
                found.append(ROWS * LENGTH / (time.monotonic() - began))
    middle = {precision: statistics.median(found) for precision, found in speeds.items()}
    for precision, found in speeds.items():
        print(
            f"{precision}: {middle[precision]:.0f} tokens/s (each: {', '.join(f'{each:.0f}' for each in found)})"
        )
    print(f"bfloat16 is {middle['bfloat16'] / middle['float32']:.2f} times as fast")


if __name__ == "__main__":
    main()
