"""datatrove's MinHash deduplication and n-gram decontamination, for curation_scale.py; runs in an environment that has datatrove.

    python benchmarks/datatrove_scale.py FOLDER ROWS

FOLDER holds rows/*.jsonl and tests.jsonl. The last line printed is JSON: seconds, peak memory in MiB, what was found. All tasks run in this
process: the processor time of datatrove's own workers, which are no children of it, could not be counted.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.decont.n_grams import NGramsDecontFilter
from datatrove.pipeline.dedup import (
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.text import ngrams, simplify_text

TASKS = 2
"""As many parts as curation_scale.py has processes."""


def main() -> None:
    """Run the four stages of datatrove's example, the decontamination behind the last."""
    place, count = Path(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory(dir=place) as folder:
        work = Path(folder)
        rows = work / "rows"
        rows.mkdir()
        _cut(place / "rows", rows, count)
        start = time.perf_counter()
        _index(place / "tests.jsonl", work / "index")
        config = MinhashConfig()
        _run(
            [JsonlReader(str(rows)), MinhashDedupSignature(str(work / "signatures"), config=config)],
            TASKS,
            work,
        )
        _run(
            [MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)],
            config.num_buckets,
            work,
        )
        _run([MinhashDedupCluster(str(work / "buckets"), str(work / "removed"), config=config)], 1, work)
        _run(
            [
                JsonlReader(str(rows)),
                MinhashDedupFilter(
                    str(work / "removed"),
                    exclusion_writer=JsonlWriter(str(work / "repeats"), compression=None),
                ),
                NGramsDecontFilter(
                    str(work / "index"), exclusion_writer=JsonlWriter(str(work / "hits"), compression=None)
                ),
                JsonlWriter(str(work / "kept"), compression=None),
            ],
            TASKS,
            work,
        )
        seconds = time.perf_counter() - start
        repeats, hits = (_lines(work / name) for name in ("repeats", "hits"))
    own = resource.getrusage(resource.RUSAGE_SELF)
    found = f"earlier rows {repeats}, test problems {hits}"
    result = {
        "seconds": seconds,
        "processor": own.ru_utime + own.ru_stime,
        "mebibytes": own.ru_maxrss / 1024,
        "found": found,
    }
    print(json.dumps(result))


def _run(pipeline: list[object], tasks: int, work: Path) -> None:
    logs = tempfile.mkdtemp(dir=work)
    LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=1, logging_dir=logs).run()


def _cut(source: Path, target: Path, count: int) -> None:
    left = count
    for part, file in enumerate(sorted(source.iterdir())):
        share = count // TASKS if part + 1 < TASKS else left
        with file.open(encoding="utf-8") as lines:
            (target / file.name).write_text(
                "".join(line for line, _ in zip(lines, range(share), strict=False)), encoding="utf-8"
            )
        left -= share


def _index(tests: Path, folder: Path) -> None:
    """Write the index as datatrove's indexer does, whose dependency (lighteval) is not needed for it."""
    folder.mkdir()
    check = NGramsDecontFilter(str(folder))
    hashes = {
        check.hash_func(" ".join(run))
        for line in tests.read_text(encoding="utf-8").splitlines()
        for run in ngrams(
            check.tokenizer.word_tokenize(simplify_text(json.loads(line), check.config.norm_config)),
            check.config.n_grams,
        )
    }
    np.array(list(hashes), dtype=check.config.hash_config.np_descr).tofile(folder / "tests.index.hashes")


def _lines(folder: Path) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in folder.glob("**/*.jsonl"))


if __name__ == "__main__":
    main()
