"""How many renumbered and reworded copies of GSM8K are found as duplicates, and how fast, beside datasketch on the same rows.

    python benchmarks/duplicates.py ../shared/data

Every GSM8K train problem is a row. Copies of some, with other numbers or with so many words changed, are put behind them in random order.
datasketch gets what its users give it: word 5-grams in lower case, 128 permutations, a threshold of 0.7; the exact check is done for both.
"""

import argparse
import random
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasketch import MinHash, MinHashLSH
from planted import renumbered, rows

from kpmath_builder.curation import RepeatKind, find_repeats

SEED = 15
COPIES = 1_000
"""Of each kind."""
_OTHER_WORDS = {
    "has": "owns", "have": "own", "buys": "purchases", "bought": "purchased", "wants": "wishes", "big": "large", "many": "numerous",
    "gets": "receives", "total": "overall", "makes": "produces", "gave": "handed", "gives": "hands", "each": "every", "needs": "requires",
    "also": "additionally", "cost": "price", "costs": "comes to", "sells": "offers", "sold": "offered", "spends": "pays", "friends": "pals",
    "went": "walked", "goes": "walks", "day": "morning", "week": "fortnight", "store": "shop", "house": "home", "money": "cash",
    "number": "amount", "left": "remaining", "more": "further", "after": "following", "then": "afterwards", "takes": "needs",
    "per": "for every", "old": "aged", "children": "kids", "people": "persons", "eats": "consumes", "food": "meals", "car": "vehicle",
    "works": "labours", "work": "labour", "if": "provided", "and": "plus", "the": "that", "a": "one", "to": "towards", "of": "from", "in": "inside",
}  # fmt: skip


def main() -> None:
    """Print the table of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    draw = random.Random(SEED)
    originals = [
        (f"row-{number}", row["question"])
        for number, row in enumerate(rows(options.data / "gsm8k/train.jsonl"))
    ]
    kinds = copies(originals, draw)
    together = [copy for made in kinds.values() for copy in made]
    draw.shuffle(together)
    everything = originals + together

    start = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        ours = find_repeats(everything, scratch=Path(scratch))
    our_seconds = time.process_time() - start
    found = {name: repeat.of for name, repeat in ours.items()}
    start = time.process_time()
    theirs = datasketch(everything)
    their_seconds = time.process_time() - start

    texts = dict(everything)
    print(
        "| copies | number | exact Jaccard of 0.7 or more | found by us | of these Jaccards | datasketch | of these Jaccards |"
    )
    print("|---|---|---|---|---|---|---|")
    for kind, made in [*kinds.items(), ("all", together)]:
        near = {name for name, text in made if jaccard(text, texts[source(name)]) >= 0.7}
        cells = []
        for result in (found, theirs):
            right = {name for name, _ in made if result.get(name) == source(name)}
            of_near = f"{len(right & near) / len(near):.1%}" if near else "–"
            cells += [f"{len(right) / len(made):.1%}", of_near]
        print(f"| {kind} | {len(made):,} | {len(near):,} | {' | '.join(cells)} |")
    for name, result in (("ours", found), ("datasketch", theirs)):
        wrong = [(row, of) for row, of in result.items() if not right_pair(row, of)]
        print(
            f"\n{name}: {len(result):,} rows found, {1 - len(wrong) / len(result):.2%} of them with their original; others: {wrong[:12]}"
        )
    print(
        f"\n{len(everything):,} rows: ours {len(everything) / our_seconds:,.0f} rows per second of processor time, datasketch {len(everything) / their_seconds:,.0f}, ratio {their_seconds / our_seconds:.1f}"
    )
    kinds_found = {kind.value: sum(repeat.kind is kind for repeat in ours.values()) for kind in RepeatKind}
    print(kinds_found)


def copies(originals: Sequence[tuple[str, str]], draw: random.Random) -> Mapping[str, list[tuple[str, str]]]:
    """Return changed copies of problems by what was changed; the id of a copy names its original."""
    made: dict[str, list[tuple[str, str]]] = {}
    pool = draw.sample(originals, len(originals))
    for kind in (
        "other numbers",
        "an instruction behind it",
        "1 word changed",
        "2 words changed",
        "3 words changed",
    ):
        made[kind] = []
        while len(made[kind]) < COPIES:
            name, text = pool.pop()
            if (changed := change(text, kind, draw)) is not None:
                made[kind].append((f"{kind}/{name}", changed))
    return made


def change(text: str, kind: str, draw: random.Random) -> str | None:
    """Return a problem changed in this way, or None if it cannot be."""
    if kind == "other numbers":
        return renumbered(text, draw)
    if kind == "an instruction behind it":
        return f"{text} {draw.choice(['Show your work.', 'Explain your reasoning.', 'Think step by step.'])}"
    words = text.split()
    places = [place for place, word in enumerate(words) if word in _OTHER_WORDS]
    count = int(kind[0])
    if len(places) < count:
        return None
    for place in draw.sample(places, count):
        words[place] = _OTHER_WORDS[words[place]]
    return " ".join(words)


def source(name: str) -> str:
    """Return the id of a copy's original."""
    return name.rpartition("/")[2]


def right_pair(row: str, of: str) -> bool:
    """Return whether one is a copy of the other, or both of one problem."""
    return source(row) == source(of)


def shingles(text: str) -> set[str]:
    """Return word 5-grams in lower case."""
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[place : place + 5]) for place in range(len(words) - 4)}


def jaccard(one: str, other: str) -> float:
    """Return the coefficient of two texts."""
    first, second = shingles(one), shingles(other)
    return len(first & second) / max(1, len(first | second))


def datasketch(everything: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return for each row that repeats an earlier one, that row; candidates are checked exactly."""
    index = MinHashLSH(threshold=0.7, num_perm=128)
    sets: dict[str, set[str]] = {}
    found: dict[str, str] = {}
    for name, text in everything:
        own = shingles(text)
        sketch = MinHash(num_perm=128)
        sketch.update_batch([run.encode() for run in own])
        checked = [
            (len(own & sets[other]) / len(own | sets[other]), other) for other in index.query(sketch) if own
        ]
        best = max(checked, default=(0.0, ""))
        if best[0] >= 0.7:
            found[name] = best[1]
            continue
        sets[name] = own
        index.insert(name, sketch)
    return found


if __name__ == "__main__":
    main()
