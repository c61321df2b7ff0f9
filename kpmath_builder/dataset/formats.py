"""Rows as trainers take them: a chat, a prompt and its completion, a prompt alone, or the paper's text.

Column names and shapes are those of TRL's dataset formats, which other trainers read as well. Each format keeps `id` and `answer`:
the first names the row, the second is what a reward compares with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kpmath_builder.dataset.rows import Row, with_thoughts
from kpmath_builder.dataset.schemas import DEFAULT_CONFIG, PLUS
from kpmath_builder.errors import InputError

__all__ = ["FORMATS", "NO_REASONING", "REASONING", "TrainingFormat", "training_format"]

REASONING = ("reasoning_content", "think")
"""How the reasoning stands in the assistant's turn: as a field of its own, or in its content between `<think>` and `</think>`."""
NO_REASONING = (
    "No row holds what the solver thought: publish it with `kpmath rescore FOLDER --set selection.reasoning=column --set "
    "solutions.keep_thinking=true`, or leave the reasoning out."
)
_PAPER_PROMPT = "User: {question}\nEnclose the final answer using \\boxed{{}}.\n\nAssistant:"
"""The paper's template up to the space before the answer, which tokenizers join to the answer's first word."""
_CONFIGS = (DEFAULT_CONFIG, PLUS)
_TURN = {"role": pa.string(), "content": pa.string()}
_REASONED_TURN = {**_TURN, "reasoning_content": pa.string()}
_Make = Callable[[str, dict[str, Any]], Row]
"""Makes the columns out of a question and the assistant's turn."""


def _messages(question: str, turn: dict[str, Any]) -> Row:
    return {"messages": [{"role": "user", "content": question}, turn]}


def _prompt_completion(question: str, turn: dict[str, Any]) -> Row:
    return {"prompt": [{"role": "user", "content": question}], "completion": [turn]}


def _prompt_completion_text(question: str, turn: dict[str, Any]) -> Row:
    return {"prompt": f"{question}\n", "completion": turn["content"]}


def _prompt_only(question: str, _: dict[str, Any]) -> Row:
    return {"prompt": [{"role": "user", "content": question}]}


def _paper(question: str, turn: dict[str, Any]) -> Row:
    return {"prompt": _PAPER_PROMPT.format(question=question), "completion": f" {turn['content']}"}


FORMATS: Mapping[str, _Make] = {
    "messages": _messages,
    "prompt-completion": _prompt_completion,
    "prompt-completion-text": _prompt_completion_text,
    "prompt-only": _prompt_only,
    "paper": _paper,
}


@dataclass(frozen=True, slots=True)
class TrainingFormat:
    """A format and how the reasoning stands in it; called with a row of a config, it returns the row in this format."""

    name: str
    reasoning: str | None

    def __call__(self, row: Mapping[str, Any]) -> Row:
        """Return a row in this format."""
        columns = FORMATS[self.name](row["question"], self._turn(row))
        return {"id": row["id"], **columns, "answer": row["answer"]}

    def _turn(self, row: Mapping[str, Any]) -> dict[str, Any]:
        if self.reasoning is None:
            return {"role": "assistant", "content": row["messages"][-1]["content"]}
        if self.reasoning == "think":
            return {"role": "assistant", "content": with_thoughts(row["solution"], row["reasoning"])}
        return {
            "role": "assistant",
            "content": row["solution"],
            "reasoning_content": row["reasoning"],
        }

    @property
    def schema(self) -> pa.Schema:
        """The columns of this format."""
        turn = pa.list_(pa.struct(_REASONED_TURN if self.reasoning == "reasoning_content" else _TURN))
        asked = pa.list_(pa.struct(_TURN))
        columns: Mapping[str, Mapping[str, pa.DataType]] = {
            "messages": {"messages": turn},
            "prompt-completion": {"prompt": asked, "completion": turn},
            "prompt-only": {"prompt": asked},
        }
        text = {"prompt": pa.string(), "completion": pa.string()}
        return pa.schema({"id": pa.string(), **columns.get(self.name, text), "answer": pa.string()})


def training_format(name: str, config: str, reasoning: str | None = None) -> TrainingFormat:
    """Return a format for the rows of a config.

    Parameters
    ----------
    name
        One of `FORMATS`.
    config
        `qa-pairs` or `plus`.
    reasoning
        One of `REASONING`; if it is not given, the assistant says what it says in the column `messages`.

    Raises
    ------
    InputError
        If there is no such format, or the config or the format cannot be combined with it.
    """
    if name not in FORMATS:
        raise InputError(f"There is no format {name!r}: choose from {', '.join(FORMATS)}.")
    if config not in _CONFIGS:
        raise InputError(
            f"{config} has no format {name}: formats are for rows of a question and its solution, {' and '.join(_CONFIGS)}."
        )
    if reasoning is None:
        return TrainingFormat(name, None)
    if reasoning not in REASONING:
        raise InputError(f"There is no reasoning {reasoning!r}: choose from {', '.join(REASONING)}.")
    if config == PLUS:
        raise InputError(f"{PLUS} has no reasoning: leave it out, or take {DEFAULT_CONFIG}.")
    if name == "prompt-only":
        raise InputError("prompt-only has no completion that could hold the reasoning: leave reasoning out.")
    if reasoning == "reasoning_content" and name not in {"messages", "prompt-completion"}:
        raise InputError(f"{name} is text, which has no field reasoning_content: take reasoning='think'.")
    return TrainingFormat(name, reasoning)
