"""Votes over classes of equal answers: the paper's rule and a strict one, the same whatever the order of arrival.

Paper section 2.3: with m voting solutions, c[i,j] is the share whose answer to part j equals that of solution i, the
consensus score CS(i) is the largest c[i,j], and solution i is kept iff CS(i) is the largest of all and more than 1/m.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal, NamedTuple

from kpmath_builder.answers.answer import Answer
from kpmath_builder.answers.classes import Budget, Partition, partition
from kpmath_builder.answers.reading import as_answer
from kpmath_builder.errors import InputError

__all__ = ["AnswerClass", "Consensus", "NoWinner", "vote"]

Mode = Literal["paper", "strict"]
Abstentions = Literal["against", "ignore"]


class NoWinner(StrEnum):
    """Why a vote has no winner; empty, and so false, if it has one."""

    NONE = ""
    NO_VOTES = "no votes"
    NO_AGREEMENT = "no agreement"
    TIE = "tie"
    LOW_SHARE = "share below threshold"


_MAX_REMEMBERED = 500
_remembered = lru_cache(maxsize=1 << 15)(as_answer)


@dataclass(frozen=True, slots=True)
class AnswerClass:
    """Answers that agree on every part."""

    answer: Answer
    """The commonest way of writing it; of equally common ones the shortest, then the first in alphabetical order."""
    members: tuple[int, ...]
    """Indexes of the inputs, ascending."""
    weight: int
    """Of all members together; their number, if each has one vote."""
    share: float
    """Of what `abstentions` says: all solutions, or the votes cast."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """The outcome of a vote. As a condition it is true only if there is a winner.

    Shares are of all solutions or of the votes cast, as `vote` was asked for.
    """

    mode: Mode
    winner: Answer | None
    share: float
    """Of the largest class."""
    margin: float
    """Share of the largest class less that of the next."""
    tie: bool
    votes: int
    abstentions: int
    classes: tuple[AnswerClass, ...]
    """Heaviest first."""
    vectors: tuple[tuple[float, ...], ...]
    """Consensus score vector per input, one entry per part of its answer; () for an abstention."""
    scores: tuple[float, ...]
    """Consensus score per input: the largest entry of its vector; 0.0 for an abstention."""
    kept: tuple[int, ...]
    """Indexes that the mode's rule retains."""
    reason: NoWinner
    """Why nothing won; `NoWinner.NONE` if something did."""
    unknown: int
    """Pairs of classes of which one is not read and that the checker did not decide; they count as different unless `united` says more."""

    def __bool__(self) -> bool:
        return self.winner is not None


def vote(
    answers: Sequence[Answer | str | None],
    mode: Mode = "strict",
    *,
    min_share: float = 0.5,
    abstentions: Abstentions = "ignore",
    weights: Sequence[int] | None = None,
    united: Collection[tuple[str, str]] = (),
) -> Consensus:
    """Find the answer that most solutions agree on.

    Answers with different numbers of parts agree on no part, unless they are equal as a whole: `(a) 3 (b) 4` and `3, 4`
    agree on both.

    Parameters
    ----------
    answers
        One entry per solution; None is an abstention, and so is a string that names no answer.
    mode
        "paper" keeps every solution that reaches the highest consensus score above 1/m; at a tie the winner is the
        class whose answer comes first in alphabetical order. "strict" wants agreement on every part, one largest class
        of at least two votes, and a share of at least `min_share`.
    min_share
        Smallest share that wins, 0 to 1; only "strict" uses it.
    abstentions
        "against": shares are of all solutions, so that an abstention counts against each answer. "ignore": of the votes cast.
    weights
        How much each solution counts, as whole numbers from 1 (thousandths, say), so that a tie is one on every machine; unset: all the
        same. However heavy, an answer that only one solution gives wins nothing.
    united
        Pairs of answers, as they are written, that somebody found equal whom the builder cannot replace (a referee).

    Raises
    ------
    InputError
        For an unknown mode, an unknown word for abstentions, a share outside 0 to 1, or weights that are not one per answer from 1.

    """
    if mode not in {"paper", "strict"} or not 0 <= min_share <= 1:
        raise InputError(
            f"vote knows the modes paper and strict and shares from 0 to 1; it got {mode!r} and {min_share}."
        )
    if abstentions not in {"against", "ignore"}:
        raise InputError(f"vote counts abstentions as against or ignore; it got {abstentions!r}.")
    weighing = list(weights) if weights is not None else [1] * len(answers)
    if len(weighing) != len(answers) or min(weighing, default=1) < 1:
        raise InputError(f"vote takes one weight per answer, each a whole number from 1; it got {weighing}.")
    read = [_read(answer) if isinstance(answer, str) else answer for answer in answers]
    voters = [index for index, answer in enumerate(read) if answer is not None]
    cast = [answer for answer in read if answer is not None]
    budget = Budget()
    whole = _joined(partition([answer.parts for answer in cast], budget), cast, united)
    each = [weighing[voter] for voter in voters]
    solutions = sum(weighing if abstentions == "against" else each)
    classes = _classes(cast, voters, whole, each, solutions)
    counts = _agreement(cast, whole, budget, each)
    vectors, scores = _score_vectors(len(read), voters, counts, solutions)
    kept, reason = _paper(voters, counts) if mode == "paper" else _strict(classes, min_share)
    sizes = [c.weight for c in classes] + [0, 0]
    return Consensus(
        mode=mode,
        winner=_winner(classes, kept),
        share=sizes[0] / max(solutions, 1),
        margin=(sizes[0] - sizes[1]) / max(solutions, 1),
        tie=sizes[0] == sizes[1] > 0,
        votes=len(cast),
        abstentions=len(read) - len(cast),
        classes=classes,
        vectors=vectors,
        scores=scores,
        kept=kept,
        reason=reason,
        unknown=whole.unknown,
    )


def _read(text: str) -> Answer | None:
    return _remembered(text) if len(text) <= _MAX_REMEMBERED else as_answer(text)


def _joined(whole: Partition, cast: list[Answer], united: Collection[tuple[str, str]]) -> Partition:
    """Return the partition with the classes of the given pairs of answers made one; what follows from several pairs is one as well."""
    if not united:
        return whole
    place = {answer.text: at for at, answer in enumerate(cast)}
    labels = whole.labels
    for one, other in united:
        if one in place and other in place:
            kept, gone = sorted((labels[place[one]], labels[place[other]]))
            labels = tuple(kept if label == gone else label for label in labels)
    return Partition(labels, whole.unknown)


def _classes(
    cast: list[Answer], voters: list[int], whole: Partition, each: list[int], solutions: int
) -> tuple[AnswerClass, ...]:
    members: dict[int, list[int]] = {}
    for place, label in enumerate(whole.labels):
        members.setdefault(label, []).append(place)
    classes = [
        AnswerClass(
            _representative([cast[p] for p in places]),
            tuple(voters[p] for p in places),
            sum(each[p] for p in places),
            sum(each[p] for p in places) / solutions,
        )
        for places in members.values()
    ]
    return tuple(sorted(classes, key=lambda c: (-c.weight, c.answer.text)))


def _representative(answers: list[Answer]) -> Answer:
    first = answers[0]
    if all(answer is first for answer in answers):
        return first
    written = Counter(answers)
    return min(written, key=lambda answer: (-written[answer], len(answer.text), answer.text))


class _Agreeing(NamedTuple):
    """The votes that give an equal answer to a part, the one that is looked at included."""

    weight: int
    votes: int


def _agreement(
    cast: list[Answer], whole: Partition, budget: Budget, each: list[int]
) -> list[tuple[_Agreeing, ...]]:
    """Return for each vote and each of its parts which votes give an equal answer to that part."""
    if all(len(answer.parts) == 1 for answer in cast):
        return [(its,) for its in _agreeing(whole.labels, each)]
    laid_out = _laid_out(cast, whole)
    counts: list[list[_Agreeing]] = [[] for _ in cast]
    for size in {len(parts) for parts in laid_out}:
        group = [place for place, parts in enumerate(laid_out) if len(parts) == size]
        for part in range(size):
            labels = partition([(laid_out[place][part],) for place in group], budget).labels
            its = _agreeing(labels, [each[place] for place in group])
            for place, agreeing in zip(group, its, strict=True):
                counts[place].append(agreeing)
    return [tuple(row) for row in counts]


def _agreeing(labels: Sequence[int], each: Sequence[int]) -> list[_Agreeing]:
    weights, votes = Counter[int](), Counter(labels)
    for label, weight in zip(labels, each, strict=True):
        weights[label] += weight
    return [_Agreeing(weights[label], votes[label]) for label in labels]


def _laid_out(cast: list[Answer], whole: Partition) -> list[tuple[str, ...]]:
    """Return the parts of each vote, for `3, 4` those of an equal `(a) 3 (b) 4` where somebody wrote that."""
    longest: dict[int, tuple[str, ...]] = {}
    for answer, label in zip(cast, whole.labels, strict=True):
        longest[label] = max(longest.get(label, ()), answer.parts, key=lambda parts: (len(parts), parts))
    return [longest[label] for label in whole.labels]


def _score_vectors(
    inputs: int, voters: list[int], counts: list[tuple[_Agreeing, ...]], solutions: int
) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...]]:
    vectors: list[tuple[float, ...]] = [()] * inputs
    scores = [0.0] * inputs
    for index, row in zip(voters, counts, strict=True):
        vectors[index] = tuple([its.weight / solutions for its in row])
        scores[index] = max(row).weight / solutions
    return tuple(vectors), tuple(scores)


def _paper(voters: list[int], counts: list[tuple[_Agreeing, ...]]) -> tuple[tuple[int, ...], NoWinner]:
    if not voters:
        return (), NoWinner.NO_VOTES
    # More than 1/m: somebody else says so too.
    shared = [max((its.weight for its in row if its.votes > 1), default=0) for row in counts]
    best = max(shared)
    if not best:
        return (), NoWinner.NO_AGREEMENT
    return tuple(index for index, its in zip(voters, shared, strict=True) if its == best), NoWinner.NONE


def _strict(classes: tuple[AnswerClass, ...], min_share: float) -> tuple[tuple[int, ...], NoWinner]:
    if not classes:
        return (), NoWinner.NO_VOTES
    largest = classes[0].members
    if len(largest) == 1:
        return (), NoWinner.NO_AGREEMENT
    if len(classes) > 1 and classes[1].weight == classes[0].weight:
        return (), NoWinner.TIE
    if classes[0].share < min_share:
        return (), NoWinner.LOW_SHARE
    return largest, NoWinner.NONE


def _winner(classes: tuple[AnswerClass, ...], kept: tuple[int, ...]) -> Answer | None:
    """Return the answer of the largest class that holds a kept solution."""
    retained = set(kept)
    return next((c.answer for c in classes if not retained.isdisjoint(c.members)), None)
