"""How many rephrased problems are found as paraphrases, and how many pairs of different problems are.

    git clone https://github.com/qtli/GSM-Plus
    python benchmarks/paraphrases.py ../shared/data GSM-Plus/dataset/gsmplus_testmini.jsonl

GSM-Plus holds problems of GSM8K test that a model changed in eight ways, "problem understanding" in other words. Beside recall on these stand
the changed problems of the other ways, which are different problems, and all pairs of GSM8K problems. No text is printed.
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from planted import rows

from kpmath_builder.curation import ProblemIndex, RepeatKind
from kpmath_builder.curation.duplicates import compare_signatures
from kpmath_builder.curation.forms import Forms
from kpmath_builder.curation.signatures import RowReading, Signatures
from kpmath_builder.curation.wording import content_words, cosines

REPHRASED = "problem understanding"
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.6)


def main() -> None:
    """Print the tables of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("gsm_plus", type=Path)
    options = parser.parse_args()
    changed = rows(options.gsm_plus)
    gsm8k = [
        row["question"] for part in ("train", "test") for row in rows(options.data / f"gsm8k/{part}.jsonl")
    ]
    _by_threshold(changed, gsm8k)
    _by_way(changed)
    _among_rows(gsm8k)


def _by_threshold(changed: Sequence[Mapping[str, str]], gsm8k: Sequence[str]) -> None:
    pairs = [
        (Forms.of(row["seed_question"]), Forms.of(row["question"]))
        for row in changed
        if row["perturbation_type"] == REPHRASED
    ]
    alike = [_likeness(*pair) for pair in pairs]
    same = sum(one.numbers is not None and one.numbers == other.numbers for one, other in pairs)
    others = _different(gsm8k)
    print(
        f"{len(pairs)} rephrased problems, {same / len(pairs):.1%} with the same numbers; {len(gsm8k):,} problems of GSM8K, "
        f"{len(others):,} pairs of them with the same numbers\n"
    )
    print("| similarity from | rephrased problems found | pairs of GSM8K found | problems in them |")
    print("|---|---|---|---|")
    for threshold in THRESHOLDS:
        wrong = [pair for likeness, pair in others if likeness >= threshold]
        recall = np.mean([likeness >= threshold for likeness in alike])
        hit = {problem for pair in wrong for problem in pair}
        print(f"| {threshold} | {recall:.1%} | {len(wrong)} | {len(hit)} ({len(hit) / len(gsm8k):.2%}) |")


def _likeness(one: Forms, other: Forms) -> float:
    if one.numbers is None or one.numbers != other.numbers:
        return 0.0
    return float(cosines(content_words(one.tokens), [content_words(other.tokens)])[0])


def _different(texts: Iterable[str]) -> list[tuple[float, tuple[int, int]]]:
    by_numbers = defaultdict(list)
    for place, form in enumerate(map(Forms.of, texts)):
        if form.numbers is not None:
            by_numbers[form.numbers].append((place, form))
    return [
        (_likeness(one, other), (first, second))
        for group in by_numbers.values()
        for (first, one), (second, other) in combinations(group, 2)
    ]


def _by_way(changed: Sequence[Mapping[str, str]]) -> None:
    """Print as what each changed problem is found, its own original among all of them."""
    originals = sorted({row["seed_question"] for row in changed})
    index = ProblemIndex([(text, text) for text in originals], paraphrases=0.4)
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = 0
    for row in changed:
        found = index.find(row["question"])
        wrong += found is not None and found.of != row["seed_question"]
        kinds[row["perturbation_type"]][found.kind.value if found else "not found"] += 1
    columns = [kind.value for kind in RepeatKind] + ["not found"]
    print("\n| changed in | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for way, counts in kinds.items():
        print(f"| {way} | " + " | ".join(str(counts[column]) for column in columns) + " |")
    print(f"\nFound as a problem that is not their original: {wrong}")


def _among_rows(texts: Sequence[str]) -> None:
    readings = [RowReading.of(text) for text in texts]
    signatures = Signatures.of(list(map(str, range(len(texts)))), readings, paraphrases=True)
    with tempfile.TemporaryDirectory() as scratch:
        found = compare_signatures([signatures], scratch=Path(scratch), paraphrases=0.4)
    print(f"\nGSM8K among itself: {dict(Counter(repeat.kind.value for repeat in found.values()))}")


if __name__ == "__main__":
    main()
