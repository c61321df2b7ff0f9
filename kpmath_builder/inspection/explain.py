"""The way from a published row back to its seeds, prompts and responses, found by going it again over the log."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from kpmath_builder.curation.selection import Selection
from kpmath_builder.dataset.weighted_votes import WeightedVotes
from kpmath_builder.errors import InputError
from kpmath_builder.execution.ask import Ask, AskedSample
from kpmath_builder.execution.run import Run
from kpmath_builder.files.sealed import DamagedError
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.inspection.repeats import DecidedRow, SeenRepeat, decided_row, seen_repeats
from kpmath_builder.knowledge.extraction import extract
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import HELD_BACK, Candidate, Extraction, Judgement, Practice, SeedProblem
from kpmath_builder.stopping import run_apart
from kpmath_builder.synthesis.leading import draw, drawer_for
from kpmath_builder.synthesis.versions import address_of, synthesise_versions

__all__ = ["QuestionExplanation", "SeedExplanation", "explain"]


@dataclass(frozen=True)
class SeedExplanation:
    """Where a row of `kp-extraction` comes from."""

    seed: SeedProblem
    extraction: Extraction
    practices: list[Practice]
    asked: list[AskedSample]

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        seed = self.seed
        yield f"{seed.id}: a seed problem of {seed.source}, licence {seed.licence}, {seed.content_hash}"
        yield from _indented("problem", seed.problem)
        yield from _requests(self.asked)
        if self.extraction.reason:
            yield f"left out: {self.extraction.reason}"
        for practice in self.practices:
            yield from _topics(practice)

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        return {
            "id": self.seed.id,
            "kind": "seed",
            "seed": self.seed.model_dump(mode="json"),
            "extraction": self.extraction.model_dump(mode="json"),
            "requests": _requests_as_json(self.asked),
        }


@dataclass(frozen=True)
class QuestionExplanation:
    """Where a row of `scored` or `qa-pairs` comes from."""

    candidate: Candidate
    sample: int | None
    """The solution of a row of `qa-pairs`."""
    seeds: Mapping[str, SeedProblem]
    asked: list[AskedSample]
    decided: DecidedRow | None = None
    """How the tables end it; None before they are written."""
    repeats: Sequence[SeenRepeat] = ()
    weights: str = ""
    """What the votes of several solvers weigh in the tables; empty if each solution has one vote."""

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        yield from _decision(self.candidate, self.sample, self.weights)
        if self.decided is not None and self.decided.repeats:
            yield f"in the tables: {self.decided.status} {self.decided.reason}: {self.decided.detail}".rstrip(
                " :"
            )
        for repeat in self.repeats:
            yield from repeat.lines()
        for number, part in enumerate(self.candidate.blueprint.parts, start=1):
            yield f"practice {number}: {part.seed_id}, topic {part.topic}, key points {'; '.join(part.key_points)}"
            yield from _indented("problem", self.seeds[part.seed_id].problem)
        yield from _requests(self.asked)

    def as_json(self) -> dict[str, Any]:
        """Return it as docs/scripting.md describes it."""
        sample = "" if self.sample is None else f"-{self.sample:02d}"
        return {
            "id": f"{self.candidate.blueprint.id}{sample}",
            "kind": "candidate" if self.sample is None else "pair",
            "sample": self.sample,
            "candidate": self.candidate.model_dump(mode="json"),
            "repeats": [repeat.as_json() for repeat in self.repeats],
            "seeds": {name: seed.model_dump(mode="json") for name, seed in self.seeds.items()},
            "requests": _requests_as_json(self.asked),
        }


def explain(folder: Path, row_id: str) -> SeedExplanation | QuestionExplanation:
    """Return where a row of any of the three tables comes from.

    Raises
    ------
    InputError
        When the folder holds no build, or the build has no such row.
    """
    workspace = Workspace.existing(folder)
    recipe = workspace.read_recipe()
    knowledge = Knowledge.existing(workspace)
    run = Run(recipe, Prompts.of(recipe), Reporter(None))
    seed = next((seed for seed in knowledge.seeds if seed.id == row_id), None)
    if seed is not None:
        return _of_seed(seed, knowledge, run, workspace)
    return _of_question(row_id, knowledge, run, workspace)


def _of_seed(seed: SeedProblem, knowledge: Knowledge, run: Run, workspace: Workspace) -> SeedExplanation:
    stored = next((its for its in knowledge.extractions if its.seed_id == seed.id), None)
    if stored is not None and stored.reason == HELD_BACK:  # nothing was asked
        return SeedExplanation(seed, stored, [], [])
    with workspace.read_log("extract") as log:
        ask = Ask(run, log, seed.id)
        extraction = run_apart(extract(seed, ask))
    practices = [practice for practice in knowledge.practices if practice.seed.id == seed.id]
    return SeedExplanation(seed, extraction, practices, ask.asked)


def _of_question(row_id: str, knowledge: Knowledge, run: Run, workspace: Workspace) -> QuestionExplanation:
    versions, ask = _led(row_id, knowledge, run, workspace)
    votes = _votes_of_tables(run.recipe, workspace)
    candidate = (versions if votes is None else votes.of_versions(versions))[-1]
    place = _place(row_id, candidate.blueprint.id.partition("-")[0])
    sample = place.sample if place else None
    seeds = {practice.seed.id: practice.seed for practice in knowledge.practices}
    if sample is not None and sample not in {solution.sample for solution in candidate.solutions}:
        raise _no_row(workspace, row_id)
    used = {part.seed_id: seeds[part.seed_id] for part in candidate.blueprint.parts}
    asked = [it for it in ask.asked if sample is None or it.request.task != "solve" or it.number == sample]
    decided = decided_row(workspace, candidate.blueprint.id)
    repeats: Sequence[SeenRepeat] = ()
    if decided is not None and decided.repeats and candidate.question is not None:
        repeats = seen_repeats(
            decided,
            run.recipe,
            candidate.question,
            Selection(run.recipe.selection).texts(candidate),
            seeds={seed.id: seed for seed in knowledge.seeds},
            question_of=lambda other: _question_of(other, knowledge, run, workspace),
        )
    return QuestionExplanation(
        candidate, sample, used, asked, decided, repeats, "" if votes is None else str(votes)
    )


def _votes_of_tables(recipe: Recipe, workspace: Workspace) -> WeightedVotes | None:
    with suppress(DamagedError):  # `verify` names what is damaged
        return WeightedVotes.of_tables(recipe, workspace)
    return None


def _led(row_id: str, knowledge: Knowledge, run: Run, workspace: Workspace) -> tuple[list[Candidate], Ask]:
    """Lead the blueprint of a row through the method again, over the log alone; return its versions up to that of the row."""
    drawer = drawer_for(knowledge, run.recipe)
    place = _place(row_id, drawer.draw(0).id.rpartition("-")[0])
    build = run.recipe.build
    if place is None or place.draw >= build.questions:
        raise _no_row(workspace, row_id)
    index, generation, version, _ = place
    if generation > _generations(workspace, index % build.shards):
        raise _no_row(workspace, row_id)
    seeds = {practice.seed.id: practice.seed for practice in knowledge.practices}
    asks: list[Ask] = []
    with workspace.read_log("synthesis", index % build.shards) as log:

        def ask_of(number: int) -> Ask:
            asks.append(Ask(run, log, address_of(index, number), generation))
            return asks[-1]

        blueprint = draw(drawer, index, generation)
        versions = run_apart(synthesise_versions(blueprint, seeds, ask_of, run.recipe))
    if version >= len(versions):
        raise _no_row(workspace, row_id)
    return versions[: version + 1], asks[version]


def _question_of(row_id: str, knowledge: Knowledge, run: Run, workspace: Workspace) -> str:
    """Return the question of another candidate, found in the log; "" if it is not there any more."""
    versions, _ = _led(row_id, knowledge, run, workspace)
    return versions[-1].question or ""


def _generations(workspace: Workspace, shard: int) -> int:
    """Return how often a shard was begun anew."""
    return workspace.renewals().get(str(shard), 0)


def _no_row(workspace: Workspace, row_id: str) -> InputError:
    return InputError(f"{workspace.folder} has no row {row_id}: take an id from one of its tables.")


class _Place(NamedTuple):
    """What the id of a row says."""

    draw: int
    generation: int
    version: int
    """0 is the question of the blueprint, 1 the first harder version of it."""
    sample: int | None


def _place(row_id: str, draw_id: str) -> _Place | None:
    """Read the parts of an id; an id of an older generation is found in the log as well."""
    found = re.fullmatch(
        rf"{draw_id}-([0-9]{{8}})(?:g([1-9][0-9]{{0,8}}))?(?:h([1-9]))?(?:-([0-9]{{2,9}}))?", row_id
    )
    if found is None:
        return None
    index, generation, version, sample = found.groups()
    return _Place(
        int(index), int(generation or 0), int(version or 0), None if sample is None else int(sample)
    )


def _decision(candidate: Candidate, sample: int | None, weights: str) -> Iterator[str]:
    outcome = f"dropped, {candidate.reason.value}: {candidate.detail}" if candidate.reason else "agreed upon"
    yield f"{candidate.blueprint.id}: question {candidate.blueprint.index} of the build, {outcome}".rstrip(
        ": "
    )
    if candidate.question is not None:
        yield from _indented("question", candidate.question)
    if candidate.judgement is not None:
        yield from _judgement(candidate.judgement)
    if candidate.vote is not None:
        vote = candidate.vote
        weighed = f", weighed by the controls ({weights})" if weights else ""
        yield f"consensus ({vote.mode}): winner {vote.winner}, share {vote.share:.2f} of {vote.votes} votes{weighed}"
    if candidate.parent is not None:
        yield f"a harder version of {candidate.parent}"
    if candidate.attempts is not None:
        yield f"reference solver: {candidate.attempts}"
    for solution in candidate.solutions:
        if sample in (None, solution.sample):
            faults = (
                f", wrong arithmetic: {'; '.join(solution.wrong_arithmetic)}"
                if solution.wrong_arithmetic
                else ""
            )
            yield f"solution {solution.sample}: answer {solution.answer}, agreed {solution.agreed}{faults}"


def _judgement(judgement: Judgement) -> Iterator[str]:
    yield (
        f"judged: quality {judgement.quality:.2f} (key points {judgement.key_points_present:.2f}, correctness {judgement.correctness:.2f})"
    )
    # What the checks of the judge's work found stands in none of its replies.
    yield from (f"  {error}" for error in judgement.errors)
    yield from (f"  not needed: {point}" for point in judgement.missing_key_points)


def _topics(practice: Practice) -> Iterator[str]:
    for topic in practice.topics:
        yield f"topic {topic.topic}: {'; '.join(topic.key_points)}"


def _requests(asked: list[AskedSample]) -> Iterator[str]:
    for request, sample, response, _ in asked:
        yield f"asked {request.model} to {request.task} ({request.key(sample)}), {response.finish_reason}"
        for message in request.messages:
            yield from _indented(message.role, message.content)
        if response.reasoning:
            yield from _indented("thinking", response.reasoning)
        yield from _indented("response", response.text)


def _requests_as_json(asked: list[AskedSample]) -> list[dict[str, Any]]:
    return [
        {
            "task": request.task,
            "model": request.model,
            "key": request.key(sample),
            "messages": [asdict(message) for message in request.messages],
            "finish_reason": response.finish_reason,
            "reasoning": response.reasoning,
            "response": response.text,
        }
        for request, sample, response, _ in asked
    ]


def _indented(title: str, text: str) -> Iterator[str]:
    yield f"  {title}:"
    yield from (f"    {line}" for line in text.splitlines())
