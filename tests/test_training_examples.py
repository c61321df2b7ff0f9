"""The examples that train, run for real with TRL and a tiny random model: the loss is on the answer only, and rewards are paid."""

import json
import math
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from environments import UnavailableError
from factories import make_build
from test_formats import thinking
from test_load import rows_of
from training_environment import training_model, training_python

from kpmath_builder import Recipe, build
from kpmath_builder.dataset.formats import training_format

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
END = "<|im_end|>"


@dataclass(frozen=True)
class Training:
    """Runs examples in the environment with TRL, in a folder with a dataset."""

    python: Path
    model: Path
    folder: Path

    def run(self, *words: str) -> str:
        """Return what a program of the environment prints; it works offline."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "2"}
        done = subprocess.run(
            [str(self.python), *words],
            cwd=self.folder,
            env={**environment, "HF_HOME": str(self.folder / "hf")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def train(self, example: str, *words: str) -> list[dict[str, float]]:
        """Return what each step of an example logs; the trained model is there afterwards."""
        told = self.run(str(ROOT / "examples" / example), "--model", str(self.model), *words)
        assert (self.folder / "out" / "model.safetensors").stat().st_size
        logged = [dict(re.findall(r"'([\w/]+)': '?([-+.\w]+)'?", line)) for line in told.splitlines()]
        return [{name: float(value) for name, value in step.items()} for step in logged if "loss" in step]


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    try:
        python = training_python()
        model = training_model(python)
    except UnavailableError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("training")
    sizes = {"build.questions": "16", "solutions.samples": "4", "build.folder": str(folder / "quickstart")}
    build(Recipe.read(ROOT / "examples/quickstart.toml", sizes))
    drawn = make_build(candidates=48)
    drawn.write(folder / "drawn" / "dataset", candidates=tuple(map(thinking, drawn.candidates)))
    return Training(python, model, folder)


def test_the_example_of_fine_tuning_trains_a_model(training: Training) -> None:
    steps = training.train(
        "train_sft.py",
        "--dataset",
        "quickstart",
        "--max-steps",
        "2",
        "--max-length",
        "2048",  # the tiny tokenizer knows few words, and a row that is cut off before its answer teaches nothing
        "--output",
        "out",
    )
    assert len(steps) == 2
    assert all(math.isfinite(step["loss"]) and step["loss"] > 0 for step in steps)


def test_rows_that_are_too_long_to_teach_anything_are_counted(training: Training) -> None:
    with pytest.raises(
        AssertionError, match=r"have no token of their answer within --max-length 8: raise it"
    ):
        training.train("train_sft.py", "--dataset", "quickstart", "--max-length", "8", "--output", "none")


LABELS = """
import json, runpy, sys
example = runpy.run_path(sys.argv[1])
for words in json.loads(sys.argv[2]):
    trainer = example["make_trainer"](example["arguments"](words))
    for row in trainer.train_dataset:
        labels = [token for token in row["labels"] if token != -100]
        print(json.dumps(trainer.processing_class.decode(labels)), flush=True)
"""


@pytest.mark.parametrize(
    ("name", "reasoning"),
    [("prompt-completion", None), ("prompt-completion-text", "think"), ("paper", None)],
    ids=["chat", "text with reasoning", "paper"],
)
def test_the_loss_is_on_the_answer_and_its_end_and_on_nothing_else(
    training: Training, name: str, reasoning: str | None
) -> None:
    words = ["--dataset", "drawn", "--model", str(training.model), "--format", name]
    words += ["--reasoning", reasoning] if reasoning else []
    told = training.run("-c", LABELS, str(ROOT / "examples/train_sft.py"), json.dumps([words]))
    made = training_format(name, "qa-pairs", reasoning)
    stored = rows_of(training.folder / "drawn" / "dataset", "qa-pairs")
    rows = [made(row) for row in stored if reasoning is None or row["reasoning"]]
    said = [row["completion"] for row in rows]
    if name == "prompt-completion":
        said = [turn["content"] for (turn,) in said]
    learnt = [json.loads(line) for line in told.splitlines() if line.startswith('"')]
    assert [text.rstrip("\n") for text in learnt] == [f"{text}{END}" for text in said]


REWARDS = """
import json, runpy, sys
correct = runpy.run_path(sys.argv[1])["correct"]
said = [[{"role": "assistant", "content": text}] for text in ("So it is \\\\boxed{12}.", "I do not know.", "<think>12</think>13")]
print(json.dumps(correct(completions=said, answer=["12"] * 3, prompts=[], trainer_state=None)))
"""


def test_the_example_of_reinforcement_pays_for_right_answers_and_trains_a_model(training: Training) -> None:
    told = training.run("-c", REWARDS, str(ROOT / "examples/train_grpo.py"))
    assert json.loads(told.splitlines()[-1]) == [1.0, 0.0, 0.0]
    words = ("--dataset", "quickstart", "--min-consensus", "0", "--max-steps", "1", "--output", "out")
    (step,) = training.train("train_grpo.py", *words, "--max-completion-length", "32")
    assert math.isfinite(step["loss"])
    assert 0 <= step["rewards/correct/mean"] <= 1
