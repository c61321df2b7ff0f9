"""Rows as trainers take them: shapes and words of each format, loaded, streamed and exported, and what is refused."""

import json
from pathlib import Path
from typing import Any

import datasets
import pytest
from factories import make_build
from test_load import rows_of

from kpmath_builder import load
from kpmath_builder.dataset.export import export_jsonl
from kpmath_builder.dataset.formats import FORMATS, training_format
from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.templates import PAPER, read_template
from kpmath_builder.records import Candidate

THOUGHT = "Two and two, \\boxed{5}? No."
ROW = {
    "id": "d-1-00",
    "question": "What is $2 + 2$? {x}",
    "solution": "It is \\boxed{4}.",
    "answer": "4",
    "reasoning": THOUGHT,
    "messages": [
        {"role": "user", "content": "What is $2 + 2$? {x}"},
        {"role": "assistant", "content": "It is \\boxed{4}."},
    ],
}
ASKED, SAID = ROW["messages"]
TAGGED = f"<think>\n{THOUGHT}\n</think>\n\nIt is \\boxed{{4}}."
SHAPES: dict[tuple[str, str | None], dict[str, Any]] = {
    ("messages", None): {"messages": [ASKED, SAID]},
    ("messages", "think"): {"messages": [ASKED, {**SAID, "content": TAGGED}]},
    ("messages", "reasoning_content"): {"messages": [ASKED, {**SAID, "reasoning_content": THOUGHT}]},
    ("prompt-completion", None): {"prompt": [ASKED], "completion": [SAID]},
    ("prompt-completion", "think"): {"prompt": [ASKED], "completion": [{**SAID, "content": TAGGED}]},
    ("prompt-completion", "reasoning_content"): {
        "prompt": [ASKED],
        "completion": [{**SAID, "reasoning_content": THOUGHT}],
    },
    ("prompt-completion-text", None): {"prompt": f"{ROW['question']}\n", "completion": SAID["content"]},
    ("prompt-completion-text", "think"): {"prompt": f"{ROW['question']}\n", "completion": TAGGED},
    ("prompt-only", None): {"prompt": [ASKED]},
    ("paper", None): {
        "prompt": f"User: {ROW['question']}\nEnclose the final answer using \\boxed{{}}.\n\nAssistant:",
        "completion": " It is \\boxed{4}.",
    },
    ("paper", "think"): {
        "prompt": f"User: {ROW['question']}\nEnclose the final answer using \\boxed{{}}.\n\nAssistant:",
        "completion": f" {TAGGED}",
    },
}


@pytest.mark.parametrize(("name", "reasoning"), SHAPES, ids=str)
def test_each_format_has_its_columns_with_id_and_answer(name: str, reasoning: str | None) -> None:
    made = training_format(name, "qa-pairs", reasoning)
    assert made(ROW) == {"id": "d-1-00", **SHAPES[name, reasoning], "answer": "4"}
    assert made.schema.names == list(made(ROW))


def test_every_format_is_tried() -> None:
    assert {name for name, _ in SHAPES} == set(FORMATS)


def test_a_row_that_publishes_its_reasoning_in_messages_keeps_it_in_every_format() -> None:
    row = {**ROW, "messages": [ASKED, {**SAID, "content": TAGGED}]}
    for name in ("messages", "prompt-completion", "prompt-completion-text", "paper"):
        assert json.dumps(TAGGED)[1:-1] in json.dumps(training_format(name, "qa-pairs")(row))


def test_the_paper_s_text_is_what_the_paper_s_evaluation_asks() -> None:
    row = training_format("paper", "qa-pairs")(ROW)
    (asked,) = read_template(PAPER).messages(ROW["question"])
    assert row["prompt"] + row["completion"] == asked.content + ROW["solution"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chat", "qa-pairs"), "There is no format 'chat': choose from messages, prompt-completion"),
        (("messages", "scored"), "scored has no format messages: formats are for .* qa-pairs and plus"),
        (
            ("messages", "qa-pairs", "cot"),
            "There is no reasoning 'cot': choose from reasoning_content, think",
        ),
        (("messages", "plus", "think"), "plus has no reasoning"),
        (("prompt-only", "qa-pairs", "think"), "prompt-only has no completion"),
        (("paper", "qa-pairs", "reasoning_content"), "paper is text, .* take reasoning='think'"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        training_format(*arguments)


# Loaded and exported


def thinking(candidate: Candidate) -> Candidate:
    """Let every second solution have been thought about."""
    solutions = (
        its if its.sample % 2 else its.model_copy(update={"thinking": f"Hm, {its.sample}."})
        for its in candidate.solutions
    )
    return candidate.model_copy(update={"solutions": tuple(solutions)})


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a dataset's folder, half of whose pairs have a reasoning, which stands in its own column alone."""
    folder = tmp_path_factory.mktemp("formats") / "dataset"
    build = make_build(candidates=48)
    build.write(folder, candidates=tuple(map(thinking, build.candidates)), rows_per_file=5)
    return folder


@pytest.mark.parametrize(("name", "reasoning"), SHAPES, ids=str)
def test_load_and_export_give_every_row_in_a_format_and_with_reasoning_those_that_have_it(
    dataset: Path, tmp_path: Path, name: str, reasoning: str | None
) -> None:
    made = training_format(name, "qa-pairs", reasoning)
    stored = rows_of(dataset, "qa-pairs")
    wanted = [made(row) for row in stored if reasoning is None or row["reasoning"]]
    assert 0 < len(wanted) <= len(stored)
    loaded = load(dataset, cache_dir=tmp_path / "cache", format=name, reasoning=reasoning)
    streamed = load(dataset, streaming=True, format=name, reasoning=reasoning)
    assert loaded.features == streamed.features == datasets.Features.from_arrow_schema(made.schema)
    assert without_nulls(list(loaded)) == without_nulls(list(streamed)) == wanted
    rows = export_jsonl(dataset, tmp_path / "out", format_name=name, reasoning=reasoning)
    lines = (tmp_path / "out" / f"qa-pairs-{name}.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == wanted
    assert rows == {"qa-pairs": len(wanted)}


def without_nulls(rows: Any) -> Any:
    """Leave out the fields that an Arrow struct has although a turn has not."""
    if isinstance(rows, list):
        return [without_nulls(row) for row in rows]
    if isinstance(rows, dict):
        return {name: without_nulls(value) for name, value in rows.items() if value is not None}
    return rows


def test_rows_with_reasoning_can_be_asked_for_as_they_are(dataset: Path) -> None:
    stored = rows_of(dataset, "qa-pairs")
    assert list(load(dataset, streaming=True, reasoned=True)) == [row for row in stored if row["reasoning"]]


def test_reasoning_that_no_row_has_is_refused_before_a_file_is_written(tmp_path: Path) -> None:
    make_build(candidates=12).write(tmp_path / "dataset")
    for ask in (
        lambda: load(tmp_path, cache_dir=tmp_path / "cache", format="messages", reasoning="think"),
        lambda: export_jsonl(
            tmp_path / "dataset", tmp_path / "out", format_name="messages", reasoning="think"
        ),
    ):
        with pytest.raises(InputError, match=r"set selection\.reasoning=column"):
            ask()
    assert list((tmp_path / "out").iterdir()) == []


def test_reasoning_without_a_format_is_refused(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give one too"):
        load(dataset, reasoning="think")
    with pytest.raises(InputError, match="give one too"):
        export_jsonl(dataset, tmp_path, reasoning="think")


def test_an_empty_table_has_the_columns_of_the_format(tmp_path: Path) -> None:
    make_build(candidates=7).write(tmp_path / "dataset")  # of the first ten none is kept
    loaded = load(tmp_path, cache_dir=tmp_path / "cache", format="prompt-completion")
    assert (loaded.num_rows, loaded.column_names) == (0, ["id", "prompt", "completion", "answer"])
