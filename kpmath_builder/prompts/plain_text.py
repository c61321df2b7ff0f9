r"""Replies in plain text, read and written.

A question or a key point is mathematics, and mathematics in a JSON string is destroyed by nearly every model: `"\frac"` is a form feed
before "rac". In plain text there is nothing to escape.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from kpmath_builder.prompts.repairs import Repair, UnreadableReplyError
from kpmath_builder.prompts.replies import ExtractReply, JudgeReply, NamedTopic, SameTopicReply, WriteReply

__all__ = ["needed_probabilities", "read_text", "write_text"]

T = TypeVar("T", bound=BaseModel)
MOST_LINES = 400
LONGEST_LINE = 1500
"""Characters of a line of a verdict; a longer one is none."""


def read_text(text: str, kind: type[T]) -> tuple[T, set[Repair]]:
    """Return what a reply in plain text says, and what had to be repaired.

    Raises
    ------
    UnreadableReplyError, ValidationError
        When it has not the form that the prompt asks for.
    """
    value, repairs = _READERS[kind](text)
    return cast("T", value), repairs


def write_text(reply: BaseModel) -> str:
    """Return the text of a reply, as a model that obeys the prompt writes it."""
    return _WRITERS[type(reply)](reply)


# ---- a problem

_FENCED = re.compile(r"\s*```[ \t]*\w*[ \t]*\n(.*?)\n?[ \t]*```\s*", re.DOTALL)
_HEADING = re.compile(
    r"[#*]{0,6}[ \t]*(?:new )?problem[ \t]*(?:\*\*)?(?::(?:\*\*)?|(?=\n))\s*", re.IGNORECASE
)
_SOLUTION = re.compile(r"(?<=[^\w\s,;(])\s*\n\W{0,16}\bsolution\b[ \t*_]{0,8}(?::|(?=\n))", re.IGNORECASE)
"""Behind the end of a sentence, a line that begins a solution: small models go on with one, as the practices do that they are shown."""
_QUOTES = {'"': '"', "“": "”", "'": "'"}


def _read_problem(text: str) -> tuple[WriteReply, set[Repair]]:
    """Return the text as it is, but for a fence, a heading or quotes that wrap the whole of it, and a solution below it."""
    text, repairs = _unfenced(text)
    if heading := _HEADING.match(text):
        text, repairs = text[heading.end() :].strip(), repairs | {Repair.HEADING}
    if solution := _SOLUTION.search(text):
        text, repairs = text[: solution.start()].strip(), repairs | {Repair.SOLUTION}
    closing = _QUOTES.get(text[:1])
    if closing and text.endswith(closing) and not set(text[1:-1]) & {text[0], closing}:
        text, repairs = text[1:-1].strip(), repairs | {Repair.QUOTES}
    return WriteReply(question=text), repairs


def _unfenced(text: str) -> tuple[str, set[Repair]]:
    fenced = _FENCED.fullmatch(text)
    if fenced and "```" not in fenced[1]:
        return fenced[1].strip(), {Repair.FENCE}
    return text.strip(), set()


# ---- topics and key points

_TOPIC = re.compile(r"\W*topic(?: \d+)?\W*:\W*(.*)", re.IGNORECASE)
_POINT = re.compile(r"(?:[-*•+]|\d{1,2}[.)])\s+(.*)")
_LABEL = re.compile(r"\W*(?:key points?|reply)\W*", re.IGNORECASE)
_DASH = re.compile(r"\s+[-–—]+\s+|\s*[–—]\s*")


def _read_topics(text: str) -> tuple[ExtractReply, set[Repair]]:
    body, repairs = _unfenced(text)
    topics: list[tuple[str, list[str]]] = []
    for line in _lines(body):
        if topic := _TOPIC.fullmatch(line):
            topics.append((_DASH.sub(" - ", _unmarked(topic[1])), []))
        elif not topics:
            repairs.add(Repair.PROSE)
        elif point := _POINT.fullmatch(line):
            topics[-1][1].append(_unmarked(point[1]))
        elif not _LABEL.fullmatch(line):
            raise UnreadableReplyError("a line below its first topic is neither a topic nor a key point")
    if not topics:
        raise UnreadableReplyError("it names no topic in a line 'Topic: …'")
    return ExtractReply(
        topics=tuple(NamedTopic(topic=topic, key_points=tuple(points)) for topic, points in topics)
    ), repairs


def _lines(text: str) -> Iterator[str]:
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise UnreadableReplyError(f"it has {len(lines):,} lines")
    return (line.strip() for line in lines if line.strip())


def _unmarked(text: str) -> str:
    """Return a line without the asterisks of bold type."""
    return text.replace("**", "").strip()


# ---- whether two topics are one, or two answers equal

_SAME = re.compile(r"\W*(same|different)\b", re.IGNORECASE)
_SAID = re.compile(r"\b(same|different)\b", re.IGNORECASE)


def _read_same(text: str) -> tuple[SameTopicReply, set[Repair]]:
    first = _SAME.match(text)
    said = {word.lower() for word in _SAID.findall(text)}
    if first is None or len(said) != 1:
        raise UnreadableReplyError("it does not begin with one of the words same and different, or has both")
    return SameTopicReply(same=said == {"same"}), set()


# ---- a judgement

_NEEDED = re.compile(
    r"\W*key[- ]points?[ *#(]*+(\d{1,3}\b)?+(?:[^:\n]|:(?!\W*(?:yes|no)\b))*:\W*(yes|no)\b.*", re.IGNORECASE
)
_FIELD = re.compile(
    r"\W*((?:other )?errors?|missing|contradictions?|number of questions)\W*:[\s*]*(.*)", re.IGNORECASE
)
_NO_ERROR = re.compile(
    r"\W*(?:none|no|nothing|n/?a|(?:there (?:is|are) )?(?:none|nothing|no (?:other )?(?:errors?|contradictions?|missing information)))"
    r"(?: (?:is |are )?(?:found|present|missing|given))?\W*",
    re.IGNORECASE,
)
_COUNT = re.compile(r"\W*(\d{1,3})\b.*")


def _read_judgement(text: str) -> tuple[JudgeReply, set[Repair]]:
    """Return what stands in the fixed lines; what is said around them is left aside."""
    said: dict[str, Any] = {}
    points: dict[int, bool] = {}
    repairs: set[Repair] = set()
    errors: list[str] | None = None  # nothing is said of them as long as their lines are empty
    listing = False
    for line in _lines(text):
        if len(line) > LONGEST_LINE:
            continue
        if point := _NEEDED.fullmatch(line):
            number = int(point[1]) if point[1] else max(points, default=0) + 1
            repairs |= set() if point[1] else {Repair.NUMBER}
            _once(points, number, point[2].lower() == "yes", f"key point {number}")
            continue
        field = _FIELD.fullmatch(line)
        name = field[1].lower() if field else ""
        if field and name == "number of questions":
            count = _COUNT.fullmatch(field[2])
            _once(said, "final_answers", int(count[1]) if count else 0, "the number of questions")
        elif field:
            listing = True
            errors = [*(errors or ()), *_error(field[2])] if field[2] else errors
        elif listing and "final_answers" not in said and (item := _POINT.fullmatch(line)):
            errors = [*(errors or ()), *_error(item[1])]
    if sorted(points) != list(range(1, len(points) + 1)):
        raise UnreadableReplyError("its key points are not numbered one after the other")
    if "final_answers" not in said or errors is None:
        raise UnreadableReplyError("it lacks the line about the number of questions or those about errors")
    return JudgeReply(
        key_points=tuple(points[number] for number in sorted(points)),
        errors=tuple(errors or ()),
        final_answers=said["final_answers"],
    ), repairs


def needed_probabilities(text: str, yes: Iterable[tuple[int, float]]) -> tuple[float, ...]:
    """Return for each key point of a verdict how sure the judge was that it is needed; nothing if that is not known of all.

    Parameters
    ----------
    yes
        Line of the text and probability of `yes`, as `Response.yes_probabilities` has them.
    """
    probabilities = dict(yes)
    found: dict[int, float] = {}
    for at, line in enumerate(text.split("\n")):
        if point := _NEEDED.fullmatch(line.strip()):
            number = int(point[1]) if point[1] else max(found, default=0) + 1
            if at not in probabilities or number in found:
                return ()
            found[number] = probabilities[at]
    return tuple(found[number] for number in sorted(found))


def _error(text: str) -> list[str]:
    return [] if not text or _NO_ERROR.fullmatch(text) else [_unmarked(text)]


def _once(said: dict[Any, Any], name: object, value: object, what: str) -> None:
    if said.setdefault(name, value) != value:
        raise UnreadableReplyError(f"it says two things about {what}")


# ---- writing


def _write_topics(reply: ExtractReply) -> str:
    return "\n".join(
        line
        for topic in reply.topics
        for line in (f"Topic: {topic.topic}", *(f"- {point}" for point in topic.key_points))
    )


def _write_judgement(reply: JudgeReply) -> str:
    points = (
        f"Key point {number}: {'yes' if needed else 'no'}"
        for number, needed in enumerate(reply.key_points, start=1)
    )
    errors = [f"Other errors: {error}" for error in reply.errors] or ["Other errors: none"]
    return "\n".join([*points, *errors, f"Number of questions: {reply.final_answers}"])


_READERS: dict[type[BaseModel], Callable[[str], tuple[BaseModel, set[Repair]]]] = {
    ExtractReply: _read_topics,
    SameTopicReply: _read_same,
    WriteReply: _read_problem,
    JudgeReply: _read_judgement,
}
_WRITERS: dict[type[BaseModel], Callable[[Any], str]] = {
    ExtractReply: _write_topics,
    SameTopicReply: lambda reply: "same" if reply.same else "different",
    WriteReply: lambda reply: str(reply.question),
    JudgeReply: _write_judgement,
}
