"""What the response logs of a folder hold in numbers, read line by line without opening them as logs.

Whoever writes to a log may go on meanwhile; a last line that is not finished yet is left for the next look.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from kpmath_builder.folder.log import build_of
from kpmath_builder.protocol import Task
from kpmath_builder.records import Tokens

__all__ = ["LogTotals", "builds_in", "lines_of", "tasks_answered", "tokens_of", "unanswered"]

# A quote inside a text has a backslash before it, so that these find fields only. A count of more digits is a server's error.
_COST = re.compile(rb',"(prompt_tokens|completion_tokens)":(\d{1,10})(?!\d)')
_UNANSWERED = re.compile(rb',"finish_reason":"(refused|given_up)"')
_TASK = re.compile(rb'\{"key":"([^"]+)","task":"(\w+)"')
_MOST = 10**9
"""A response with a larger count counts as 0, as in `Response`."""


class LogTotals:
    """What the lines of all logs in a folder cost; `read` goes on where it stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ends: dict[Path, int] = {}
        self._total = Tokens()

    def read(self) -> Tokens:
        """Return what all lines cost that are there by now, damaged and superseded ones too: they were paid for."""
        for path in sorted(self._folder.glob("*.jsonl")):
            if path.stat().st_size == self._ends.get(path):
                continue
            self._total += tokens_of(self._new_lines(path))
        return self._total

    def _new_lines(self, path: Path) -> Iterator[bytes]:
        with path.open("rb") as lines:
            lines.seek(self._ends.get(path, 0))
            for line in lines:
                if not line.endswith(b"\n"):
                    return
                self._ends[path] = self._ends.get(path, 0) + len(line)
                yield line


def tokens_of(lines: Iterable[bytes]) -> Tokens:
    """Return what the lines of a log cost."""
    requests, counts = 0, {b"prompt_tokens": 0, b"completion_tokens": 0, b"refused": 0, b"given_up": 0}
    for line in lines:
        requests += 1
        if end := _UNANSWERED.search(line):
            counts[end[1]] += 1
        for name, digits in _COST.findall(line):
            counts[name] += int(digits) if int(digits) <= _MOST else 0
    return Tokens(
        requests=requests,
        prompt=counts[b"prompt_tokens"],
        completion=counts[b"completion_tokens"],
        given_up=counts[b"given_up"],
        refused=counts[b"refused"],
    )


def unanswered(path: Path) -> Counter[str]:
    """Return how many requests of a log were refused and how many given up, and have had no other answer since."""
    ends: dict[bytes, str] = {}
    for line in lines_of(path):
        end = _UNANSWERED.search(line)
        if (end or ends) and (found := _TASK.match(line)):
            ends.pop(found[1], None)
            if end:
                ends[found[1]] = end[1].decode()
    return Counter(ends.values())


def tasks_answered(paths: Iterable[Path], tasks: Collection[Task]) -> set[Task]:
    """Return which of the tasks have an answer in one of the logs; reads no further than it must."""
    missing = {task.encode(): task for task in tasks}
    for path in paths:
        for line in lines_of(path):
            if task := _TASK.match(line):
                missing.pop(task[2], None)
            if not missing:
                return set(tasks)
    return set(tasks) - set(missing.values())


def builds_in(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the ids of the builds that lines of the logs were written for, each once a log."""
    for path in paths:
        yield from dict.fromkeys(build for line in lines_of(path) if (build := build_of(line)))


def lines_of(path: Path) -> Iterator[bytes]:
    """Yield the lines of a log; none without the log."""
    try:
        with path.open("rb") as lines:
            yield from lines
    except FileNotFoundError:
        return
