"""The `SymbolicTeacher`: the five tasks answered by rules; what it cannot do it refuses by name."""

import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, get_args

from kpmath_builder.errors import InputError
from kpmath_builder.prompts.plain_text import write_text
from kpmath_builder.prompts.replies import ExtractReply, JudgeReply, NamedTopic, SameTopicReply, WriteReply
from kpmath_builder.protocol import PROGRAM, Request, Response, Task, TeacherContext
from kpmath_builder.recipe import SymbolicSettings
from kpmath_builder.symbolic.backward import BackwardReading, ask_backward, read_backward
from kpmath_builder.symbolic.compose import compose
from kpmath_builder.symbolic.judging import judge
from kpmath_builder.symbolic.passages import Passage, passage_of
from kpmath_builder.symbolic.reading import Reading, read_question
from kpmath_builder.symbolic.reasons import UnfitError
from kpmath_builder.symbolic.solve import solve, solve_with_slip
from kpmath_builder.symbolic.topics import extract, same_topic

__all__ = ["SymbolicTeacher", "make_teacher"]

_Material = Mapping[str, Any]
SLIGHT = 0.85
"""Correctness from which what is wrong with a question is a matter of taste."""


class BeyondRulesError(ValueError):
    """The task is beyond rules; the message is the named reason."""


class SymbolicTeacher:
    """Answers every task from annotated seeds (GSM8K), without a model; needs no server and no GPU.

    The answer depends on the request and the sample alone. A solution slips with probability `error_rate`, so that
    voting has something to do.

    Parameters
    ----------
    error_rate
        Share of solutions with an error in them, 0…1.

    Raises
    ------
    InputError
        If `error_rate` is not a share.
    """

    model = PROGRAM
    samples_per_request = 1024

    def __init__(self, error_rate: float = 0.1) -> None:
        if not 0 <= error_rate <= 1:
            raise InputError(f"error_rate is {error_rate}; give a share between 0 and 1")
        self.error_rate = error_rate
        self._tasks: Mapping[str, Callable[[_Material, Random], str]] = {
            "extract": _extract,
            "same_topic": _same_topic,
            "write": _write,
            "work": _work,
            "judge": _judge,
            "solve": self._solve,
            "compare": _beyond("compares no answers that the builder cannot compare"),
            "attempt": self._solve,
            "harder": _beyond("makes no question harder"),
        }

    async def check(self) -> None:
        """There is nothing to reach."""

    async def close(self) -> None:
        """There is nothing to release."""

    def load(self) -> str:
        """Return nothing: no server is at work."""
        return ""

    def record(self) -> None:
        """Return nothing: no server did anything."""

    async def answer(self, request: Request, samples: Sequence[int]) -> Sequence[Response]:
        """Answer the given samples.

        Raises
        ------
        InputError
            If the last message is not the material of a task as JSON.
        """
        content = request.messages[-1].content if request.messages else ""
        material = _material(content)
        prompt_tokens = sum(len(message.content.split()) for message in request.messages)
        return [self._respond(request, material, sample, prompt_tokens) for sample in samples]

    def _respond(self, request: Request, material: _Material, sample: int, prompt_tokens: int) -> Response:
        rng = Random(f"{request.task}/{request.seed + sample}/{request.messages[-1].content}")  # noqa: S311 -- no secret
        try:
            text, reason = self._tasks[material["task"]](material, rng), "stop"
        except BeyondRulesError as refusal:
            text, reason = f"symbolic teacher: {refusal}", "declined"
        return Response(
            text=text,
            finish_reason=reason,
            prompt_tokens=prompt_tokens,
            completion_tokens=len(text.split()),
            model=request.model,
        )

    def _solve(self, material: _Material, rng: Random) -> str:
        try:
            reading = _read(material)
        except BeyondRulesError as refusal:
            return f"I cannot solve this: {refusal}."
        if reading is None:
            return "I cannot solve this: the question is not made from the practices."
        return solve_with_slip(reading, rng) if rng.random() < self.error_rate else solve(reading)


def make_teacher(settings: SymbolicSettings, context: TeacherContext) -> SymbolicTeacher:  # noqa: ARG001 - it needs none
    """Return the teacher that a recipe's table describes."""
    return SymbolicTeacher(error_rate=settings.error_rate)


def _material(content: str) -> _Material:
    try:
        material: _Material = json.loads(content)
        known = material["task"] in get_args(Task)
    except (ValueError, TypeError, KeyError):
        known = False
    if not known:
        raise InputError(
            'the symbolic teacher reads a "task" with its material as JSON; ask it through a recipe with kind = "symbolic"'
        )
    return material


def _seeds(practices: Sequence[_Material]) -> tuple[tuple[str, str], ...]:
    """Return problem and solution of the practices, each seed once."""
    return tuple(dict.fromkeys((practice["problem"], practice["solution"]) for practice in practices))


def _passages(seeds: Sequence[tuple[str, str]]) -> list[Passage]:
    """Read the seeds; refuses naming the practice that cannot be read."""
    passages: list[Passage] = []
    for number, seed in enumerate(seeds, start=1):
        try:
            passages.append(passage_of(*seed))
        except UnfitError as error:
            raise BeyondRulesError(f"practice {number}: {error}") from error
    return passages


def _read(material: _Material) -> Reading | BackwardReading | None:
    """Return how the question is made from its practices, or None if it is not."""
    passages = _passages(_seeds(material["practices"]))
    if len(passages) == 1:
        return read_backward(material["question"], passages[0])
    return read_question(material["question"], passages)


def _beyond(what: str) -> Callable[[_Material, Random], str]:
    def refuse(_: _Material, __: Random) -> str:
        raise BeyondRulesError(what)

    return refuse


def _extract(material: _Material, _: Random) -> str:
    # A seed that no question can be composed of is refused here, once, instead of in every blueprint that draws it.
    try:
        passage_of(material["problem"], material["solution"])
    except UnfitError as error:
        raise BeyondRulesError(str(error)) from error
    topics = extract(material["problem"], material["solution"])
    return write_text(
        ExtractReply(
            topics=tuple(
                NamedTopic(topic=topic, key_points=tuple(points)) for topic, points in topics.items()
            )
        )
    )


def _same_topic(material: _Material, _: Random) -> str:
    return write_text(SameTopicReply(same=same_topic(material["first"], material["second"])))


def _write(material: _Material, rng: Random) -> str:
    passages = _passages(_seeds(material["practices"]))
    try:
        question = ask_backward(passages[0], rng) if len(passages) == 1 else compose(passages, rng)
    except UnfitError as error:
        raise BeyondRulesError(str(error)) from error
    return write_text(WriteReply(question=question))


def _work(material: _Material, _: Random) -> str:
    try:
        reading = _read(material)
    except BeyondRulesError as refusal:
        return f"This cannot be re-derived: {refusal}."
    return "This is not made from the practices." if reading is None else solve(reading)


def _judge(material: _Material, _: Random) -> str:
    practices = material["practices"]
    points = [point for practice in practices for point in practice["key_points"]]
    try:
        verdict = judge(material["question"], _passages(_seeds(practices)))
    except BeyondRulesError as refusal:
        return _judgement([False] * len(points), [f"cannot be re-derived: {refusal}"])
    unused = {passage.program.question for passage in verdict.unused}
    used = {
        point
        for practice in practices
        if practice["problem"] not in unused
        for point in practice["key_points"]
    }
    slight = verdict.correctness >= SLIGHT
    errors = [] if slight else [sentence for _, sentence in verdict.faults]
    return _judgement([point in used for point in points], errors)


def _judgement(needed: Sequence[bool], errors: Sequence[str]) -> str:
    return write_text(
        JudgeReply(key_points=tuple(needed), errors=tuple(dict.fromkeys(errors)), final_answers=1)
    )
