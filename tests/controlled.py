"""A served solver whose accuracy is set per question, and questions whose answers it and the test know."""

import hashlib
import json
import random
import re
from pathlib import Path

from dummy_server import Body, task_of
from roleplay import play

__all__ = ["accuracy_of", "solving", "truth_of", "write_questions"]

_QUESTION = re.compile(r"Your problem:\n(.*?)\n\nReason step by step", re.DOTALL)


def truth_of(question: str) -> int:
    """Return the one right answer to a question."""
    return int(hashlib.sha256(question.encode()).hexdigest(), 16) % 97 + 3


def accuracy_of(question: str) -> float:
    """Return how often the solver is right about a question: mostly often, sometimes nearly never."""
    return random.Random(f"accuracy {question}").betavariate(2.0, 0.7)


def solving(body: Body) -> str:
    """Answer in role; a solution is right as often as `accuracy_of` says, and else mostly one and the same error."""
    if task_of(body):
        return play(body)
    question = _QUESTION.findall(body["messages"][-1]["content"])[-1]
    chance = random.Random(f"{body['seed']} {question}")
    given = truth_of(question)
    if chance.random() >= accuracy_of(question):
        given += 1 if chance.random() < 0.6 else chance.randint(2, 9)
    return f"There are {given} - 2 = {given - 2} at first, and 2 more. The answer is \\boxed{{{given}}}."


def write_questions(path: Path, count: int, first: int = 0) -> Path:
    """Write a file of controls; others for each `first` that is `count` further."""
    numbers = range(first, first + count)
    questions = [f"A barn has {number} doors and some windows. How many windows?" for number in numbers]
    rows = [{"problem": question, "answer": truth_of(question)} for question in questions]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
