"""A model in all four roles, for the dummy server: plausible replies that depend on the request alone."""

import hashlib
import json
import random
import re
from typing import Any

from dummy_server import Body, task_of

SUBJECTS = ("Arithmetic", "Algebra", "Geometry", "Measurement", "Statistics")
TOPICS = ("Percentages", "Ratios", "Linear Equations", "Perimeter", "Averages", "Unit Rates")


def play(body: Body) -> str:
    """Answer in role: topics and key points, a question, a judgement, or a solution."""
    text = body["messages"][-1]["content"]
    chance = random.Random(hashlib.sha256(f"{body['seed']} {text}".encode()).hexdigest())
    task = task_of(body)
    return solution(text, chance) if not task else json.dumps(_REPLIES[task](text, chance))


def solution(text: str, chance: random.Random) -> str:
    """Mostly the answer that the question's own text decides, sometimes another, sometimes none."""
    right = int(hashlib.sha256(text.encode()).hexdigest(), 16) % 97 + 3
    if chance.random() < 0.05:
        return "I am not sure how to begin."
    if chance.random() < 0.05:
        return f"We add 2 + 2 = 5, so the answer is \\boxed{{{right}}}."
    given = right if chance.random() < 0.75 else right + chance.randint(1, 3)
    return f"There are {given} - 2 = {given - 2} at first, and 2 more. The answer is \\boxed{{{given}}}."


def _extract(text: str, chance: random.Random) -> dict[str, Any]:
    names = chance.sample([f"{s} - {t}" for s in SUBJECTS for t in TOPICS[:3]], 3)
    return {
        "topics": [{"topic": name, "key_points": [f"{name} rule {k}" for k in range(3)]} for name in names]
    }


def _judge(text: str, chance: random.Random) -> dict[str, Any]:
    missing = ["one of them"] if chance.random() < 0.3 else []
    return {
        "missing_key_points": missing,
        "key_points_present": 0.5 if missing else 1.0,
        "errors": [],
        "correctness": round(chance.uniform(0.8, 1.0), 2),
        "sub_questions": 5 if chance.random() < 0.05 else 1,
    }


def _write(text: str, chance: random.Random) -> dict[str, Any]:
    numbers = re.findall(r"\d+", text)
    return {
        "question": f"A farmer has {chance.randint(2, 10**6)} eggs and {chance.choice(numbers or ['3'])} baskets. How many?"
    }


_REPLIES = {
    "extract": _extract,
    "same_topic": lambda text, chance: {"same": chance.random() < 0.5},
    "write": _write,
    "judge": _judge,
}
