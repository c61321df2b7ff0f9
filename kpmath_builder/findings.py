"""What the counts of a build say about its teachers: short sentences, each with its number and what to do.

Pure rules over counts, so that a preview, a build and `status` say the same of the same numbers. A program that plays a role
follows its rules, and is not judged here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import sqrt
from statistics import median_low
from typing import Any

from kpmath_builder.funnel import Funnel
from kpmath_builder.records import COPIED, DropReason, Stage, Tokens

__all__ = [
    "Finding",
    "FindingId",
    "KnowledgeCounts",
    "find",
    "find_in_controls",
    "find_in_rows",
    "find_in_seeds",
]

MORE_THAN_ONCE = 2
"""One case is chance: a share counts from the second case on."""
LOOPS = 0.02
"""Share of replies in a loop. A loop costs a whole reply's length, so that one in fifty already doubles what short replies cost."""
VALID_AT_FIRST = 0.95
"""Share of replies that a model fit for its task gets right at once; each of the others is paid for again."""
COPIES = 0.05
"""Share of questions that are copies: those found by program have fellows that are not found."""
DUPLICATES = 0.10
"""Share of agreed questions that are dropped as duplicates: each was judged and solved in vain, and more of the build will be."""
TEST_REPEATS = 0.01
"""Share that are dropped as problems of a test set: a writer that knows the set by heart puts its wording into others, too."""
REMARKS = 0.05
"""Share of questions that are remarks, answers or statements: as for copies."""
COPIED_KEY_POINTS = 0.02
"""Share of key points that stand in the prompt: rare topics are drawn most, and the prompt's are foreign to the seeds."""
NUMBERS = 0.05
"""Share of key points that carry a number of their problem: such a key point asks for the old problem."""
UNREAD = 0.10
"""Share of solutions without a readable answer: they count against each answer, and one in ten costs rows at the threshold."""
WITHOUT_REASONING = 0.05
"""Share of rows without the reasoning that the recipe publishes: one short answer in twenty is a solver's choice, more is a setting."""
CONTROLS_DIFFER = 0.20
"""Difference in accuracy between two sources of controls: easy and hard ones differ by less, and their mean still describes both."""
BY_CHANCE = 3.0
"""Standard errors that two shares of one kind of controls hardly ever differ by."""
FEW_VALUES = 2
JUDGED_AT_LEAST = 20
"""Judgements from which few values say something: fewer questions may all be good."""
LOW_QUALITY = 0.80
"""Share of judged questions below the threshold: of what is written and judged, so little is left that the cause is worth an hour."""
LARGE_TOPIC = 0.5
"""Share of practices that one topic holds: what is drawn with it says nothing any more."""
PRACTICES_AT_LEAST = 20
"""Practices from which a large topic says something."""

_NO_PROBLEM = (DropReason.ANSWER_INSIDE, DropReason.TALK, DropReason.NOTHING_ASKED)
_ROLES = {"writer": "write", "judge": "judge", "solver": "solve"}


class FindingId(StrEnum):
    """What was found, for scripts; each finding names a role or a topic besides if there can be several."""

    JUDGE_VALUES = "judge-values"
    LOW_QUALITY = "low-quality"
    LOOPS = "loops"
    COPIED_QUESTIONS = "copied-questions"
    NO_PROBLEMS = "no-problems"
    SEED_REPEATS = "repeated-seeds"
    TEST_REPEATS = "repeated-test-problems"
    TEST_SEEDS = "test-problems-among-seeds"
    DUPLICATES = "duplicates"
    COPIED_KEY_POINTS = "copied-key-points"
    NUMBERS = "key-points-with-numbers"
    UNREAD = "unread-solutions"
    IDENTICAL = "identical-solutions"
    WITHOUT_REASONING = "rows-without-reasoning"
    CONTROLS_DIFFER = "controls-that-differ"
    LARGE_TOPIC = "large-topic"
    INVALID = "invalid-replies"
    GIVEN_UP = "given-up"
    REFUSED = "refused"


@dataclass(frozen=True)
class Finding:
    """One thing that a user should know about a teacher."""

    id: FindingId
    number: float
    """The share or count that was found."""
    sentence: str
    advice: str
    about: str = ""
    """The role, or the topic, where there can be several."""

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON values; `Finding.from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Finding":
        """Return the finding that `as_json` described."""
        return cls(**{**told, "id": FindingId(told["id"])})


@dataclass(frozen=True)
class KnowledgeCounts:
    """What a model's extraction looks like in numbers."""

    seeds: int
    """Seed problems that the extractor was asked about."""
    replied: int
    """Those that got a reply of its own, valid or not."""
    valid_at_first: int
    requests: int
    loops: int
    refused: int
    given_up: int
    practices: int
    key_points: int
    """As the extractor named them."""
    with_numbers: int
    """Key points that carry a number of their problem, and are left out."""
    copied: int
    """Key points that stand in the prompt, and are left out."""
    largest_topic: str
    largest: int
    """Practices that have that topic."""


def find(funnel: Funnel, knowledge: KnowledgeCounts | None = None) -> tuple[Finding, ...]:
    """Return what the counts say about the teachers, in the order of the method; `knowledge` is None if a program extracted."""
    rules: tuple[Callable[[Funnel, KnowledgeCounts | None], Iterator[Finding]], ...] = (
        _requests,
        _invalid,
        _loops,
        _key_points,
        _topics,
        _questions,
        _judge,
        _solutions,
        _repeats,
    )
    return tuple(finding for rule in rules for finding in rule(funnel, knowledge))


def find_in_seeds(seeds: int, in_tests: Mapping[str, int]) -> tuple[Finding, ...]:
    """Return a finding for each test set of which problems are among the seeds.

    Parameters
    ----------
    in_tests
        Name of the set to the number of seeds that are problems of it.
    """
    return tuple(
        Finding(
            FindingId.TEST_SEEDS,
            count / seeds,
            f"Of the seed problems, {_percent(count, seeds)} are problems of {name}.",
            "Take them out of the seeds and build in a new folder: what is made from them must not train a model that is tested on the set.",
            name,
        )
        for name, count in in_tests.items()
    )


def find_in_rows(rows: int, without_reasoning: int, solvers: Collection[str] = ()) -> tuple[Finding, ...]:
    """Return a finding if rows lack the reasoning that the recipe publishes.

    Parameters
    ----------
    solvers
        Names of those who solve, if they are several.
    """
    tables = " or ".join(f"[solvers.{name}]" for name in sorted(solvers))
    who = f"the solvers (their tables {tables})" if solvers else "roles.solver"
    if not _often(without_reasoning, rows, WITHOUT_REASONING):
        return ()
    finding = Finding(
        FindingId.WITHOUT_REASONING,
        without_reasoning / rows,
        f"Of the rows of qa-pairs, {_percent(without_reasoning, rows)} have no reasoning, which selection.reasoning asks for.",
        f"Switch thinking on for {who}, and see with `kpmath explain` that the server shows what was thought; build in a new folder.",
    )
    return (finding,)


def find_in_controls(sources: Mapping[str, tuple[int, int]]) -> tuple[Finding, ...]:
    """Return a finding if two sources of controls contradict each other, so that their mean says little of either.

    Parameters
    ----------
    sources
        Name to how many of its controls are right, and how many right or wrong.
    """
    ranked = sorted(sources, key=lambda name: (_shrunk(*sources[name]), name))
    if len(ranked) < 2:
        return ()
    worst, best = ranked[0], ranked[-1]
    (few, of_few), (many, of_many) = sources[worst], sources[best]
    low, high = _shrunk(few, of_few), _shrunk(many, of_many)
    error = sqrt(low * (1 - low) / (of_few + 2) + high * (1 - high) / (of_many + 2))
    if high - low < max(CONTROLS_DIFFER, BY_CHANCE * error):
        return ()
    return (
        Finding(
            FindingId.CONTROLS_DIFFER,
            high - low,
            f"The sources of controls contradict each other: of those from {best}, {_percent(many, of_many)} are right, of those from {worst}, "
            f"{_percent(few, of_few)}; the estimate of true labels averages them.",
            f"Read some of the wrong ones: if the known answers of {worst} are wrong or in another form, mend or leave it out "
            "(controls.sources); else keep in controls.sources what is as hard as your questions, and build in a new folder.",
            worst,
        ),
    )


def _shrunk(right: int, of: int) -> float:
    """Return a share with one case added on either side (Agresti and Caffo 2000), so that few cases prove nothing."""
    return (right + 1) / (of + 2)


def _often(count: int, of: int, share: float) -> bool:
    return count >= MORE_THAN_ONCE and count > share * of


def _percent(count: int, of: int) -> str:
    return f"{count:,} of {of:,} ({count / of:.0%})"


def _requests(funnel: Funnel, knowledge: KnowledgeCounts | None) -> Iterator[Finding]:
    given_up, refused = funnel.given_up, funnel.refused.copy()
    if knowledge:
        given_up["extractor"], refused["extractor"] = knowledge.given_up, knowledge.refused
    for role, count in sorted(given_up.items()):
        if count:
            yield Finding(
                FindingId.GIVEN_UP,
                count,
                f"{count:,} requests to the {role} were given up, because the server failed at each of them every time.",
                "Look at the server's log for the cause, then run `kpmath build` with --retry-given-up.",
                role,
            )
    for role, count in sorted(refused.items()):
        if count:
            yield Finding(
                FindingId.REFUSED,
                count,
                f"{count:,} requests to the {role} were refused by the server.",
                "`kpmath explain` shows the server's words for a row: raise its context length if a prompt is too long, take another "
                "model if a content filter is at work, then build with --retry-given-up.",
                role,
            )


def _invalid(funnel: Funnel, knowledge: KnowledgeCounts | None) -> Iterator[Finding]:
    counts = {role: (funnel.replied[role], funnel.valid_at_first[role]) for role in ("writer", "judge")}
    if knowledge:
        counts = {"extractor": (knowledge.replied, knowledge.valid_at_first), **counts}
    for role, (replied, valid) in counts.items():
        if _often(replied - valid, replied, 1 - VALID_AT_FIRST):
            yield Finding(
                FindingId.INVALID,
                valid / replied,
                f"The first reply of the {role} was valid for {_percent(valid, replied)} of its tasks.",
                "Each of the others was paid for again or dropped: look at its replies with `kpmath preview`, "
                f"and at a larger model for roles.{role}.",
                role,
            )


def _loops(funnel: Funnel, knowledge: KnowledgeCounts | None) -> Iterator[Finding]:
    counts = {
        role: (funnel.loops[role], funnel.spent.get(_ROLES[role], Tokens()).requests)
        for role in ("writer", "judge")
    }
    if knowledge:
        counts = {"extractor": (knowledge.loops, knowledge.requests), **counts}
    for role, (loops, requests) in counts.items():
        if _often(loops, requests, LOOPS):
            yield Finding(
                FindingId.LOOPS,
                loops / requests,
                f"Of the replies of the {role}, {_percent(loops, requests)} ran in a loop until they were cut off.",
                f"Raise the temperature of the {role} a little, or take a larger model for roles.{role}.",
                role,
            )


def _key_points(_: Funnel, knowledge: KnowledgeCounts | None) -> Iterator[Finding]:
    if knowledge is None:
        return
    if _often(knowledge.with_numbers, knowledge.key_points, NUMBERS):
        yield Finding(
            FindingId.NUMBERS,
            knowledge.with_numbers / knowledge.key_points,
            f"Of the key points, {_percent(knowledge.with_numbers, knowledge.key_points)} carry a number of their problem and were left out.",
            "They ask for the old problem again. Take a larger model for roles.extractor to lose fewer.",
        )
    if _often(knowledge.copied, knowledge.key_points, COPIED_KEY_POINTS):
        yield Finding(
            FindingId.COPIED_KEY_POINTS,
            knowledge.copied / knowledge.key_points,
            f"Of the key points, {_percent(knowledge.copied, knowledge.key_points)} are copied from the prompt's examples and were left out.",
            "They ask for what the seeds do not hold. Take a larger model for roles.extractor, or other examples in extract.txt.",
        )


def _topics(_: Funnel, knowledge: KnowledgeCounts | None) -> Iterator[Finding]:
    if knowledge is None or knowledge.practices < PRACTICES_AT_LEAST:
        return
    if knowledge.largest > LARGE_TOPIC * knowledge.practices:
        yield Finding(
            FindingId.LARGE_TOPIC,
            knowledge.largest / knowledge.practices,
            f'The topic "{knowledge.largest_topic}" holds {_percent(knowledge.largest, knowledge.practices)} of the practices.',
            "Raise topics.same and topics.ask_above if it united strangers (knowledge/topics.json lists its members).",
            knowledge.largest_topic,
        )


def _questions(funnel: Funnel, _: KnowledgeCounts | None) -> Iterator[Finding]:
    written = next(line.passed for line in funnel.lines() if line.stage is Stage.WRITTEN)
    copies = sum(funnel.ended[Stage.WRITTEN, reason] for reason in COPIED)
    if _often(copies, written, COPIES):
        yield Finding(
            FindingId.COPIED_QUESTIONS,
            copies / written,
            f"Of the questions, {_percent(copies, written)} are copies of their practices or of the prompt.",
            "Raise questions.temperature, or take a larger model for roles.writer.",
        )
    others = sum(funnel.ended[Stage.WRITTEN, reason] for reason in _NO_PROBLEM)
    if _often(others, written, REMARKS):
        yield Finding(
            FindingId.NO_PROBLEMS,
            others / written,
            f"Of the questions, {_percent(others, written)} are remarks, answers or statements in place of a problem.",
            "Take a larger model for roles.writer.",
        )


def _judge(funnel: Funnel, _: KnowledgeCounts | None) -> Iterator[Finding]:
    judged = funnel.qualities.total()
    if judged < JUDGED_AT_LEAST:
        return
    if len(funnel.qualities) <= FEW_VALUES:
        values = " and ".join(f"{value:g}" for value in sorted(funnel.qualities))
        yield Finding(
            FindingId.JUDGE_VALUES,
            len(funnel.qualities),
            f"The judge gave {judged:,} questions no other quality than {values}.",
            "Read some of its judgements with `kpmath preview`: one that does not tell good questions from bad ones needs a larger model "
            "for roles.judge.",
        )
    low = funnel.ended[Stage.WRITTEN, DropReason.LOW_QUALITY]
    if _often(low, judged, LOW_QUALITY):
        middle = median_low(funnel.qualities.elements())
        yield Finding(
            FindingId.LOW_QUALITY,
            low / judged,
            f"The quality of {_percent(low, judged)} of the judged questions is below judging.threshold; that of half of all is {middle:g} or less.",
            "Read some of them: bad ones need a larger model for roles.writer; if good ones are among them, lower judging.threshold and "
            "build on (planted questions, controls.judge_share, show what passes which threshold).",
        )


def _solutions(funnel: Funnel, _: KnowledgeCounts | None) -> Iterator[Finding]:
    if _often(funnel.unread, funnel.sampled, UNREAD):
        yield Finding(
            FindingId.UNREAD,
            funnel.unread / funnel.sampled,
            f"In {_percent(funnel.unread, funnel.sampled)} of the solutions no answer could be read.",
            "Raise solutions.max_tokens if they are cut off; otherwise take a solver that ends with an answer in a box.",
        )
    if funnel.repeats_beyond_chance:
        yield Finding(
            FindingId.IDENTICAL,
            funnel.repeated_questions / funnel.sampled_questions,
            f"All solutions of {funnel.repeated_questions:,} of {funnel.sampled_questions:,} questions are one text, which is more than "
            "chance, so their votes are not independent.",
            "Check that the server obeys seeds, that no cache stands in front of it, and that the temperature of solutions is above 0, "
            "and build in a new folder.",
        )


_REPEATS: Mapping[DropReason, tuple[FindingId, float, str, str]] = {
    DropReason.SEED_REPEAT: (
        FindingId.SEED_REPEATS,
        COPIES,
        "repeat a seed problem",
        "Raise questions.temperature, or take a larger model for roles.writer.",
    ),
    DropReason.TEST_REPEAT: (
        FindingId.TEST_REPEATS,
        TEST_REPEATS,
        "repeat a problem of a test set",
        "Compare the seeds' own figure in `kpmath status`: if it is as high, take other seeds, else another model for roles.writer.",
    ),
    DropReason.DUPLICATE: (
        FindingId.DUPLICATES,
        DUPLICATES,
        "repeat an earlier one",
        "Add seed problems, or raise questions.temperature.",
    ),
}


def _repeats(funnel: Funnel, _: KnowledgeCounts | None) -> Iterator[Finding]:
    if not funnel.replied["writer"]:  # a program
        return
    agreed = next(line.passed for line in funnel.lines() if line.stage is Stage.AGREED)
    for reason, (name, share, words, advice) in _REPEATS.items():
        count = funnel.ended[Stage.AGREED, reason]
        if _often(count, agreed, share):
            sentence = f"Of the agreed questions, {_percent(count, agreed)} {words}."
            yield Finding(name, count / agreed, sentence, advice)
