"""Records into rows of the three configs; every row has every key of its schema."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kpmath_builder.curation.policy import flag_of
from kpmath_builder.protocol import player_name
from kpmath_builder.records import (
    Candidate,
    Extraction,
    Judgement,
    Practice,
    SeedProblem,
    Solution,
    Stage,
    TopicKeyPoints,
    Vote,
)

__all__ = ["Row", "extraction_rows", "messages_of", "pair_rows", "scored_row", "with_thoughts"]

Row = dict[str, Any]


def extraction_rows(
    seeds: Iterable[SeedProblem], extractions: Iterable[Extraction], practices: Iterable[Practice]
) -> Iterator[Row]:
    """Yield a row of `kp-extraction` per seed problem, sorted by id: a practice, or why there is none."""
    extracted = {extraction.seed_id: extraction for extraction in extractions}
    practised = {practice.seed.id: practice for practice in practices}
    for seed in sorted(seeds, key=lambda seed: seed.id):
        extraction = extracted.get(seed.id, Extraction(seed_id=seed.id, reason="not extracted"))
        yield _extraction_row(seed, extraction, practised.get(seed.id))


def _extraction_row(seed: SeedProblem, extraction: Extraction, practice: Practice | None) -> Row:
    topics, raw = (practice.topics, practice.raw) if practice else ((), extraction.topics)
    return {
        "id": seed.id,
        "source": seed.source,
        "licence": seed.licence,
        "content_hash": seed.content_hash,
        "problem": seed.problem if seed.shareable else None,
        "solution": seed.solution if seed.shareable else None,
        "answer": seed.answer if seed.shareable else None,
        "level": seed.level,
        "subject": seed.subject,
        "topics": [topic.topic for topic in topics],
        "key_points": _topic_structs(topics),
        "raw_topics": [topic.topic for topic in raw],
        "raw_key_points": _topic_structs(raw),
        "extractor": (practice.model if practice else extraction.model) or None,
        "status": "kept" if practice else "dropped",
        "reason": "" if practice else extraction.reason or "no topic left after clustering",
    }


def pair_rows(
    candidate: Candidate,
    solutions: Iterable[Solution],
    *,
    name: str,
    sources: Mapping[str, str],
    thinks: bool = False,
) -> list[Row]:
    """Return a row of `qa-pairs` per published solution, sorted by id.

    Parameters
    ----------
    sources
        A seed problem's id to its set.
    thinks
        Whether the assistant of `messages` says what was thought before the solution.
    """
    rows = [_pair_row(candidate, solution, name, sources, thinks=thinks) for solution in solutions]
    return sorted(rows, key=lambda row: str(row["id"]))


def messages_of(question: str | None, solution: Solution, *, thinks: bool) -> list[Row]:
    """Return question and solution as a chat; `thinks`: the assistant says what was thought before the solution."""
    said = with_thoughts(solution.text, solution.thinking if thinks else None)
    return [{"role": "user", "content": question}, {"role": "assistant", "content": said}]


def with_thoughts(solution: str, thoughts: str | None) -> str:
    """Return a solution behind what was thought, as models that think write it and chat templates read it."""
    return solution if thoughts is None else f"<think>\n{thoughts}\n</think>\n\n{solution}"


def _pair_row(
    candidate: Candidate, solution: Solution, name: str, sources: Mapping[str, str], *, thinks: bool
) -> Row:
    parts = candidate.blueprint.parts
    seed_ids = _distinct(part.seed_id for part in parts)
    return {
        "id": f"{candidate.blueprint.id}-{solution.sample:02d}",
        "question": candidate.question,
        "solution": solution.text,
        "answer": solution.answer,
        "messages": messages_of(candidate.question, solution, thinks=thinks),
        "topics": _distinct(part.topic for part in parts),
        "key_points": _distinct(point for part in parts for point in part.key_points),
        "consensus": candidate.vote.share if candidate.vote else None,
        "p_correct": candidate.p_correct,
        "quality": candidate.judgement.quality if candidate.judgement else None,
        "seed_ids": seed_ids,
        "seed_sources": _distinct(sources[seed_id] for seed_id in seed_ids),
        "source": name,
        "candidate_id": candidate.blueprint.id,
        "solution_tokens": solution.completion_tokens,
        "flags": [flag_of(mark) for mark in candidate.repeats],
        "pass_rate": candidate.pass_rate,
        "reasoning": solution.thinking,
        "reasoning_tokens": solution.thinking_tokens,
        **_models(candidate),
        "solver": candidate.models.get(player_name("solver", solution.solver)),
    }


def scored_row(candidate: Candidate, *, sources: Mapping[str, str]) -> Row:
    """Return the candidate as a row of `scored`; `sources` tells a seed problem's set."""
    parts = candidate.blueprint.parts
    seed_ids = _distinct(part.seed_id for part in parts)
    return {
        "id": candidate.blueprint.id,
        "index": candidate.blueprint.index,
        "status": "kept" if candidate.stage is Stage.KEPT else "dropped",
        "stage": candidate.stage.value,
        "reason": candidate.reason.value,
        "detail": candidate.detail,
        "repeats": [mark.model_dump(mode="json") for mark in candidate.repeats],
        "question": candidate.question,
        "topics": _distinct(part.topic for part in parts),
        "key_points": [part.model_dump(mode="json") for part in parts],
        "seed_ids": seed_ids,
        "seed_sources": _distinct(sources[seed_id] for seed_id in seed_ids),
        "note": candidate.blueprint.note,
        "solutions": [solution.model_dump(mode="json") for solution in candidate.solutions],
        "requests": candidate.tokens.requests,
        "prompt_tokens": candidate.tokens.prompt,
        "completion_tokens": candidate.tokens.completion,
        **_judgement(candidate),
        **_vote(candidate),
        "pass_rate": candidate.pass_rate,
        "parent": candidate.parent,
        "parent_pass_rate": None
        if candidate.parent_attempts is None
        else candidate.parent_attempts.pass_rate,
        "p_correct": candidate.p_correct,
        **_models(candidate),
        "reference": candidate.models.get("reference"),
    }


def _judgement(candidate: Candidate) -> Row:
    if candidate.judgement is None:
        return dict.fromkeys(Judgement.model_fields)
    return candidate.judgement.model_dump(mode="json")


def _vote(candidate: Candidate) -> Row:
    vote = candidate.vote
    values = dict.fromkeys(Vote.model_fields) if vote is None else vote.model_dump(mode="json")
    return {f"consensus_{name}": value for name, value in values.items()}


def _models(candidate: Candidate) -> Row:
    return {role: ", ".join(candidate.models_of(role)) or None for role in ("writer", "judge", "solver")}


def _topic_structs(topics: Sequence[TopicKeyPoints]) -> list[Row]:
    return [topic.model_dump(mode="json") for topic in topics]


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
