"""A model in all roles, for the dummy server: plausible replies that depend on the request alone."""

import hashlib
import random
import re

from dummy_server import Body, task_of
from pydantic import BaseModel

from kpmath_builder.prompts.plain_text import write_text
from kpmath_builder.prompts.replies import ExtractReply, JudgeReply, NamedTopic, SameTopicReply, WriteReply

SUBJECTS = ("Arithmetic", "Algebra", "Geometry", "Measurement", "Statistics")
TOPICS = ("Percentages", "Ratios", "Linear Equations", "Perimeter", "Averages", "Unit Rates")
_KEY_POINT = re.compile(r"^Key point (\d+):", re.MULTILINE)


def play(body: Body) -> str:
    """Answer in role: topics and key points, a question, a judgement, or a solution."""
    said = reply(body)
    return said if isinstance(said, str) else write_text(said)


def play_json(body: Body) -> str:
    """Answer in role, with a JSON object in place of plain text."""
    said = reply(body)
    return said if isinstance(said, str) else said.model_dump_json()


def reply(body: Body) -> BaseModel | str:
    """Return what is answered: the text of a solution, or what a reply to another task says."""
    text = body["messages"][-1]["content"]
    chance = random.Random(hashlib.sha256(f"{body['seed']} {text}".encode()).hexdigest())
    task = task_of(body)
    return _REPLIES[task](text, chance) if task in _REPLIES else solution(text, chance)


def solution(text: str, chance: random.Random) -> str:
    """Mostly the answer that the question's own text decides, sometimes another, sometimes none."""
    right = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 97 + 3
    if chance.random() < 0.05:
        return "I am not sure how to begin."
    if chance.random() < 0.05:
        return f"We add 2 + 2 = 5, so the answer is \\boxed{{{right}}}."
    given = right if chance.random() < 0.75 else right + chance.randint(1, 3)
    return f"There are {given} - 2 = {given - 2} at first, and 2 more. The answer is \\boxed{{{given}}}."


def _work(text: str, chance: random.Random) -> str:
    """Use what is given, so that nothing in the work speaks against the problem."""
    return f"Given are {' and '.join(re.findall(r'[0-9]+', text))}. {solution(text, chance)}"


def _extract(text: str, chance: random.Random) -> ExtractReply:
    names = chance.sample([f"{s} - {t}" for s in SUBJECTS for t in TOPICS[:3]], 3)
    letters = "ABC"
    return ExtractReply(
        topics=tuple(
            NamedTopic(topic=name, key_points=tuple(f"{name} rule {letter}" for letter in letters))
            for name in names
        )
    )


def _judge(text: str, chance: random.Random) -> JudgeReply:
    points = len(_KEY_POINT.findall(text.rpartition("Verdict on the problem")[2]))
    unneeded = chance.random() < 0.3
    return JudgeReply(
        key_points=tuple(not (unneeded and number % 2) for number in range(1, points + 1)),
        errors=("A length is not given.",) if chance.random() < 0.1 else (),
        final_answers=5 if chance.random() < 0.05 else 1,
    )


def _write(text: str, chance: random.Random) -> WriteReply:
    numbers = re.findall(r"\d+", text)
    baskets = chance.choice(numbers or ["3"])
    return WriteReply(
        question=f"A farmer has {chance.randint(2, 10**6)} eggs and {baskets} baskets. How many?"
    )


_REPLIES = {
    "extract": _extract,
    "same_topic": lambda text, chance: SameTopicReply(same=chance.random() < 0.5),
    "write": _write,
    "work": _work,
    "judge": _judge,
    "harder": _write,
    "compare": lambda text, chance: SameTopicReply(same=chance.random() < 0.5),
}
