"""How the search for near repeats grows with the rows of one template: `python benchmarks/one_template.py`.

Rows are 60 words of one text of which some were exchanged at random; none has a number or a name.
"""

import random
import tempfile
import time
from itertools import product
from pathlib import Path

from kpmath_builder.curation import RepeatKind, find_repeats

WORDS = ["".join(letters) for letters in product("bdfglmnr", "aeiou", "bdfglmnr", "aeiou")]
LENGTH = 60
CASES = (
    (2, frozenset[RepeatKind](), (1_000, 2_000, 4_000, 8_000)),
    (4, frozenset[RepeatKind](), (1_000, 2_000, 4_000, 8_000)),
    (1, frozenset({RepeatKind.NEAR}), (500, 1_000, 2_000)),
)
"""Words that are exchanged, kinds in spite of which a row stays, numbers of rows."""


def main() -> None:
    """Print a line of a table for each case."""
    print("| words exchanged | near rows stay | rows | processor s | found |\n|---|---|---|---|---|")
    for changed, kept, counts in CASES:
        for count in counts:
            rows = made_rows(count, changed)
            with tempfile.TemporaryDirectory() as scratch:
                started = time.process_time()
                found = find_repeats(rows, scratch=Path(scratch), kept=kept)
                seconds = time.process_time() - started
            print(f"| {changed} | {bool(kept)} | {count:,} | {seconds:.2f} | {len(found):,} |", flush=True)


def made_rows(count: int, changed: int) -> list[tuple[str, str]]:
    """Return texts that differ from one in so many words."""
    draw = random.Random(2)
    base = draw.choices(WORDS, k=LENGTH)
    rows = []
    for number in range(count):
        text = list(base)
        for place in draw.sample(range(LENGTH), changed):
            text[place] = draw.choice(WORDS) + draw.choice(WORDS)
        rows.append((f"row-{number}", " ".join(text)))
    return rows


if __name__ == "__main__":
    main()
