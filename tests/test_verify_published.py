"""A published version is checked against its own checksums: every kind of damage is named."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hub_steps import REPO, put, restored
from huggingface_hub import HfApi
from loopback_hub import LoopbackHub, serve

from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.publishing.checking import verify_published

pytest_plugins = ("hub_fixtures",)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Path]) -> Iterator[LoopbackHub]:
    """Return a Hub with version 1.0.0."""
    with serve(tmp_path_factory.mktemp("hub")) as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
            put(running, builds["old"], "1.0.0")
        yield running


@pytest.fixture
def whole(published: LoopbackHub, without_waiting: None) -> Iterator[LoopbackHub]:
    """Return that Hub, brought back to that after each test."""
    with restored(published):
        yield published


def damage(hub: LoopbackHub, act: Callable[[HfApi], str]) -> None:
    """Change the repository and move the tag there, as nobody should."""
    hub.repo(REPO).tags["v1.0.0"] = act(HfApi(endpoint=hub.url, token="hf_test"))


def overwrite(path: str, data: bytes) -> Callable[[HfApi], str]:
    """Return a change of one file."""
    return lambda api: (
        api.upload_file(path_or_fileobj=data, path_in_repo=path, repo_id=REPO, repo_type="dataset").oid
    )


def remove(path: str) -> Callable[[HfApi], str]:
    """Return the removal of one file."""
    return lambda api: api.delete_file(path_in_repo=path, repo_id=REPO, repo_type="dataset").oid


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        (overwrite("README.md", b"# other"), "README.md is not what was published"),
        (
            overwrite("data/scored/train-00000-of-00003.parquet", b"PAR1"),
            "data/scored/train-00000-of-00003.parquet is not what was published",
        ),
        (remove("provenance/funnel.json"), "provenance/funnel.json is missing"),
        (remove("provenance/checksums.txt"), "provenance/checksums.txt is missing"),
        (
            overwrite("data/scored/extra.parquet", b"x"),
            "data/scored/extra.parquet is not part of the version",
        ),
        (overwrite("kpmath.py", b"x"), "kpmath.py is not part of the version"),
    ],
)
def test_each_damage_is_named(whole: LoopbackHub, act: Callable[[HfApi], str], problem: str):
    damage(whole, act)
    assert problem in verify_published(REPO, "1.0.0", endpoint=whole.url)


def test_files_of_others_do_not_matter(whole: LoopbackHub):
    damage(whole, overwrite("LICENSE", b"x"))
    assert verify_published(REPO, "v1.0.0", endpoint=whole.url) == []


def test_a_bit_that_turned_on_the_hub_is_found(whole: LoopbackHub):
    entry = whole.tree(REPO)["data/qa-pairs/train-00000-of-00001.parquet"]
    path = whole.store.objects / entry.key
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    good = path.read_bytes()
    path.write_bytes(data)
    problems = verify_published(REPO, "1.0.0", endpoint=whole.url)
    path.write_bytes(good)
    assert "data/qa-pairs/train-00000-of-00001.parquet is not what was published" in problems


def test_a_version_that_is_not_there_is_named(whole: LoopbackHub):
    with pytest.raises(
        InputError, match=r"has no version 1\.0\.1 \(no tag v1\.0\.1\): choose one of 1\.0\.0\."
    ):
        verify_published(REPO, "1.0.1", endpoint=whole.url)


def test_a_repository_that_is_not_shown_is_named(whole: LoopbackHub):
    """One that is not there, and a private one without a token: the Hub tells no difference."""
    whole.repo(REPO).private = True
    for repo in (REPO, "org/other"):
        with pytest.raises(
            InputError, match=f"The Hub shows no dataset {repo}: correct --repo, or give a token"
        ):
            verify_published(repo, "1.0.0", endpoint=whole.url, token=False)
    assert verify_published(REPO, "1.0.0", endpoint=whole.url, token="hf_test") == []


def test_a_tag_on_another_version_is_named(whole: LoopbackHub):
    whole.repo(REPO).tags["v2.0.0"] = whole.repo(REPO).tags["v1.0.0"]
    assert verify_published(REPO, "2.0.0", endpoint=whole.url) == [
        "provenance/release.json tells of another version than 2.0.0"
    ]


def test_what_cannot_be_asked_is_an_error(whole: LoopbackHub):
    with pytest.raises(InputError, match="three numbers"):
        verify_published(REPO, "newest", endpoint=whole.url)
    with pytest.raises(BuildError, match="cannot be reached"):
        verify_published(REPO, "1.0.0", endpoint="http://127.0.0.1:9")
