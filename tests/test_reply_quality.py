"""What is told about replies over a whole build: repairs by role, and the first of many that cannot be read."""

import json
from pathlib import Path

import pytest
from dummy_server import Body, DummyServer, task_of
from roleplay import play, play_json
from small_builds import recipe, rows

from kpmath_builder import build
from kpmath_builder.display import Display
from kpmath_builder.execution.reply_quality import IN_A_ROW, ReplyQuality, shortened
from kpmath_builder.funnel import Funnel
from kpmath_builder.inspection.status import read_status
from kpmath_builder.progress import Progress
from kpmath_builder.prompts.reply_reading import Repair
from kpmath_builder.protocol import Message, Request, Response, Sampling


def request(seed: int) -> Request:
    return Request("write", "m", (Message("user", "?"),), Sampling(1, 1, 9), seed)


def response(text: str) -> Response:
    return Response(text=text, finish_reason="stop")


def test_the_first_of_many_unreadable_replies_is_quoted_once() -> None:
    said: list[str] = []
    quality = ReplyQuality(said.append)
    for seed in range(IN_A_ROW - 1):
        quality.unreadable(request(seed), response(f"Number {seed}:\x1b\n no"), "no JSON object")
        quality.unreadable(request(seed), response("again"), "no JSON object")
    assert not said
    for seed in range(IN_A_ROW, 2 * IN_A_ROW):
        quality.unreadable(request(seed), response("later"), "another reason")
    assert len(said) == 1
    assert r"(no JSON object; the first was: 'Number 0:\x1b\n no')" in said[0]
    assert "20 write requests in a row" in said[0]


def test_one_readable_reply_ends_the_row_and_other_tasks_do_not_count() -> None:
    said: list[str] = []
    quality = ReplyQuality(said.append)
    for seed in range(3 * IN_A_ROW):
        quality.unreadable(request(seed), response("no"), "no JSON object")
        if seed % (IN_A_ROW - 1) == 0:
            quality.readable("write", ())
        quality.readable("judge", ())
    assert not said


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a", "'a'"),
        ("\x0crac", r"'\x0crac'"),
        ("x" * 200, f"'{'x' * 160}' …"),
        ("y" * 160, f"'{'y' * 160}'"),
        ("é∑", "'é∑'"),
        ("", "''"),
    ],
)
def test_a_quoted_reply_is_short_and_its_control_characters_are_visible(text: str, quoted: str) -> None:
    assert shortened(text) == quoted


def wrapped(body: Body) -> str:
    """Play a model that wraps topics in a fence, heads its questions, and judges in JSON."""
    text = play(body)
    return {"extract": f"```\n{text}\n```", "write": f"**Problem:** {text}", "judge": play_json(body)}.get(
        task_of(body), text
    )


def test_repairs_are_counted_by_role_and_change_no_table(
    tmp_path: Path, whole_build: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes: list[str] = []

    def listen(progress: Progress) -> None:
        notes.append(progress.note)

    with DummyServer(wrapped) as server:
        result = build(recipe(tmp_path / "wrapped", server), progress=listen)
    assert any(
        "Replies of the extractor were repaired" in note and "20 × code fence" in note for note in notes
    )
    assert rows(whole_build, "qa-pairs") == rows(tmp_path / "wrapped", "qa-pairs")
    repaired = Funnel.from_json(result.funnel).repaired()
    assert repaired == {
        "judge": {Repair.JSON: 24},
        "writer": {Repair.HEADING: 24},
    }
    assert json.loads((tmp_path / "wrapped" / "manifest.json").read_text())["funnel"]["repairs"] == repaired
    Display().status(read_status(tmp_path / "wrapped"))
    assert "Replies of the writer that were repaired before they could be read: 24 × heading" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_build_without_repairs_says_nothing_of_them(whole_build: Path) -> None:
    assert "repairs" not in json.loads((whole_build / "manifest.json").read_text())["funnel"]


def test_a_model_that_is_never_readable_is_quoted_while_the_build_goes_on(tmp_path: Path) -> None:
    notes: list[str] = []

    def chatty(body: Body) -> str:
        return "Sure! A farmer\x0crac has eggs." if task_of(body) == "write" else play(body)

    with DummyServer(chatty) as server:
        build(recipe(tmp_path, server), progress=lambda progress: notes.append(progress.note))
    told = [note for note in notes if "write requests in a row could be used" in note]
    assert len(told) == 1
    assert r"'Sure! A farmer\x0crac has eggs.'" in told[0]
    assert {row["reason"] for row in rows(tmp_path, "scored")} == {"no valid question"}
