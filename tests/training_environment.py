"""The environment of the examples that train (requirements-training.txt), and a small model for them; both made once and kept.

python tests/training_environment.py     prints the Python of the environment and the folder of the model
"""

import hashlib
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

TESTS = Path(__file__).resolve().parent
FOLDER = TESTS.parent / ".venv-training"
REQUIREMENTS, PROJECT = TESTS / "requirements-training.txt", TESTS.parent / "pyproject.toml"
MINUTES = 10
"""What the installation may take; a slow index is no reason to wait for ever."""


class UnavailableError(Exception):
    """The environment cannot be made here; the message says why."""


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
    _run([*pip, *needed, "--requirement", str(REQUIREMENTS)])
    mark.write_text(tag)
    return python


def tiny_model(python: Path) -> Path:
    """Return the folder of the model that tiny_model.py makes."""
    script = TESTS / "tiny_model.py"
    model = FOLDER / f"tiny-{hashlib.sha256(script.read_bytes()).hexdigest()[:8]}"
    if not (model / "model.safetensors").exists():
        _run([str(python), str(script), str(model)])
    return model


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=60 * MINUTES)
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "no reason given").splitlines()[-1]
        raise UnavailableError(f"the training environment cannot be made: {last}") from None
    except subprocess.TimeoutExpired:
        raise UnavailableError(
            f"the training environment cannot be made: it took more than {MINUTES} minutes"
        ) from None


if __name__ == "__main__":
    found = training_python()
    sys.stdout.write(f"{found}\n{tiny_model(found)}\n")
