"""What a model must reply to each task, however it is written down. Every list and every text has an upper bound, because small models go on for ever."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kpmath_builder.protocol import Task

__all__ = [
    "REPLIES",
    "ExtractReply",
    "JudgeReply",
    "NamedTopic",
    "SameTopicReply",
    "WriteReply",
]


def _filled(text: str) -> str:
    text = text.strip()
    if not text:
        raise ValueError("must not be empty")
    if not any(sign.isalnum() for sign in text):
        raise ValueError("holds no letter and no digit")
    return text


def _at_most(characters: int) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > characters:
            raise ValueError(f"has {len(text):,} characters, at most {characters:,} are read")
        return text

    return AfterValidator(check)


Name = Annotated[str, AfterValidator(_filled), _at_most(200)]
Statement = Annotated[str, AfterValidator(_filled), _at_most(1000)]
Problem = Annotated[str, AfterValidator(_filled), _at_most(8000)]
Remark = Annotated[str, _at_most(1000)]


class _Reply(BaseModel):
    """Parse with `model_validate_json`: strict about types, closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NamedTopic(_Reply):
    """One topic with the key points that the extractor filed under it."""

    topic: Name
    key_points: tuple[Statement, ...] = Field(min_length=1, max_length=10)


class ExtractReply(_Reply):
    """Topics and key points of one seed problem (paper section 2.1)."""

    topics: tuple[NamedTopic, ...] = Field(min_length=1, max_length=10)


class SameTopicReply(_Reply):
    """Whether two topics are one, or two answers equal."""

    same: bool


class WriteReply(_Reply):
    """One new question (paper section 2.2)."""

    question: Problem


class JudgeReply(_Reply):
    """What the judge found; the two criteria of the quality score are made of it (paper section 2.2)."""

    key_points: tuple[bool, ...] = Field(max_length=64)
    """Whether each key point was needed, in the order shown."""
    errors: tuple[Remark, ...] = Field(max_length=16)
    final_answers: int = Field(ge=1, le=100)
    """How many separate final answers the problem asks for."""


REPLIES: Mapping[Task, type[BaseModel] | None] = {
    "extract": ExtractReply,
    "same_topic": SameTopicReply,
    "write": WriteReply,
    "work": None,
    "judge": JudgeReply,
    "solve": None,
    "compare": SameTopicReply,
    "attempt": None,
    "harder": WriteReply,
}
"""Task to reply; a solution is free text."""
