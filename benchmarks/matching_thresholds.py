"""What other thresholds of the matching rules would find: of changed copies of GSM8K, and of different problems.

    python benchmarks/matching_thresholds.py ../shared/data [--copies 1000]

One table for `near`: copies of GSM8K train with one to three changed words that would be near their original, and problems of MATH train, beyond
known overlaps, that would be near a test problem. All pairs are compared exactly. One for the least length of a renumbered form.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from duplicates import change
from planted import planted, rows, tests, trains

from kpmath_builder.curation import ProblemIndex, RepeatKind
from kpmath_builder.curation.forms import Forms
from kpmath_builder.curation.masks import mask_numbers, telling_tokens
from kpmath_builder.curation.numbers import numbers_of_prose
from kpmath_builder.curation.shingles import telling_words

SEED = 15
SHORTEST = 20
Runs = frozenset[tuple[str, ...]]
Group = Callable[[Sequence[str]], object]
"""Texts are compared only if this is equal, and not empty."""


def main() -> None:
    """Print the tables of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--copies", type=int, default=1_000, help="of each number of changed words")
    options = parser.parse_args()
    known = tests(options.data)
    train = _beyond_overlaps(options.data)
    _near(options.data, options.copies, [text for _, text in known], train)
    _renumbered(known, train)


def _beyond_overlaps(data: Path) -> list[str]:
    """Return the problems of MATH train that share no 13-gram with a test problem."""
    overlaps = {pair["left"] for pair in rows(data / "contamination/known_overlaps.jsonl")}
    return [text for name, text, _ in trains(data) if name.startswith("math/") and name not in overlaps]


def _near(data: Path, count: int, known: Sequence[str], train: Sequence[str]) -> None:
    draw = random.Random(SEED)
    problems = [row["question"] for row in rows(data / "gsm8k/train.jsonl")]
    changed = {
        words: [
            (text, copy)
            for text in draw.sample(problems, len(problems))
            if (copy := change(text, f"{words} words", draw))
        ][:count]
        for words in (1, 2, 3)
    }
    index = ProblemIndex(list(zip(known, known, strict=True)))
    other = [
        text
        for text in train
        if (found := index.find(text)) is None or found.kind in {RepeatKind.NEAR, RepeatKind.PARAPHRASE}
    ]
    print("| runs of | from | 1 word | 2 words | 3 words | MATH train |\n|---|---|---|---|---|---|")
    for name, length, least, group in (
        ("5", 5, 0.7, _any),
        ("5", 5, 0.4, _any),
        ("3", 3, 0.5, _any),
        ("2", 2, 0.6, _any),
        ("5, the same numbers", 5, 0.3, _digits),
        ("5, the same numbers", 5, 0.25, _digits),
        ("5, the same numbers, prose", 5, 0.25, numbers_of_prose),
    ):
        found = [
            sum(_is_near(_tokens(one), _tokens(copy), length, least, group) for one, copy in pairs)
            / len(pairs)
            for pairs in changed.values()
        ]
        shares = " | ".join(f"{share:.1%}" for share in found)
        print(f"| {name} | {least} | {shares} | {_hits(known, other, length, least, group)} |")


@cache
def _tokens(text: str) -> list[str]:
    return telling_words(Forms.of(text).tokens)


def _runs(tokens: Sequence[str], length: int) -> Runs:
    if len(tokens) < SHORTEST:
        return frozenset()
    return frozenset(zip(*(tokens[place:] for place in range(length)), strict=False))


def _any(tokens: Sequence[str]) -> object:
    return bool(tokens)


def _digits(tokens: Sequence[str]) -> object:
    return sorted({token for token in tokens if token[0].isdigit()} - {"1"})


def _is_near(one: Sequence[str], other: Sequence[str], length: int, least: float, group: Group) -> bool:
    if not group(one) or group(one) != group(other):
        return False
    first, second = _runs(one, length), _runs(other, length)
    return bool(first) and len(first & second) >= least * len(first | second)


def _hits(known: Sequence[str], texts: Sequence[str], length: int, least: float, group: Group) -> int:
    """Return how many texts are near a known problem."""
    sets, holders = [], defaultdict(list)
    for number, text in enumerate(known):
        tokens = _tokens(text)
        sets.append((_runs(tokens, length), str(group(tokens))))
        for run in sets[-1][0]:
            holders[run].append(number)
    hits = 0
    for text in texts:
        tokens = _tokens(text)
        if not group(tokens):
            continue
        own, key = _runs(tokens, length), str(group(tokens))
        common = Counter(number for run in own for number in holders.get(run, ()))
        hits += any(
            sets[number][1] == key and shared >= least * len(own | sets[number][0])
            for number, shared in common.items()
        )
    return hits


def _renumbered(known: list[tuple[str, str]], train: Sequence[str]) -> None:
    made = [
        one.text for one in planted(known, 1_000, 100, random.Random(SEED)) if one.kind == "numbers changed"
    ]
    forms = {mask_numbers(Forms.of(text).tokens) for _, text in known}
    masked = [[_masked(text) for text in texts] for texts in (made, train)]
    print(
        "\n| least tokens beside numbers and brackets | planted, in its class | MATH train beyond known overlaps |"
    )
    print("|---|---|---|")
    for least in (7, 9, 10, 11, 12):
        right, beyond = (
            sum(form in forms and telling >= least for form, telling in group) for group in masked
        )
        print(f"| {least} | {right / len(made):.1%} | {beyond} |")


def _masked(text: str) -> tuple[str, int]:
    """Return a text with a sign for each number, and how many of its tokens tell something."""
    tokens = Forms.of(text).tokens
    return mask_numbers(tokens), telling_tokens(tokens)


if __name__ == "__main__":
    main()
