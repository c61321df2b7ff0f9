"""Fine-tuning of float32 weights with the loss on the solution alone, and the loss on held-out solutions; goes on from its last checkpoint."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from batches import batches, points, rate, steps
from choices import Choices
from rows import TrainingRow, prompt_of
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from kpmath_builder.errors import InputError
from kpmath_builder.files.durable import staged_folder, write_atomically

__all__ = ["Encoded", "counted", "encode", "load", "losses", "tokenizer_of", "train"]

_IGNORED = -100
_QUICK_LOOK = 50
"""Held-out rows of each kind that are looked at on the way; at the ends, all are."""


@dataclass(frozen=True)
class Encoded:
    """A row as token ids: all of them, and how many belong to the prompt."""

    ids: Sequence[int]
    prompt: int


def tokenizer_of(place: str) -> Any:
    """Return the tokenizer of a model."""
    return AutoTokenizer.from_pretrained(place)


def load(place: str, choices: Choices, dtype: torch.dtype = torch.float32) -> tuple[Any, Any]:
    """Return tokenizer and model, which is where it will compute.

    Raises
    ------
    InputError
        If there is no GPU where one is wanted.
    """
    if choices.device == "cuda" and not torch.cuda.is_available():
        raise InputError("torch sees no GPU: leave --device out, or install a torch that fits the driver.")
    if choices.threads:
        torch.set_num_threads(choices.threads)
    return tokenizer_of(place), AutoModelForCausalLM.from_pretrained(place, dtype=dtype).to(choices.device)


def encode(tokenizer: Any, row: TrainingRow) -> Encoded:
    """Return the ids of prompt and solution; they are made apart, as at the evaluation, and the end token follows."""
    prompt = tokenizer(prompt_of(row.question))["input_ids"]
    answer = tokenizer(row.solution, add_special_tokens=False)["input_ids"]
    return Encoded([*prompt, *answer, tokenizer.eos_token_id], len(prompt))


def counted(tokenizer: Any, row: TrainingRow) -> TrainingRow:
    """Return the row with its length."""
    encoded = encode(tokenizer, row)
    return replace(row, prompt_tokens=encoded.prompt, answer_tokens=len(encoded.ids) - encoded.prompt)


def losses(place: str, held_out: Mapping[str, Sequence[TrainingRow]], choices: Choices) -> dict[str, float]:
    """Return the loss of a model on each kind of held-out solutions."""
    tokenizer, model = load(place, choices)
    return {
        name: _held_out_loss(model, [encode(tokenizer, row) for row in rows], choices)
        for name, rows in held_out.items()
    }


def train(
    place: str,
    rows: Sequence[TrainingRow],
    held_out: Mapping[str, Sequence[TrainingRow]],
    choices: Choices,
    *,
    folder: Path,
    trace: Path,
) -> None:
    """Train one arm; the model is then in `folder`, and the figures of the run in `trace`, which is written last."""
    torch.manual_seed(choices.seed)
    tokenizer, model = load(place, choices)
    _freeze(model, choices.frozen_layers)
    encoded = [encode(tokenizer, row) for row in rows]
    looked_at = {name: [encode(tokenizer, row) for row in each] for name, each in held_out.items()}
    lengths = [len(each.ids) for each in encoded]
    plan = [
        step
        for epoch in range(choices.epochs)
        for step in steps(lengths, choices.batch_tokens, choices.step_tokens, choices.seed + epoch)
    ]
    optimiser = torch.optim.AdamW(
        [each for each in model.parameters() if each.requires_grad],
        betas=(0.9, 0.95),
        weight_decay=0.0,
        fused=True,
    )
    checkpoint = trace.with_suffix(".checkpoint")
    state = _resume(checkpoint, model, optimiser)
    stops = points(len(plan), choices.points)
    for number in range(state["step"], len(plan)):
        began = time.monotonic()
        optimiser.param_groups[0]["lr"] = rate(number, len(plan), choices.learning_rate)
        loss = _step(
            model, optimiser, [[encoded[place] for place in batch] for batch in plan[number]], choices
        )
        state["seconds"] += time.monotonic() - began
        state["tokens"] += sum(lengths[place] for batch in plan[number] for place in batch)
        state["step"] = number + 1
        print(
            f"  {folder.name}: step {number + 1}/{len(plan)}  loss {loss:.3f}  {state['tokens'] / state['seconds']:.0f} tokens/s",
            flush=True,
        )
        if number + 1 in stops:
            quick = {
                name: _held_out_loss(model, each[:_QUICK_LOOK], choices) for name, each in looked_at.items()
            }
            state["curve"].append({"tokens": state["tokens"], "training": loss, **quick})
            _save(checkpoint, model, optimiser, state)
    state["held_out"] = {name: _held_out_loss(model, each, choices) for name, each in looked_at.items()}
    with staged_folder(folder) as staged:
        model.save_pretrained(staged)
        tokenizer.save_pretrained(staged)
    write_atomically(trace, (json.dumps({"rows": len(rows), **state}, indent=1) + "\n").encode())
    checkpoint.unlink(missing_ok=True)


def _held_out_loss(model: Any, rows: Sequence[Encoded], choices: Choices) -> float:
    """Return the mean loss per token of the solutions."""
    total, count = 0.0, 0
    with torch.inference_mode():
        for places in batches([len(row.ids) for row in rows], 2 * choices.batch_tokens):
            loss, tokens = _loss(model, [rows[place] for place in places], choices)
            total, count = total + loss.item(), count + tokens
    return total / count


def _step(
    model: Any, optimiser: torch.optim.Optimizer, step: Iterable[Sequence[Encoded]], choices: Choices
) -> float:
    """Take one step with the mean loss over all tokens of its solutions, and return it."""
    total, count = 0.0, 0
    for batch in step:
        loss, tokens = _loss(model, batch, choices)
        loss.backward()
        total, count = total + loss.item(), count + tokens
    trained = [each for group in optimiser.param_groups for each in group["params"] if each.grad is not None]
    for each in trained:
        each.grad /= count
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimiser.step()
    optimiser.zero_grad()
    return total / count


def _loss(model: Any, batch: Sequence[Encoded], choices: Choices) -> tuple[torch.Tensor, int]:
    """Return the summed loss over the solutions and their number of tokens.

    Padding stands behind a row, where causal attention never looks, so no mask is needed. The output layer is a fifth of the work of a
    model of this size: it sees only the places that are learnt.
    """
    longest = max(len(row.ids) for row in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    labels = torch.full((len(batch), longest), _IGNORED)
    for place, row in enumerate(batch):
        ids[place, : len(row.ids)] = torch.tensor(row.ids)
        labels[place, row.prompt - 1 : len(row.ids) - 1] = torch.tensor(row.ids[row.prompt :])
    ids, labels = ids.to(choices.device), labels.to(choices.device)
    learnt = labels != _IGNORED
    with torch.autocast(choices.device, torch.bfloat16, enabled=choices.precision == "bfloat16"):
        hidden = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        logits = model.get_output_embeddings()(hidden[learnt])
    return cross_entropy(logits.float(), labels[learnt], reduction="sum"), int(learnt.sum())


def _freeze(model: Any, layers: int) -> None:
    if not layers:
        return
    for part in (model.get_input_embeddings(), *model.base_model.layers[:layers]):
        part.requires_grad_(requires_grad=False)


def _resume(checkpoint: Path, model: Any, optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    if not checkpoint.exists():
        return {"step": 0, "tokens": 0, "seconds": 0.0, "curve": []}
    saved = torch.load(checkpoint, weights_only=True)
    model.load_state_dict(saved["model"])
    optimiser.load_state_dict(saved["optimiser"])
    print(f"  {checkpoint.stem}: goes on after step {saved['state']['step']}", flush=True)
    return dict(saved["state"])


def _save(checkpoint: Path, model: Any, optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    beside = checkpoint.with_suffix(".part")
    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "state": state}, beside)
    beside.replace(checkpoint)
