"""Reading final answers: every way of stating one, and abstaining where there is none."""

import json
from pathlib import Path

import pytest

from kpmath_builder.answers import Answer, final_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so \(x\) is \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"\boxed{3} was the first guess. But the result is $\boxed{\{1, {2}\}}$", r"\{1, {2}\}"),
        (r"We get \boxed 7.", "7"),
        (r"\boxed{1} papers and \boxed{2} bins", "1, 2"),
        (r"The values are \boxed{3} and \boxed{4}, so the sum is \boxed{7}.", "7"),
        (r"The share is \boxed{60}\%.", r"60\%"),
        ("It takes 3 hours.\n#### 1,000", "1,000"),
        ("The answer is $18.", "$18"),
        ("**Final Answer:** The final answer is $20\\%$. I hope it is correct.", r"20\%"),
        ("So 3 + 4 = 7.\nA: 7", "7"),
        ("Therefore, Mike spent $151 at the music store.", "$151"),
        ("x = 3\n\n**42**", "42"),
        ('{"reasoning": "we add", "answer": "12 apples"}', "12 apples"),
        ('```json\n{"reasoning": "So \\(x\\) is \\boxed{3}", "answer": "\\frac{1}{2}"}\n```', r"\frac{1}{2}"),
        ('{"reasoning": "…", "answer": "\\\\frac{1}{2}"}', r"\frac{1}{2}"),
        ('{"answer": 12.5}', "12.5"),
        ('{"answer": [1, 2]}', "[1, 2]"),
        ("18", "18"),
    ],
)
def test_an_answer_is_read_from_each_way_of_stating_it(text: str, answer: str):
    assert str(final_answer(text)) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n ",
        "Let me think about this problem step by step.",
        "def solver():\n    total = 3 + 4\n    return total\nans = solver()",
        '{"reasoning": "a very long thought", "answer": "1',
        '{"reasoning": "we first need to',
        r"so the answer is \boxed{\frac{1",
        "#### ",
        r"\boxed{}",
        '{"answer": ""}',
        '{"answer": "<to be determined>"}',
        "The answer is: No answer!",
    ],
)
def test_a_text_that_names_no_answer_is_an_abstention(text: str):
    assert final_answer(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (r"\boxed{(a) 3, (b) \frac{1}{2}}", ("3", r"\frac{1}{2}")),
        ("The answers are: (a) 5 (b) 7 (c) 9", ("5", "7", "9")),
        (r"(a) We find \boxed{3}. (b) Then we get \boxed{5}.", ("3", "5")),
        (r"\boxed{\text{Part } 4}", (r"\text{Part } 4",)),
        (r"\boxed{(1, 2)}", ("(1, 2)",)),
        ("The answer is a) 3 b) 4", ("3", "4")),
        ("We solve both.\n\n**(a)** The mean is 4.\n**(b)** 15", ("The mean is 4", "15")),
        ("The answer is 1) 3 2) 4", ("3", "4")),
    ],
)
def test_parts_are_split_only_where_their_labels_run_from_the_first_on(text: str, parts: tuple[str, ...]):
    answer = final_answer(text)
    assert answer is not None
    assert answer.parts == parts


def test_an_answer_is_a_value_that_prints_as_its_text():
    assert final_answer("The answer is 5.") == Answer("5", ("5",))
    assert f"{final_answer('The answer is 5.')}" == "5"


def test_commands_eaten_by_a_json_parser_come_back():
    damaged = json.loads('"\\\\boxed{" ') + "\x0crac{1}{2}}"
    assert str(final_answer(damaged)) == r"\frac{1}{2}"


def test_every_gsm8k_gold_is_read_as_it_stands(shared_data: Path):
    for name in ("train", "test"):
        for line in (shared_data / "gsm8k" / f"{name}.jsonl").read_text().splitlines():
            solution = json.loads(line)["answer"]
            assert str(final_answer(solution)) == solution.split("####")[1].strip()
