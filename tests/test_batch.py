"""Which shards are open at once, and the order in which one reaches the disk."""

import asyncio
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from dummy_server import DummyServer
from roleplay import play
from small_builds import recipe, same_tables

from kpmath_builder import Progress, Recipe, build
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
    assert steps.taken == ["sync", "seal", "discard", "close"]


@pytest.mark.parametrize(
    ("fails", "taken"),
    [("sync", ["sync", "discard", "close"]), ("seal", ["sync", "seal", "discard", "close"])],
)
def test_whatever_fails_writer_and_log_are_let_go_of(fails: str, taken: list[str]) -> None:
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


def test_shards_that_are_there_count_and_one_that_is_damaged_is_told_of_and_made_again(
    whole_build: Path, build_copy: Path
) -> None:
    """Of 24 questions in four shards, those of shard 2 are asked again, as their answers are gone too."""
    damaged, gone = (next((build_copy / "candidates").glob(f"*{number:05d}*")) for number in (1, 2))
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-20] + bytes([content[-20] ^ 1]) + content[-19:])
    gone.unlink()
    next((build_copy / "responses").glob("*-00002.jsonl")).unlink()
    told: list[Progress] = []
    with DummyServer(play) as server:
        build(recipe(build_copy, server), progress=told.append)
    synthesis = [one for one in told if one.stage == "synthesis"]
    assert [one.note for one in synthesis if "damaged" in one.note] == [
        "Shard 1 is damaged (its checksum is wrong): it is made again from the log."
    ]
    assert {one.total for one in synthesis} == {24}
    assert [one.done for one in synthesis] == sorted(one.done for one in synthesis)
    last = synthesis[-1]
    assert (last.done, last.resumed, last.funnel.ended.total()) == (24, 18, 24)
    assert same_tables(whole_build, build_copy)


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
