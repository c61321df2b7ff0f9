"""Small builds for tests: a recipe against the dummy server, and what lies in the folder afterwards."""

import filecmp
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from dummy_server import DummyServer

from kpmath_builder import Recipe
from kpmath_builder.folder.log import ResponseLog

__all__ = ["keys_of", "log_sizes", "recipe", "rows", "same_tables"]


def recipe(folder: Path, server: DummyServer, **changes: Any) -> Recipe:
    """Return a recipe of few seeds and questions; `build_window=3` sets build.window and so on."""
    tree: dict[str, Any] = {
        "teacher": {"kind": "openai", "model": "dummy", "addresses": [server.address], "in_flight": 16},
        "seeds": {"limit": 20},
        "topics": {"ask_above": 0.5},
        "solutions": {"samples": 4},
        "build": {"folder": str(folder), "questions": 24, "shards": 4, "window": 8},
    }
    for key, value in changes.items():
        table, _, name = key.partition("_")
        tree.setdefault(table, {})[name] = value
    return Recipe.of(tree)


def rows(folder: Path, config: str) -> list[dict[str, Any]]:
    """Return a table of a finished build."""
    return pq.read_table(folder / "dataset" / "data" / config).to_pylist()


def same_tables(one: Path, other: Path) -> bool:
    """Whether two finished builds have the same bytes in the same files."""
    folders = [folder / "dataset" for folder in (one, other)]
    names = [sorted(str(p.relative_to(f)) for p in f.rglob("*") if p.is_file()) for f in folders]
    assert names[0]
    return names[0] == names[1] and filecmp.cmpfiles(*folders, names[0], shallow=False) == (names[0], [], [])


def keys_of(folder: Path) -> list[str]:
    """Return the keys of all lines of all logs of a build."""
    found = []
    for path in sorted((folder / "responses").glob("*.jsonl")):
        found += [line.split(b'"', 4)[3].decode() for line in path.read_bytes().splitlines()]
    return found


def log_sizes(folder: Path) -> dict[str, int]:
    """Return how many answers each log holds."""
    sizes = {}
    for path in sorted((folder / "responses").glob("*.jsonl")):
        with ResponseLog(path, writable=False) as log:
            assert not log.damaged
            assert not log.torn_bytes
            sizes[path.name] = len(log)
    return sizes
