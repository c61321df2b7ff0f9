"""What the replies of a model of random weights are held to, so that its noise can be read: plain text is asked for in words only."""

from typing import Any

__all__ = ["FORMS", "held_to"]

_NAMED = r"Topic: (Sum|Area|Prime) - (apples|trains)\n- [a-z]{3,8} [a-z]{3,8}"
FORMS = {
    "extractor": rf"{_NAMED}\n{_NAMED}",
    "writer": r"How many [a-z]{3,8} [a-z]{3,8}\?",
    "judge": r"Key point 1: (yes|no)\nKey point 2: (yes|no)\nErrors: none\nNumber of questions: 1",
}
"""By role. There are mostly two key points to judge."""


def held_to(form: str) -> dict[str, Any]:
    """Return the field that holds a reply to a regular expression."""
    return {"structured_outputs": {"regex": form}}
