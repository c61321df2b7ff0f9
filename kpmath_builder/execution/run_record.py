"""The record of what the servers did: one line a run in `engine/runs.jsonl` of the build folder."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["note_run"]


def note_run(folder: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Append what there is to record of this run, a line for each model; empty records are left out."""
    lines = [record for record in records if record]
    if not lines:
        return
    folder.mkdir(parents=True, exist_ok=True)
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    with (folder / "runs.jsonl").open("a", encoding="utf-8") as runs:
        runs.writelines(json.dumps({"ended": ended, **record}) + "\n" for record in lines)
