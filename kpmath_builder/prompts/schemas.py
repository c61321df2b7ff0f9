"""What a model must reply to each task: pydantic models, and the JSON schemas derived from them.

Every list and every string has an upper bound, because small models go on for ever. The schemas bound the lists only: with the default
backend of vLLM a bound on a string forbids every backslash, and so LaTeX. Strings are checked on arrival instead.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kpmath_builder.protocol import Task

__all__ = [
    "REPLIES",
    "SCHEMAS",
    "ExtractReply",
    "JudgeReply",
    "NamedTopic",
    "SameTopicReply",
    "WriteReply",
    "schema_of",
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
Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


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
    """Whether two topics are one."""

    same: bool


class WriteReply(_Reply):
    """One new question (paper section 2.2)."""

    question: Problem


class JudgeReply(_Reply):
    """The two criteria of the quality score, 0…1 each, with the reasons (paper section 2.2).

    The reasons come first, so that a model finds the faults before it gives the score.
    """

    missing_key_points: tuple[Remark, ...] = Field(max_length=32)
    key_points_present: Score
    errors: tuple[Remark, ...] = Field(max_length=16)
    correctness: Score
    sub_questions: int = Field(ge=1, le=100)


REPLIES: Mapping[Task, type[BaseModel] | None] = {
    "extract": ExtractReply,
    "same_topic": SameTopicReply,
    "write": WriteReply,
    "judge": JudgeReply,
    "solve": None,
}
"""Task to reply; a solution is free text."""


def schema_of(reply: type[BaseModel]) -> dict[str, Any]:
    """Return the model's schema in one piece: no references or titles, which cost tokens and not every engine knows."""
    schema = reply.model_json_schema()
    definitions = schema.pop("$defs", {})

    def plain(node: Any) -> Any:  # noqa: ANN401 - JSON is of any type
        if isinstance(node, list):
            return [plain(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return plain(definitions[node["$ref"].rsplit("/", 1)[-1]])
        return {key: plain(value) for key, value in node.items() if key not in ("title", "description")}

    return plain(schema)  # type: ignore[no-any-return]


SCHEMAS: Mapping[Task, dict[str, Any] | None] = {
    task: None if reply is None else schema_of(reply) for task, reply in REPLIES.items()
}
"""Task to the JSON schema that constrains the reply; None asks for free text."""
