"""The environment of the examples that train (requirements-training.txt), and a small model for them; both made once and kept.

python tests/training_environment.py     prints the Python of the environment and the folder of the model
"""

import hashlib
import shutil
import sys
import tomllib
import venv
from pathlib import Path

from environments import run, tiny_model

TESTS = Path(__file__).resolve().parent
FOLDER = TESTS.parent / ".venv-training"
REQUIREMENTS, PROJECT = TESTS / "requirements-training.txt", TESTS.parent / "pyproject.toml"
MINUTES = 10
"""What the installation may take; a slow index is no reason to wait for ever."""


def training_python() -> Path:
    """Return the Python of the environment, made where it is not there yet; the package itself is taken from the checkout.

    Raises
    ------
    UnavailableError
        When the package index has not what it takes.
    """
    python, mark = FOLDER / "bin" / "python", FOLDER / "made-from"
    needed = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]
    tag = hashlib.sha256(repr([needed, REQUIREMENTS.read_text()]).encode()).hexdigest()
    if mark.exists() and mark.read_text() == tag:
        return python
    shutil.rmtree(FOLDER, ignore_errors=True)
    venv.create(FOLDER, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(
        [*pip, *needed, "--requirement", str(REQUIREMENTS)],
        "the training environment cannot be made",
        MINUTES,
    )
    mark.write_text(tag)
    return python


def training_model(python: Path) -> Path:
    """Return the folder of the small model."""
    return tiny_model(python, FOLDER, MINUTES)


if __name__ == "__main__":
    found = training_python()
    sys.stdout.write(f"{found}\n{training_model(found)}\n")
