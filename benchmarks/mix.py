"""A mix of a build with the real GSM8K, MATH and TAL-SCQ5K-EN: what stays, and whether a mix that was killed twice makes the same bytes.

kpmath build examples/quickstart.toml --set seeds.path=../shared/data/gsm8k/train.jsonl --set build.folder=BUILD \
        --set build.questions=600 --set contamination.sets=[]
python benchmarks/mix.py ../shared/data BUILD
"""

import hashlib
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

KILLED_AT = ("comparing all rows", "writing the tables")


def recipe(data: Path, build: Path) -> str:
    """Return the recipe of the mix."""
    sources = {
        "kpmath": ("build", build),
        "gsm8k": ("gsm8k", data / "gsm8k/train.jsonl"),
        "math": ("math", data / "math/train.jsonl.gz"),
        "tal": ("tal-scq5k-en", data / "topics/tal_scq5k_en_train.jsonl"),
    }
    tables = [f'[sources.{name}]\nkind = "{kind}"\npath = "{path}"' for name, (kind, path) in sources.items()]
    tests = {
        "GSM8K test": "gsm8k/test.jsonl",
        "MATH test": "math/test.jsonl",
        "MATH-500": "math/math500.jsonl",
    }
    sets = ", ".join(f'{{ name = "{name}", path = "{data / path}" }}' for name, path in tests.items())
    return "\n".join([*tables, f"[contamination]\nsets = [{sets}]\n"])


def mix(path: Path, folder: Path, kill_at: str = "") -> bool:
    """Mix in a process of its own, killed when it says `kill_at`; return whether it came to its end."""
    command = [sys.executable, "-m", "kpmath_builder", "mix", str(path), "--set", f"folder={folder}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.strip() == kill_at:
                running.send_signal(signal.SIGKILL)
    return running.returncode == 0


def digest(folder: Path) -> str:
    """Return a hash over names and bytes of all that the mix made."""
    made = hashlib.sha256()
    for path in sorted([*(folder / "dataset").rglob("*"), folder / "left-out.jsonl"]):
        if path.is_file():
            made.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return made.hexdigest()


def main(data: str, build: str) -> None:
    """Print the tables of the card, and whether the bytes are the same."""
    with tempfile.TemporaryDirectory() as room:
        path, folders = Path(room) / "mix.toml", (Path(room) / "once", Path(room) / "killed")
        path.write_text(recipe(Path(data).resolve(), Path(build).resolve()), encoding="utf-8")
        assert mix(path, folders[0])
        for kill_at in KILLED_AT:
            assert not mix(path, folders[1], kill_at)
        assert mix(path, folders[1])
        card = (folders[0] / "dataset" / "README.md").read_text(encoding="utf-8")
        print(card.partition("\n## The mix\n")[2].partition("\n## ")[0])
        same = digest(folders[0]) == digest(folders[1])
        print(
            f"killed at {' and '.join(KILLED_AT)}, then run to its end: {'the same bytes' if same else 'OTHER BYTES'}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
