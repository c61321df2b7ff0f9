"""What it costs that nothing damaged is built on: seconds of checking beside the seconds of the work itself, in one process.

    python benchmarks/checks.py 200000

Seconds are processor time of this process, so that other programs do not count. A check is measured by itself, because it is less than
what two runs of the work differ by; without it the work takes so much less. The claim is the ratio in the last column.
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
        written = plain_files(folder / "dataset")
        plain = seconds(lambda: [unchecked(path) for path in shards])
        compared = seconds(lambda: [list(map(len, read_lines(path))) for path in shards])
        listed = seconds(lambda: [FileRecord.of(path) for path in written])
        looked = seconds(lambda: [check_lines(path) for path in shards])
        header = seconds(lambda: [json.loads(path.open("rb").readline()) for path in shards], 20)
        checked_header = seconds(lambda: [shard_header(path) for path in shards], 20)
        release = seconds(lambda: release_problems(Release.of(folder, "a/b", Version(1, 0, 0)), folder), 1)
        found = seconds(lambda: list(Workspace(folder).damaged_results()))
    rows = {
        "build: candidates compared while they are read for the tables": (compared - plain, tables),
        "build: tables listed in the manifest": (listed, tables),
        "build that goes on: shards of earlier runs compared before that": (looked, tables),
        "status, as a share of a build's tables": (checked_header - header, tables),
        # Its digests are needed for the Hub anyway.
        "publish, before a byte leaves: files compared with the manifest": (found - listed, release),
    }
    print(f"{count:,} candidates\n\n| check | without, s | with, s | share |\n|---|---|---|---|")
    for what, (cost, work) in rows.items():
        share = max(cost, 0) / work
        print(f"| {what} | {work * (1 - share):,.2f} | {work:,.2f} | {share:.2%} |")


if __name__ == "__main__":
    main(int(sys.argv[1]))
