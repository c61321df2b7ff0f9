"""How many rephrased problems are found as paraphrases, and how many pairs of different problems are.

    git clone https://github.com/qtli/GSM-Plus
    python benchmarks/paraphrases.py ../shared/data GSM-Plus/dataset/gsmplus_testmini.jsonl
    python benchmarks/paraphrases.py ../shared/data GSM-Plus/dataset/gsmplus_testmini.jsonl --model FOLDER

GSM-Plus holds problems of GSM8K test that a model changed in eight ways, "problem understanding" in other words. Beside recall on these stand
the changed problems of the other ways, which are different problems, and all pairs of GSM8K problems. With `--model` (a model2vec folder or
an id on the Hub) its vectors are measured on the same pairs, and in both cases what a row costs. No text is printed.
"""

import argparse
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from planted import rows

from kpmath_builder.curation import ProblemIndex, RepeatKind
from kpmath_builder.curation.duplicates import compare_signatures
from kpmath_builder.curation.forms import Forms
from kpmath_builder.curation.paraphrase_model import find_model
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.signatures import RowReading, Signatures
from kpmath_builder.recipe.sections import BY_MODEL, BY_WORDS

REPHRASED = "problem understanding"
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.6)
OF_MODEL = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)


def main() -> None:
    """Print the tables of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("gsm_plus", type=Path)
    parser.add_argument("--model", default="")
    options = parser.parse_args()
    changed = rows(options.gsm_plus)
    gsm8k = [
        row["question"] for part in ("train", "test") for row in rows(options.data / f"gsm8k/{part}.jsonl")
    ]
    model = find_model(options.model)
    rule = Paraphrases(BY_WORDS if model is None else BY_MODEL, model)
    _by_threshold(changed, gsm8k, rule)
    _by_way(changed, rule)
    _among_rows(gsm8k, rule)
    _cost(gsm8k, rule)


def _by_threshold(changed: Sequence[Mapping[str, str]], gsm8k: Sequence[str], rule: Paraphrases) -> None:
    pairs = [
        (_Problem.of(row["seed_question"], rule), _Problem.of(row["question"], rule))
        for row in changed
        if row["perturbation_type"] == REPHRASED
    ]
    alike = [_likeness(*pair, rule) for pair in pairs]
    same = sum(one.numbers is not None and one.numbers == other.numbers for one, other in pairs)
    others = _different(gsm8k, rule)
    print(
        f"{len(pairs)} rephrased problems, {same / len(pairs):.1%} with the same numbers; {len(gsm8k):,} problems of GSM8K, "
        f"{len(others):,} pairs of them with the same numbers\n"
    )
    print("| similarity from | rephrased problems found | pairs of GSM8K found | problems in them |")
    print("|---|---|---|---|")
    for threshold in THRESHOLDS if rule.model is None else OF_MODEL:
        wrong = [pair for likeness, pair in others if likeness >= threshold]
        recall = np.mean([likeness >= threshold for likeness in alike])
        hit = {problem for pair in wrong for problem in pair}
        print(f"| {threshold} | {recall:.1%} | {len(wrong)} | {len(hit)} ({len(hit) / len(gsm8k):.2%}) |")


class _Problem(NamedTuple):
    numbers: int | None
    vector: NDArray[np.uint32]

    @classmethod
    def of(cls, text: str, rule: Paraphrases) -> "_Problem":
        form = Forms.of(text)
        return cls(form.numbers, rule.vector(text, form))


def _likeness(one: _Problem, other: _Problem, rule: Paraphrases) -> float:
    if one.numbers is None or one.numbers != other.numbers:
        return 0.0
    found = replace(rule, least=-1).likest(one.vector, [other.vector])
    assert found is not None
    return found[1]


def _different(texts: Iterable[str], rule: Paraphrases) -> list[tuple[float, tuple[int, int]]]:
    by_numbers = defaultdict(list)
    for place, text in enumerate(texts):
        problem = _Problem.of(text, rule)
        if problem.numbers is not None:
            by_numbers[problem.numbers].append((place, problem))
    return [
        (_likeness(one, other, rule), (first, second))
        for group in by_numbers.values()
        for (first, one), (second, other) in combinations(group, 2)
    ]


def _by_way(changed: Sequence[Mapping[str, str]], rule: Paraphrases) -> None:
    """Print as what each changed problem is found, its own original among all of them."""
    originals = sorted({row["seed_question"] for row in changed})
    index = ProblemIndex([(text, text) for text in originals], paraphrases=rule)
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


def _among_rows(texts: Sequence[str], rule: Paraphrases) -> None:
    readings = [RowReading.of(text) for text in texts]
    signatures = Signatures.of(list(map(str, range(len(texts)))), readings, paraphrases=rule)
    with tempfile.TemporaryDirectory() as scratch:
        found = compare_signatures([signatures], scratch=Path(scratch), paraphrases=rule)
    print(f"\nGSM8K among itself: {dict(Counter(repeat.kind.value for repeat in found.values()))}")


def _cost(texts: Sequence[str], rule: Paraphrases) -> None:
    """Print how long a vector takes beside all else that is read of a row, in processor time, one behind the other."""
    begun = time.process_time()
    readings = [RowReading.of(text) for text in texts]
    read = time.process_time()
    vectors = [rule.vector(one.text, one.form) for one in readings]
    made = time.process_time()
    print(
        f"\nA vector takes {(made - read) / (read - begun):.2f} of the time of reading a row, and {vectors[0].nbytes} bytes"
    )


if __name__ == "__main__":
    main()
