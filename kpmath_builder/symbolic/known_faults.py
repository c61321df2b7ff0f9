"""Seeds of GSM8K train whose answer is not that of their question. Readers found them; no check does.

A changed number leaves such an answer as wrong as it was, so nothing is made of them.
"""

import hashlib
from collections.abc import Mapping

__all__ = ["KNOWN_FAULTS", "known_fault"]

KNOWN_FAULTS: Mapping[str, str] = {
    "e2335cf29bb6d193": "one of fourteen days is paid",
    "e13df91499fe40be": "2/5 less is computed backward as 2/5 more",
    "095f1d79583f5858": "a third is computed as two thirds",
    "1e4d8c56c228d57d": "the tub is full before the pause that is averaged in",
    "089516560b7adaef": "the cars in front are counted twice",
    "72117c884a893fb4": "3/5 and as many again are more than all",
    "6b38cfce2688d753": "the one who has fewer is said to have more",
    "5a9f13cc1f3ab16d": "the two kinds of tickets are taken for each other",
    "1c27c34913c06e15": "a quarter more is computed as a quarter",
    "9d268e1aed0e655f": "leads are added as if they were distances",
    "a43c84385a315d74": "the heavier one is given the weights",
    "86e9291be8346b0f": "the day itself is taken for a day before it",
    "31e69957207ce316": "seven times as many are computed as twice",
    "1d711c0edab6cdf9": "apples and oranges are taken for each other",
    "602b4b07a2184197": "four times tripled is computed as three",
    "a35f47be58b7ccf6": "four checkpoints have three gaps",
    "f44b078669304872": "misses are taken for hits",
    "a39f53a204517a8e": "layers are counted as foldings in half",
    "22e18ba641a1b62b": "twice all the others is computed as all the others",
    "6f51608d13b6f5dd": "the longer board is taken for the shorter ones",
    "6dd4594a6c87365e": "20 % of a price is computed as 20 % less",
    "56b0d145e3d416d8": "six sections are computed as four",
    "a51949ce73961f47": "15 % fewer is computed backward as 15 % more",
    "5b78c59024f69abb": "2/5 fewer is computed backward as 2/5 more",
    "5c40efd4f6e3e9e9": "six towels are computed as four",
    "d183e7fc30e60b1c": "rounds of golf are taken for holes",
    "45b6f2f113a8284f": "pairs of socks are counted as socks",
    "c849c343e9184c4e": "longer is computed as shorter",
}
"""What is wrong with a problem, by the first 16 hexadecimal digits of the SHA-256 of its text with single spaces."""


def known_fault(question: str) -> str | None:
    """Return what is wrong with a problem's solution; None if nothing is known against it."""
    text = " ".join(question.split())
    return KNOWN_FAULTS.get(hashlib.sha256(text.encode()).hexdigest()[:16])
