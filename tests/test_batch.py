"""Which shards are open at once, and the order in which one reaches the disk."""

import asyncio
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder import Recipe
from kpmath_builder.files.lock import HeldError
from kpmath_builder.records import Blueprint
from kpmath_builder.synthesis.batch import _Batch
from kpmath_builder.synthesis.leading import OpenShard, _connections, draw


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


def test_no_more_shards_are_open_than_the_limit_allows_and_they_open_in_their_order() -> None:
    """All blueprints of an open shard stand before those of a waiting one in the window: else it would wait for ever."""
    batch = waiting_batch(most=2)
    opened: list[int] = []

    async def take(number: int) -> None:
        await batch._take_room(OpenShard(number, 1, cast("Any", None), cast("Any", None), "draw"))
        opened.append(number)

    async def run() -> None:
        taking = [asyncio.create_task(take(number)) for number in range(4)]
        for expected in ([0, 1], [0, 1, 2], [0, 1, 2, 3]):
            for _ in range(20):
                await asyncio.sleep(0)
            assert opened == expected
            batch._taken -= 1
        await asyncio.gather(*taking)

    asyncio.run(run())


def test_a_shard_whose_wait_was_cut_off_is_not_waited_for() -> None:
    """Its blueprints in the window would never end."""
    batch = waiting_batch(most=0)
    shard_cut_off = OpenShard(0, 1, cast("Any", None), cast("Any", None), "draw")

    async def run() -> None:
        waiting = asyncio.create_task(batch._take_room(shard_cut_off))
        await asyncio.sleep(0)
        assert not shard_cut_off.ready.is_set()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(run())
    assert shard_cut_off.ready.is_set()
    assert not shard_cut_off.is_open


@pytest.mark.parametrize("has_it", [None, HeldError("Process 7")], ids=["made meanwhile", "in other hands"])
def test_a_shard_takes_its_room_before_it_opens_and_gives_it_back_if_there_is_nothing_to_make(
    has_it: HeldError | None,
) -> None:
    batch = waiting_batch(most=1)
    batch.held, batch._report = [], cast("Any", SimpleNamespace(note=None))
    taken, left_out = list[int](), list[int]()
    batch._leave_out = left_out.append  # type: ignore[method-assign]

    async def open_it(_: object) -> bool:
        taken.append(batch._taken)
        if has_it:
            raise has_it
        return False

    asyncio.run(batch._begin(cast("Any", SimpleNamespace(number=3, ready=asyncio.Event(), open=open_it))))
    assert (taken, batch._taken, left_out) == ([1], 0, [3])
    assert batch.held == (["Process 7"] if has_it else [])


def waiting_batch(most: int) -> _Batch:
    """Return a batch that has only what decides which shard is opened."""
    batch = _Batch.__new__(_Batch)
    batch._waiting, batch._taken, batch._most = deque(), 0, most
    batch._run = cast("Any", SimpleNamespace(stop=SimpleNamespace(sleep=lambda _: asyncio.sleep(0))))
    return batch


def test_a_blueprint_shows_from_the_first_regeneration_on_which_one_it_is() -> None:
    drawer = cast(
        "Any", SimpleNamespace(draw=lambda index: Blueprint(id=f"d-{index}", index=index, parts=()))
    )
    assert [draw(drawer, 3, generation).id for generation in (0, 1, 2)] == ["d-3", "d-3g1", "d-3g2"]
    assert draw(drawer, 3, 2).index == 3


@pytest.mark.parametrize(
    ("changes", "connections"),
    [
        ({"teacher": {"kind": "symbolic"}}, 0),
        ({}, 16),
        ({"build": {"window": 3}}, 12),
        ({"roles": {"judge": {"in_flight": 5}}}, 21),
        (
            {
                "teacher": {"kind": "symbolic"},
                "roles": {"judge": {"kind": "openai", "model": "m", "in_flight": 5}},
            },
            5,
        ),
    ],
    ids=["a program", "one server", "a small window", "a judge of its own", "a judge beside a program"],
)
def test_connections_are_those_of_all_servers_and_no_more_than_the_window_asks_for(
    changes: dict[str, Any], connections: int
) -> None:
    given = {
        "teacher": {"kind": "openai", "model": "m", "in_flight": 16},
        "solutions": {"samples": 4},
        "build": {"folder": "b", "window": 100},
    }
    assert _connections(Recipe.of({**given, **changes})) == connections
