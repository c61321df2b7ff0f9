#!/usr/bin/env python3
"""Everything from a fresh checkout, with Python 3.11 or later and nothing else installed.

    python3 bootstrap.py quickstart    make a dataset with the embedded teacher and show it through load_dataset
    python3 bootstrap.py test          run the tests (further words go to pytest, e.g. `test -k seeds`)

Each makes its own environment in `.venv`; what is there already is used again.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"


def install(*extras: str) -> None:
    """Make the environment and install the package into it, as a working copy."""
    if not PYTHON.exists():
        print(f"Making an environment in {ENVIRONMENT.name} …", flush=True)
        try:
            venv.create(ENVIRONMENT, with_pip=True, clear=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            sys.exit(
                "Python cannot make environments here: install its venv module (Debian, Ubuntu: apt install python3-venv)."
            )
    what = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    print("Installing …", flush=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", what]
    if subprocess.run(pip, check=False).returncode:
        sys.exit(
            "pip could not install the packages: see its message above; a package index must be reachable."
        )


def quickstart() -> int:
    """Build the example recipe and print rows of it."""
    install()
    kpmath = [PYTHON, "-m", "kpmath_builder"]
    built = subprocess.run([*kpmath, "build", "examples/quickstart.toml"], cwd=ROOT, check=False)
    return (
        built.returncode
        or subprocess.run(
            [PYTHON, "examples/show.py", "builds/quickstart/dataset"], cwd=ROOT, check=False
        ).returncode
    )


def test(words: list[str]) -> int:
    """Run pytest."""
    install("test")
    # One more than there are processors, as many tests wait for servers; neighbours stay with one worker where they can: they share
    # what a fixture of their module has built.
    side_by_side = ["-n", str(min((os.cpu_count() or 1) + 1, 4)), "--dist", "worksteal"]
    return subprocess.run([PYTHON, "-m", "pytest", *side_by_side, *words], cwd=ROOT, check=False).returncode


def main() -> int:
    """Do what the first word says."""
    if sys.version_info < (3, 11):
        return _fail(
            f"Python 3.11 or later is needed, this is {sys.version.split()[0]}: call bootstrap.py with a newer one."
        )
    if os.name != "posix":
        return _fail("kpmath-builder runs on Linux and macOS: on Windows use its Linux subsystem.")
    match sys.argv[1:]:
        case ["quickstart"]:
            return quickstart()
        case ["test", *words]:
            return test(words)
        case _:
            return _fail(__doc__ or "")


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
