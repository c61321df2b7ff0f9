"""Which tests run which lines of a module, and how long each takes: a pytest plugin for `mutants.py`."""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

__all__ = ["LineTrace"]


class LineTrace:
    """Notes the lines of one module that each test runs, in any thread; not what a process of its own runs.

    What a fixture of several tests runs counts for each of them: any may look at what it made.

    Parameters
    ----------
    module
        The source file.
    """

    def __init__(self, module: Path) -> None:
        self.seconds: dict[str, float] = {}
        """Test to how long it took, without the fixtures that it shares."""
        self._file = str(module.resolve())
        self._of_tests: dict[str, set[int]] = {}
        self._of_fixtures: dict[str, set[int]] = defaultdict(set)
        self._fixtures: dict[str, list[str]] = {}
        self._now: set[int] = set()
        self._shared = 0.0

    @property
    def lines(self) -> dict[str, list[int]]:
        """Test to the lines that it runs."""
        return {
            test: sorted(own.union(*(self._of_fixtures[name] for name in self._fixtures[test])))
            for test, own in self._of_tests.items()
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Trace a test with its own fixtures."""
        test, began, self._shared = item.nodeid, time.perf_counter(), 0.0
        self._fixtures[test] = list(getattr(item, "fixturenames", ()))
        with self._traced(self._of_tests.setdefault(test, set())):
            result = yield
        self.seconds[test] = time.perf_counter() - began - self._shared
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Trace a fixture that several tests share."""
        if fixturedef.scope == "function":
            return (yield)
        began = time.perf_counter()
        with self._traced(self._of_fixtures[fixturedef.argname]):
            result = yield
        self._shared += time.perf_counter() - began
        return result

    @contextmanager
    def _traced(self, lines: set[int]) -> Iterator[None]:
        before, self._now = self._now, lines
        sys.settrace(self._enter)
        threading.settrace(self._enter)
        try:
            yield
        finally:
            self._now = before

    def _enter(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        return self._step if frame.f_code.co_filename == self._file else None

    def _step(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any]:
        self._now.add(frame.f_lineno)
        return self._step
