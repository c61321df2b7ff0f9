"""How often the checks of a judge's work see a fault in sound problems: in solutions that people and models wrote, right and wrong ones.

    python benchmarks/work_checks.py ../shared/data [--every 5] [--examples]

All problems here are sound, so that what is found in a right solution is found wrongly: a number that leads astray on purpose, or a step
left unwritten. In a wrong one it is the slip of the solver. `--examples` prints numbers and sentences, and the ids of the problems.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from answers_data import OUTPUTS, outputs, table

from kpmath_builder.answers import equivalent, final_answer
from kpmath_builder.seeds import load_seeds
from kpmath_builder.synthesis.work_checks import not_given, unused_numbers


def people(data: Path) -> Iterator[tuple[str, str, str, bool]]:
    """Yield id, problem and solution of GSM8K's training problems; all are right."""
    for seed in load_seeds(path=data / "gsm8k" / "train.jsonl").problems:
        yield seed.id, seed.problem, seed.solution, True


def models(data: Path, name: str, every: int) -> Iterator[tuple[str, str, str, bool]]:
    """Yield id, problem and solution of recorded outputs, and whether the answer is the known one; programs are left out."""
    for row in outputs(data, name):
        known = final_answer(f"\\boxed{{{row['gold']}}}")
        for output in row["outputs"][::every]:
            if "def " not in output["text"] and "import " not in output["text"]:
                said = final_answer(output["text"])
                right = bool(said and known and equivalent(said, known).equal)
                yield str(row["problem_id"]), row["problem"], output["text"], right


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=5, help="of each problem's outputs")
    parser.add_argument("--examples", action="store_true")
    options = parser.parse_args()
    body: list[list[str]] = []
    sources = {"GSM8K train, by people": people(options.data)}
    sources |= {f"{name}, by models": models(options.data, name, options.every) for name in OUTPUTS}
    for source, solutions in sources.items():
        counts: Counter[tuple[bool, str]] = Counter()
        for identifier, problem, solution, right in solutions:
            found = {"unused": ", ".join(unused_numbers(problem, solution)), "said": not_given(solution)}
            counts[right, "all"] += 1
            for what, text in found.items():
                counts[right, what] += bool(text)
                if text and right and options.examples:
                    print(f"{source} {identifier}: {text}")
        for right in (True, False):
            if number := counts[right, "all"]:
                shares = [f"{counts[right, what] / number:.2%}" for what in ("unused", "said")]
                body.append([source, "yes" if right else "no", f"{number:,}", *shares])
    table(["solutions", "right", "number", "a number unused", "something not given"], body)


if __name__ == "__main__":
    main()
