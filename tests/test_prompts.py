"""The prompts: what is filled in and what is left alone, and the bounds of the replies."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from kpmath_builder.errors import InputError
from kpmath_builder.prompts import Prompts, shown
from kpmath_builder.prompts.replies import REPLIES, ExtractReply
from kpmath_builder.prompts.reply_reading import read_reply
from kpmath_builder.prompts.template import fill
from kpmath_builder.protocol import Task

TASKS: tuple[Task, ...] = get_args(Task)
NASTY = r"A pen costs $problem, $$, ${solution}, $question and $5; {x} %s \1 \g<0> [user] $x_1$"


def material(text: str) -> dict[Task, dict[str, Any]]:
    practice = {
        "topic": "Algebra - " + text,
        "key_points": ["first " + text, "second"],
        "problem": text,
        "solution": text,
    }
    return {
        "extract": {"problem": text, "solution": text},
        "same_topic": {
            "first": {"topic": text, "key_points": [text]},
            "second": {"topic": "T", "key_points": ["k"]},
        },
        "write": {"practices": [practice, practice]},
        "work": {"question": text, "practices": [practice]},
        "judge": {"question": text, "work": text, "practices": [practice, practice]},
        "solve": {"question": text, "practices": [{"problem": text, "solution": text}]},
        "compare": {"question": text, "first": text, "second": text},
        "attempt": {"question": text},
        "harder": {"question": text, "practices": [practice]},
    }


@pytest.fixture(scope="module")
def prompts() -> Prompts:
    return Prompts.load()


@pytest.mark.parametrize("task", TASKS)
def test_texts_reach_the_model_unchanged(prompts: Prompts, task: Task):
    """Dollar signs, braces, placeholders and section names in a problem's text are only text."""
    user = prompts.render(task, material(NASTY)[task])[-1]
    assert user.role == "user"
    assert NASTY in user.content
    plain = prompts.render(task, material("plain")[task])[-1]
    assert user.content == plain.content.replace("plain", NASTY)


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<>#"), min_size=1))
def test_no_text_is_filled_in_twice(text: str):
    once = fill("$problem | $solution | $$", {"problem": text, "solution": "S"})
    assert once == f"{text} | S | $"


@pytest.mark.parametrize("task", TASKS)
def test_the_prefix_is_constant(prompts: Prompts, task: Task):
    """Instructions and examples come first and do not depend on the material, so that engines share them."""
    one, two = (prompts.render(task, material(text)[task]) for text in ("one", "two"))
    assert one[0].role == "system"
    assert one[:-1] == two[:-1]
    assert one[-1] != two[-1]


def test_nothing_given_is_left_out(prompts: Prompts):
    """Each piece of the material that a task may see is in its messages; the judge sees no seed problem or solution."""
    practices = [
        {
            "topic": f"topic{n}",
            "key_points": [f"first{n}", f"second{n}"],
            "problem": f"problem{n}",
            "solution": f"solution{n}",
        }
        for n in (1, 2, 3)
    ]
    written = prompts.render("write", {"practices": practices})[-1].content
    judged = prompts.render("judge", {"practices": practices, "question": "Q?", "work": "W."})[-1].content
    solved = prompts.render("solve", {"practices": practices, "question": "Q?"})[-1].content
    for n in (1, 2, 3):
        assert all(f"{word}{n}" in written for word in ("topic", "first", "second", "problem", "solution"))
        assert all(f"{word}{n}" in judged for word in ("topic", "first", "second"))
        assert not any(f"{word}{n}" in judged for word in ("problem", "solution"))
        assert all(f"{word}{n}" in solved for word in ("problem", "solution"))
    assert judged.count("Q?") == solved.count("Q?") == 1


def test_a_question_can_be_solved_without_demonstrations(prompts: Prompts):
    assert "Q?" in prompts.render("solve", {"practices": [], "question": "Q?"})[-1].content


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("48/2=<<48/2=24>>24 clips\n#### 24", "48/2=24 clips\nThe final answer is \\boxed{24}."),
        ("a < b and c > d, 1 << 4", "a < b and c > d, 1 << 4"),
        ("the mark #### inside", "the mark #### inside"),
        ("#### 1,200  ", "The final answer is \\boxed{1,200}."),
    ],
)
def test_models_see_no_calculator_annotations(prompts: Prompts, text: str, seen: str):
    assert shown(text) == seen
    assert prompts.render("extract", {"problem": "p", "solution": text})[-1].content.count(seen) == 1


REPLY_EXAMPLES: dict[str, dict[str, Any]] = {
    "extract": {"topics": [{"topic": "Algebra - Lines", "key_points": [r"slope is $\frac{y}{x}$"]}]},
    "same_topic": {"same": True},
    "write": {"question": r"Find $\pi$."},
    "judge": {"key_points": [True], "errors": [], "final_answers": 1},
}


def reply_of(task: str) -> type[BaseModel]:
    model = next(model for name, model in REPLIES.items() if name == task)
    assert model is not None
    return model


@pytest.mark.parametrize("task", REPLY_EXAMPLES)
def test_a_good_reply_validates(task: str):
    reply = reply_of(task).model_validate_json(json.dumps(REPLY_EXAMPLES[task]))
    assert json.loads(reply.model_dump_json()) == REPLY_EXAMPLES[task]


@pytest.mark.parametrize(
    ("task", "change"),
    [
        ("extract", {"topics": []}),
        ("extract", {"topics": [{"topic": " ", "key_points": ["k"]}]}),
        ("extract", {"topics": [{"topic": "T", "key_points": []}]}),
        ("extract", {"topics": [{"topic": "T", "key_points": [""]}]}),
        ("extract", {"topics": [{"topic": "T", "key_points": ['"]}]}  {']}]}),
        ("extract", {"topics": [{"topic": "-", "key_points": ["k"]}]}),
        ("extract", {"topics": [{"topic": "T", "key_points": ["k"], "more": 1}]}),
        ("extract", {"topics": [{"topic": 7, "key_points": ["k"]}]}),
        ("same_topic", {"same": "true"}),
        ("same_topic", {"same": 1}),
        ("write", {"question": "\n "}),
        ("write", {"question": None}),
        ("write", {"answer": "42"}),
        ("judge", {"key_points": [1]}),
        ("judge", {"final_answers": 0}),
        ("judge", {"final_answers": 1.5}),
        ("judge", {"final_answers": 101}),
        ("judge", {"errors": "none"}),
    ],
)
def test_a_bad_reply_does_not(task: str, change: dict[str, Any]):
    with pytest.raises(ValidationError):
        reply_of(task).model_validate_json(json.dumps(REPLY_EXAMPLES[task] | change))


def lists(task: str, length: int) -> list[dict[str, Any]]:
    """Return replies of a task, each with one list of that length."""
    point = {"topic": "T", "key_points": ["k"]}
    return {
        "extract": [{"topics": [point] * length}, {"topics": [point | {"key_points": ["k"] * length}]}],
        "judge": [
            REPLY_EXAMPLES["judge"] | {"errors": ["e"] * length},
            REPLY_EXAMPLES["judge"] | {"key_points": [True] * length},
        ],
    }[task]


@pytest.mark.parametrize("task", ["extract", "judge"])
def test_every_list_has_an_upper_bound(task: Task):
    for ten, endless in zip(lists(task, 10), lists(task, 65), strict=True):
        reply_of(task).model_validate_json(json.dumps(ten))
        with pytest.raises(ValidationError, match="at most"):
            reply_of(task).model_validate_json(json.dumps(endless))


@pytest.mark.parametrize(
    ("task", "longest", "reply"),
    [
        ("extract", 200, lambda text: {"topics": [{"topic": text, "key_points": ["k"]}]}),
        ("extract", 1000, lambda text: {"topics": [{"topic": "T", "key_points": [text]}]}),
        ("write", 8000, lambda text: {"question": text}),
        ("judge", 1000, lambda text: REPLY_EXAMPLES["judge"] | {"errors": [text]}),
    ],
    ids=["topic", "key point", "question", "error"],
)
def test_every_text_has_an_upper_bound(task: Task, longest: int, reply: Callable[[str], dict[str, Any]]):
    reply_of(task).model_validate_json(json.dumps(reply("x" * longest)))
    with pytest.raises(ValidationError, match="characters"):
        reply_of(task).model_validate_json(json.dumps(reply("x" * (longest + 1))))


def test_every_task_has_a_reply_or_is_answered_in_free_text():
    assert set(REPLIES) == set(TASKS)
    assert [task for task, reply in REPLIES.items() if reply is None] == ["work", "solve", "attempt"]


@pytest.mark.parametrize("task", ["extract", "same_topic", "compare"])
def test_the_worked_examples_are_turns_of_their_own_with_readable_replies(prompts: Prompts, task: Task):
    """Small models copy an example that stands in the turn to which they reply."""
    system, *turns, user = prompts.render(task, material("x")[task])
    assert (system.role, user.role) == ("system", "user")
    assert [turn.role for turn in turns] == ["user", "assistant"] * {
        "extract": 1,
        "same_topic": 2,
        "compare": 2,
    }[task]
    for turn in turns[1::2]:
        read = read_reply(turn.content, reply_of(task))
        assert read.value is not None, read.reason
        assert not read.repairs
        assert turn.content in prompts.instructions(task)


def test_the_judge_is_shown_no_verdict_that_could_be_copied(prompts: Prompts):
    """Small models repeat the numbers of an example, whatever they are shown."""
    system = prompts.render("judge", material("x")["judge"])[0].content
    assert not re.search(r"(?i)key point \d|answer: \W*\d|yes\b.*\n.*yes\b", system)


def test_the_judge_s_key_points_are_numbered_through_all_practices(prompts: Prompts):
    practices = [
        {"topic": "A - B", "key_points": ["one", "two"]},
        {"topic": "C - D", "key_points": ["three"]},
    ]
    user = prompts.render("judge", {"question": "Q?", "work": "W.", "practices": practices})[-1].content
    assert re.findall(r"^Key point (\d): (\w+)$", user, re.MULTILINE) == [
        ("1", "one"),
        ("2", "two"),
        ("3", "three"),
    ]


def test_replies_are_trimmed():
    reply = ExtractReply.model_validate_json('{"topics": [{"topic": " T \\n", "key_points": [" k "]}]}')
    assert (reply.topics[0].topic, reply.topics[0].key_points) == ("T", ("k",))


GOOD = "[system]\nSolve it for $5.\n\n[practice]\n$problem: $solution\n\n[user]\n$practices\n$question\n"


def test_a_users_file_replaces_one_prompt_and_its_hash(prompts: Prompts, tmp_path: Path):
    (tmp_path / "solve.txt").write_text(GOOD)
    changed = Prompts.load(tmp_path)
    assert {task for task in TASKS if changed.hashes[task] != prompts.hashes[task]} == {"solve"}
    assert all(value.startswith("sha256:") for value in changed.hashes.values())
    system, user = changed.render("solve", material("m")["solve"])
    assert (system.content, user.content) == ("Solve it for $5.", "m: m\nm")
    (tmp_path / "solve.txt").write_text(GOOD.replace("$5", "$6"))
    assert Prompts.load(tmp_path).hashes["solve"] != changed.hashes["solve"]
    assert Prompts.load().hashes == prompts.hashes


OWN = "[user]\nProblem: $problem\n$solution\n"


def test_replies_are_held_to_an_expression_where_the_prompt_has_one(prompts: Prompts, tmp_path: Path):
    """A user's prompt may ask for another form, so the package's expression does not outlive its prompt."""
    assert set(prompts.patterns) == {"extract"}
    (tmp_path / "extract.txt").write_text(OWN)
    unbound = Prompts.load(tmp_path)
    assert unbound.patterns == {}
    (tmp_path / "extract.regex").write_text("Topic: .*\n")
    bound = Prompts.load(tmp_path)
    assert bound.patterns == {"extract": "Topic: .*"}
    assert bound.hashes["extract"] not in {unbound.hashes["extract"], prompts.hashes["extract"]}
    (tmp_path / "extract.txt").unlink()
    (tmp_path / "same_topic.regex").write_text("same|different")
    both = Prompts.load(tmp_path)
    assert both.patterns == {"extract": "Topic: .*", "same_topic": "same|different"}
    assert {task for task in TASKS if both.hashes[task] != prompts.hashes[task]} == set(both.patterns)
    (tmp_path / "extract.regex").write_text("")
    assert set(Prompts.load(tmp_path).patterns) == {"same_topic"}


def test_the_published_prompts_are_the_package_s_own(prompts: Prompts, tmp_path: Path):
    """What stands beside a dataset, taken as the folder of prompts, makes the same requests under the same names."""
    for task, text in prompts.texts.items():
        (tmp_path / f"{task}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "extract.regex").write_text(f"{prompts.patterns['extract']}\n", encoding="utf-8")
    again = Prompts.load(tmp_path)
    assert (again.hashes, again.patterns) == (prompts.hashes, prompts.patterns)


def test_a_prompt_without_a_system_section_is_one_message(tmp_path: Path):
    (tmp_path / "write.txt").write_text(
        "[practice]\n$number $topic $key_points $problem $solution\n[user]\n$practices, for $$5"
    )
    (user,) = Prompts.load(tmp_path).render("write", material("m")["write"])
    assert user.content.startswith("1 Algebra - m - first m\n- second m m\n\n2 ")
    assert user.content.endswith(", for $5")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("solve.txt", GOOD.replace("$question", "$qestion"), ["[user]", "unknown placeholder $qestion", "$question"]),
        ("solve.txt", GOOD.replace("$solution", ""), ["[practice]", "lacks the placeholder $solution"]),
        ("solve.txt", GOOD.replace("$5", "$question"), ["placeholder $question", "constant"]),
        ("solve.txt", GOOD.replace("[practice]", "[practise]"), ["unknown section [practise]"]),
        ("solve.txt", GOOD.split("[user]", maxsplit=1)[0], ["lacks the section [user]"]),
        ("solve.txt", GOOD + "[user]\n$question", ["[user] twice"]),
        ("solve.txt", "Hello\n" + GOOD, ["text before its first section"]),
        ("solve.txt", GOOD + "[example]\nA?\n", ["[example] needs its [reply]"]),
        ("solve.txt", GOOD + "[reply]\nA.\n[example]\nA?\n", ["[example] needs its [reply]"]),
        ("solve.txt", GOOD + "[example]\n$question?\n[reply]\nA.", ["placeholder $question", "constant"]),
        ("solve.txt", "\xff", ["text before"]),
        ("solved.txt", GOOD, ["belongs to no task"]),
        ("extract.txt", "[user]\n$problem $solution $number", ["unknown placeholder $number"]),
        ("extract.regex", "(a", ["is no regular expression", "correct it"]),
        ("extracts.regex", "a", ["belongs to no task"]),
    ],
)  # fmt: skip
def test_a_bad_prompt_is_one_sentence(tmp_path: Path, name: str, text: str, said: list[str]):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        Prompts.load(tmp_path)
    assert all(part in str(caught.value) for part in [name, *said]), caught.value


def test_a_bad_folder_is_one_sentence(tmp_path: Path):
    with pytest.raises(InputError, match="no folder of prompts"):
        Prompts.load(tmp_path / "nowhere")
    (tmp_path / "solve.txt").write_bytes(b"[user]\n\xff")
    with pytest.raises(InputError, match=r"solve\.txt cannot be read as UTF-8"):
        Prompts.load(tmp_path)


def test_headings_are_what_stands_before_a_problem(tmp_path: Path):
    """Also in a user's own prompt, on a line of its own or before the placeholder; a bare sign is none."""
    text = "[practice]\n##\n$problem\n$solution\n\n[user]\n$practices\nBitte lösen: $question\n"
    (tmp_path / "solve.txt").write_text(text, encoding="utf-8")
    assert Prompts.load().headings == ("Problem:", "Solved problem:", "Your problem:")
    assert Prompts.load(tmp_path).headings == ("Problem:", "Bitte lösen:")
