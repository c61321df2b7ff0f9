"""Reading a reply, without guessing: what is repaired has one meaning only, and is counted."""

from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from kpmath_builder.prompts.json_replies import holds_json, read_json
from kpmath_builder.prompts.plain_text import read_text
from kpmath_builder.prompts.repairs import Repair, UnreadableReplyError, refuse_control_characters

__all__ = ["ReadReply", "Repair", "read_reply"]

T = TypeVar("T", bound=BaseModel)


class ReadReply(NamedTuple, Generic[T]):
    """A validated reply with its repairs, or None with the reason why it is not readable."""

    value: T | None
    repairs: frozenset[Repair] = frozenset()
    reason: str = ""


def read_reply(text: str, kind: type[T]) -> ReadReply[T]:
    """Return what a reply says: plain text as the prompts ask for it, or a JSON object with the fields of its kind."""
    try:
        refuse_control_characters(text)
        value, repairs = read_json(text, kind) if holds_json(text, kind) else read_text(text, kind)
        return ReadReply(value, frozenset(repairs))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return ReadReply(None, reason=f"reply is not readable: {place + ': ' if place else ''}{first['msg']}")
    except UnreadableReplyError as error:
        return ReadReply(None, reason=f"reply is not readable: {error}")
    except RecursionError:
        return ReadReply(None, reason="reply is not readable: it is nested too deep")
