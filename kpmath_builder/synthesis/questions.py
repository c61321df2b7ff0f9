"""Writing a question from a blueprint, and judging it (paper section 2.2)."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, median_high
from typing import Any

from kpmath_builder import answers
from kpmath_builder.execution.ask import Ask, Reply
from kpmath_builder.prompts.plain_text import needed_probabilities
from kpmath_builder.prompts.replies import JudgeReply, WriteReply
from kpmath_builder.protocol import FINAL
from kpmath_builder.records import Blueprint, Judgement, SeedProblem
from kpmath_builder.synthesis.work_checks import faults_of

__all__ = ["Shown", "average", "judge", "judgement_of", "show", "write", "write_harder"]

FAULTY = 0.5
"""Correctness of a problem with an answer in which a fault was found."""
DISAGREEMENT = 0.1
"""What several judgements lose at most whose answers differ: among problems without a fault those come first on which they agree."""
LONGEST_WORK = 6000
"""Characters of the judge's own work that it is shown again."""
_NONE = frozenset({"none", r"\text{none}", "no answer", "undefined"})

Shown = list[dict[str, Any]]
"""The practices of a blueprint as the teachers see them."""


def show(blueprint: Blueprint, seeds: Mapping[str, SeedProblem]) -> Shown:
    """Lay out topic, key points, problem and solution of each practice, in the order drawn."""
    return [
        {
            "topic": part.topic,
            "key_points": list(part.key_points),
            "problem": seeds[part.seed_id].problem,
            "solution": seeds[part.seed_id].solution,
        }
        for part in blueprint.parts
    ]


async def write(practices: Shown, ask: Ask) -> Reply[WriteReply]:
    """Ask for one new problem that needs all key points of the practices."""
    return await ask.reply("write", {"practices": practices}, WriteReply)


async def write_harder(question: str, practices: Shown, ask: Ask) -> Reply[WriteReply]:
    """Ask for a harder version of a question that needs the same key points."""
    return await ask.reply("harder", {"question": question, "practices": practices}, WriteReply)


async def judge(question: str, practices: Shown, ask: Ask, samples: int) -> Reply[Judgement]:
    """Judge a question once or several times; several judgements are averaged if most of them can be read."""
    replies = [await _judge(question, practices, ask, sample) for sample in range(samples)]
    read = [reply.value for reply in replies if reply.value is not None]
    if 2 * len(read) > samples:
        return Reply(average(read))
    return next(reply for reply in replies if reply.value is None)


async def _judge(question: str, practices: Shown, ask: Ask, sample: int) -> Reply[Judgement]:
    """Let the judge work the question out, then ask for a verdict, and make the two criteria and the paper's one score of it.

    A model that is shown the lines of a verdict fills them in at once, without a thought; so the work is a request of its own, in which
    nothing else is asked.
    """
    (work,) = await ask.samples("work", {"question": question, "practices": practices}, 1, first=sample)
    if work.finish_reason in FINAL:
        return Reply(None, work.text)
    points = [point for practice in practices for point in practice["key_points"]]

    def refuse(said: JudgeReply) -> str:
        if len(said.key_points) == len(points):
            return ""
        return f"reply speaks of {len(said.key_points)} key points, but there are {len(points)}"

    solution = answers.solution_text(work.text, ask.headings)
    material = {"question": question, "work": solution.text[:LONGEST_WORK], "practices": practices}
    reply = await ask.reply("judge", material, JudgeReply, refuse, sample=sample)
    if reply.value is None:
        return Reply(None, reply.reason)
    answer = answers.final_answer(solution) if work.finish_reason == "stop" else None
    said = "" if answer is None else str(answer)
    response = reply.response
    judgement = judgement_of(
        reply.value,
        points,
        "" if said.casefold() in _NONE else said,
        faults_of(question, solution.text),
        needed_probabilities(response.text, response.yes_probabilities) if response else (),
    )
    return Reply(judgement)


def judgement_of(
    said: JudgeReply,
    points: Sequence[str],
    answer: str,
    faults: Sequence[str] = (),
    needed: Sequence[float] = (),
) -> Judgement:
    """Return the scores: the share of key points that are needed, and the correctness of the problem.

    A problem that the judge could not answer scores 0, one that it answered but finds faulty one half. `faults`, those
    that its work shows, count as much as those of its verdict: who had to assume a fact has found one missing. Where it
    is known how sure the judge was of each key point (`needed`), their share is the mean of that.
    """
    missing = [point for point, used in zip(points, said.key_points, strict=True) if not used]
    present = 1 - len(missing) / len(points) if points else 1.0
    if points and len(needed) == len(points):
        present = fmean(needed)
    errors = (*said.errors, *faults)
    correctness = 0.0 if not answer else FAULTY if errors else 1.0
    return Judgement(
        key_points_present=present,
        correctness=correctness,
        quality=min(present, correctness),
        missing_key_points=tuple(missing),
        errors=errors,
        sub_questions=said.final_answers,
        judge_answer=answer,
    )


def average(judgements: Sequence[Judgement]) -> Judgement:
    """Return one judgement made of several: mean scores, all that was found missing or wrong, the median of the sub-questions.

    The judge's answer is the one that most judgements come to, or none if as many come to none. Correctness is the lower the fewer come to
    the commonest answer.
    """
    if len(judgements) == 1:
        return judgements[0]
    present = fmean(its.key_points_present for its in judgements)
    classes = answers.vote([its.judge_answer or None for its in judgements]).classes
    most = len(classes[0].members) if classes else 0
    apart = 1 - most / len(judgements)
    correctness = fmean(its.correctness for its in judgements) * (1 - DISAGREEMENT * apart)
    return Judgement(
        key_points_present=present,
        correctness=correctness,
        quality=min(present, correctness),
        missing_key_points=_distinct(point for its in judgements for point in its.missing_key_points),
        errors=_distinct(error for its in judgements for error in its.errors),
        sub_questions=median_high(its.sub_questions for its in judgements),
        judge_answer=str(classes[0].answer) if most > sum(not its.judge_answer for its in judgements) else "",
        judgements=len(judgements),
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
