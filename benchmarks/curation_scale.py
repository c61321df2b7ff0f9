"""Time and memory of deduplicating rows of about 1 KB and checking them against two test sets, beside datatrove on the same rows.

    python benchmarks/curation_scale.py ../shared/data --rows 1600000 [--memory 512] [--datatrove PYTHON] [--datatrove-rows 400000]

Rows are sentences of the GSM8K and MATH train sets, drawn from a seed; 4 % are copies of an earlier row, 4 % such copies with other
numbers, 4 % with a few other words, and 0.1 % hold a test problem. Ours runs in two processes, datatrove in one: its seconds are no measure beside
ours, its processor seconds are. Peak memory is the sum over processes.
"""

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from planted import renumbered, tests, trains

from kpmath_builder.curation import ProblemIndex, compare_rows

SEED = 15
LENGTH = 1_000
WORKERS = 2


def main() -> None:
    """Write the rows, run each side in a process of its own, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--memory", type=int, default=512, help="MiB for sorting keys")
    parser.add_argument("--datatrove", help="the Python of an environment that has datatrove and spacy")
    parser.add_argument(
        "--datatrove-rows", type=int, default=400_000, help="no more rows than these for datatrove"
    )
    parser.add_argument("--scratch", type=Path, help="a folder with 4 KB of room for each row")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.measure, options.data, options.memory << 20)))
        return
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        place = Path(folder)
        written = write_rows(place, options.data, options.rows)
        print(
            f"{options.rows:,} rows of {written / options.rows:.0f} characters on average, {WORKERS} processes\n"
        )
        print(
            "| | rows | seconds | rows/s | processor seconds | peak memory, MiB | found |\n|---|---|---|---|---|---|---|"
        )
        command = [
            sys.executable,
            __file__,
            str(options.data),
            "--memory",
            str(options.memory),
            "--measure",
            str(place),
        ]
        ours = report("ours", options.rows, command)
        if options.datatrove:
            count = min(options.rows, options.datatrove_rows)
            (place / "tests.jsonl").write_text(
                "".join(json.dumps(text) + "\n" for _, text in tests(options.data))
            )
            script = Path(__file__).with_name("datatrove_scale.py")
            theirs = report("datatrove", count, [options.datatrove, str(script), str(place), str(count)])
            print(f"\nOurs takes {ours / theirs:.2f} of datatrove's processor time for each row.")


def report(name: str, count: int, command: list[str]) -> float:
    """Run one side, print its line, and return its processor seconds for each row."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads(done.stdout.splitlines()[-1])
    seconds, found = result["seconds"], result["found"]
    print(
        f"| {name} | {count:,} | {seconds:,.0f} | {count / seconds:,.0f} | {result['processor']:,.0f} | {result['mebibytes']:,.0f} | {found} |",
        flush=True,
    )
    return float(result["processor"]) / count


def write_rows(place: Path, data: Path, count: int) -> int:
    """Write the rows as JSON lines in two files, which are read one behind the other; return their characters."""
    (place / "rows").mkdir()
    written = 0
    rows = enumerate(made_rows(data, count))
    for part in range(WORKERS):
        with (place / "rows" / f"{part}.jsonl").open("w", encoding="utf-8") as file:
            for number, text in rows:
                file.write(json.dumps({"id": f"row-{number}", "text": text}) + "\n")
                written += len(text)
                if number + 1 == count * (part + 1) // WORKERS:
                    break
    return written


def made_rows(data: Path, count: int) -> Iterator[str]:
    """Yield rows; see the head of this file."""
    draw = random.Random(SEED)
    parts = [part for _, problem, solution in trains(data) for part in (problem, solution)]
    sentences = [
        sentence
        for part in parts
        for sentence in re.split(r"(?<=[.?!])\s+", part)
        if 20 < len(sentence) < 400
    ]
    problems = [text for _, text in tests(data)]
    earlier: list[str] = []
    for number in range(count):
        chance = draw.random()
        if chance < 0.12 and earlier:
            text = draw.choice(earlier)
            if chance < 0.04:
                text = text.replace(". ", ".  ")
            elif chance < 0.08:
                text = renumbered(text, draw) or text
            else:
                text = f"{text} Then he is done."
        else:
            chosen: list[str] = [draw.choice(problems)] if chance > 0.999 else []
            while sum(map(len, chosen)) < LENGTH - 60:
                chosen.append(draw.choice(sentences))
            text = " ".join(chosen)
        if len(earlier) < 5_000:
            earlier.append(text)
        elif number % 100 == 0:
            earlier[draw.randrange(len(earlier))] = text
        yield text


def measured(place: Path, data: Path, memory: int) -> dict[str, object]:
    """Deduplicate and check the rows in this process and its workers."""

    def rows() -> Iterator[tuple[str, str]]:
        for part in range(WORKERS):
            with (place / "rows" / f"{part}.jsonl").open(encoding="utf-8") as file:
                for line in file:
                    row = json.loads(line)
                    yield row["id"], row["text"]

    start = time.perf_counter()
    known = ProblemIndex(tests(data))
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        result = compare_rows(rows(), known, scratch=Path(scratch), memory=memory, workers=WORKERS)
    seconds = time.perf_counter() - start
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    kinds = Counter(repeat.kind.value for repeat in result.earlier.values())
    of_tests = Counter(repeat.kind.value for repeat in result.known.values())
    found = f"earlier rows {dict(kinds)}, test problems {dict(of_tests)}"
    return {
        "seconds": seconds,
        "processor": sum(one.ru_utime + one.ru_stime for one in (own, children)),
        "mebibytes": (own.ru_maxrss + WORKERS * children.ru_maxrss) / 1024,
        "found": found,
    }


if __name__ == "__main__":
    main()
