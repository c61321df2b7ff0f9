"""Where the rest went: seed problems that were left out and blueprints that went no further, by reason, with an example and advice."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kpmath_builder.funnel import Funnel
from kpmath_builder.protocol import PROGRAM
from kpmath_builder.records import (
    COPIED,
    HELD_BACK,
    REPEATED,
    Candidate,
    DropReason,
    Extraction,
    RowFault,
    SeedProblem,
    Stage,
    Tokens,
)
from kpmath_builder.text import cut

__all__ = ["Loss", "lost_blueprints", "lost_rows", "lost_seeds", "too_few"]

REASONS_SHOWN = 6
"""Reasons of seed problems that are named; those that are left have few problems each."""
DETAILS_SHOWN = 3
LONGEST_REASON = 160
LONGEST_TEXT = 100

NO_TOPIC_LEFT = "no topic left after clustering"
_LOOK = "Look at the replies (`kpmath explain`, or `kpmath preview --show-prompts`): "


@dataclass(frozen=True)
class Loss:
    """What went no further for one reason."""

    what: str
    """"rows of the seed set", "seed problems", "blueprints", with harder versions "candidates", or "solutions"."""
    reason: str
    count: int
    of: int
    """How many there were at the step that lost them."""
    advice: str
    example: str = ""
    """Id of one of them; empty if none is at hand."""
    text: str = ""
    """The beginning of its text, if that may be shown."""

    def as_json(self) -> dict[str, Any]:
        """Return the loss as JSON values; `Loss(**…)` reads it back."""
        return asdict(self)

    def without(self, hide: Callable[[str], str]) -> "Loss":
        """Return the loss without private words in what a server said."""
        return replace(self, reason=hide(self.reason), text=hide(self.text))

    def __str__(self) -> str:
        seen = f" E.g. {self.example}{f': {self.text}' if self.text else ''}" if self.example else ""
        return f"{self.count:,} of {self.of:,} {self.what}: {self.reason}. {self.advice}{seen}".strip()


# ---- rows of the seed set

_ROW_ADVICE: Mapping[RowFault, str] = {
    RowFault.REPEATED: "Each problem counts once.",
    RowFault.EMPTY: "Complete them; seeds.fields says which of your columns is which.",
    RowFault.UNANSWERED: "End each solution with `#### 42` or `\\boxed{42}`, or give the answer a column (seeds.fields).",
    RowFault.SENTINEL: "A proof has no answer to vote on.",
}


def lost_rows(left_out: Mapping[RowFault, Sequence[str]], problems: int) -> list[Loss]:
    """Return why rows of the seed set are no seed problems; `left_out` maps a reason to the places of its rows."""
    of = problems + sum(map(len, left_out.values()))
    return [
        Loss("rows of the seed set", reason.value, len(places), of, _ROW_ADVICE[reason], places[0])
        for reason, places in left_out.items()
        if places
    ]


# ---- seed problems


def lost_seeds(
    seeds: Iterable[SeedProblem], extractions: Sequence[Extraction], practised: Collection[str]
) -> list[Loss]:
    """Return why seed problems are no practices, the most frequent reason first; reasons that differ in numbers are one.

    Parameters
    ----------
    practised
        Ids of the seed problems that are practices.
    """
    problem = {seed.id: seed for seed in seeds}
    groups: dict[str, list[Extraction]] = defaultdict(list)
    for extraction in extractions:
        if extraction.reason or extraction.seed_id not in practised:
            groups[_kind(extraction.reason or NO_TOPIC_LEFT)].append(extraction)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    losses = [
        _lost(its, problem.get(its[0].seed_id), len(its), len(extractions))
        for _, its in ordered[:REASONS_SHOWN]
    ]
    if rest := sum(len(its) for _, its in ordered[REASONS_SHOWN:]):
        kinds = len(ordered) - REASONS_SHOWN
        advice = "`kpmath explain` shows the reason for the id of a seed problem."
        losses.append(Loss("seed problems", f"{kinds} other reasons", rest, len(extractions), advice))
    return losses


def too_few(sentence: str, extractions: Sequence[Extraction]) -> str:
    """Return a sentence about too few topics or seeds, which ends with "add seeds", with what became of those that are there."""
    left_out = [extraction for extraction in extractions if extraction.reason]
    if not left_out:
        return sentence
    worst = lost_seeds((), left_out, ())[0]
    share = "None" if len(left_out) == len(extractions) else f"Only {len(extractions) - len(left_out):,}"
    return (
        f"{share} of the {len(extractions):,} seed problems has a valid extraction; the most frequent reason, of {worst.count:,}, is: "
        f"{worst.reason}. {worst.advice}" + ("" if len(left_out) == len(extractions) else f" {sentence}")
    )


def _lost(group: Sequence[Extraction], seed: SeedProblem | None, count: int, of: int) -> Loss:
    first = group[0]
    text = _beginning(seed.problem) if seed and seed.shareable else ""
    return Loss(
        "seed problems",
        _short(first.reason or NO_TOPIC_LEFT),
        count,
        of,
        _seed_advice(first),
        first.seed_id,
        text,
    )


def _seed_advice(extraction: Extraction) -> str:
    if extraction.reason and extraction.model == PROGRAM:
        return "The symbolic teacher can use problems only if it can follow their calculator annotations: a model can read these."
    if extraction.reason == HELD_BACK:
        return (
            "Their answers measure how often the solver is right; controls.held_back says how many there are."
        )
    if extraction.tokens.given_up:
        return "The server failed at each of them every time: look at its log; a build in another folder asks them again."
    if extraction.tokens.refused:
        return "The server will not answer them: raise its context length, or take another model for roles.extractor."
    if not extraction.reason:
        return "Their topics have no key points, or joined none that is left: lower topics.minimum_support."
    if not extraction.tokens.requests:
        return "`kpmath build` asks for what is missing."
    return _LOOK + "take a larger model for roles.extractor, or raise extraction.max_tokens."


# ---- blueprints

_ADVICE: Mapping[DropReason, str] = {
    DropReason.UNWRITTEN: _LOOK + "a larger model for roles.writer errs less.",
    DropReason.ANSWER_INSIDE: "A larger model for roles.writer keeps the answer to itself.",
    DropReason.TALK: "A larger model for roles.writer keeps to the task.",
    DropReason.NOTHING_ASKED: "A larger model for roles.writer asks for something.",
    DropReason.COPIED_PASSAGE: "Raise questions.temperature, or take a larger model for roles.writer.",
    DropReason.RENUMBERED: "Raise questions.temperature, or take a larger model for roles.writer.",
    DropReason.UNJUDGED: _LOOK + "a larger model for roles.judge errs less.",
    DropReason.LOW_QUALITY: "The judge, or a check of its work, finds them wanting: `kpmath explain` says what; judging.threshold says from where on, and `kpmath rescore` changes it later.",
    DropReason.TOO_MANY_PARTS: "judging.max_sub_questions is the limit, and `kpmath rescore` changes it later.",
    DropReason.UNSOLVED: _LOOK + "raise solutions.max_tokens if solutions are cut off.",
    DropReason.NO_AGREEMENT: "Such questions are hard or unclear; a stronger solver agrees more often.",
    DropReason.TIE: "More solutions.samples break ties; consensus.mode=paper keeps more.",
    DropReason.LOW_SHARE: "consensus.min_share is the limit, and `kpmath rescore` changes it later; a stronger solver agrees more often.",
    DropReason.SEED_REPEAT: "A larger model for roles.writer repeats fewer; seed_repeats says which kinds are dropped, and `kpmath rescore` changes it later.",
    DropReason.TEST_REPEAT: "contamination says which kinds are dropped, and `kpmath rescore` changes it later; look whether the seeds are free of the test sets.",
    DropReason.TEST_SEED: "Take the test problems out of the seeds: the end of the build says how many there are, and of which set.",
    DropReason.DUPLICATE: "More seed problems give more different questions, and so does a higher questions.temperature where a model writes.",
    DropReason.LOW_P_CORRECT: "selection.min_p_correct is the limit, and `kpmath rescore` changes it later.",
    DropReason.LONG_REASONING: "selection.max_reasoning is the limit, and `kpmath rescore` changes it later.",
    DropReason.WRONG_DIFFICULTY: "selection.min_pass_rate and selection.max_pass_rate are the limits, and `kpmath rescore` changes them later.",
    DropReason.NOT_ASKED: "`kpmath build` asks for what is missing.",
}
_WRITTEN_BY_PROGRAM = "The symbolic teacher composes what its rules can; a model writes of any practices, and build.questions can be raised."
_REFUSED = "The server will not answer them: raise its context length, or take another model for the role, then build with --retry-given-up."
_SERVER_FAILED = (
    "The server failed at requests of theirs every time: look at its log, then build with --retry-given-up."
)


def lost_blueprints(funnel: Funnel, sample: Iterable[Candidate]) -> list[Loss]:
    """Return why blueprints went no further, in the order of the method.

    Parameters
    ----------
    funnel
        Counts all of them.
    sample
        Some of them, for the examples and the details.
    """
    seen: dict[DropReason, list[Candidate]] = defaultdict(list)
    for candidate in sample:
        seen[candidate.reason].append(candidate)
    what = (
        "candidates" if funnel.harder["asked"] else "blueprints"
    )  # of a blueprint there are several with harder versions
    blueprints = [
        _lost_here(what, reason, count, line.passed, seen[reason])
        for line in funnel.lines()
        for reason, count in line.reasons.items()
        if reason is not DropReason.NONE
    ]
    return blueprints + _lost_solutions(funnel, [one for its in seen.values() for one in its])


def _lost_solutions(funnel: Funnel, sample: Iterable[Candidate]) -> list[Loss]:
    """Return solutions that no model wrote: the blueprint goes on without them, so that no reason of its own says so."""
    spent = funnel.spent.get("solve", Tokens())
    counts = {"given_up": (spent.given_up, _SERVER_FAILED), "refused": (spent.refused, _REFUSED)}
    losses = []
    for end, (count, advice) in counts.items():
        if count:
            words = f"requests that were {end.replace('_', ' ')}"
            told = (
                (one.blueprint.id, its.text)
                for one in sample
                for its in one.solutions
                if its.finish_reason == end
            )
            example, text = next(told, ("", ""))
            losses.append(Loss("solutions", words, count, spent.requests, advice, example, _beginning(text)))
    return losses


def _lost_here(what: str, reason: DropReason, count: int, of: int, seen: Sequence[Candidate]) -> Loss:
    first = seen[0] if seen else None
    details = "" if reason in COPIED or reason is DropReason.TEST_SEED else _details(seen)
    is_shown = reason not in COPIED | REPEATED
    said = reason.value + (f" ({details})" if details else "")
    if first is None:
        return Loss(what, said, count, of, _ADVICE[reason])
    return Loss(
        what,
        said,
        count,
        of,
        _blueprint_advice(reason, first),
        first.blueprint.id,
        _beginning(first.question or "") if is_shown else "",
    )


def _details(seen: Sequence[Candidate]) -> str:
    """Return the most frequent details in words; what differs in numbers is one."""
    kinds = Counter(_kind(candidate.detail) for candidate in seen if candidate.detail)
    first = {_kind(candidate.detail): candidate.detail for candidate in reversed(seen) if candidate.detail}
    if not kinds or len(kinds) > len(seen) / 2 > DETAILS_SHOWN:  # each has its own: an example says more
        return ""
    most = kinds.most_common(DETAILS_SHOWN)
    return "; ".join(f"{_short(first[kind])}, {count:,} of {len(seen):,} seen" for kind, count in most)


def _blueprint_advice(reason: DropReason, first: Candidate) -> str:
    if first.tokens.given_up:
        return _SERVER_FAILED
    if first.tokens.refused:
        return _REFUSED
    if (
        reason is DropReason.UNWRITTEN
        and first.stage is Stage.ASKED
        and first.models.get("writer") == PROGRAM
    ):
        return _WRITTEN_BY_PROGRAM
    return _ADVICE[reason]


def _kind(reason: str) -> str:
    return re.sub(r"\d+", "#", reason)[:LONGEST_REASON]


def _short(reason: str) -> str:
    return cut(" ".join(reason.split()), LONGEST_REASON).rstrip(".")


def _beginning(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT].rstrip() + " …"
