"""What real models replied to our prompts: each reader, check and filter meets what models really write.

`tests/data/replies/MODEL.jsonl` holds replies of that model to the package's prompts about problems of GSM8K (`benchmarks/prompts.py` keeps
them), each with what was made of it, as people found right on looking at it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from kpmath_builder import answers
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.repairs import control_character
from kpmath_builder.prompts.replies import REPLIES
from kpmath_builder.prompts.reply_reading import read_reply
from kpmath_builder.synthesis.question_checks import find_fault

FILES = sorted((Path(__file__).parent / "data" / "replies").glob("*.jsonl"))
PROMPT = Prompts.load().instructions("write")


def recorded(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def made_of(entry: dict[str, Any]) -> str:
    """Return in a word what the package makes of a reply: what is read, or why nothing is."""
    reply: type[BaseModel] | None = REPLIES[entry["task"]]
    if entry["finish_reason"] != "stop":
        return "cut off"
    if reply is None:
        answer = answers.final_answer(answers.solution_text(entry["text"]))
        return f"answer {answer}" if answer else "no answer"
    read = read_reply(entry["text"], reply)
    if read.value is None:
        return read.reason
    if entry["task"] == "write":
        fault = find_fault(read.value.question, [], PROMPT)  # type: ignore[attr-defined]
        return fault.reason.value if fault else "question"
    return read.value.model_dump_json()


def test_replies_of_real_models_are_at_hand() -> None:
    assert {entry["task"] for path in FILES for entry in recorded(path)} >= {
        "extract",
        "write",
        "work",
        "judge",
    }


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_each_reply_of_a_real_model_is_read_as_people_found_right(path: Path) -> None:
    differing = {
        f"{number} {entry['task']}": (entry["made"], made)
        for number, entry in enumerate(recorded(path), start=1)
        if (made := made_of(entry)) != entry["made"]
    }
    assert not differing


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_nothing_that_is_read_holds_a_control_character(path: Path) -> None:
    """Small models write LaTeX with one backslash; in plain text that is right."""
    for entry in recorded(path):
        reply = REPLIES[entry["task"]]
        value = read_reply(entry["text"], reply).value if reply else None
        assert value is None or not control_character(value.model_dump_json())
