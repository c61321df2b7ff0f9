"""Which sentences of a problem may stand in another order: data may, steps may not."""

import re
from collections.abc import Sequence

__all__ = ["in_plain_order"]

_SEQUENCE = re.compile(
    r"(?<!\S)(?:after|afterwards|again|before|finally|first|later|left|next|previous|remainder|remaining|remains|rest|result|resulting|then)(?!\S)"
)
_STEP = re.compile(
    r"(?:add|begin|choose|cross|cut|decrease|divide|double|draw|drop|flip|fold|go|halve|increase|insert|move|multiply|pick|pour|put|reflect"
    r"|remove|replace|reverse|roll|rotate|round|shift|shuffle|square|start|subtract|swap|take|toss|translate|triple|turn|walk)(?!\S)"
)
_QUESTION = re.compile(
    r"(?:and )?(?:(?:by|for|in|of|at|on|to) )?(?:calculate|compute|determine|find|how|what|when|where|which|who|whose|why)(?!\S)"
    r"|.*(?<!\S)how (?:far|long|many|much|old)(?!\S)"
)


def in_plain_order(sentences: Sequence[str]) -> list[str]:
    """Return the sentences in the order that all orders of one meaning share.

    Sentences of data are sorted between steps, which stay where they are: a step is an order, or has a word of sequence. A question that is
    the only one may stand anywhere.
    """
    asking = [sentence for sentence in sentences if _QUESTION.match(sentence)]
    question = asking if len(asking) == 1 else []
    ordered: list[str] = []
    data: list[str] = []
    for sentence in sentences:
        if sentence in question:
            continue
        if _STEP.match(sentence) or _SEQUENCE.search(sentence) or sentence in asking:
            ordered += [*sorted(data), sentence]
            data = []
        else:
            data.append(sentence)
    return [*ordered, *sorted(data), *question]
