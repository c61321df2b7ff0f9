"""Replies in JSON, which nobody asked for: read as a person would, and never guessing."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from kpmath_builder.prompts.replies import REPLIES, ExtractReply, JudgeReply, SameTopicReply, WriteReply
from kpmath_builder.prompts.reply_reading import Repair, read_reply

WRITE = '{"question": "How many?"}'
JUDGE: dict[str, Any] = {"key_points": [True, False], "errors": [], "final_answers": 1}


def judge(**fields: Any) -> str:
    return json.dumps(JUDGE | fields)


@pytest.mark.parametrize(
    ("text", "kind", "repairs"),
    [
        (WRITE, WriteReply, set()),
        (f"\n {WRITE}\n", WriteReply, set()),
        (f"```json\n{WRITE}\n```", WriteReply, {Repair.FENCE}),
        (f"```\n{WRITE}\n```", WriteReply, {Repair.FENCE}),
        (f"Here is the problem:\n{WRITE}\nI hope it helps.", WriteReply, {Repair.PROSE}),
        (f"Sure:\n```json\n{WRITE}\n```", WriteReply, {Repair.FENCE, Repair.PROSE}),
        (f"In \\frac{{a}}{{b}} and {{x}} we have {WRITE}", WriteReply, {Repair.PROSE}),
        (f"{WRITE}\n\n{WRITE}", WriteReply, set()),
        (f"[{WRITE}]", WriteReply, {Repair.PROSE}),
        ('{"question": "How many?",}', WriteReply, {Repair.COMMA}),
        ('{"question": "One, two,\\" }", }', WriteReply, {Repair.COMMA}),
        ('{"question": "Two lines:\nhow many?"}', WriteReply, {Repair.LINE_BREAK}),
        ('{"question": "Two lines:\nhow many?",}', WriteReply, {Repair.LINE_BREAK, Repair.COMMA}),
        (judge(), JudgeReply, set()),
        (judge(final_answers=1.0), JudgeReply, {Repair.WHOLE}),
        (judge(final_answers="1"), JudgeReply, {Repair.QUOTED}),
        (judge(final_answers="1.0"), JudgeReply, {Repair.QUOTED, Repair.WHOLE}),
        (judge(key_points=["true", "False"]), JudgeReply, {Repair.QUOTED}),
        (judge(errors=None), JudgeReply, {Repair.NULL_LIST}),
        (judge(errors=None, key_points=None), JudgeReply, {Repair.NULL_LIST}),
        ('{"same": "True"}', SameTopicReply, {Repair.QUOTED}),
        ('{"topics": [{"topic": "A - B", "key_points": ["c",],},],}', ExtractReply, {Repair.COMMA}),
    ],
)
def test_what_has_one_meaning_is_read_and_each_repair_is_named(
    text: str, kind: type[BaseModel], repairs: set[Repair]
) -> None:
    read = read_reply(text, kind)
    assert read.value is not None, read.reason
    assert read.repairs == repairs | {Repair.JSON}
    assert read.reason == ""


def test_repaired_values_are_those_that_were_meant() -> None:
    read = read_reply(judge(final_answers="2.0", key_points=["true"], errors=None), JudgeReply)
    assert read.value is not None
    assert (read.value.final_answers, read.value.key_points, read.value.errors) == (2, (True,), ())
    commas = read_reply('{"question": "a, b,] and ,}",}', WriteReply)
    assert commas.value == WriteReply(question="a, b,] and ,}")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"question": "A?"} or {"question": "B?"}', WriteReply),
        ('[{"question": "A?"}, {"question": "B?"}]', WriteReply),
        ('{"question": "A?", "question": "B?"}', WriteReply),
        ('{"question": "A?", "answer": 3}', WriteReply),
        ('{"question": 3}', WriteReply),
        ('{"question": "cut off', WriteReply),
        ('{"question": "A?",, }', WriteReply),
        ('{"question": " "}', WriteReply),
        (judge(final_answers=1.5), JudgeReply),
        (judge(final_answers="one"), JudgeReply),
        (judge(errors="none"), JudgeReply),
        (judge(errors=[None]), JudgeReply),
        (judge(errors={}), JudgeReply),
        ('{"same": 1}', SameTopicReply),
        ('{"same": "yes"}', SameTopicReply),
        ('{"same": null}', SameTopicReply),
        (judge(key_points=[1]), JudgeReply),
        (judge(key_points=["maybe"]), JudgeReply),
        ('{"topics": null}', ExtractReply),
        ('{"topics": [{"topic": "A - B", "key_points": null}]}', ExtractReply),
        ('{"outer": {"question": "A?"}}', WriteReply),
        ('{"outer" {"question": "A?"}}', WriteReply),
    ],
)
def test_what_has_no_single_meaning_is_not_read(text: str, kind: type[BaseModel]) -> None:
    read = read_reply(text, kind)
    assert read.value is None
    assert read.repairs == frozenset()
    assert read.reason.startswith("reply is not readable: ")
    assert read.reason.isprintable()


@pytest.mark.parametrize(
    "question",
    [
        r"\frac12",
        r"\binom52",
        r"\rho",
        r"\right)",
        r"\theta",
        r"2 \times 3",
        r"\text{cm}",
        r"\tan x",
        r"a \neq b",
        r"$a \ne b$",
        r"$\nu$",
        r"\nabla f",
        r"nul \u0000",
        r"esc \u001b[2J",
        r"\ud800",
        r"\u0085",
        "raw \x07",
        r"\sqrt2",
        r"\pi",
        r"\alpha",
    ],
    ids=ascii,
)
def test_latex_behind_a_single_backslash_is_refused_and_never_stored(question: str) -> None:
    text = f'{{"question": "Find {question} for $x$."}}'
    assert read_reply(text, WriteReply).value is None
    assert (
        read_reply(f'{{"topics": [{{"topic": "A - B", "key_points": ["{question}"]}}]}}', ExtractReply).value
        is None
    )


@pytest.mark.parametrize(
    "question",
    [
        r"\\frac12 and \\theta and \\neq",
        r"One.\nTwo?",
        r"One.\n\nnot two?",
        r"i) one\nii) two",
        r"Given\nu = 3 and\ne = 4, find $u$.",
        r"Name\tAge\nAnn\t7",
        r"\t- indented",
        r"One.\r\nTwo?",
        "Größe ∑ 😀",
        r"\u00e9 \ud83d\ude00",
    ],
    ids=ascii,
)
def test_ordinary_text_is_not_held_to_be_spoilt(question: str) -> None:
    read = read_reply(f'{{"question": "{question}"}}', WriteReply)
    assert read.value is not None, read.reason
    assert read.value.question == json.loads(f'"{question}"').strip()


@pytest.mark.parametrize(
    "text",
    [
        '{"question":' + "[" * 100_000,
        '{"question":' * 100_000,
        '{"question": ' + "9" * 100_000 + "}",
        '{"question": 1e999}',
        '{"question": 1}' * 100_000,
        '{"question": "' + '\\"' * 100_000,
        '{"question",' + "," * 100_000 + "}",
    ],
    ids=range(7),
)
def test_no_attack_breaks_the_reader(text: str) -> None:
    assert read_reply(text, WriteReply).value is None


@pytest.mark.parametrize("kind", [kind for kind in REPLIES.values() if kind])
@given(text=st.text(alphabet='{}[]",:\\nt1.0 atrue`\n') | st.text())
def test_any_text_is_a_reply_or_a_reason(kind: type[BaseModel], text: str) -> None:
    read = read_reply(text, kind)
    assert (read.value is None) == bool(read.reason)


words = st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=200).filter(
    lambda text: any(map(str.isalnum, text))
)


@given(topics=st.lists(st.tuples(words, st.lists(words, min_size=1, max_size=10)), min_size=1, max_size=10))
def test_whatever_a_model_means_is_read_back_unrepaired(topics: list[tuple[str, list[str]]]) -> None:
    meant = {"topics": [{"topic": topic, "key_points": points} for topic, points in topics]}
    read = read_reply(json.dumps(meant, ensure_ascii=False), ExtractReply)
    assert read.value is not None, read.reason
    assert read.value.model_dump(mode="json") == meant
    assert read.repairs == {Repair.JSON}
