"""Steps of the tests against the loopback Hub: builds to publish, publishing, and what a whole version is."""

import copy
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factories import Build, make_build
from loopback_hub import LoopbackHub

from kpmath_builder.publishing.publish import Published, publish

REPO = "org/kpmath"
OLD = make_build(candidates=36, seeds=9)
NEW = Build(OLD.seeds, OLD.extractions, OLD.practices, make_build(candidates=48, seeds=9, seed=1).candidates)
"""Other candidates: rows of both tables change, those of kp-extraction do not."""
EMPTY = make_build(candidates=7, seeds=9)
"""None of its candidates is kept."""


def put(hub: LoopbackHub, folder: Path, version: str, **options: Any) -> Published:
    """Publish a folder on the loopback Hub."""
    return publish(folder, REPO, version, **{"endpoint": hub.url, "token": "hf_test", **options})


def contents(hub: LoopbackHub, revision: str = "main") -> dict[str, bytes]:
    """Return the files of a revision, less what the Hub itself puts there."""
    files = hub.tree(REPO, revision)
    return {path: hub.store.read(entry) for path, entry in files.items() if path != ".gitattributes"}


def is_whole(files: dict[str, bytes]) -> bool:
    """Whether files are exactly those that their own checksums tell of; a script does not count."""
    told = files["provenance/checksums.txt"].decode().splitlines()
    sums = {line.split("  ")[1]: line.split("  ")[0] for line in told}
    own = {"provenance/checksums.txt", "kpmath.py"}
    return {path: hashlib.sha256(data).hexdigest() for path, data in files.items() if path not in own} == sums


@contextmanager
def restored(hub: LoopbackHub) -> Iterator[None]:
    """Bring the Hub back to what it was when the block ends."""
    repos, objects = copy.deepcopy(hub.store.repos), set(hub.store.objects.iterdir())
    try:
        yield
    finally:
        hub.faults.clear()
        hub.log.clear()
        hub.store.repos = repos
        for path in set(hub.store.objects.iterdir()) - objects:
            path.unlink()
