"""Greedy outputs of a model in batches, appended to a file: what is there already is not made again."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from choices import Choices
from outputs import STOP, cut, written
from rows import prompt_of
from training import load

__all__ = ["generate"]

_LOOK_EVERY = 16
"""Tokens between two looks at which outputs have ended; those leave the batch."""


def generate(
    model_name: str,
    place: str,
    problems: Mapping[str, Sequence[Mapping[str, str]]],
    choices: Choices,
    target: Path,
) -> None:
    """Append an output for each problem of each set that has none yet."""
    done = {(row["dataset"], row["id"]) for row in written(target)}
    wanted = [
        (name, each) for name, rows in problems.items() for each in rows if (name, each["id"]) not in done
    ]
    if not wanted:
        return
    tokenizer, model = load(place, choices, getattr(torch, choices.precision))
    tokenizer.padding_side = "left"
    wanted.sort(key=lambda one: len(one[1]["problem"]))
    target.parent.mkdir(parents=True, exist_ok=True)
    began, tokens = time.monotonic(), 0
    with target.open("a", encoding="utf-8") as file:
        for start in range(0, len(wanted), choices.generation_batch):
            batch = wanted[start : start + choices.generation_batch]
            outputs = _greedy(
                model, tokenizer, [prompt_of(each["problem"]) for _, each in batch], choices.max_new_tokens
            )
            for (name, each), ids in zip(batch, outputs, strict=True):
                text = cut(tokenizer.decode(ids, skip_special_tokens=True))
                end = "length" if len(ids) == choices.max_new_tokens else "stop"
                row = {
                    "id": each["id"],
                    "dataset": name,
                    "model": model_name,
                    "output": text,
                    "tokens": len(ids),
                    "end": end,
                }
                file.write(json.dumps(row) + "\n")
                tokens += len(ids)
            file.flush()
            speed = tokens / (time.monotonic() - began)
            print(
                f"  {model_name}: {start + len(batch)}/{len(wanted)} problems  {speed:.0f} tokens/s",
                flush=True,
            )


def _greedy(model: Any, tokenizer: Any, prompts: Sequence[str], most: int) -> list[list[int]]:
    """Return the new tokens for each prompt, up to the end token, or up to where the text has run on."""
    encoded = tokenizer(list(prompts), return_tensors="pt", padding=True).to(model.device)
    ids, mask = encoded["input_ids"], encoded["attention_mask"]
    outputs: list[list[int]] = [[] for _ in prompts]
    running = list(range(len(prompts)))
    cache = None
    with torch.inference_mode():
        for count in range(1, most + 1):
            positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            answer = model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = answer.past_key_values
            chosen = answer.logits[:, -1].argmax(-1)
            for place, token in zip(running, chosen.tolist(), strict=True):
                outputs[place].append(token)
            ids = chosen[:, None]
            mask = torch.cat([mask, mask.new_ones((len(running), 1))], dim=1)
            if count % _LOOK_EVERY == 0:
                keep = torch.tensor(
                    list(_unfinished(tokenizer, [outputs[place] for place in running])),
                    dtype=torch.long,
                    device=model.device,
                )
                if not len(keep):
                    break
                if len(keep) < len(running):
                    cache.batch_select_indices(keep)
                    ids, mask, running = ids[keep], mask[keep], [running[place] for place in keep.tolist()]
    return [_until_end(output, tokenizer.eos_token_id) for output in outputs]


def _unfinished(tokenizer: Any, outputs: Sequence[Sequence[int]]) -> Iterator[int]:
    for place, output in enumerate(outputs):
        text = tokenizer.decode(output)
        if tokenizer.eos_token_id not in output and not any(mark in text for mark in STOP):
            yield place


def _until_end(output: list[int], end: int) -> list[int]:
    return output[: output.index(end)] if end in output else output
