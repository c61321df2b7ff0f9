"""Fine-tune a model on a dataset with TRL, with the loss on the answer only.

    pip install trl
    python examples/train_sft.py --dataset builds/quickstart --model Qwen/Qwen3-0.6B

`--reasoning` trains on what the solver thought as well (docs/training.md). Several GPUs: `accelerate launch` in place of `python`.
"""

import argparse

import torch
from trl import SFTConfig, SFTTrainer

from kpmath_builder import load


def make_trainer(wanted: argparse.Namespace) -> SFTTrainer:
    """Return the trainer of a model on the rows of a dataset, each a prompt and a completion."""
    rows = load(wanted.dataset, format=wanted.format, reasoning=wanted.reasoning)
    has_gpu = torch.accelerator.is_available()
    settings = SFTConfig(
        output_dir=wanted.output,
        max_steps=wanted.max_steps,
        max_length=wanted.max_length,
        completion_only_loss=True,
        logging_steps=1 if wanted.max_steps > 0 else 10,
        report_to="none",
        bf16=has_gpu,
        use_cpu=not has_gpu,
    )
    trainer = SFTTrainer(model=wanted.model, train_dataset=rows, args=settings)
    if cut := len(rows) - len(trainer.train_dataset):
        told = f"{cut:,} of {len(rows):,} rows have no token of their answer within --max-length {wanted.max_length:,}"
        if cut == len(rows):
            raise SystemExit(f"{told}: raise it.")
        print(f"{told}, and are left out.")
    return trainer


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="Qwen/Qwen3-0.6B", help="name on the Hub, or folder")
    parser.add_argument("--dataset", required=True, help="folder of a build, or name on the Hub")
    parser.add_argument(
        "--format",
        default="prompt-completion",
        choices=["prompt-completion", "prompt-completion-text", "paper"],
        help="a chat by default; text for a model without a chat template",
    )
    parser.add_argument("--reasoning", choices=["reasoning_content", "think"])
    parser.add_argument("--max-steps", type=int, default=-1, help="-1: three epochs")
    parser.add_argument("--max-length", type=int, default=4096, help="tokens of a row; the rest is cut off")
    parser.add_argument("--output", default="trained", help="folder for the trained model")
    return parser.parse_args(words)


if __name__ == "__main__":
    trainer = make_trainer(arguments())
    trainer.train()
    trainer.save_model()
