"""Rows of a finished build as a page for people, unedited: some that were kept and some that were dropped.

    python benchmarks/rows.py BUILD_FOLDER [--kept 20] [--dropped 20] >docs/rows.md

The tables that a build writes hold no text that may not be shared, so that the page holds none either.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kept", type=int, default=20)
    parser.add_argument("--dropped", type=int, default=20)
    options = parser.parse_args()
    rows = pq.read_table(options.folder / "dataset" / "data" / "scored").to_pylist()
    kept = [row for row in rows if row["status"] == "kept"][: options.kept]
    dropped = [row for row in rows if row["status"] == "dropped"][: options.dropped]
    print("\n".join(page(rows, kept, dropped)))


def page(
    rows: list[dict[str, Any]], kept: list[dict[str, Any]], dropped: list[dict[str, Any]]
) -> Iterator[str]:
    """Yield the lines of the page."""
    models = sorted({str(row["writer"]) for row in rows})
    yield "# Rows, unedited\n"
    yield f"Made by `benchmarks/rows.py` from a build of {len(rows)} blueprints by {', '.join(models)}, so that people can judge what it writes.\n"
    for title, some in (("Kept", kept), ("Dropped", dropped)):
        yield f"## {title}: {len(some)}\n"
        for row in some:
            yield from entry(row)


def entry(row: dict[str, Any]) -> Iterator[str]:
    """Yield what is known of one row."""
    reason = f": {row['reason']}" + (f" ({row['detail']})" if row["detail"] else "") if row["reason"] else ""
    yield f"### {row['id']}{reason}\n"
    for part in row["key_points"]:
        yield f"- {part['topic']}: {'; '.join(part['key_points'])} (`{part['seed_id']}`)"
    yield f"\n{fenced(row['question'] or '(no question)')}\n"
    if row["quality"] is not None:
        yield (
            f"Judge: key points {row['key_points_present']:.2f}, correctness {row['correctness']:.1f}, its own answer "
            f"`{row['judge_answer'] or 'none'}`; errors: {'; '.join(row['errors']) or 'none'}\n"
        )
    answers = [str(solution["answer"]) for solution in row["solutions"]]
    if answers:
        yield f"Answers of the solutions: {', '.join(f'`{answer}`' for answer in answers)}\n"
    agreed = next((one for one in row["solutions"] if one["agreed"]), None)
    if row["status"] == "kept" and agreed:
        yield f"{fenced(agreed['text'])}\n"


def fenced(text: str) -> str:
    """Return a text as it is, in a block of its own."""
    return f"~~~text\n{text}\n~~~"


if __name__ == "__main__":
    main()
