"""Show a built dataset through `load_dataset`: python examples/show.py builds/quickstart/dataset [rows]."""

import sys
import textwrap

from datasets import load_dataset
from datasets.utils.logging import disable_progress_bar


def main(folder: str, rows: int = 3) -> None:
    """Print the sizes of the three configs and a few question-answer pairs."""
    disable_progress_bar()
    for config in ("kp-extraction", "qa-pairs", "scored"):
        table = load_dataset(folder, config, split="train")
        print(
            f'load_dataset("{folder}", "{config}"): {table.num_rows:,} rows of {len(table.column_names)} columns'
        )
    pairs = load_dataset(folder, "qa-pairs", split="train")
    step = max(len(pairs) // max(rows, 1), 1)
    for pair in pairs.select(range(0, len(pairs), step)[:rows]):
        print(f"\n{pair['id']}  topics: {', '.join(pair['topics'])}  consensus {pair['consensus']:.2f}")
        for name in ("question", "solution"):
            print(
                textwrap.indent(textwrap.fill(pair[name], 110) if name == "question" else pair[name], "    ")
            )
            print()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
