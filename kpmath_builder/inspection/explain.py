"""The way from a published row back to its seeds, prompts and responses, found by going it again over the log."""

import re
from collections.abc import Iterator
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.execution.ask import Ask, AskedSample
from kpmath_builder.execution.run import Run
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.knowledge.extraction import extract
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.records import Candidate, Practice, SeedProblem
from kpmath_builder.stopping import run_apart
from kpmath_builder.synthesis.batch import draw, drawer_for
from kpmath_builder.synthesis.candidates import synthesise

__all__ = ["explain"]


def explain(folder: Path, row_id: str) -> Iterator[str]:
    """Yield lines that say where a row of any of the three tables comes from.

    Raises
    ------
    InputError
        When the folder holds no build, or the build has no such row.
    """
    workspace = Workspace.existing(folder)
    recipe = workspace.read_recipe()
    knowledge = Knowledge.existing(workspace)
    run = Run(recipe, Prompts.load(recipe.prompts), Reporter(None))
    seed = next((seed for seed in knowledge.seeds if seed.id == row_id), None)
    if seed is not None:
        return _of_seed(seed, knowledge, run, workspace)
    return _of_question(row_id, knowledge, run, workspace)


def _of_seed(seed: SeedProblem, knowledge: Knowledge, run: Run, workspace: Workspace) -> Iterator[str]:
    with workspace.read_log("extract") as log:
        ask = Ask(run, log, seed.id)
        extraction = run_apart(extract(seed, ask))
    yield f"{seed.id}: a seed problem of {seed.source}, licence {seed.licence}, {seed.content_hash}"
    yield from _indented("problem", seed.problem)
    yield from _requests(ask.asked)
    if extraction.reason:
        yield f"left out: {extraction.reason}"
    for practice in knowledge.practices:
        if practice.seed.id == seed.id:
            yield from _topics(practice)


def _of_question(row_id: str, knowledge: Knowledge, run: Run, workspace: Workspace) -> Iterator[str]:
    drawer = drawer_for(knowledge, run.recipe)
    index, generation, sample = _place(row_id, drawer.draw(0).id.rpartition("-")[0])
    build = run.recipe.build
    if index is None or index >= build.questions:
        raise InputError(f"{workspace.folder} has no row {row_id}: take an id from one of its tables.")
    seeds = {practice.seed.id: practice.seed for practice in knowledge.practices}
    with workspace.read_log("synthesis", index % build.shards) as log:
        ask = Ask(run, log, index, generation)
        candidate = run_apart(synthesise(draw(drawer, index, generation), seeds, ask, run.recipe))
    yield from _decision(candidate, sample)
    for number, part in enumerate(candidate.blueprint.parts, start=1):
        yield f"practice {number}: {part.seed_id}, topic {part.topic}, key points {'; '.join(part.key_points)}"
        yield from _indented("problem", seeds[part.seed_id].problem)
    shown = [
        asked
        for asked in ask.asked
        if sample is None or asked.request.task != "solve" or asked.sample == sample
    ]
    yield from _requests(shown)


def _place(row_id: str, draw_id: str) -> tuple[int | None, int, int | None]:
    """Read number, generation and sample out of an id; an id of an older generation is found in the log as well."""
    found = re.fullmatch(rf"{draw_id}-([0-9]{{8}})(?:g([1-9][0-9]{{0,8}}))?(?:-([0-9]{{2,9}}))?", row_id)
    if found is None:
        return None, 0, None
    return int(found[1]), int(found[2] or 0), None if found[3] is None else int(found[3])


def _decision(candidate: Candidate, sample: int | None) -> Iterator[str]:
    outcome = f"dropped, {candidate.reason.value}: {candidate.detail}" if candidate.reason else "agreed upon"
    yield f"{candidate.blueprint.id}: question {candidate.blueprint.index} of the build, {outcome}".rstrip(
        ": "
    )
    if candidate.question is not None:
        yield from _indented("question", candidate.question)
    if candidate.vote is not None:
        vote = candidate.vote
        yield f"consensus ({vote.mode}): winner {vote.winner}, share {vote.share:.2f} of {vote.votes} votes"
    for solution in candidate.solutions:
        if sample in (None, solution.sample):
            faults = (
                f", wrong arithmetic: {'; '.join(solution.wrong_arithmetic)}"
                if solution.wrong_arithmetic
                else ""
            )
            yield f"solution {solution.sample}: answer {solution.answer}, agreed {solution.agreed}{faults}"


def _topics(practice: Practice) -> Iterator[str]:
    for topic in practice.topics:
        yield f"topic {topic.topic}: {'; '.join(topic.key_points)}"


def _requests(asked: list[AskedSample]) -> Iterator[str]:
    for request, sample, response in asked:
        yield f"asked {request.model} to {request.task} ({request.key(sample)}), {response.finish_reason}"
        for message in request.messages:
            yield from _indented(message.role, message.content)
        if response.reasoning:
            yield from _indented("thinking", response.reasoning)
        yield from _indented("response", response.text)


def _indented(title: str, text: str) -> Iterator[str]:
    yield f"  {title}:"
    yield from (f"    {line}" for line in text.splitlines())
