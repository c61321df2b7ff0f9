"""The record of what the servers did: one line a run in `engine/runs.jsonl` of the build folder."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["note_run"]


def note_run(folder: Path, teachers: Iterable[object]) -> None:
    """Append what each teacher that keeps a record says of this run."""
    records = [teacher.record() for teacher in teachers if hasattr(teacher, "record")]
    if not records:
        return
    folder.mkdir(parents=True, exist_ok=True)
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    with (folder / "runs.jsonl").open("a", encoding="utf-8") as runs:
        runs.writelines(json.dumps({"ended": ended, **record}) + "\n" for record in records)
