"""Where a solution ends and what of it is thinking: every mark of the table, headings, and that nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.answers import (
    STOP_STRINGS,
    Cut,
    ending,
    final_answer,
    headings,
    solution_text,
    split_thinking,
    stop_strings,
    transcripts,
)
from kpmath_builder.answers.ending import is_whole
from kpmath_builder.answers.marks import (
    OWN_HEADINGS,
    PROBLEM_WORDS,
    ROLES,
    SOLUTION_OPENERS,
    THINKING_TAGS,
    TURN_MARKS,
    Tags,
)
from kpmath_builder.prompts import Prompts

SOLVED = r"6*7=42. The answer is \boxed{42}."
MORE = r"What is 3*3? \boxed{9}"
PIECES = (
    "The answer is 4.", r"\boxed{3}", "\n", "\n\n", "Question: what?", "Problem 1:", "Problem 2:", "### Instruction", "User:", "Assistant:",
    "<think>", "</think>", "<|im_end|>", "<|im_start|>assistant\n", "<|channel|>analysis<|message|>", "<|channel|>final<|message|>", "</s>",
    "[INST]", "◁think▷", "analysis", "assistantfinal", "What is 3*3?\n", "Here is another problem:\n", "a < b", "x",
)  # fmt: skip


@pytest.mark.parametrize("mark", TURN_MARKS)
def test_a_solution_ends_at_every_mark_of_another_turn(mark: str):
    found = solution_text(f"{SOLVED}{mark}\n{MORE}")
    assert (found.text, found.thinking, found.cut_reason) == (SOLVED, "", Cut.TURN)


@pytest.mark.parametrize("mark", ["<|a_mark_of_tomorrow|>", "<｜noch▁eins｜>"])
def test_a_mark_that_no_table_knows_ends_a_turn_too(mark: str):
    assert solution_text(f"{SOLVED}{mark}{MORE}").text == SOLVED


@pytest.mark.parametrize("mark", ["<|im_end|>", "<|eot_id|>", "</s>", "<end_of_turn>", "<|return|>"])
def test_a_mark_at_the_very_end_cuts_nothing_off(mark: str):
    assert solution_text(f"{SOLVED}{mark}\n") == solution_text(SOLVED)
    assert solution_text(SOLVED).cut_reason is Cut.NONE


@pytest.mark.parametrize(
    "header",
    ["<|im_start|>assistant\n", "<start_of_turn>model\n", "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|assistant|>\n", "[/INST] ", "<s>", "Assistant: "],
)  # fmt: skip
def test_the_solvers_own_header_is_no_part_of_the_solution(header: str):
    assert solution_text(header + SOLVED).text == SOLVED


def test_a_text_that_begins_with_somebody_elses_turn_says_nothing():
    assert solution_text(f"<|im_start|>user\n{MORE}<|im_end|>").text == ""


@pytest.mark.parametrize("tags", THINKING_TAGS, ids=lambda tags: tags.opening)
def test_what_stands_between_thinking_tags_is_thinking(tags: Tags):
    found = solution_text(f"{tags.opening}maybe \\boxed{{3}}{tags.closing}\n\n{SOLVED}")
    assert (found.text, found.thinking) == (SOLVED, r"maybe \boxed{3}")


@pytest.mark.parametrize("tags", THINKING_TAGS, ids=lambda tags: tags.opening)
def test_thinking_that_never_closes_is_thinking_to_the_end(tags: Tags):
    found = solution_text(f"{tags.opening}maybe \\boxed{{3}}")
    assert (found.text, found.cut_reason) == ("", Cut.THINKING)
    assert final_answer(found) is None


@pytest.mark.parametrize("tags", THINKING_TAGS, ids=lambda tags: tags.opening)
def test_a_closing_tag_alone_ends_thinking_that_the_prompt_opened(tags: Tags):
    assert solution_text(f"maybe \\boxed{{3}}{tags.closing}{SOLVED}").text == SOLVED
    assert split_thinking(f"maybe \\boxed{{3}}{tags.closing}{SOLVED}") == (SOLVED, r"maybe \boxed{3}")


@pytest.mark.parametrize("opener", SOLUTION_OPENERS)
def test_what_opens_the_solution_is_no_part_of_it(opener: str):
    assert solution_text(f"<think>3</think>{opener}\n{SOLVED}").text == SOLVED


@pytest.mark.parametrize(
    ("text", "said", "thought", "cut"),
    [
        ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>", "b", "a", ""),
        ("<|channel|>analysis<|message|>a", "", "a", "thinking without an end"),
        ("<|start|>assistant<|channel|>final<|message|>b<|end|><|start|>user<|message|>c", "b", "", "another turn"),
        ("analysisWe multiply.assistantfinalThe answer is 4.", "The answer is 4.", "analysisWe multiply.assistantfinal", ""),
        ("analysisWe multiply and", "", "analysisWe multiply and", "thinking without an end"),
        ("analysis of the graph: 4", "analysis of the graph: 4", "", ""),
    ],
)  # fmt: skip
def test_of_harmony_channels_the_final_one_is_said(text: str, said: str, thought: str, cut: str):
    found = solution_text(text)
    assert (found.text, found.thinking, found.cut_reason) == (said, thought, cut)


@pytest.mark.parametrize("role", ROLES)
def test_a_solution_ends_where_a_role_speaks(role: str):
    assert solution_text(f"{SOLVED}\n\n{role}: {MORE}").text == SOLVED
    assert solution_text(f"{SOLVED}\n\n**{role}:** {MORE}").cut_reason is Cut.TURN


@pytest.mark.parametrize("glued", ["Human: ", "user\n"])
def test_a_role_behind_a_full_stop_is_what_a_server_left_of_a_mark(glued: str):
    assert solution_text(SOLVED + glued + MORE).text == SOLVED


@pytest.mark.parametrize("word", PROBLEM_WORDS)
def test_a_solution_ends_at_the_heading_of_a_further_problem(word: str):
    for heading in (f"{word}: ", f"**{word}:** ", f"### {word} 2\n", f"{word} 3. "):
        found = solution_text(f"{SOLVED}\n\n{heading}{MORE}")
        assert (found.text, found.cut_reason) == (SOLVED, Cut.PROBLEM), heading


def test_every_heading_of_the_packages_prompts_is_known():
    """A model that runs on writes what stood before its problem; the names in the table are those in the files."""
    assert set(Prompts.load().headings) == set(OWN_HEADINGS)
    for heading in OWN_HEADINGS:
        assert solution_text(f"{SOLVED}\n\n{heading}\n{MORE}").text == SOLVED


def test_the_headings_of_a_users_own_prompt_end_a_solution_too():
    text = f"{SOLVED}\n\nBitte jetzt lösen:\n{MORE}"
    assert solution_text(text).text == text
    assert solution_text(text, ["Bitte jetzt lösen:"]).text == SOLVED


def test_only_headings_that_no_solution_writes_are_stop_strings():
    assert STOP_STRINGS == ("\nSolved problem:", "\nYour problem:")
    assert stop_strings(["Problem:", "Bitte jetzt lösen:"]) == ("\nBitte jetzt lösen:",)


@pytest.mark.parametrize(
    "text",
    [
        "Problem: what is 6*7?\n\nSolution: it is \\boxed{42}.",
        "Points: \nP: (1, 2)\nQ: (3, 4)\nso the distance is \\boxed{2}",
        "Step 1: the problem is easy.\n\nStep 2: \\boxed{42}",
        "The question: how many? We multiply.\n\\boxed{42}",
        "We solve |x|<|y| and y<|z|.\n\n\\boxed{42}",
        "Example: for n = 2 we get 4.\n\nIn general \\boxed{n^2}",
        "The answer is 4.\n\nLet me know if you have any questions?\n",
        "  indented \\boxed{42} \n",
    ],
)
def test_what_is_the_solutions_own_stays(text: str):
    assert solution_text(text).text == text
    assert solution_text(text).cut_reason is Cut.NONE


def test_a_question_in_a_paragraph_of_its_own_behind_a_stated_answer_is_another_problem():
    found = solution_text("The answer is 42.\n\nWhat is the product of 3 and 3?\n\nIt is \\boxed{9}.")
    assert (found.text, found.cut_reason) == ("The answer is 42.", Cut.PROBLEM)


def test_of_numbered_problems_that_a_text_answers_itself_nobody_knows_which_was_asked():
    assert solution_text("Problem 1: a \\boxed{3}\n\nProblem 2: b \\boxed{4}").text == ""


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=8))
def test_the_end_of_a_solution_is_found_once_and_for_all(pieces: list[str]):
    """To read what was published gives what was voted on."""
    once = solution_text("".join(pieces))
    again = solution_text(once.text)
    assert again.text == once.text
    assert again.cut_reason is Cut.NONE or again.text == once.text
    assert final_answer(once) == final_answer(once.text)


GATES = (
    (ending, "may_be_marked"), (ending, "may_end"), (transcripts, "may_be_marked"),
    (headings, "_maybe_glued"), (headings, "_maybe_asks"), (headings, "_maybe_another"), (headings, "_maybe_headed"),
)  # fmt: skip
"""What looks whether a mark or a heading may stand in a text, before anything is read."""
ALL_MARKS = (
    *(mark for tags in THINKING_TAGS for mark in (tags.opening, tags.closing)), *SOLUTION_OPENERS, *TURN_MARKS,
    *(f"\n{role}:" for role in ROLES), *(f"\n{word}:" for word in PROBLEM_WORDS), "\n\nWhat is 3*3? \n", "Human: ", "user\n", "\n \nIs this a new one:",
)  # fmt: skip


@given(pieces=st.lists(st.sampled_from(PIECES + ALL_MARKS), max_size=6))
def test_a_text_that_is_passed_over_quickly_would_be_left_as_it_is(pieces: list[str]):
    quick = solution_text("".join(pieces))
    with pytest.MonkeyPatch.context() as patch:
        for module, gate in GATES:
            patch.setattr(module, gate, lambda _: True)
        assert solution_text("".join(pieces)) == quick


@pytest.mark.parametrize("mark", ALL_MARKS)
def test_no_mark_is_passed_over(mark: str):
    assert not is_whole(f"Thus 5.{mark} It is 6.\n\n")


@given(text=st.text(st.characters(exclude_characters="<[◁]:?#\n", exclude_categories=["Cs"]), max_size=200))
def test_a_text_without_marks_is_its_own_solution(text: str):
    if (
        not text.lstrip().startswith(("analysis", "Assistant", "ASSISTANT", "assistant"))
        and "ere" not in text
    ):
        assert solution_text(text).text == text


@pytest.mark.parametrize(
    "piece", ["<|message|>", "<think>", "</think>", "\nProblem 1: ", "?\n\n", "<|im_end|>", "analysis"]
)
def test_a_text_of_nothing_but_marks_comes_to_an_end(piece: str):
    """Rounds leave less each time, and most are over after one."""
    assert len(solution_text(piece * 2_000).text) <= len(piece) * 2_000
