"""Problems that a judge must refuse, made by program from good ones: a needed sentence removed, a contradiction added."""

import re
from random import Random

__all__ = ["contradicted", "incomplete", "sentences"]

_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
_NUMBER = re.compile(r"(?<![\d.,])\d+(?![\d.,]*\d)")


def sentences(problem: str) -> list[str]:
    """Return the sentences of a problem."""
    return _SENTENCE.split(problem.strip())


def incomplete(problem: str, solution: str, rng: Random) -> str | None:
    """Return the problem without one of its sentences whose number the solution uses; None if no sentence is like that.

    Sentences with a question mark stay, and so does each number that stands in another sentence as well.
    """
    parts = sentences(problem)
    used = set(_NUMBER.findall(solution))
    needed = [
        at
        for at, part in enumerate(parts)
        if "?" not in part
        and (its := set(_NUMBER.findall(part)) & used)
        and not its & set(_NUMBER.findall(" ".join(parts[:at] + parts[at + 1 :])))
    ]
    if not needed or len(parts) < 3:
        return None
    gone = rng.choice(needed)
    return " ".join(parts[:gone] + parts[gone + 1 :])


def contradicted(problem: str, solution: str, rng: Random) -> str | None:
    """Return the problem with one of its statements a second time, with another number; None if there is none."""
    parts = sentences(problem)
    used = set(_NUMBER.findall(solution))
    stated = [at for at, part in enumerate(parts) if "?" not in part and set(_NUMBER.findall(part)) & used]
    if not stated or "?" not in parts[-1]:
        return None
    at = rng.choice(stated)
    number = rng.choice([n for n in _NUMBER.findall(parts[at]) if n in used])
    other = str(int(number) + rng.choice([2, 3, 5]))
    again = re.sub(rf"(?<![\d.,]){number}(?![\d.,]*\d)", other, parts[at])
    return " ".join([*parts[:-1], again, parts[-1]])
