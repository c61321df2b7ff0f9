"""Publishing while the Hub fails: whatever happens and whenever, a version is there whole or not at all."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from math import inf
from pathlib import Path

import pytest
from families import first, named
from hub_steps import REPO, contents, is_whole, put, restored
from huggingface_hub import HfApi
from loopback_hub import LoopbackHub, serve

from kpmath_builder.errors import BuildError, InputError, KpmathError

pytest_plugins = ("hub_fixtures",)


@pytest.fixture(scope="module")
def upgrading(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Path]) -> Iterator[LoopbackHub]:
    """Return a Hub with version 1.0.0, brought back to that after each test."""
    with serve(tmp_path_factory.mktemp("hub")) as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
            put(running, builds["old"], "1.0.0")
        running.log.clear()
        yield running


@pytest.fixture
def old(upgrading: LoopbackHub, without_waiting: None) -> Iterator[LoopbackHub]:
    """Return that Hub."""
    with restored(upgrading):
        yield upgrading


@pytest.fixture(scope="module")
def sequence(upgrading: LoopbackHub, builds: dict[str, Path]) -> list[str]:
    """Return the requests of an undisturbed step from 1.0.0 to 1.1.0."""
    with restored(upgrading), pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        put(upgrading, builds["new"], "1.1.0")
        return [f"{method} {path}" for method, path, _ in upgrading.log]


def check_whole(hub: LoopbackHub, before: dict[str, bytes]) -> None:
    """Assert that every revision is the old version whole or the new one whole."""
    repo = hub.repo(REPO)
    assert contents(hub, "v1.0.0") == before
    for revision in (*repo.branches, *repo.tags):
        files = contents(hub, revision)
        assert is_whole(files)
        version = b'"version": "1.1.0"' in files["provenance/release.json"]
        assert version or {path: files[path] for path in before} == before
    if "v1.1.0" in repo.tags:
        assert contents(hub, "v1.1.0") == contents(hub, "main")


def check_finished(hub: LoopbackHub, before: dict[str, bytes], done: str | None) -> None:
    """Assert that the new version is published, once, and the old one untouched."""
    check_whole(hub, before)
    assert hub.repo(REPO).tags["v1.1.0"] == done
    assert b'"version": "1.1.0"' in contents(hub, "main")["provenance/release.json"]
    assert contents(hub, "script").keys() - contents(hub, "main").keys() == {"kpmath.py"}
    repo = hub.repo(REPO)
    assert repo.commits[repo.branches["main"]].parent == repo.tags["v1.0.0"]


def die_at(
    hub: LoopbackHub, builds: dict[str, Path], *, after: bool, pattern: str = "", skip: int = 0
) -> None:
    """Publish while the Hub is gone from a request on, then again while it is back."""
    before = contents(hub)
    hub.fail(pattern, skip=skip, after=after, then=lambda: hub.fail(times=inf))
    with pytest.raises(BuildError, match="run the same command again"):
        put(hub, builds["new"], "1.1.0")
    check_whole(hub, before)
    hub.faults.clear()
    sent = hub.requests("PUT")
    stored = {path.name for path in hub.store.objects.iterdir()}
    done = put(hub, builds["new"], "1.1.0")
    check_finished(hub, before, done.commit)
    again = [path for path in hub.requests("PUT")[len(sent) :] if path.rpartition("/")[2] in stored]
    assert again == []


@pytest.mark.parametrize("after", [False, True], ids=["lost", "unanswered"])
@pytest.mark.parametrize(
    "pattern", named(["POST .*/batch", "PUT", "POST .*/commit/main", "POST .*/tag/"], "POST .*/commit/main")
)
def test_a_publisher_that_dies_while_it_writes_leaves_old_or_new_whole(
    old: LoopbackHub, builds: dict[str, Path], pattern: str, *, after: bool
):
    """Once the request never arrives, once it is carried out but not answered; the next run finishes."""
    die_at(old, builds, pattern=pattern, after=after)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_publisher_that_dies_at_any_request_leaves_old_or_new_whole(
    upgrading: LoopbackHub, builds: dict[str, Path], sequence: list[str], without_waiting: None
):
    """Every boundary of the step, reading requests too; open pull requests are asked for when all is done, and may stay unknown."""
    for number in (number for number, request in enumerate(sequence) if "/discussions" not in request):
        for after in (False, True):
            with restored(upgrading):
                die_at(upgrading, builds, skip=number, after=after)


@pytest.mark.parametrize("status", first(2, [429, 500, 502, 503, 504]))
def test_every_error_for_a_while_is_outlived(old: LoopbackHub, builds: dict[str, Path], status: int):
    """Each kind of request fails once; what is asked twice is carried out once."""
    before = contents(old)
    for pattern in (
        "GET .*/revision/",
        "GET .*/refs",
        "GET .*/tree/",
        "POST .*/preupload/main",
        "POST .*/batch",
    ):
        old.fail(pattern, status, headers={"Retry-After": "0"})
    done = publish_persistently(old, builds)
    check_finished(old, before, done)


@pytest.mark.parametrize(
    "pattern",
    named(["POST .*/commit/main", "POST .*/tag/", "POST .*/commit/script"], "POST .*/commit/main"),
)
@pytest.mark.parametrize(
    ("status", "after"), first(2, [(504, True), (None, False), (504, False), (None, True)])
)
def test_a_change_whose_answer_is_an_error_is_made_once(
    old: LoopbackHub, builds: dict[str, Path], pattern: str, status: int | None, *, after: bool
):
    """After a 504 or a reset nobody knows whether it was carried out: the publisher looks."""
    before = contents(old)
    old.fail(pattern, status, after=after)
    done = put(old, builds["new"], "1.1.0")
    check_finished(old, before, done.commit)


@pytest.mark.parametrize("status", first(2, [None, 500, 503]), ids=str)
def test_an_upload_that_breaks_goes_on_without_sending_the_others_again(
    old: LoopbackHub, builds: dict[str, Path], status: int | None
):
    before = contents(old)
    old.fail("PUT", status, times=2)
    done = put(old, builds["new"], "1.1.0")
    check_finished(old, before, done.commit)
    sent = [path for method, path, answer in old.log if method == "PUT" and answer == 200]
    assert len(sent) == len(set(sent)) == 2


def publish_persistently(hub: LoopbackHub, builds: dict[str, Path]) -> str | None:
    """Run the command until it succeeds, as a person would."""
    for _ in range(5):
        try:
            return put(hub, builds["new"], "1.1.0").commit
        except BuildError:
            continue
    raise AssertionError("it never succeeded")


def test_a_hub_that_wants_patience_is_given_it(
    old: LoopbackHub, builds: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    old.fail("POST .*/commit/main", 429, headers={"Retry-After": "77"})
    put(old, builds["new"], "1.1.0")
    assert 77 in waited


@pytest.mark.parametrize(
    ("value", "seconds"),
    first(3, {
        "soon": 0, "1" * 400: 0, "978307200": 300, "inf": 0, "nan": 0, "-5": 0, "1 Jan": 0, "Thu, 01 Jan 1970 00:00:00 GMT": 0,
        "Sun, 01 Mar 2057 12:00:00 GMT": 300, "Fri, 31 Dec 9999 23:59:59 -2359": 300,
    }.items()),
    ids=lambda value: str(value)[:31],
)  # fmt: skip
def test_whatever_the_hub_writes_about_waiting_five_minutes_are_the_most(
    old: LoopbackHub, builds: dict[str, Path], monkeypatch: pytest.MonkeyPatch, value: str, seconds: float
):
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    old.fail("POST .*/commit/main", 429, headers={"Retry-After": value})
    assert put(old, builds["new"], "1.1.0").commit
    assert max(waited) == seconds


# Others who publish


def test_a_head_that_moved_is_looked_at_anew(old: LoopbackHub, builds: dict[str, Path]):
    """Somebody adds a file between looking and committing: it stays, and the version is whole."""

    def intrude() -> None:
        api = HfApi(endpoint=old.url, token="hf_test")
        api.upload_file(path_or_fileobj=b"x", path_in_repo="NOTICE", repo_id=REPO, repo_type="dataset")

    old.fail("POST .*/commit/main", then=intrude, proceed=True)
    put(old, builds["new"], "1.1.0")
    assert [status for _, path, status in old.log if path.endswith("/commit/main")].count(412) == 1
    files = contents(old)
    assert files.pop("NOTICE") == b"x"
    assert is_whole(files)


def test_of_two_builds_for_one_version_the_first_wins(old: LoopbackHub, builds: dict[str, Path]):
    """The other publishes from first to last between our look and our commit."""
    done = []
    old.fail("POST .*/commit/main", then=lambda: done.append(put(old, builds["new"], "1.1.0")), proceed=True)
    with pytest.raises(InputError, match=r"already has a version 1\.1\.0 with another content"):
        put(old, builds["old"], "1.1.0")
    assert old.repo(REPO).tags["v1.1.0"] == done[0].commit == old.repo(REPO).branches["main"]


def test_a_version_that_another_build_committed_but_did_not_tag_is_not_replaced(
    old: LoopbackHub, builds: dict[str, Path]
):
    old.fail("POST .*/tag/", times=inf)
    with pytest.raises(BuildError):
        put(old, builds["new"], "1.1.0")
    old.faults.clear()
    with pytest.raises(InputError, match="another build that was not tagged yet"):
        put(old, builds["old"], "1.1.0")
    put(old, builds["old"], "1.2.0")
    assert old.repo(REPO).tags.keys() == {"v1.0.0", "v1.2.0"}


def test_two_publishers_of_one_build_at_once_make_one_version(old: LoopbackHub, builds: dict[str, Path]):
    before = contents(old)
    outcomes = race([lambda: put(old, builds["new"], "1.1.0")] * 2)
    assert len({done.commit for done in outcomes if not isinstance(done, KpmathError)}) == 1
    check_finished(old, before, old.repo(REPO).tags["v1.1.0"])


@pytest.mark.parametrize("attempt", first(2, range(3)))
def test_two_publishers_of_two_builds_at_once_never_mix(
    old: LoopbackHub, builds: dict[str, Path], attempt: int
):
    """Each version that got its tag is whole, and one of them is the head."""
    race([lambda: put(old, builds["new"], "1.1.0"), lambda: put(old, builds["old"], "1.2.0")])
    repo = old.repo(REPO)
    assert len(repo.tags) >= 2
    assert all(is_whole(contents(old, revision)) for revision in (*repo.branches, *repo.tags))
    assert repo.branches["main"] in repo.tags.values()


def race(calls: list) -> list:
    """Run calls at once; return results, or errors of ours."""
    outcomes = []

    def run(call) -> None:  # noqa: ANN001 - any call
        try:
            outcomes.append(call())
        except KpmathError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == len(calls)
    return outcomes


# A real kill

COMPARING = "GET .*/resolve/.*/data/scored/"
DOWNLOADS = ".kpmath-scratch-*"


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["lost", "unanswered"])
@pytest.mark.parametrize(
    "pattern", [COMPARING, "PUT", "POST .*/commit/main", "POST .*/tag/", "POST .*/commit/script"]
)
def test_the_command_killed_at_a_request_is_finished_by_the_same_command(
    old: LoopbackHub, builds: dict[str, Path], tmp_path: Path, pattern: str, *, after: bool
):
    """SIGKILL, as the kernel sends it when memory runs out. What it had downloaded is in the build's folder until then."""
    before = contents(old)
    (tmp_path / "tmp").mkdir()
    home = {
        "HF_ENDPOINT": old.url,
        "HF_TOKEN": "hf_test",
        "HF_HOME": str(tmp_path),
        "TMPDIR": str(tmp_path / "tmp"),
        "HF_HUB_DISABLE_XET": "1",
    }
    command = [sys.executable, "-m", "kpmath_builder", "publish", str(builds["new"])]
    command += ["--repo", REPO, "--version", "1.1.0"]
    environment = {"PATH": os.environ["PATH"], **home}
    victim = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    old.fail(pattern, after=after, then=lambda: (victim.kill(), victim.wait()))
    assert victim.wait(60) == -signal.SIGKILL
    check_whole(old, before)
    assert pattern == "PUT" or list(builds["new"].glob(DOWNLOADS))
    subprocess.run(command, env=environment, check=True, capture_output=True)
    check_finished(old, before, old.repo(REPO).tags["v1.1.0"])
    assert not list(builds["new"].glob(DOWNLOADS))
    assert not list((tmp_path / "tmp").iterdir())
