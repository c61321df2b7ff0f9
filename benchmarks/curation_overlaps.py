"""Known overlaps of public sets, beside what the checks find of them.

    python benchmarks/curation_overlaps.py SHARED

SHARED holds gsm8k/, math/, eval/ and contamination/known_overlaps.jsonl. Pairs of that file that a check does not find, and pairs that it finds
besides, are listed by their places; no text is printed.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from kpmath_builder.curation.ngrams import QUESTION_13
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.recipe.test_sets import TestSetSettings
from kpmath_builder.seeds.benchmarks import Benchmark, read_benchmarks

SETS = {
    "gsm8k/train": ("gsm8k/train.jsonl", None),
    "gsm8k/test": ("gsm8k/test.jsonl", None),
    "math/train": ("math/train.jsonl.gz", None),
    "math/test": ("math/test.jsonl", None),
    "gsm_hard": ("eval/gsm_hard.jsonl", {"problem": "input"}),
}
COMPARED = (("gsm8k/train", "gsm8k/test"), ("math/train", "math/test"), ("gsm_hard", "gsm8k/test"))
EQUAL = frozenset({"verbatim", "reformatted"})
Pairs = dict[str, set[tuple[str, str]]]


def main(shared: Path) -> None:
    """Print a table for each pair of sets, then where it differs from the known overlaps."""
    known = read_known(shared / "contamination" / "known_overlaps.jsonl")
    for left, right in COMPARED:
        one, other = (read(shared, name) for name in (left, right))
        pairs = find(one, other, left, right)
        print(f"\n{left} ({len(one.problems):,}) against {right} ({len(other.problems):,})")
        for kind, found in pairs.items():
            rows, problems = ({pair[side] for pair in found} for side in (0, 1))
            print(f"  {kind:20} {len(rows):6,} rows {len(problems):6,} test problems")
        compare(known[left, right], pairs)


def read(shared: Path, name: str) -> Benchmark:
    """Read a set."""
    path, fields = SETS[name]
    (one,) = read_benchmarks([TestSetSettings(name=name, path=shared / path, fields=fields)])
    return one


def find(one: Benchmark, other: Benchmark, left: str, right: str) -> Pairs:
    """Return the pairs that each check finds, as the file of known overlaps names them."""
    checks, pairs = RowChecks((), (other,)), defaultdict(set)
    for problem in one.problems:
        for hit in checks.find(problem.question, [problem.solution]):
            for repeated in hit.problems:
                pairs[hit.mark.kind].add((place(left, problem.id), place(right, repeated)))
    return pairs


def place(name: str, problem: str) -> str:
    """Return a problem's place, e.g. `math/test#12`, or `math/train/algebra/517.json` if it has an id of its own."""
    *parts, number = problem.split("/")
    return f"{name}/{parts[-1]}/{number}.json" if len(parts) > 2 else f"{name}#{int(number)}"


def read_known(path: Path) -> dict[tuple[str, str], Pairs]:
    """Return the known overlaps by the sets that they are of, and by their flags."""
    known: dict[tuple[str, str], Pairs] = defaultdict(lambda: defaultdict(set))
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        pair = (row["left"], row["right"])
        left, right = ("/".join(its.partition("#")[0].split("/")[:2]) for its in pair)
        pairs = known[left, right]
        pairs["equal"].update([pair] * row["exact_but_for_spacing_and_punctuation"])
        pairs["words"].update([pair] * row["exact_words_only"])
        pairs["13-gram"].update([pair] * (row["shared_13grams"] > 0))
    return known


def compare(known: Pairs, pairs: Pairs) -> None:
    """Print what is known and not found, and what is found and not known."""
    for title, expected, found in (
        ("13-gram", known["13-gram"], pairs[QUESTION_13]),
        ("equal but for formatting", known["equal"], set().union(*(pairs[kind] for kind in EQUAL))),
    ):
        print(f"  {title}: {len(expected & found):,} of {len(expected):,} known pairs")
        for what, rest in (("known, not found", expected - found), ("found, not known", found - expected)):
            if rest:
                print(f"    {what}: {len(rest):,}, e.g. {sorted(rest)[:8]}")
    other = known["words"] - known["equal"]
    kinds = Counter(kind for kind, found in pairs.items() for pair in found if pair in other)
    print(f"  equal in words alone, {len(other):,} pairs of other problems: {dict(kinds)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
