"""The symbolic teacher through its one door: requests in, responses out."""

import asyncio
import json
import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kpmath_builder.errors import InputError
from kpmath_builder.prompts.replies import ExtractReply, JudgeReply
from kpmath_builder.prompts.reply_reading import read_reply
from kpmath_builder.protocol import (
    Message,
    Request,
    Response,
    Sampling,
    Task,
    Teacher,
    canonical_json,
)
from kpmath_builder.records import Judgement
from kpmath_builder.symbolic import SymbolicTeacher
from kpmath_builder.symbolic.expressions import Expression, parse_number
from kpmath_builder.symbolic.passages import passage_of
from kpmath_builder.symbolic.reading import read_question
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason
from kpmath_builder.symbolic.topics import extract
from kpmath_builder.synthesis.questions import judgement_of

Practice = dict[str, Any]

COMPOSITIONS = 250


def request(task: Task, seed: int = 0, **material: object) -> Request:
    content = canonical_json({"task": task, **material})
    return Request(task, "symbolic", (Message("user", content),), Sampling(1.0, 0.95, 1024), seed)


def judgement(question: str, practices: Sequence[dict[str, Any]]) -> Judgement:
    """Return the scores that are made of what the teacher says of a question."""
    (work,) = ask("work", question=question, practices=practices)
    said = read_reply(ask("judge", question=question, practices=practices)[0].text, JudgeReply).value
    assert said is not None
    points = [point for practice in practices for point in practice["key_points"]]
    return judgement_of(said, points, str(boxed(work.text) or ""))


def ask(
    task: Task, samples: Sequence[int] = (0,), seed: int = 0, error_rate: float = 0.1, **material: object
) -> Sequence[Response]:
    teacher: Teacher = SymbolicTeacher(error_rate)
    return asyncio.run(teacher.answer(request(task, seed, **material), samples))


def practice(question: str, solution: str) -> Practice:
    topic, key_points = next(iter(extract(question, solution).items()))
    return {
        "topic": topic,
        "key_points": list(key_points),
        "problem": question,
        "solution": solution,
    }


HENS = practice(
    "A farmer has 30 hens. He buys 18 more hens and sells 9 hens. How many hens does he have now?",
    "He had 30+18=<<30+18=48>>48 hens.\nNow he has 48-9=<<48-9=39>>39 hens.\n#### 39",
)
EGGS = practice(
    "Ms. Fox collects 4 eggs from each of her 36 birds every day. How many eggs does Ms. Fox collect in a day?",
    "She collects 4*36=<<4*36=144>>144 eggs.\n#### 144",
)
CLIPS = practice(
    "Natalia sold clips in 48 shops in April, and then she sold half as many clips in May. How many clips did she sell altogether?",
    "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nShe sold 48+24 = <<48+24=72>>72 clips altogether.\n#### 72",
)
PROOF = practice("Show that 2 is prime.", "It is.")


@lru_cache(maxsize=1)
def usable(folder: Path) -> list[tuple[str, str]]:
    """Return those of every sixteenth seed of GSM8K train that can be used."""
    found = []
    for line in (folder / "gsm8k" / "train.jsonl").read_text(encoding="utf-8").splitlines()[::16]:
        row = json.loads(line)
        try:
            passage_of(row["question"], row["answer"])
        except UnfitError:
            continue
        found.append((row["question"], row["answer"]))
    return found


@lru_cache(maxsize=1)
def composed(folder: Path) -> list[tuple[str, list[Practice]]]:
    """Return questions written from random practices."""
    rng, written = Random(20), []
    for i in range(COMPOSITIONS):
        practices = [practice(*seed) for seed in rng.sample(usable(folder), rng.choice([2, 3]))]
        (reply,) = ask("write", seed=i, practices=practices)
        if reply.finish_reason == "stop":
            written.append((reply.text, practices))
    return written


def answer_of(question: str, practices: Sequence[Practice], **changed: object) -> Fraction:
    """Compute the answer from the reading of a question."""
    reading = read_question(question, [passage_of(p["problem"], p["solution"]) for p in practices])
    assert reading is not None
    return Fraction(reading.answer(reading.run(**changed)))


def boxed(text: str) -> Fraction | None:
    found = re.search(r"\\boxed\{(-?[\d.]+)\}\.$", text)
    return Fraction(parse_number(found[1])) if found else None


def wrong_steps(text: str) -> list[str]:
    """Return annotations that do not compute to what they say."""
    steps = [step.rpartition("=") for step in re.findall(r"<<(.*?)>>", text)]
    return [left for left, _, right in steps if Expression.parse(left).value != Expression.parse(right).value]


def test_two_practices_become_one_question():
    """The result of one is a variable in the other, its value is nowhere stated, and the answer is computed."""
    (reply,) = ask("write", practices=[HENS, EGGS])
    question = reply.text
    assert question.count("?") == 1
    assert re.search(r"Let \w|We write \w", question)
    (solution,) = ask("solve", error_rate=0.0, question=question, practices=[HENS, EGGS])
    assert boxed(solution.text) == answer_of(question, [HENS, EGGS])
    assert wrong_steps(solution.text) == []


def test_a_seed_that_cannot_be_used_is_refused_by_name_when_it_is_extracted():
    (reply,) = ask("extract", problem=PROOF["problem"], solution=PROOF["solution"])
    assert reply.finish_reason == "declined"
    assert reply.text == f"symbolic teacher: {UnfitReason.NO_ANNOTATIONS}"
    (reply,) = ask("extract", problem=HENS["problem"], solution=HENS["solution"])
    said = read_reply(reply.text, ExtractReply).value
    assert said is not None
    assert (said.topics[0].topic, list(said.topics[0].key_points)) == (HENS["topic"], HENS["key_points"])


def test_most_random_practices_can_be_composed(shared_data: Path):
    assert len(composed(shared_data)) > 0.6 * COMPOSITIONS


def test_the_known_answer_is_what_the_solution_derives(shared_data: Path):
    """Without slips every step is right arithmetic and the boxed answer is the computed one."""
    for question, practices in composed(shared_data):
        (solution,) = ask("solve", error_rate=0.0, question=question, practices=practices)
        assert boxed(solution.text) == answer_of(question, practices)
        assert wrong_steps(solution.text) == []


def test_the_judge_accepts_what_was_written(shared_data: Path):
    """Its own questions score 0.85 or more on both criteria."""
    for question, practices in composed(shared_data):
        judged = judgement(question, practices)
        assert judged.quality >= 0.85, (question, judged)
        assert judged.sub_questions == 1


def test_every_part_bears_on_the_answer(shared_data: Path):
    """Changing a quantity of any part changes the final answer."""
    for question, practices in composed(shared_data):
        reading = read_question(question, [passage_of(p["problem"], p["solution"]) for p in practices])
        assert reading is not None
        right = answer_of(question, practices)
        runs = reading.run()
        for i, part in enumerate(reading.parts):
            places = (*part.numbers, *part.links)
            assert any(
                reading.run({(i, place): runs[i][0][place] + more})[-1][1][-1] != right
                for place in places
                for more in (1, 7)
            )


def test_no_practice_is_copied(shared_data: Path):
    """In every part a number has changed or become a variable."""
    for question, practices in composed(shared_data):
        assert not any(" ".join(practice["problem"].split()) in question for practice in practices)


def test_answers_depend_on_request_and_sample_alone():
    """One call with three samples gives what three calls give; sample j is seed + j; another seed gives another text."""
    together = ask("write", samples=(0, 1, 2), seed=5, practices=[HENS, EGGS])
    apart = [ask("write", samples=(j,), seed=5, practices=[HENS, EGGS])[0] for j in range(3)]
    shifted = [ask("write", seed=5 + j, practices=[HENS, EGGS])[0] for j in range(3)]
    assert list(together) == apart == shifted
    assert len({reply.text for reply in together}) > 1


def test_slips_are_of_every_kind():
    """Some slips state a wrong sum, some are consistent; their answers differ, and the right one leads by far."""
    question = ask("write", practices=[HENS, EGGS])[0].text
    right = answer_of(question, [HENS, EGGS])
    slipped = [
        reply.text
        for reply in ask("solve", range(60), error_rate=1.0, question=question, practices=[HENS, EGGS])
    ]
    assert all(boxed(text) != right for text in slipped)
    assert 5 < sum(bool(wrong_steps(text)) for text in slipped) < 55
    assert len({boxed(text) for text in slipped}) > 5
    mixed = ask("solve", range(200), error_rate=0.2, question=question, practices=[HENS, EGGS])
    assert 140 < sum(boxed(reply.text) == right for reply in mixed) < 180


@pytest.mark.parametrize(
    ("practices", "reason"),
    [
        ([HENS, PROOF], f"practice 2: {UnfitReason.NO_ANNOTATIONS}"),
        ([PROOF, HENS], f"practice 1: {UnfitReason.NO_ANNOTATIONS}"),
        ([CLIPS, CLIPS], UnfitReason.NOTHING_TO_ASK_FOR),
        (
            [
                HENS,
                practice(
                    "A shop gives a 95% discount on coats of $20. What does a coat cost, in dollars?",
                    "It costs 20-20*.95=<<20-20*.95=1>>1.\n#### 1",
                ),
            ],
            UnfitReason.NO_NUMBERS,
        ),
    ],
)
def test_what_cannot_be_written_is_refused_by_name(practices: list[Practice], reason: str):
    (reply,) = ask("write", practices=practices)
    assert reply.finish_reason == "declined"
    assert reply.text == f"symbolic teacher: {reason}"


@pytest.mark.parametrize("practices", [[HENS], [HENS, HENS]], ids=["one practice", "one seed twice"])
def test_one_seed_is_asked_backward(practices: list[Practice]):
    """The question goes the whole way: written, solved, solved with slips, judged, worked by the judge."""
    question = ask("write", practices=practices)[0].text
    assert re.search(r" is \d+[.,] .*\b[A-Za-z][?.]$", question)
    (solution,) = ask("solve", error_rate=0.0, question=question, practices=practices)
    assert wrong_steps(solution.text) == []
    slipped = ask("solve", range(20), error_rate=1.0, question=question, practices=practices)
    assert boxed(solution.text) not in [boxed(reply.text) for reply in slipped]
    judged = judgement(question, practices)
    assert (judged.correctness, judged.missing_key_points) == (1, ())
    assert Fraction(judged.judge_answer) == boxed(solution.text)


def test_a_seed_drawn_twice_is_used_once():
    (reply,) = ask("write", practices=[HENS, EGGS, HENS])
    assert reply.finish_reason == "stop"


def test_a_foreign_question_is_neither_accepted_nor_solved():
    """The judge says why; the solver says so in words, without a boxed answer."""
    judged = judgement("How many hens fit in 3 barns?", [HENS, EGGS])
    assert judged.correctness < 0.5
    assert judged.errors
    assert set(judged.missing_key_points) == {*HENS["key_points"], *EGGS["key_points"]}
    (reply,) = ask("solve", question="How many hens fit in 3 barns?", practices=[HENS, EGGS])
    assert boxed(reply.text) is None
    assert "cannot" in reply.text


@pytest.mark.parametrize("number", ["3000000", "2.5"])
def test_implausible_numbers_lower_the_score(number: str):
    """The same question with a senseless number is judged lower than as written."""
    question = ask("write", practices=[HENS, EGGS])[0].text
    reading = read_question(question, [passage_of(p["problem"], p["solution"]) for p in (HENS, EGGS)])
    assert reading is not None
    spoilt = re.sub(r"(?<=buys )\d+", number, question)
    assert spoilt != question

    def score(text: str) -> float:
        return judgement(text, [HENS, EGGS]).correctness

    assert score(spoilt) < 0.85 <= score(question)


def test_tokens_are_counted():
    (reply,) = ask("write", practices=[HENS, EGGS])
    assert reply.completion_tokens == len(reply.text.split())
    assert reply.prompt_tokens > 20


@pytest.mark.parametrize("content", ["", "Write a problem.", "[]", '{"task": "sing"}'])
def test_prose_prompts_are_rejected(content: str):
    """Whoever sends it a prose prompt is told what to do."""
    teacher = SymbolicTeacher()
    wrong = Request("write", "symbolic", (Message("user", content),), Sampling(1.0, 1.0, 10), 0)
    with pytest.raises(InputError, match="symbolic"):
        asyncio.run(teacher.answer(wrong, [0]))


@pytest.mark.parametrize("rate", [-0.1, 1.5])
def test_a_error_rate_is_a_share(rate: float):
    with pytest.raises(InputError, match="error_rate"):
        SymbolicTeacher(rate)


def test_check_and_close_do_nothing():
    teacher = SymbolicTeacher()
    assert asyncio.run(teacher.check()) is None
    assert asyncio.run(teacher.close()) is None
