"""Sampling that stops early against a fixed number of samples: samples, label accuracy and yield.

    python benchmarks/adaptive.py [--data ../shared/data] [--draws 20]

Real outputs: of each problem the outputs of models of similar accuracy, in an order drawn anew each time, stand for the samples of one
model. Simulated: a solver that gives the right answer to each question with a probability of its own, and wrong ones that repeat.
"""

import argparse
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from answers_data import outputs, table

from kpmath_builder.answers import Answer, equivalent, final_answer, vote
from kpmath_builder.answers.early_stopping import EarlyStopping, Standing

SAMPLES, LEAST, MIN_SHARE = 10, 3, 0.5
LEAST_ACCURACY = {"GSM8K": 0.8, "MATH level 5": 0.4}
"""Of a model that counts as good; there are 17 or more of them in each set."""
UNREAD, LIKED = 0.1, 0.4
"""Shares of the simulated wrong solutions: without an answer, and with the wrong answer that this question invites."""
CONFIDENCES = ((0.9, 0.85), (0.9, 0.9), (0.95, 0.95), (1.0, 1.0))
"""To keep, and to drop; the first is the builder's default, the last stops only where nothing can change any more."""


@dataclass
class Tally:
    """What a rule of sampling came to."""

    questions: int = 0
    samples: int = 0
    kept: int = 0
    right: int = 0

    def row(self, fixed: "Tally") -> tuple[str, ...]:
        """Return the row of a table, beside a fixed number of samples."""
        return (
            f"{self.samples / self.questions:.2f}",
            f"{1 - self.samples / fixed.samples:.0%}",
            f"{self.samples / max(self.kept, 1):.2f}",
            f"{self.kept / self.questions:.2%}",
            f"{self.right / max(self.kept, 1):.2%}",
        )


def standing(votes: Sequence[Answer | None]) -> Standing:
    """Return how a vote stands."""
    classes = vote(votes, abstentions="against").classes
    sizes = [len(its.members) for its in classes] + [0, 0]
    return Standing(sizes[0], sizes[1], len(votes))


def sampled(votes: Sequence[Answer | None], rule: EarlyStopping) -> int:
    """Return how many of the votes are asked for."""
    asked = 0
    while more := rule.further(standing(votes[:asked]), asked):
        asked += more
    return asked


def decide(its: Tally, votes: Sequence[Answer | None], is_right: Callable[[Answer], bool]) -> None:
    """Vote, and count what comes of it."""
    outcome = vote(votes, min_share=MIN_SHARE, abstentions="against")
    its.questions += 1
    its.samples += len(votes)
    if outcome.winner is not None:
        its.kept += 1
        its.right += is_right(outcome.winner)


def real(
    data: Path, name: str, draws: int
) -> Iterator[tuple[Sequence[Answer | None], Callable[[Answer], bool]]]:
    """Yield the votes of each problem in several orders."""
    problems = [
        (problem["gold"], {(o["source"], o["model"]): final_answer(o["text"]) for o in problem["outputs"]})
        for problem in outputs(data, name)
    ]
    right: Counter[tuple[str, str]] = Counter()
    known: dict[tuple[str, Answer], bool] = {}

    def is_right(gold: str, answer: Answer) -> bool:
        if (gold, answer) not in known:
            known[gold, answer] = equivalent(answer, gold).equal
        return known[gold, answer]

    for gold, read in problems:
        right.update(model for model, answer in read.items() if answer is not None and is_right(gold, answer))
    good = {model for model, count in right.items() if count >= LEAST_ACCURACY[name] * len(problems)}
    print(
        f"{name}: {len(good)} models, mean accuracy {sum(right[m] for m in good) / len(good) / len(problems):.1%}"
    )
    for draw in range(draws):
        for number, (gold, read) in enumerate(problems):
            votes = [answer for model, answer in sorted(read.items()) if model in good]
            random.Random(f"{draw} {number}").shuffle(votes)
            yield votes, lambda answer, gold=gold: is_right(gold, answer)


def simulated(draws: int, mean: float) -> Iterator[tuple[Sequence[Answer | None], Callable[[Answer], bool]]]:
    """Yield the votes of questions of known accuracy, drawn from a Beta distribution; wrong answers repeat, a few are unread."""
    answers = [final_answer(rf"\boxed{{{n}}}") for n in range(12)]
    for number in range(500 * draws):
        chance = random.Random(f"simulated {number}")
        accuracy = chance.betavariate(2 * mean / (1 - mean), 2)
        liked = chance.randrange(1, 12)
        yield (
            [
                answers[its] if (its := one(chance, accuracy, liked)) is not None else None
                for _ in range(SAMPLES)
            ],
            lambda answer: answer == answers[0],
        )


def one(chance: random.Random, accuracy: float, liked: int) -> int | None:
    """Return which answer is given: 0 is right, None is none."""
    if chance.random() < accuracy:
        return 0
    if chance.random() < UNREAD:
        return None
    return liked if chance.random() < LIKED else chance.randrange(1, 12)


def compare(questions: Iterator[tuple[Sequence[Answer | None], Callable[[Answer], bool]]]) -> None:
    """Print a table of both ways."""
    fixed, early = Tally(), defaultdict(Tally)
    for votes, is_right in questions:
        if len(votes) < SAMPLES:
            continue
        decide(fixed, votes[:SAMPLES], is_right)
        for confidences in CONFIDENCES:
            rule = EarlyStopping(LEAST, SAMPLES, MIN_SHARE, *confidences)
            decide(early[confidences], votes[: sampled(votes[:SAMPLES], rule)], is_right)
    head = ("sampling", "samples a question", "fewer", "samples a kept question", "kept", "labels right")
    table(
        head,
        [
            (f"fixed {SAMPLES}", *fixed.row(fixed)),
            *((f"confidence {keep}, {drop} to drop", *its.row(fixed)) for (keep, drop), its in early.items()),
        ],
    )


def main(data: Path, draws: int) -> None:
    """Print all tables."""
    for name in LEAST_ACCURACY:
        compare(real(data, name, draws))
    for mean in (0.9, 0.6):
        print(f"simulated, mean accuracy {mean:.0%}")
        compare(simulated(draws, mean))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--draws", type=int, default=20)
    given = parser.parse_args()
    sys.exit(main(given.data, given.draws))
