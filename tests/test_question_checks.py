"""What is no new problem is refused by program, each fault with its own reason; good problems pass."""

from pathlib import Path
from typing import Any

import pytest
from dummy_server import Body, DummyServer, task_of
from roleplay import play
from small_builds import recipe, rows

from kpmath_builder import build, rescore
from kpmath_builder.prompts import Prompts
from kpmath_builder.records import DropReason
from kpmath_builder.synthesis.question_checks import find_fault

PROMPT = Prompts.load().instructions("write")
PRACTICES: list[dict[str, Any]] = [
    {
        "topic": "Arithmetic - Unit Rates",
        "problem": "Mia saves for a bicycle that costs $240. She earns $15 an hour in a bakery and works 4 hours each Saturday. She has "
        "already put aside $60 from her birthday. For how many Saturdays must she still work?",
        "solution": "Mia still needs 240 - 60 = <<240-60=180>>180 dollars. Each Saturday she earns 15 * 4 = <<15*4=60>>60 dollars, so "
        "that she must work for 180 / 60 = <<180/60=3>>3 more Saturdays before she can buy it.\n#### 3",
    },
    {
        "topic": "Geometry",
        "problem": r"Find the area of a triangle whose sides are $13$, $14$ and $15$.",
        "solution": r"By Heron's formula with $s = 21$ it is $\sqrt{21 \cdot 8 \cdot 7 \cdot 6} = \boxed{84}$.",
    },
]
GOOD = {
    "a story": "A gardener plants 12 rows of 30 tulips. A third of them are red and the others are yellow. How many are yellow?",
    "a formula": r"Evaluate $\sum_{k=1}^{20} (2k-1)$.",
    "an empty box": r"What number goes into the box to make $3 + \boxed{\phantom{0}} = 11$ true?",
    "a blank": r"The sum of the first ten odd numbers is ____.",
    "an imperative after a quotation": 'A pupil says: "The graph of a line is the same from both sides." Provide a line for which it is not.',
    "an answer in a certain form": r"The value of the sum is a fraction of two integers; your answer is in lowest terms: $\frac16 + \frac14$.",
    "a topic in words": "In a lesson of geometry 12 unit rates are computed in 36 minutes. How long does one take?",
    "choices": r"The number of primes below 20 is $\text{(A)}\ 7 \qquad \text{(B)}\ 8 \qquad \text{(C)}\ 9$",
    "here are": "Here are two functions: $f(x) = 3x$ and $g(x) = x + 8$. For which $x$ is $f(x) = g(x)$?",
    "the answer is given": "When a number is doubled, the answer is 64. Which number is it?",
    "an imperative without a question mark": "Write the number of diagonals of a regular octagon.",
    "somebody who practises": "Jo practices 2 hours every day and 4 hours on Sunday. How many hours does Jo practice in a week?",
    "practice problems in a story": "Sam solves 12 practice problems a day. After how many days has he solved a new problem set of 96?",
    "the key to something": "A key costs $4 and points on a card give 10% off. What do 5 keys cost with the card?",
    "another language": "Ein Gärtner pflanzt 12 Reihen mit je 30 Tulpen. Berechne ihre Zahl.",
    "another script": "一辆车每小时行驶60公里，3小时行驶多少公里？",
    "a phrase that problems share": "Ana has $90 and buys 3 books for $12 each. How much money does she have left?",
    "the same topic as a practice": "Tom saves for a tent that costs $360. He earns $20 an hour and works 3 hours each Sunday. After how many "
    "Sundays can he buy two tents and a lamp for $60?",
}


@pytest.mark.parametrize("question", GOOD.values(), ids=GOOD)
def test_a_problem_passes(question: str) -> None:
    assert find_fault(question, PRACTICES, PROMPT) is None


BAD = [
    (
        DropReason.ANSWER_INSIDE,
        r"A triangle has the sides 5, 12 and 13. What is its area? \boxed{30}",
        r"\boxed{",
    ),
    (DropReason.ANSWER_INSIDE, "What is 4 + 5?\nAnswer: 9", "Answer:"),
    (DropReason.ANSWER_INSIDE, "What is 4 + 5?\n**Solution:** Add them.", "**Solution:"),
    (DropReason.ANSWER_INSIDE, "What is 4 + 5?\n#### 9", "#### 9"),
    (DropReason.ANSWER_INSIDE, "She buys 4 + 5 = <<4+5=9>>9 pens. How many?", "<<4+5=9>>"),
    (
        DropReason.ANSWER_INSIDE,
        "How many pens are 4 and 5 pens? The final answer is 9.",
        "The final answer is 9",
    ),
    (DropReason.TALK, "No new problem needed with every key point listed above", "No new problem"),
    (DropReason.TALK, "Do you have any new numbers you would like me to include?", "you would like me to"),
    (DropReason.TALK, "Sure! Here is one: what is 4 + 5?", "Sure!"),
    (DropReason.TALK, "Here is a problem with all of it: what is 4 + 5?", "Here is a problem"),
    (DropReason.TALK, "As in Practice 1, how much does Mia earn?", "Practice 1"),
    (DropReason.TALK, "Using all key points, find the area of a square of side 4.", "key points"),
    (DropReason.TALK, "mathology - arithmetic - unit rates", "Arithmetic - Unit Rates"),
    (DropReason.TALK, "What is the area if the given practices are combined?", "given practices"),
    (
        DropReason.NOTHING_ASKED,
        "The farmer, who has 12 eggs, goes to a market to sell them when the sun is up for $3.",
        "",
    ),
    (
        DropReason.NOTHING_ASKED,
        "A farmer has 12 eggs in a basket and sells half of them to a neighbour for $3.",
        "",
    ),
    (
        DropReason.COPIED_PASSAGE,
        PRACTICES[0]["problem"] + " And how many hours is that in the end?",
        "problem of practice 1",
    ),
    (
        DropReason.COPIED_PASSAGE,
        "Each Saturday she earns 15 * 4 = 60 dollars, so that she must work for 180 / 60 = 3 more Saturdays before she can buy it?",
        "solution of practice 1",
    ),
    (
        DropReason.COPIED_PASSAGE,
        "Find its story, its people and its numbers are its own. Do not copy, reword or merely renumber a practice.",
        "prompt: ",
    ),
    (
        DropReason.RENUMBERED,
        (
            "Mia saves for a bicycle that costs $300. She earns $20 an hour in a bakery and works 5 hours each Saturday. She has "
            "already put aside $100 from her birthday. For how many Saturdays must she still work?"
        ),
        "practice 1",
    ),
    (DropReason.RENUMBERED, "Find the area of a triangle whose sides are $5$, $12$ and $13$.", "practice 2"),
    (
        DropReason.RENUMBERED,
        "Find the area of a triangle whose sides are three, four and five.",
        "practice 2",
    ),
    (DropReason.RENUMBERED, PRACTICES[1]["problem"], "practice 2"),
]


@pytest.mark.parametrize(
    ("reason", "question", "detail"), BAD, ids=[f"{number}" for number in range(len(BAD))]
)
def test_what_is_no_new_problem_is_refused_with_its_reason(
    reason: DropReason, question: str, detail: str
) -> None:
    fault = find_fault(question, PRACTICES, PROMPT)
    assert fault is not None
    assert fault.reason is reason
    assert detail in fault.detail


WORDS = [first + second for first in "bdfgl" for second in "aeiou"]
OTHERS = "Another story stands here and it has nothing of that."


@pytest.mark.parametrize("practice", ["{} " + OTHERS, OTHERS + " {}"], ids=["begins", "ends"])
@pytest.mark.parametrize(("count", "copied"), [(19, False), (20, True)])
def test_a_passage_counts_from_its_length_wherever_it_stands(
    practice: str, count: int, *, copied: bool
) -> None:
    passage = " ".join(WORDS[:count])
    practices = [{"topic": "Algebra", "problem": practice.format(passage), "solution": "None."}]
    fault = find_fault(f"What is {passage}?", practices, "")
    assert (fault is not None and fault.reason is DropReason.COPIED_PASSAGE) == copied


def test_without_practices_and_prompt_nothing_is_a_copy() -> None:
    assert find_fault(PRACTICES[0]["problem"], [], "") is None


def remark(body: Body) -> str:
    return "Would you like me to go on?" if task_of(body) == "write" else play(body)


def test_a_refused_question_is_never_judged_and_stands_in_the_table_with_its_reason(tmp_path: Path) -> None:
    with DummyServer(remark) as server:
        build(recipe(tmp_path, server, build_questions=8))
        assert "judge" not in {task_of(body) for body in server.bodies}
    for row in rows(tmp_path, "scored"):
        assert (row["stage"], row["reason"]) == ("written", DropReason.TALK.value)
        assert (row["question"], row["detail"]) == ("Would you like me to go on?", "Would you like me to")


def test_a_recipe_can_do_without_the_checks_and_rescoring_applies_them(tmp_path: Path) -> None:
    with DummyServer(remark) as server:
        build(recipe(tmp_path, server, build_questions=8, questions_checks=False))
        assert "judge" in {task_of(body) for body in server.bodies}
    assert DropReason.TALK.value not in {row["reason"] for row in rows(tmp_path, "scored")}
    rescore(tmp_path, {"questions.checks": "true"})
    assert {row["reason"] for row in rows(tmp_path, "scored")} == {DropReason.TALK.value}
