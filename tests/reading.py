"""Read a dataset in many ways and print what came, a line of JSON each; run by the `python` of each version of `datasets`.

Standard library and `datasets` only, because old environments hold nothing else; for `kpmath_builder.load` the paths of
the tests' own environment are put behind those of the old one.
"""

import hashlib
import json
import sys
from pathlib import Path

import datasets

datasets.config.USE_PARQUET_EXPORT = False  # else each load asks an address that is not there


def digest(rows) -> str:  # noqa: ANN001 - a Dataset or an IterableDataset
    """Return a hash over names and values."""
    told = json.dumps([list(rows.features or []), list(rows)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def read(task: dict) -> str:
    """Do one task and return the hash of its rows, or the error."""
    options = task.get("options", {})
    if "link" in task:
        place, target = map(Path, task["link"])
        place.unlink(missing_ok=True)
        place.symlink_to(target)
    try:
        if task.get("ours"):
            from kpmath_builder import load

            return digest(load(task["place"], *task["config"], **options))
        return digest(datasets.load_dataset(task["place"], *task["config"], split="train", **options))
    except Exception as error:  # noqa: BLE001 - the error is the result
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.path += asked["paths"]
    for task in asked["tasks"]:
        print(json.dumps([task["name"], read(task)]), flush=True)  # noqa: T201 - the result
