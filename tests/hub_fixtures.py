"""Fixtures of the tests against the loopback Hub."""

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from hub_steps import EMPTY, NEW, OLD
from loopback_hub import LoopbackHub, serve

from kpmath_builder.publishing import publish as publishing


@pytest.fixture
def hub(tmp_path: Path, without_waiting: None) -> Iterator[LoopbackHub]:
    """Return an empty Hub."""
    with serve(tmp_path / "hub") as running:
        yield running


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders of finished builds: `old`, which has more files, `new`, and `empty`, which kept nothing."""
    folder = tmp_path_factory.mktemp("builds")
    return {
        "old": OLD.finish(folder / "old", rows_per_file=15),
        "new": NEW.finish(folder / "new", fingerprint="sha256:4567"),
        "empty": EMPTY.finish(folder / "empty"),
    }


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Upload as LFS, and do not pause between attempts, neither ours nor those of the Hub's library."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(publishing, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr("time.sleep", lambda _: None)
