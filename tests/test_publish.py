"""Publishing on the loopback Hub: a version is one commit and one tag, or nothing; its rules; what is refused."""

import errno
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from factories import Build, make_build
from families import first
from hub_steps import OLD, REPO, contents, is_whole, put
from huggingface_hub import HfApi
from loopback_hub import LoopbackHub

from kpmath_builder.dataset.script import script_text
from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.publishing.checking import verify_published
from kpmath_builder.publishing.publish import publish

pytest_plugins = ("hub_fixtures",)


def written(hub: LoopbackHub, since: int = 0) -> list[tuple[str, str]]:
    """Return the requests that change something on the Hub."""
    return [(method, path) for method, path, _ in hub.log[since:] if method in {"POST", "PUT", "DELETE"}]


def commits(hub: LoopbackHub, branch: str = "main") -> list[str]:
    """Titles of the commits of a branch, the last one first."""
    repo, sha, titles = hub.repo(REPO), hub.repo(REPO).branches[branch], []
    while sha:
        titles.append(repo.commits[sha].title)
        sha = repo.commits[sha].parent
    return titles


# What a published version is


def test_a_version_is_one_commit_with_everything_and_one_tag_on_it(hub: LoopbackHub, builds: dict[str, Path]):
    done = put(hub, builds["old"], "1.0.0")
    assert commits(hub) == ["kpmath-test 1.0.0", "initial commit"]
    assert hub.repo(REPO).tags == {"v1.0.0": done.commit} == {"v1.0.0": hub.repo(REPO).branches["main"]}
    files = contents(hub, "v1.0.0")
    assert is_whole(files)
    assert {path.split("/")[0] for path in files} == {"README.md", "data", "figures", "provenance"}
    assert json.loads(files["provenance/release.json"])["version"] == "1.0.0"
    assert verify_published(REPO, "1.0.0", endpoint=hub.url) == []


def test_the_published_card_tells_how_to_load_and_cite_this_version(
    hub: LoopbackHub, builds: dict[str, Path]
):
    put(hub, builds["old"], "1.0.0")
    card = contents(hub)["README.md"].decode()
    assert 'load_dataset("org/kpmath", revision="v1.0.0", split="train")' in card
    assert "version 1.0.0, build sha256:0123" in card
    assert "stands for this folder" not in card
    assert card.count("## How to load") == card.count("## How to cite") == 1


def test_the_loading_script_is_on_a_branch_of_its_own_beside_the_same_files(
    hub: LoopbackHub, builds: dict[str, Path]
):
    put(hub, builds["old"], "1.0.0")
    script = contents(hub, "script")
    assert script.pop("kpmath.py").decode() == script_text()
    assert script == contents(hub, "main")


def test_shards_that_a_version_has_no_more_are_deleted_with_it(hub: LoopbackHub, builds: dict[str, Path]):
    put(hub, builds["old"], "1.0.0")
    before = contents(hub)
    put(hub, builds["new"], "1.1.0")
    after = contents(hub)
    assert (
        sum(path.endswith(".parquet") for path in before)
        > sum(path.endswith(".parquet") for path in after)
        == 3
    )
    assert contents(hub, "v1.0.0") == before
    assert commits(hub)[:2] == ["kpmath-test 1.1.0", "kpmath-test 1.0.0"]
    assert is_whole(contents(hub, "script"))


def test_files_of_others_stay_and_a_script_on_main_goes(hub: LoopbackHub, builds: dict[str, Path]):
    """A script at the top of main makes `datasets` from 4 on refuse the whole repository."""
    api = HfApi(endpoint=hub.url, token="hf_test")
    api.create_repo(REPO, repo_type="dataset")
    for path in ("kpmath.py", "LICENSE", "notes/talk.md", "data/stray.parquet"):
        api.upload_file(path_or_fileobj=b"x", path_in_repo=path, repo_id=REPO, repo_type="dataset")
    put(hub, builds["old"], "1.0.0")
    kept = {"kpmath.py", "LICENSE", "notes/talk.md", "data/stray.parquet"} & set(contents(hub))
    assert kept == {"LICENSE", "notes/talk.md"}


def test_publishing_again_changes_nothing(hub: LoopbackHub, builds: dict[str, Path]):
    put(hub, builds["old"], "1.0.0")
    since = len(hub.log)
    assert put(hub, builds["old"], "1.0.0").unchanged
    assert written(hub, since) == []


def test_an_older_version_again_does_not_move_the_script_branch_back(
    hub: LoopbackHub, builds: dict[str, Path]
):
    put(hub, builds["old"], "1.0.0")
    put(hub, builds["new"], "1.1.0")
    before = contents(hub, "script")
    assert put(hub, builds["old"], "1.0.0").unchanged
    assert contents(hub, "script") == before


def test_what_is_there_already_is_not_sent_again(hub: LoopbackHub, builds: dict[str, Path]):
    """kp-extraction is equal in both builds."""
    put(hub, builds["old"], "1.0.0")
    sent = len(hub.requests("PUT"))
    put(hub, builds["new"], "1.1.0")
    assert len(hub.requests("PUT")) - sent == 2


def test_a_dry_run_tells_the_difference_and_changes_nothing(hub: LoopbackHub, builds: dict[str, Path]):
    put(hub, builds["old"], "1.0.0")
    since = len(hub.log)
    done = put(hub, builds["new"], "1.1.0", dry_run=True)
    assert written(hub, since) == []
    told = done.plan.difference.configs
    assert (told["scored"].added, told["scored"].removed, told["scored"].changed) == (12, 0, 36)
    assert not told["kp-extraction"].rows_changed
    assert "scored (against 1.0.0): 12 rows added, 0 removed, 36 changed" in done.lines()


def test_a_dry_run_without_a_repository_makes_none(hub: LoopbackHub, builds: dict[str, Path]):
    put(hub, builds["old"], "1.0.0", dry_run=True)
    assert hub.store.repos == {}


@pytest.mark.parametrize("private", [True, False])
def test_a_new_repository_is_private_where_asked(hub: LoopbackHub, builds: dict[str, Path], private: object):
    put(hub, builds["old"], "1.0.0", private=private)
    assert hub.repo(REPO).private == private


def test_a_pull_request_leaves_main_and_its_merge_is_finished_by_the_same_command(
    hub: LoopbackHub, builds: dict[str, Path]
):
    put(hub, builds["old"], "1.0.0")
    before = contents(hub)
    done = put(hub, builds["new"], "1.1.0", pull_request=True)
    assert done.pull_request.endswith("/discussions/1")
    assert contents(hub) == before
    assert set(hub.repo(REPO).tags) == {"v1.0.0"}
    hub.repo(REPO).branches["main"] = hub.repo(REPO).pulls["refs/pr/1"]
    since = len(hub.log)
    put(hub, builds["new"], "1.1.0")
    assert not [path for _, path in written(hub, since) if "/commit/main" in path]
    assert hub.repo(REPO).tags["v1.1.0"] == hub.repo(REPO).pulls["refs/pr/1"]


# Rules of versions


def changed(build: Build, what: str) -> Build:
    """Return a build with another row, or with the same rows."""
    return (
        Build(build.seeds, build.extractions, build.practices, build.candidates[:-1])
        if what == "rows"
        else build
    )


@pytest.mark.parametrize(
    ("what", "version", "least"),
    first(
        4,
        [
            ("rows", "1.0.1", "1.1.0"),
            ("rows", "1.1.0", None),
            ("card", "1.0.0", "already has a version"),
            ("columns", "1.9.9", "2.0.0"),
            ("rows", "2.0.0", None),
            ("card", "1.0.1", None),
            ("card", "0.9.9", "1.0.1"),
            ("columns", "2.0.0", None),
        ],
    ),
)
def test_the_version_must_say_what_changed(
    hub: LoopbackHub, tmp_path: Path, what: str, version: str, least: str | None
):
    """Columns raise the first number, rows the second, the card the third."""
    first = OLD.finish(tmp_path / "first")
    put(hub, first, "1.0.0")
    if what == "columns":
        _publish_without_a_column(hub, first)
    second = changed(OLD, what).finish(tmp_path / "second", fingerprint="f2")
    if least is None:
        put(hub, second, version)
        assert f"v{version}" in hub.repo(REPO).tags
    else:
        with pytest.raises(InputError, match=least):
            put(hub, second, version)
        assert set(hub.repo(REPO).tags) == {"v1.0.0"}


def _publish_without_a_column(hub: LoopbackHub, folder: Path) -> None:
    """Make the published version one that lacks a column of today's."""
    api = HfApi(endpoint=hub.url, token="hf_test")
    file = folder / "dataset" / "data" / "scored" / "train-00000-of-00001.parquet"
    smaller = file.with_name("smaller.parquet")
    pq.write_table(pq.read_table(file).drop_columns(["note"]), smaller)
    path = f"data/scored/{file.name}"
    done = api.upload_file(path_or_fileobj=smaller, path_in_repo=path, repo_id=REPO, repo_type="dataset")
    hub.repo(REPO).tags["v1.0.0"] = done.oid
    smaller.unlink()


@pytest.mark.parametrize("version", ["1", "1.2", "1.2.3.4", "1.2.x", "01.2.3", "", "latest"])
def test_what_is_no_version_is_refused_before_anything_is_asked(
    hub: LoopbackHub, builds: dict[str, Path], version: str
):
    with pytest.raises(InputError, match=r"three numbers, like 1\.2\.0"):
        put(hub, builds["old"], version)
    assert hub.log == []


def test_a_tag_with_another_content_is_refused_and_nothing_changes(hub: LoopbackHub, builds: dict[str, Path]):
    put(hub, builds["old"], "1.0.0")
    before, since = contents(hub), len(hub.log)
    with pytest.raises(InputError, match=r"already has a version 1\.0\.0 with another content"):
        put(hub, builds["new"], "1.0.0")
    assert written(hub, since) == []
    assert contents(hub) == before


# What is refused


@pytest.mark.parametrize("repo", ["kpmath", "a/b/c", "/x", "org/", ""])
def test_what_is_no_repository_is_refused(builds: dict[str, Path], repo: str):
    with pytest.raises(InputError, match="owner/name"):
        publish(builds["old"], repo, "1.0.0")


def test_a_hub_that_is_not_there_is_a_build_error(hub: LoopbackHub, builds: dict[str, Path]):
    with pytest.raises(BuildError, match="run the same command again"):
        put(hub, builds["old"], "1.0.0", endpoint="http://127.0.0.1:9")


def test_a_build_that_is_not_finished_is_refused(tmp_path: Path, hub: LoopbackHub):
    with pytest.raises(InputError, match="is not a build folder"):
        put(hub, tmp_path, "1.0.0")


def test_a_disk_that_is_full_is_told_at_once(
    hub: LoopbackHub, builds: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "builds/x/file")

    put(hub, builds["old"], "1.0.0")
    monkeypatch.setattr(HfApi, "hf_hub_download", full)
    with pytest.raises(BuildError, match=r"No space left on device: 'builds/x/file': make room there"):
        put(hub, builds["new"], "1.1.0")


def test_many_rows_of_a_larger_build_stay_below_a_hundred_files(tmp_path: Path, hub: LoopbackHub):
    """At the usual 100,000 rows a file 800,000 pairs and a million candidates make about 20 files; here 200 rows do."""
    folder = make_build(candidates=200, seeds=9).finish(tmp_path / "build", rows_per_file=20)
    done = put(hub, folder, "1.0.0")
    assert len(done.plan.additions) < 100
