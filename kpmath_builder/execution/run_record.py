"""The record of what the servers did: one line a run in `engine/runs.jsonl` of the build folder."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from kpmath_builder.protocol import Teacher

__all__ = ["note_run"]


def note_run(folder: Path, teachers: Iterable[Teacher]) -> None:
    """Append what each teacher has to record of this run."""
    records = [record for teacher in teachers if (record := teacher.record()) is not None]
    if not records:
        return
    folder.mkdir(parents=True, exist_ok=True)
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    with (folder / "runs.jsonl").open("a", encoding="utf-8") as runs:
        runs.writelines(json.dumps({"ended": ended, **record}) + "\n" for record in records)
