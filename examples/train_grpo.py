"""Train a model by reinforcement learning (GRPO, with TRL): a completion that states the right answer is rewarded.

    pip install trl
    python examples/train_grpo.py --dataset builds/quickstart --model Qwen/Qwen3-0.6B

Several GPUs: `accelerate launch` in place of `python`.
"""

import argparse

import torch
from trl import GRPOConfig, GRPOTrainer

from kpmath_builder import load
from kpmath_builder.answers import reward


def correct(completions: list[list[dict[str, str]]], answer: list[str], **_: object) -> list[float]:
    """Return 1.0 for each completion that states its answer, else 0.0; a batch takes 20 seconds at most, in any thread or process."""
    return reward(completions, answer, total_seconds=20.0)


def make_trainer(wanted: argparse.Namespace) -> GRPOTrainer:
    """Return the trainer of a model on the questions whose answer most solutions agree on."""
    rows = load(wanted.dataset, format="prompt-only", min_consensus=wanted.min_consensus)
    of_question = {name.rpartition("-")[0]: place for place, name in enumerate(rows["id"])}
    has_gpu = torch.accelerator.is_available()
    settings = GRPOConfig(
        output_dir=wanted.output,
        max_steps=wanted.max_steps,
        max_completion_length=wanted.max_completion_length,
        logging_steps=1,
        report_to="none",
        bf16=has_gpu,
        use_cpu=not has_gpu,
    )
    return GRPOTrainer(
        model=wanted.model,
        reward_funcs=correct,
        train_dataset=rows.select(of_question.values()),  # a question has several rows, and is asked once
        args=settings,
    )


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="Qwen/Qwen3-0.6B", help="name on the Hub, or folder")
    parser.add_argument("--dataset", required=True, help="folder of a build, or name on the Hub")
    parser.add_argument(
        "--min-consensus", type=float, default=0.8, help="a wrong label rewards a wrong answer"
    )
    parser.add_argument("--max-steps", type=int, default=-1, help="-1: three epochs")
    parser.add_argument("--max-completion-length", type=int, default=2048, help="tokens of a completion")
    parser.add_argument("--output", default="rewarded", help="folder for the trained model")
    return parser.parse_args(words)


if __name__ == "__main__":
    trainer = make_trainer(arguments())
    trainer.train()
    trainer.save_model()
