"""How sure a model was of each `yes` and `no` in a reply: the probabilities of its tokens, as OpenAI's protocol returns them."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["yes_probabilities"]


def yes_probabilities(logprobs: object) -> tuple[tuple[int, float], ...]:
    """Return line and probability of `yes` for the first `yes` or `no` of each line of a reply; nothing if there are no probabilities.

    Lines are numbered from 0, leading white space aside. The probability is that of all tokens that begin a `yes`, over that of these and
    of those that begin a `no`, whatever the sampling temperature.
    """
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    found: dict[int, float] = {}
    line, begun = 0, False
    for token in content if isinstance(content, list) else []:
        text = token.get("token") if isinstance(token, dict) else None
        if not isinstance(text, str):
            return ()
        if _word(text) and line not in found and (odds := _odds(token)) is not None:
            found[line] = odds
        line += (text if begun else text.lstrip()).count("\n")
        begun = begun or bool(text.strip())
    return tuple(found.items())


def _odds(token: Mapping[str, Any]) -> float | None:
    """Return the probability of `yes` where a token says yes or no; None if the server does not give it."""
    weights = {"yes": 0.0, "no": 0.0}
    others = token.get("top_logprobs")
    for other in others if isinstance(others, list) and others else [token]:
        logprob = other.get("logprob") if isinstance(other, dict) else None
        word = _word(other["token"]) if logprob is not None and isinstance(other.get("token"), str) else ""
        if word and isinstance(logprob, (int, float)) and logprob <= 0:
            weights[word] += math.exp(logprob)
    total = sum(weights.values())
    return round(weights["yes"] / total, 4) if total else None


def _word(text: str) -> str:
    word = text.strip(" \t\r\n*_.").casefold()
    return word if word in {"yes", "no"} else ""
