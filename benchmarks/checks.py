"""What it costs that nothing damaged is built on: seconds of checking beside the seconds of the work itself, in one process.

    python benchmarks/checks.py 20000

Seconds are processor time of this process, so that other programs do not count. The claim is the ratio in the last column.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from generated import corpus, make_candidates, write_build

from kpmath_builder.files.sealed import FileRecord, check_lines, read_lines
from kpmath_builder.folder.proved import plain_files
from kpmath_builder.folder.shards import ShardWriter, read_candidates, shard_header
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.publishing.release import Release
from kpmath_builder.publishing.validation import release_problems
from kpmath_builder.publishing.versions import Version

SHARDS = 8


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the processor seconds of the fastest of some runs."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def write_shards(folder: Path, count: int) -> list[Path]:
    """Write generated candidates as sealed shards."""
    folder.mkdir(parents=True)
    paths = [folder / f"shard-{number:05d}.jsonl" for number in range(SHARDS)]
    writers = [ShardWriter(path, {"shard": number}, 0) for number, path in enumerate(paths)]
    for candidate in make_candidates(count, corpus()):
        writers[candidate.blueprint.index % SHARDS].add(candidate)
    for writer in writers:
        writer.seal()
    return paths


def unchecked(path: Path) -> None:
    """Read the lines of a shard as they were read before they were compared with anything."""
    with path.open("rb") as lines:
        json.loads(next(lines))
        for _ in lines:
            pass


def main(count: int) -> None:
    """Print a table of costs."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place:
        folder = Path(place) / "build"
        shards = write_shards(folder / "candidates", count)
        tables = seconds(lambda: write_build(folder, read_candidates(shards), fingerprint="x"), 1)
        plain = seconds(lambda: [unchecked(path) for path in shards])
        compared = seconds(lambda: [list(map(len, read_lines(path))) for path in shards])
        looked = seconds(lambda: [check_lines(path) for path in shards])
        listed = seconds(lambda: [FileRecord.of(path) for path in plain_files(folder / "dataset")])
        rows = [
            ("build: candidates compared while they are read for the tables", compared - plain, tables),
            ("build that goes on: shards of earlier runs compared before that", looked, tables),
            ("build: tables listed in the manifest", listed, tables),
        ]
        header = seconds(lambda: [json.loads(path.open("rb").readline()) for path in shards], 20)
        rows.append(
            ("status: headers", seconds(lambda: [shard_header(path) for path in shards], 20) - header, tables)
        )
        version = Version(1, 0, 0)
        whole = seconds(lambda: release_problems(Release.of(folder, "a/b", version), folder))
        compared = seconds(lambda: list(Workspace(folder).damaged_results()))
        hashed = seconds(lambda: [FileRecord.of(path) for path in plain_files(folder / "dataset")])
        rows.append(
            (
                "publish, before a byte leaves: more than the checksums that it needs anyway",
                compared - hashed,
                whole,
            )
        )
    print(f"{count:,} candidates, tables in {tables:.1f} s\n\n| check | share of the work |\n|---|---|")
    for what, cost, work in rows:
        print(f"| {what} | {max(cost, 0) / work:.2%} |")


if __name__ == "__main__":
    main(int(sys.argv[1]))
