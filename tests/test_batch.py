"""The order in which a shard reaches the disk."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder.synthesis.leading import OpenShard


class Steps:
    """Notes which of its methods are called; `fails` raises."""

    def __init__(self, fails: str = "") -> None:
        self.taken: list[str] = []
        self._fails = fails

    def __getattr__(self, name: str) -> Any:
        def step(*_: object) -> None:
            self.taken.append(name)
            if name == self._fails:
                raise OSError(28, "No space left on device")

        return step


def shard(steps: Steps) -> OpenShard:
    workspace = cast("Any", SimpleNamespace(note_sealed=lambda _: None))
    made = OpenShard(0, 1, workspace, cast("Any", SimpleNamespace()), "draw")
    made.log = made.writer = cast("Any", steps)
    return made


def test_the_answers_of_a_shard_are_on_the_disk_before_it_is_sealed(tmp_path: Path) -> None:
    """Else a sealed shard could outlive the answers that it was made of."""
    steps = Steps()
    shard(steps).seal()
    assert steps.taken == ["sync", "seal", "close"]


@pytest.mark.parametrize(
    ("fails", "taken"), [("sync", ["sync", "close"]), ("seal", ["sync", "seal", "close"])]
)
def test_whatever_fails_the_log_is_let_go_of(fails: str, taken: list[str]) -> None:
    steps = Steps(fails)
    with pytest.raises(OSError, match="No space left"):
        shard(steps).seal()
    assert steps.taken == taken
