"""Replies that run in a loop are recognised, counted, and asked for once more in another way."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from dummy_server import Body, DummyServer, Fault, choices, task_of
from roleplay import play
from small_builds import recipe, rows

from kpmath_builder import build
from kpmath_builder.display import Display
from kpmath_builder.inspection.status import read_status
from kpmath_builder.prompts.loops import ends_in_loop

STORY = (
    "A baker sells rolls for $2 and loaves for $5. On Monday she sells 40 rolls and 12 loaves, on Tuesday half as many rolls and "
    "twice as many loaves. How much more money does she take in on Tuesday than on Monday, if each loaf costs her $1 to bake?"
)


@pytest.mark.parametrize(
    "text",
    [
        STORY + "and so on " * 40,
        STORY + "0" * 120,
        '{"topics": [' + '{"topic": "Arithmetic - Addition", "key_points": ["Add the numbers"]}, ' * 4,
        '{"errors": [' + ", ".join(f'"Step {n} is not stated."' for n in range(1, 30)),
        STORY * 3,
        STORY + "\n" * 3 + "The sum is 12. " * 30 + "The su",
    ],
    ids=["words", "digits", "topics", "numbered", "a long passage", "cut in the middle"],
)
def test_a_tail_that_repeats_is_a_loop(text: str) -> None:
    assert ends_in_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no no no no",
        STORY,
        STORY * 2,
        "and so on " * 40 + STORY,
        " ".join(f"The price of {word} is {len(word)} dollars." for word in STORY.split()),
        "$\\frac{1}{2} + \\frac{1}{4} + \\frac{1}{8} + \\cdots$",
    ],
    ids=["nothing", "four words", "a story", "said twice", "a loop that ended", "a list", "a short series"],
)
def test_other_texts_are_no_loops(text: str) -> None:
    assert not ends_in_loop(text)


def loops(task: str, most: int, **message: str) -> Callable[[Body, int], Fault | None]:
    """Let the first replies to each request of a task run in a loop; the attempts of one request differ in their seed only."""
    seen: Counter[str] = Counter()

    def faults(body: Body, number: int) -> Fault | None:
        if task_of(body) != task:
            return None
        seen[body["messages"][-1]["content"]] += 1
        looping = choices("length", **(message or {"content": LOOP}))
        return looping if seen[body["messages"][-1]["content"]] <= most else None

    return faults


LOOP = '{"errors": [' + '"It is wrong.", ' * 40


def test_after_a_loop_one_more_reply_is_asked_for_in_half_the_tokens_never_greedily(tmp_path: Path) -> None:
    """The judge's temperature is 0, which would give the same loop again."""
    with DummyServer(play, faults=loops("judge", 99)) as server:
        build(recipe(tmp_path, server, build_questions=4, build_shards=1))
    asked: dict[str, list[Body]] = {}
    for body in server.bodies:
        if task_of(body) == "judge":
            asked.setdefault(body["messages"][-1]["content"], []).append(body)
    assert len(asked) == 4
    for first, second in asked.values():
        assert (first["max_tokens"], second["max_tokens"]) == (1024, 512)
        assert (first["temperature"], second["temperature"]) == (0.0, 0.5)
        assert first["seed"] != second["seed"]
    scored = rows(tmp_path, "scored")
    assert {(row["reason"], row["detail"]) for row in scored} == {
        ("no valid judgement", "ran in a loop until it was cut off (length)")
    }


def test_a_reply_that_comes_after_a_loop_counts_and_so_does_the_loop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with DummyServer(play, faults=loops("write", 1)) as server:
        result = build(recipe(tmp_path, server, build_questions=4, build_shards=1))
    assert "no valid question" not in {row["reason"] for row in rows(tmp_path, "scored")}
    assert result.funnel["loops"] == {"writer": 4}
    assert json.loads((tmp_path / "manifest.json").read_text())["funnel"]["loops"] == {"writer": 4}
    Display().status(read_status(tmp_path))
    said = " ".join(capsys.readouterr().out.split())
    assert "Replies of the writer that ran in a loop until they were cut off: 4" in said


def test_thoughts_that_run_in_a_loop_are_a_loop(tmp_path: Path) -> None:
    fault = loops("write", 1, content="", reasoning_content="Wait, is that right? " * 40)
    with DummyServer(play, faults=fault) as server:
        result = build(recipe(tmp_path, server, build_questions=2, build_shards=1))
    assert result.funnel["loops"] == {"writer": 2}


def test_loops_of_the_extractor_are_reported(tmp_path: Path) -> None:
    notes: list[str] = []
    with DummyServer(play, faults=loops("extract", 1)) as server:
        made = recipe(tmp_path, server, build_questions=2, build_shards=1)
        build(made, progress=lambda progress: notes.append(progress.note))
    assert "Replies of the extractor that ran in a loop until they were cut off: 20" in notes
