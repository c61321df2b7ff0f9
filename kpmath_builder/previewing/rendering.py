"""A row of a preview as lines for a terminal, and as HTML for a notebook.

A notebook is published sooner or later, a terminal is not: HTML leaves out the text of seeds that may not be shared.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape

from kpmath_builder.curation.withholding import is_withheld
from kpmath_builder.execution.ask import AskedSample
from kpmath_builder.notebooks import fold, preformatted
from kpmath_builder.records import BlueprintPart, Candidate, SeedProblem, Solution, Stage
from kpmath_builder.text import cut

__all__ = ["prompt_lines", "row_html", "row_lines"]

LONGEST_SOLUTION = 240
NOT_SHARED = "(text that may not be shared: print the result in a terminal to read it)"


def row_lines(
    candidate: Candidate, seeds: Mapping[str, SeedProblem], judge_words: str, *, show_prompts: bool
) -> Iterator[str]:
    """Yield a row in the order of the method; solutions are shortened unless `show_prompts`."""
    yield f"── blueprint {candidate.blueprint.index}, {candidate.blueprint.id} ──"
    for number, part in enumerate(candidate.blueprint.parts, start=1):
        yield _practice(number, part)
        yield from (f"  - {point}" for point in part.key_points)
        yield from _indented(seeds[part.seed_id].problem)
    if candidate.blueprint.note:
        yield f"note: {candidate.blueprint.note}"
    if candidate.question is not None:
        yield "question:"
        yield from _indented(candidate.question)
    if judge_words:
        yield f"judge: {_scores(candidate)}"
        yield from _indented(judge_words)
    if candidate.solutions:
        yield f"solutions: {_vote(candidate)}"
    first: dict[str, int] = {}
    for solution in candidate.solutions:
        yield f"  {_solution(solution)}"
        same = first.setdefault(solution.text, solution.sample)
        if same != solution.sample:
            yield f"      (the text of solution {same})"
            continue
        text = solution.text if show_prompts else cut(" ".join(solution.text.split()), LONGEST_SOLUTION)
        yield from _indented(text, "      ")
    if candidate.attempts is not None:
        yield f"reference: {candidate.attempts}"
    for mark in candidate.repeats:
        yield f"repeats: {mark.id}{f' of {mark.set}' if mark.set else ''}, {mark.kind}"
    yield f"decision: {_decision(candidate)}"


def prompt_lines(asked: Iterable[AskedSample]) -> Iterator[str]:
    """Yield every prompt once, with all that was replied to it."""
    seen: set[str] = set()
    for request, _, response, number in asked:
        if request.digest not in seen:
            seen.add(request.digest)
            yield f"prompt to {request.task}, {request.model}, seed {request.seed}:"
            for message in request.messages:
                yield f"  [{message.role}]"
                yield from _indented(message.content)
        yield f"reply {number} to {request.task}, {response.finish_reason}:"
        if response.reasoning:
            yield "  [thinking]"
            yield from _indented(response.reasoning)
        yield from _indented(response.text)


def row_html(
    candidate: Candidate, seeds: Mapping[str, SeedProblem], judge_words: str, hide: Callable[[str], str]
) -> str:
    """Return a row as a fold, opened by a click on its decision; `hide` leaves out private words of what a server said."""
    repeated = {mark.id for mark in candidate.repeats if mark.check == "seed"}
    free = {seed.id for seed in seeds.values() if seed.shareable}
    if is_withheld(candidate, {*seeds, *repeated} - free):
        candidate = candidate.model_copy(update={"question": NOT_SHARED, "detail": "", "solutions": ()})
    practices = "".join(
        _practice_html(number, part, seeds[part.seed_id])
        for number, part in enumerate(candidate.blueprint.parts, start=1)
    )
    solutions = "".join(
        f"<li>{fold(_solution(solution), preformatted(hide(solution.text)))}</li>"
        for solution in candidate.solutions
    )
    parts = [
        practices,
        f"<b>question</b>{preformatted(candidate.question)}" if candidate.question is not None else "",
        f"<b>judge: {escape(_scores(candidate))}</b>{preformatted(hide(judge_words))}" if judge_words else "",
        f"<b>solutions: {escape(_vote(candidate))}</b><ol start='0'>{solutions}</ol>" if solutions else "",
    ]
    return fold(f"blueprint {candidate.blueprint.index}: {hide(_decision(candidate))}", "".join(parts))


def _practice(number: int, part: BlueprintPart) -> str:
    return f"practice {number}: {part.seed_id}, topic {part.topic}"


def _practice_html(number: int, part: BlueprintPart, seed: SeedProblem) -> str:
    points = "".join(f"<li>{escape(point)}</li>" for point in part.key_points)
    text = seed.problem if seed.shareable else NOT_SHARED
    return f"<b>{escape(_practice(number, part))}</b><ul>{points}</ul>{preformatted(text)}"


def _scores(candidate: Candidate) -> str:
    judgement = candidate.judgement
    if judgement is None:
        return "no valid judgement"
    parts = "1 question" if judgement.sub_questions == 1 else f"{judgement.sub_questions} questions"
    return (
        f"quality {judgement.quality:.2f} (key points {judgement.key_points_present:.2f}, correctness {judgement.correctness:.2f}), "
        f"{parts} asked"
    )


def _vote(candidate: Candidate) -> str:
    vote = candidate.vote
    if vote is None:
        return "no vote"
    winner = "no winner" if vote.winner is None else f"winner {vote.winner}, share {vote.share:.2f}"
    return f"{winner}, {vote.votes} votes, {vote.abstentions} without an answer"


def _solution(solution: Solution) -> str:
    place = "no class" if solution.answer_class is None else f"class {solution.answer_class}"
    answer = "no answer read" if solution.answer is None else f"answer {solution.answer}"
    parts = [
        f"{solution.sample}: {place}, {answer}",
        "agreed" if solution.agreed else "",
        f"wrong arithmetic: {'; '.join(solution.wrong_arithmetic)}" if solution.wrong_arithmetic else "",
        "" if solution.finish_reason == "stop" else solution.finish_reason,
    ]
    return ", ".join(filter(None, parts))


def _decision(candidate: Candidate) -> str:
    if candidate.stage is Stage.KEPT:
        return "kept"
    detail = f": {candidate.detail}" if candidate.detail else ""
    return f"dropped after it was {candidate.stage.value}, {candidate.reason.value}{detail}"


def _indented(text: str, indent: str = "    ") -> Iterator[str]:
    yield from (f"{indent}{line}" for line in text.splitlines())
