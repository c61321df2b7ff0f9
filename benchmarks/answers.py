r"""Measures kpmath_builder.answers on public data and prints markdown.

    python benchmarks/answers.py suites golds arithmetic     # some of the measurements
    python benchmarks/answers.py                              # all of them, about half an hour
    python benchmarks/answers.py suites --rows                # with every row on which a suite contradicts us

The data (`--data`, default: `../shared/data` beside the checkout) is described in docs/benchmarks.md.
"""

import argparse
import sys
from pathlib import Path

import answers_arithmetic
import answers_cases
import answers_crowds
import answers_fuzz
import answers_golds
import answers_merges
import answers_outputs
import answers_reader_cases
import answers_speed
import answers_suites

MEASUREMENTS = {
    "cases": answers_cases.cases,
    "merges": answers_merges.merges,
    "suites": answers_suites.suites,
    "reading": answers_outputs.reading,
    "reader": answers_reader_cases.cases,
    "calibration": answers_outputs.calibration,
    "planted": answers_outputs.planted,
    "speed": answers_speed.against_math_verify,
    "growth": answers_speed.growth,
    "pace": answers_crowds.pace,
    "crowds": answers_crowds.crowds,
    "scale": answers_speed.scale,
    "golds": answers_golds.golds,
    "arithmetic": answers_arithmetic.arithmetic,
    "fuzz": answers_fuzz.fuzz,
}


def main() -> None:
    """Run the measurements that were named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("measurements", nargs="*", choices=[*MEASUREMENTS, []], help="default: all")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--rows", action="store_true", help="list rows, not only numbers")
    parser.add_argument("--inputs", type=int, default=answers_fuzz.INPUTS, help="of the fuzz, each way")
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"There is no folder {options.data}; name the folder of the data with --data.")
    for name in options.measurements or MEASUREMENTS:
        print(f"\n### {name}\n")
        more = {"inputs": options.inputs} if name == "fuzz" else {}
        MEASUREMENTS[name](options.data, rows=options.rows, **more)


if __name__ == "__main__":
    main()
