"""What the environments of their own have in common that slow tests make once and keep: commands that make them, and a small model in each."""

import hashlib
import subprocess
from pathlib import Path

__all__ = ["UnavailableError", "digest", "run", "tiny_model"]

TINY_MODEL = Path(__file__).resolve().parent / "tiny_model.py"


class UnavailableError(Exception):
    """The environment cannot be made here; the message says why."""


def tiny_model(python: Path, folder: Path, minutes: float | None = None) -> Path:
    """Return the folder of the model that tiny_model.py makes, below the environment's."""
    model = folder / f"tiny-{digest(TINY_MODEL)[:8]}"
    if not (model / "model.safetensors").exists():
        run([str(python), str(TINY_MODEL), str(model)], "the small model cannot be made", minutes)
    return model


def run(command: list[str], failed: str, minutes: float | None = None) -> str:
    """Return what a command prints; raises `UnavailableError`, which begins with `failed`, if it fails or takes longer."""
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=None if minutes is None else 60 * minutes,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"{failed}: it took more than {minutes} minutes") from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise UnavailableError(f"{failed}: {last}")
    return done.stdout


def digest(*paths: Path) -> str:
    """Return the hash of some files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
