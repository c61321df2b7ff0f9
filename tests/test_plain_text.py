r"""Replies in plain text: what is asked for is read, what wraps it is taken off, and nothing else is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from kpmath_builder.prompts.plain_text import write_text
from kpmath_builder.prompts.replies import (
    REPLIES,
    ExtractReply,
    JudgeReply,
    NamedTopic,
    SameTopicReply,
    WriteReply,
)
from kpmath_builder.prompts.reply_reading import Repair, read_reply

PROBLEM = r"A disc has radius $\frac{3}{2}$ cm and $r \times s = \sqrt{7}$. Find $\theta$."


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        (PROBLEM, set()),
        (f"\n{PROBLEM}\n", set()),
        (f"Problem: {PROBLEM}", {Repair.HEADING}),
        (f"Problem:\n{PROBLEM}", {Repair.HEADING}),
        (f"**Problem:** {PROBLEM}", {Repair.HEADING}),
        (f"**Problem**:\n\n{PROBLEM}", {Repair.HEADING}),
        (f"### New Problem\n{PROBLEM}", {Repair.HEADING}),
        (f'"{PROBLEM}"', {Repair.QUOTES}),
        (f"“{PROBLEM}”", {Repair.QUOTES}),
        (f"```\n{PROBLEM}\n```", {Repair.FENCE}),
        (f"```latex\n{PROBLEM}\n```\n", {Repair.FENCE}),
        (f'```\nProblem: "{PROBLEM}"\n```', {Repair.FENCE, Repair.HEADING, Repair.QUOTES}),
        (f"{PROBLEM}\nSolution:\nTo find it, we", {Repair.SOLUTION}),
        (f"{PROBLEM}\n\nSolution: The radius is", {Repair.SOLUTION}),
        (f"{PROBLEM}\n\n**Solution:**\n- First", {Repair.SOLUTION}),
        (f"{PROBLEM}\n\n**Solution**:\n1. First", {Repair.SOLUTION}),
        (f"{PROBLEM}\n\n## Solution\n\n1. First", {Repair.SOLUTION}),
        (f"{PROBLEM}\n\n---\n\n**Solution:**\n\n**Part A:**", {Repair.SOLUTION}),
        (f"Problem: {PROBLEM}\nSolution:\n$1$\nSolution:\n$2$", {Repair.HEADING, Repair.SOLUTION}),
    ],
)
def test_a_problem_is_the_reply_without_what_wraps_the_whole_of_it(text: str, repairs: set[Repair]) -> None:
    read = read_reply(text, WriteReply)
    assert read.value is not None, read.reason
    assert (read.value.question, read.repairs) == (PROBLEM, repairs)


@pytest.mark.parametrize(
    "text",
    [
        'The word "seven" has how many "e"',
        '"One" and "two": how many letters?"',
        "Problems with a fence: the farmer needs 40 m of it. How long is a side?",
        "Solve the problem: 3 + 4 = ?",
        "Evaluate\n```\nx = 3\n```\nand print x + 1. What is shown?",
        'Let $A = {}^{14}C$ and $\\{"a"\\}$ a set. What is its size?',
        "Problem 7 of a test has 5 points. How many has problem 8?",
        "Two are mixed:\nSolution A: 20 % acid, 3 litres\nSolution B: 50 % acid\nHow much of B gives 30 %?",
        "Mix 3 litres of a 20 % solution:\nhow much acid does it hold?",
        "The equation has one\nsolution if $k = 2$. For which other $k$?",
        "How many litres of acid, water or\nsolution: which is the largest?",
        "Solution:\nHow many litres of acid are in 3 litres of it at 20 %?",
    ],
)
def test_what_belongs_to_a_problem_stays(text: str) -> None:
    read = read_reply(text, WriteReply)
    assert read.value is not None, read.reason
    assert (read.value.question, read.repairs) == (text, frozenset())


TOPICS = ExtractReply(
    topics=(
        NamedTopic(
            topic="Algebra - Lines",
            key_points=(r"The slope is $\frac{\Delta y}{\Delta x}$", "Two points decide a line"),
        ),
        NamedTopic(
            topic="Arithmetic - Percentages", key_points=("A percentage is a fraction of one hundred",)
        ),
    )
)
POINT = "- Two points decide a line"


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        (write_text(TOPICS), set()),
        (write_text(TOPICS).replace("\n", "\n\n"), set()),
        (write_text(TOPICS).replace("- T", "* T").replace("- A ", "1. A "), set()),
        (write_text(TOPICS).replace("Topic:", "**Topic:**"), set()),
        (
            write_text(TOPICS).replace("Topic: Al", "Topic 1: Al").replace("Topic: Ar", "## Topic 2: Ar"),
            set(),
        ),
        (write_text(TOPICS).replace("Algebra - Lines", "**Algebra – Lines**"), set()),
        (write_text(TOPICS).replace("\n- The", "\nKey points:\n- The"), set()),
        (f"Reply:\n{write_text(TOPICS)}", {Repair.PROSE}),
        (f"Here they are:\n\n{write_text(TOPICS)}", {Repair.PROSE}),
        (f"```\n{write_text(TOPICS)}\n```", {Repair.FENCE}),
    ],
)
def test_topics_and_key_points_are_lines(text: str, repairs: set[Repair]) -> None:
    read = read_reply(text, ExtractReply)
    assert read.value == TOPICS, read.reason
    assert read.repairs == repairs


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The problem is about lines.",
        "- Two points decide a line",
        "Topic: Algebra - Lines",
        f"Topic: \n{POINT}",
        f"Topic: A - B\n{POINT}\nTopic: C - D",
        f"Topic: A - B\n{POINT}\nI hope this helps!",
        f"Topic: A - B\n{POINT}\n- $\x0crac12$",
        "Topic: A - B\n" + f"{POINT}\n" * 11,
        f"Topic: A - B\n{POINT}\n" * 11,
        f"Topic: A - B\n{POINT}" + " on" * 400,
        "Topic: A - B\n" + f"{POINT}\n\n" * 10_000,
    ],
    ids=range(12),
)
def test_lines_that_are_no_topics_with_key_points_are_not_read(text: str) -> None:
    read = read_reply(text, ExtractReply)
    assert read.value is None
    assert read.reason.startswith("reply is not readable: ")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("same", True),
        ("different", False),
        ("Same.", True),
        ("**different**", False),
        ("Different: one adds, the other multiplies.", False),
        ("", None),
        ("yes", None),
        ("They are the same.", None),
        ("same or different", None),
        ("different, though the names are the same", None),
    ],
)
def test_the_first_word_says_whether_topics_are_one(text: str, *, same: bool | None) -> None:
    read = read_reply(text, SameTopicReply)
    assert (None if read.value is None else read.value.same) is same


WORDS = "Half of 48 is 24.\nSo key point 1 is used.\n\n"
VERDICT = "Key point 1: yes\nKey point 2: no\nErrors: none\nNumber of questions: 1"
FOUND = JudgeReply(key_points=(True, False), errors=(), final_answers=1)


@pytest.mark.parametrize(
    "text",
    [
        VERDICT,
        WORDS + VERDICT,
        WORDS + VERDICT.replace("\n", "\n\n"),
        VERDICT.replace("Errors:", "**Errors:**")
        .replace("Key point 1:", "**Key point 1**:")
        .replace("none", "None."),
        VERDICT.replace("1: yes", "1: Yes, in the first step").replace(
            "2: no", "2: no (it can do without it)"
        ),
        VERDICT.replace("2: no", "2 (the sum of parts): no").replace("1: yes", '1: "yes"'),
        VERDICT.replace("2: no", "2: Ratio: parts of a whole: no"),
        VERDICT.replace("Key point", "- Key point").replace("Errors: none", "Errors: No errors found."),
        VERDICT.replace("Errors: none", "Errors:\n- none"),
        VERDICT + "\nKey point 1: yes",
    ],
    ids=range(10),
)
def test_a_judgement_stands_in_its_lines_whatever_is_worked_out_before(text: str) -> None:
    read = read_reply(text, JudgeReply)
    assert read.value == FOUND, read.reason


@pytest.mark.parametrize(
    "text",
    [
        VERDICT.replace("Key point 1:", "Key point:"),
        VERDICT.replace("Key point 1:", "Key point:").replace("Key point 2:", "Key point:"),
        VERDICT.replace("Key point 2:", "**Key point**:"),
    ],
    ids=range(3),
)
def test_a_key_point_without_its_number_is_the_next_one(text: str) -> None:
    read = read_reply(text, JudgeReply)
    assert (read.value, read.repairs) == (FOUND, {Repair.NUMBER}), read.reason


@pytest.mark.parametrize(
    ("line", "errors"),
    [
        ("Errors: The price is not given.", ("The price is not given.",)),
        (
            "Errors:\n- The price is not given.\n- A boy is -3 years old.",
            ("The price is not given.", "A boy is -3 years old."),
        ),
        ("Errors: - The price is not given.", ("- The price is not given.",)),
        ("Error: no price", ("no price",)),
        ("Missing: nothing\nContradictions: none\nOther errors: none", ()),
        ("Missing: nothing is missing.\nContradictions: There are no contradictions.\nOther errors: no", ()),
        ("Missing: the price\nContradictions: none\nOther errors: Half a boy", ("the price", "Half a boy")),
        ("Errors: none of the prices is given", ("none of the prices is given",)),
    ],
)
def test_errors_are_listed_behind_their_name_or_below_it(line: str, errors: tuple[str, ...]) -> None:
    read = read_reply(VERDICT.replace("Errors: none", line), JudgeReply)
    assert read.value == FOUND.model_copy(update={"errors": errors}), read.reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The problem is fine.",
        VERDICT.replace("Errors: none\n", ""),
        VERDICT.replace("Errors: none", "Missing:\nContradictions:\nOther errors:"),
        VERDICT.replace("\nNumber of questions: 1", ""),
        VERDICT.replace("questions: 1", "questions: the price"),
        VERDICT.replace("questions: 1", "questions: 0"),
        VERDICT.replace("questions: 1", "questions: 777"),
        VERDICT.replace("Key point 1: yes\n", ""),
        VERDICT + "\nKey point 1: no",
        VERDICT + "\nNumber of questions: 2",
        VERDICT.replace("none", "no \x08oxed{5}"),
        VERDICT + "\nErrors: one too many" * 17,
    ],
    ids=range(13),
)
def test_a_judgement_that_lacks_a_line_or_contradicts_itself_is_not_read(text: str) -> None:
    assert read_reply(text, JudgeReply).value is None


@pytest.mark.parametrize("kind", [kind for kind in REPLIES.values() if kind])
@pytest.mark.parametrize(
    "sign", ["\x00", "\x07", "\x08", "\x0c", "\x1b", "\x7f", "\x85", "\ud800"], ids=ascii
)
def test_a_control_character_anywhere_is_refused(kind: type[BaseModel], sign: str) -> None:
    read = read_reply(f"same\n{VERDICT}\nTopic: A - B\n{POINT}{sign}", kind)
    assert read.value is None
    assert "control character" in read.reason


@pytest.mark.parametrize("kind", [kind for kind in REPLIES.values() if kind])
@given(text=st.text(alphabet='Topic: -*#1.kynos"`{}\n') | st.text())
def test_any_text_is_a_reply_or_a_reason(kind: type[BaseModel], text: str) -> None:
    read = read_reply(text, kind)
    assert (read.value is None) == bool(read.reason)


@pytest.mark.parametrize("kind", [kind for kind in REPLIES.values() if kind])
@pytest.mark.parametrize(
    "text",
    [
        "*" * 100_000,
        "Key point 1" + ":" * 100_000,
        "Topic: A" + " -" * 50_000,
        "- " * 50_000,
        "#" * 100_000,
        "Answer" + "*" * 100_000,
    ],
    ids=range(6),
)
def test_no_attack_takes_long(kind: type[BaseModel], text: str) -> None:
    """Each expression reads a line once."""
    read_reply(text, kind)


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40)


@given(topics=st.lists(st.tuples(words, st.lists(words, min_size=1, max_size=10)), min_size=1, max_size=10))
def test_topics_are_read_back_as_they_were_written(topics: list[tuple[str, list[str]]]) -> None:
    meant = ExtractReply(topics=tuple(NamedTopic(topic=t, key_points=tuple(p)) for t, p in topics))
    assert read_reply(write_text(meant), ExtractReply).value == meant


@given(
    points=st.lists(st.booleans(), max_size=20),
    errors=st.lists(st.just("It is wrong") | st.just("Two prices"), max_size=5),
    count=st.integers(1, 100),
)
def test_a_judgement_is_read_back_as_it_was_written(
    points: list[bool], errors: list[str], count: int
) -> None:
    meant = JudgeReply(key_points=tuple(points), errors=tuple(errors), final_answers=count)
    assert read_reply(write_text(meant), JudgeReply).value == meant
