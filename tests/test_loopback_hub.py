"""The loopback Hub runs by itself, speaks as the Hub's library expects, and fails on order."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from loopback_hub import LoopbackHub

pytest_plugins = ("hub_fixtures",)


def test_it_runs_by_itself(tmp_path: Path):
    command = [sys.executable, "-m", "loopback_hub", "--port", "0", "--root", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split("HF_ENDPOINT=")[1].split()[0]
        with urllib.request.urlopen(f"{address}/api/whoami-v2") as answer:
            assert json.load(answer)["name"] == "tester"
        server.kill()


def test_what_is_not_there_is_told_as_the_library_expects(hub: LoopbackHub):
    api = HfApi(endpoint=hub.url, token="hf_test")
    with pytest.raises(RepositoryNotFoundError):
        api.dataset_info("org/nothing")
    api.create_repo("org/some", repo_type="dataset")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info("org/some", revision="v1")
    with pytest.raises(HfHubHTTPError, match="401"):
        HfApi(endpoint=hub.url, token=False).create_repo("org/other", repo_type="dataset")


def test_a_card_that_the_hub_would_refuse_is_refused(hub: LoopbackHub):
    api = HfApi(endpoint=hub.url, token="hf_test")
    api.create_repo("org/some", repo_type="dataset")
    with pytest.raises(ValueError, match="license"):
        api.upload_file(
            path_or_fileobj=b"---\nlicense: No Such!\n---\n",
            path_in_repo="README.md",
            repo_id="org/some",
            repo_type="dataset",
        )


@pytest.mark.parametrize(("begin", "end"), [(0, 3), (2, 5), (4, None)])
def test_ranges_of_a_file_are_its_bytes(hub: LoopbackHub, begin: int, end: int | None):
    api = HfApi(endpoint=hub.url, token="hf_test")
    api.create_repo("org/some", repo_type="dataset")
    data = b"0123456789"
    api.upload_file(path_or_fileobj=data, path_in_repo="a.bin", repo_id="org/some", repo_type="dataset")
    asked = f"bytes={begin}-" + ("" if end is None else str(end - 1))
    request = urllib.request.Request(
        f"{hub.url}/datasets/org/some/resolve/main/a.bin", headers={"Range": asked}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.read() == data[begin:end]


def test_a_fault_strikes_as_often_as_ordered_and_only_where_it_matches(hub: LoopbackHub):
    hub.fail("GET /api/whoami", 503, times=2, skip=1)
    answers = []
    for _ in range(4):
        try:
            with urllib.request.urlopen(f"{hub.url}/api/whoami-v2") as answer:
                answers.append(answer.status)
        except urllib.error.HTTPError as error:
            answers.append(error.code)
    assert answers == [200, 503, 503, 200]


def test_a_reset_is_a_reset(hub: LoopbackHub):
    hub.fail("whoami")
    with pytest.raises(ConnectionResetError):
        urllib.request.urlopen(f"{hub.url}/api/whoami-v2")
