"""The limit on open files: shards and requests share it, it is raised as far as the system lets us, and it is named."""

import resource

import pytest

from kpmath_builder import InputError
from kpmath_builder.files.limits import shards_at_once


def limited(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> list[int]:
    """Set what the system says; return a list that gets the soft limits that are asked for."""
    wanted: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: wanted.append(limits[0]))
    return wanted


def test_connections_leave_the_rest_to_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual 1,024 that nobody may raise hold 164 shards beside 272 requests, four files each."""
    limited(monkeypatch, 1024, 1024)
    assert shards_at_once(272) == 164
    assert shards_at_once(924) == 1


def test_the_soft_limit_is_raised_to_the_hard_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = limited(monkeypatch, 1024, 8096)
    assert shards_at_once(4096) == 976
    assert wanted == [8096]


@pytest.mark.parametrize("connections", [925, 4096])
def test_too_many_requests_for_the_limit_are_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, connections: int
) -> None:
    limited(monkeypatch, 1024, 1024)
    with pytest.raises(
        InputError,
        match=rf"1,024 files, too few for {connections:,} requests .*`ulimit -n`, or lower in_flight",
    ):
        shards_at_once(connections)
