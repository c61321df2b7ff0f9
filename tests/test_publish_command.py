"""`kpmath publish` and `kpmath verify --repo`: exit statuses, sentences, and a token that nobody gets to see."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from commands import Kpmath
from factories import Build
from hub_steps import OLD, REPO, contents, restored
from huggingface_hub import HfApi
from loopback_hub import LoopbackHub, serve

from kpmath_builder import cli
from kpmath_builder.publishing import publish as publishing

pytest_plugins = ("hub_fixtures",)


class HubKpmath(Kpmath):
    """Runs commands in this process as from a shell; changes on the Hub are told from its log."""

    def __init__(
        self, hub: LoopbackHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        super().__init__(capsys, monkeypatch)
        self.hub = hub

    def use(self, token: str) -> None:
        """Take another token; an empty one is none."""
        use(self._monkeypatch, self.hub, token)

    def publish(self, folder: Path, version: str, *more: str) -> tuple[int, str, str]:
        """Run `kpmath publish`."""
        return self("publish", folder, "--repo", REPO, "--version", version, *more)

    def verify(self, version: str, repo: str = REPO) -> tuple[int, str, str]:
        """Run `kpmath verify --repo`."""
        return self("verify", "--repo", repo, "--version", version)

    def changes(self, since: int) -> list[str]:
        """Return what was asked of the Hub that changes something."""
        return [path for method, path, _ in self.hub.log[since:] if method in {"POST", "PUT", "DELETE"}]


def use(monkeypatch: pytest.MonkeyPatch, hub: LoopbackHub, token: str) -> None:
    """Let the Hub's library find this Hub and token, and no others."""
    template = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", "/nowhere")
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    if token:
        monkeypatch.setenv("HF_TOKEN", token)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Path]) -> Iterator[LoopbackHub]:
    """Return a Hub with version 1.0.0, published by the command."""
    with serve(tmp_path_factory.mktemp("hub")) as running, pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        use(patch, running, "hf_test")
        words = ["kpmath", "publish", str(builds["old"]), "--repo", REPO, "--version", "1.0.0"]
        patch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit, match="0"):
            cli.main()
        yield running


@pytest.fixture
def kpmath(
    published: LoopbackHub,
    without_waiting: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[HubKpmath]:
    """Return the command on that Hub, which is brought back to that after each test."""
    use(monkeypatch, published, "hf_test")
    with restored(published):
        yield HubKpmath(published, capsys, monkeypatch)


def fails(run: tuple[int, str, str], status: int, told: str) -> None:
    """Assert an exit status and one plain sentence."""
    assert run[0] == status
    assert told in run[2]
    assert run[2].startswith("kpmath: ")
    assert run[2].count("\n") == 1
    assert "Traceback" not in run[2]


# Publish


def test_a_new_version_is_told_and_published(kpmath: HubKpmath, builds: dict[str, Path]):
    status, out, _ = kpmath.publish(builds["new"], "1.1.0")
    assert status == 0
    assert "scored (against 1.0.0): 12 rows added, 0 removed, 36 changed" in out
    assert "org/kpmath 1.1.0 is published and was read back whole." in out
    assert 'Load it with: load_dataset("org/kpmath", revision="v1.1.0")' in out
    assert set(kpmath.hub.repo(REPO).tags) == {"v1.0.0", "v1.1.0"}
    assert kpmath.verify("1.1.0")[:2] == (0, "org/kpmath 1.1.0: every file is as it was published.\n")


def test_the_plan_and_what_was_done_stand_in_json(kpmath: HubKpmath, builds: dict[str, Path]):
    page = (Path(__file__).resolve().parents[1] / "docs/scripting.md").read_text()
    keys = set(re.findall(r"^\| `(\w+)`", page.partition("### `kpmath publish`")[2], re.MULTILINE))
    for more, commits in ((("--dry-run",), False), ((), True)):
        status, out, err = kpmath.publish(builds["new"], "1.1.0", "--json", *more)
        assert status == 0
        done = json.loads(out)
        assert done.keys() == {"format"} | keys
        assert (done["commit"] is not None) == commits
        assert done["plan"]["previous"] == "1.0.0"
        assert "README.md" in done["plan"]["additions"]
        assert done["plan"]["changes"]["scored"] == "12 rows added, 0 removed, 36 changed"
        assert ("scored (against 1.0.0)" in err) == commits


def test_quiet_publishes_without_a_word_on_standard_output(kpmath: HubKpmath, builds: dict[str, Path]):
    assert kpmath.publish(builds["new"], "1.1.0", "--quiet")[:2] == (0, "")
    assert "v1.1.0" in kpmath.hub.repo(REPO).tags


def test_an_open_pull_request_is_mentioned_when_a_version_is_published_past_it(
    kpmath: HubKpmath, builds: dict[str, Path]
):
    told = kpmath.publish(builds["new"], "1.1.0", "--pr")[1]
    assert "is an open pull request, and no part of" not in told, "it is the one that was just opened"
    status, out, _ = kpmath.publish(builds["new"], "1.2.0")
    assert status == 0
    assert "/discussions/1 is an open pull request, and no part of this version: merge or close it." in out


def test_a_hub_without_discussions_is_published_to_all_the_same(kpmath: HubKpmath, builds: dict[str, Path]):
    kpmath.hub.fail("GET .*/discussions", 403)
    assert kpmath.publish(builds["new"], "1.1.0")[0] == 0


@pytest.mark.parametrize("terminal", [True, False])
def test_bars_of_uploads_are_drawn_on_a_terminal_alone(
    kpmath: HubKpmath, builds: dict[str, Path], monkeypatch: pytest.MonkeyPatch, *, terminal: bool
):
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, enable_progress_bars

    shown: list[bool] = []
    look = publishing.publish

    def noted(*given: object, **more: object) -> object:
        shown.append(not are_progress_bars_disabled("huggingface_hub.lfs_upload"))
        return look(*given, **more)

    monkeypatch.setattr(publishing, "publish", noted)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    enable_progress_bars()
    try:
        kpmath.publish(builds["old"], "1.0.0")
    finally:
        enable_progress_bars()
    assert shown == [terminal]


def test_the_same_again_changes_nothing_and_says_so(kpmath: HubKpmath, builds: dict[str, Path]):
    since = len(kpmath.hub.log)
    status, out, err = kpmath.publish(builds["old"], "1.0.0")
    assert (status, err) == (0, "")
    assert "org/kpmath 1.0.0 was there already, and every file of it is as it should be." in out
    assert kpmath.changes(since) == []


def test_a_dry_run_tells_what_would_change(kpmath: HubKpmath, builds: dict[str, Path]):
    since = len(kpmath.hub.log)
    status, out, _ = kpmath.publish(builds["new"], "1.1.0", "--dry-run")
    assert status == 0
    assert "12 rows added" in out
    assert out.endswith("Nothing was changed: this was a dry run.\n")
    assert kpmath.changes(since) == []


def test_a_pull_request_is_told_with_what_to_do_next(kpmath: HubKpmath, builds: dict[str, Path]):
    before = contents(kpmath.hub)
    status, out, _ = kpmath.publish(builds["new"], "1.1.0", "--pr")
    assert status == 0
    assert "/discussions/1: after its merge publish again without --pr." in out
    assert contents(kpmath.hub) == before
    kpmath.hub.repo(REPO).branches["main"] = kpmath.hub.repo(REPO).pulls["refs/pr/1"]
    assert kpmath.publish(builds["new"], "1.1.0")[0] == 0
    assert kpmath.verify("1.1.0")[0] == 0


@pytest.mark.parametrize("private", [True, False])
def test_a_new_repository_is_private_where_asked(
    kpmath: HubKpmath, builds: dict[str, Path], *, private: bool
):
    more = ["--private"] if private else []
    assert kpmath("publish", builds["old"], "--repo", "org/new", "--version", "0.1.0", *more)[0] == 0
    assert kpmath.hub.repo("org/new").private == private


@pytest.mark.parametrize(
    ("what", "version", "told"),
    [
        ("rows", "1.0.1", "1.1.0"),
        ("rows", "1.0.0", "already has a version 1.0.0 with another content"),
        ("card", "0.9.0", "1.0.1"),
        ("card", "one", "three numbers, like 1.2.0"),
    ],
)
def test_a_version_that_does_not_fit_is_refused_with_one_that_would(
    kpmath: HubKpmath, tmp_path: Path, what: str, version: str, told: str
):
    since = len(kpmath.hub.log)
    candidates = OLD.candidates[:-1] if what == "rows" else OLD.candidates
    build = Build(OLD.seeds, OLD.extractions, OLD.practices, candidates).finish(tmp_path, fingerprint="f2")
    fails(kpmath.publish(build, version), 2, told)
    assert kpmath.changes(since) == []


def test_columns_that_changed_need_a_new_first_number(
    kpmath: HubKpmath, tmp_path: Path, builds: dict[str, Path]
):
    import pyarrow.parquet as pq

    file = next((builds["old"] / "dataset/data/scored").glob("train-00000-*"))
    smaller = tmp_path / "smaller.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["note"]), smaller)
    done = HfApi(endpoint=kpmath.hub.url, token="hf_test").upload_file(
        path_or_fileobj=smaller, path_in_repo=f"data/scored/{file.name}", repo_id=REPO, repo_type="dataset"
    )
    kpmath.hub.repo(REPO).tags["v1.0.0"] = done.oid
    fails(kpmath.publish(builds["new"], "1.1.0"), 2, "2.0.0")
    assert kpmath.publish(builds["new"], "2.0.0")[0] == 0


def test_a_folder_without_a_finished_build_is_refused(kpmath: HubKpmath, tmp_path: Path):
    fails(kpmath.publish(tmp_path, "1.0.0"), 2, "is not a build folder")


# Tokens


@pytest.mark.parametrize("repo", [REPO, "org/new"])
@pytest.mark.parametrize(
    ("token", "refusal"),
    [("", "write to {} (401)"), ("hf_readonly", "write to {} (403)"), ("hf_invalid", "read {} (401)")],
)
def test_without_a_token_that_may_write_nothing_changes_on_the_hub(
    kpmath: HubKpmath, builds: dict[str, Path], token: str, refusal: str, repo: str
):
    kpmath.use(token)
    before = contents(kpmath.hub)
    run = kpmath("publish", builds["new"], "--repo", repo, "--version", "1.1.0")
    told = f"The Hub does not let you {refusal.format(repo)}: give a token that may, with `hf auth login` or in HF_TOKEN."
    fails(run, 2, told)
    assert contents(kpmath.hub) == before
    assert [name for _, name in kpmath.hub.store.repos] == [REPO]


def test_nor_does_it_change_the_build(kpmath: HubKpmath, builds: dict[str, Path]):
    kpmath.use("")
    before = {path: path.read_bytes() for path in builds["new"].rglob("*") if path.is_file()}
    assert kpmath.publish(builds["new"], "1.1.0")[0] == 2
    assert {path: path.read_bytes() for path in builds["new"].rglob("*") if path.is_file()} == before


def test_a_public_version_is_verified_without_a_token(kpmath: Kpmath):
    kpmath.use("")
    assert kpmath.verify("1.0.0")[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("token", ["hf_test_secret", "hf_readonly_x"])
def test_the_token_is_never_shown(
    published: LoopbackHub, builds: dict[str, Path], token: str, tmp_path: Path, without_waiting: None
):
    """Not even where the Hub's library is told to print its requests, nor in a file that the command leaves."""
    environment = {
        "PATH": os.environ["PATH"],
        "HF_ENDPOINT": published.url,
        "HF_TOKEN": token,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_DEBUG": "1",
    }
    program = [sys.executable, "-m", "kpmath_builder"]
    address = ["--repo", REPO, "--version", "1.1.0"]
    with restored(published):
        for command in (["publish", str(builds["new"])], ["verify"]):
            done = subprocess.run(
                [*program, *command, *address], env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == (2 if "readonly" in token else 0), done.stderr
            assert token not in done.stdout + done.stderr
        assert not any(token.encode() in data for data in contents(published, "script").values())
    for folder in (tmp_path, builds["new"]):
        assert not [
            path for path in folder.rglob("*") if path.is_file() and token.encode() in path.read_bytes()
        ]


# Verify


def test_a_published_file_that_changed_is_named(kpmath: Kpmath):
    api = HfApi(endpoint=kpmath.hub.url, token="hf_test")
    name = "data/scored/train-00000-of-00003.parquet"
    done = api.upload_file(path_or_fileobj=b"PAR1", path_in_repo=name, repo_id=REPO, repo_type="dataset")
    kpmath.hub.repo(REPO).tags["v1.0.0"] = done.oid
    status, out, err = kpmath.verify("1.0.0")
    assert (status, err) == (1, "")
    assert f"{name} is not what was published\n" in out


@pytest.mark.parametrize(
    ("version", "repo", "told"),
    [
        ("1.0.7", REPO, "org/kpmath has no version 1.0.7 (no tag v1.0.7): choose one of 1.0.0."),
        ("1.0.0", "org/other", "The Hub shows no dataset org/other: correct --repo, or give a token"),
        ("newest", REPO, "three numbers, like 1.2.0"),
        ("1.0.0", "kpmath", "write it as owner/name"),
    ],
)
def test_what_cannot_be_verified_is_a_mistake_of_the_command(
    kpmath: HubKpmath, version: str, repo: str, told: str
):
    fails(kpmath.verify(version, repo), 2, told)


def test_a_hub_that_is_away_is_no_mistake_of_the_user(kpmath: HubKpmath, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    fails(kpmath.verify("1.0.0"), 1, "The Hub cannot be reached")


@pytest.mark.parametrize("words", [[], ["--repo", REPO], ["--version", "1.0.0"], ["x", "--repo", REPO]])
def test_verify_wants_a_folder_or_a_version_on_the_hub(kpmath: HubKpmath, words: list[str]):
    fails(kpmath("verify", *words), 2, "Give a build folder, or --repo and --version of what is published.")
