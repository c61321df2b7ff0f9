"""Whether the published interval for the share of true labels holds the truth, over many builds of a solver whose accuracy is set per question.

    python benchmarks/label_estimate.py [--builds 100] [--questions 400] [--controls 120] [--samples 8] [--least 93]

The records, the vote, the grading, the fit and the sum are the package's own; only the requests are left out. Each question has an accuracy
of its own and a wrong answer that it invites, so that some votes are unanimous and wrong. `like` draws controls as it draws questions;
`easier` and `harder` draw controls from another distribution, to show how far following each row's own vote goes. With `--least`, exits
with 1 if fewer builds of `like` hold the truth.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from kpmath_builder.controls.grading import is_right, leading_answer
from kpmath_builder.dataset.labels import KnownLabels
from kpmath_builder.protocol import Response
from kpmath_builder.recipe import ConsensusSettings, Recipe
from kpmath_builder.records import Blueprint, Candidate, ControlQuestion, Solution, Stage, Vote
from kpmath_builder.synthesis.solutions import Agreement

ACCURACIES = {"like": (2.0, 0.7), "easier": (4.0, 0.7), "harder": (1.0, 0.7)}
"""Of controls: parameters of the Beta distribution from which a question's accuracy is drawn; questions are as in `like`."""
INVITED, UNREAD = 0.6, 0.05
"""Shares of the wrong solutions with the answer that the question invites, and of all without an answer."""


@dataclass(frozen=True)
class Outcome:
    """What one build published, and what is true."""

    share: float
    low: float
    high: float
    truth: float

    @property
    def holds(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high


def voted(chance: random.Random, samples: int, accuracies: tuple[float, float]) -> tuple[Agreement, str]:
    """Return the vote on one question, and its right answer."""
    accuracy, truth = chance.betavariate(*accuracies), chance.randint(100, 999)
    responses = []
    for _ in range(samples):
        given = truth
        if chance.random() >= accuracy:
            given += 1 if chance.random() < INVITED else chance.randint(2, 9)
        text = "I do not know." if chance.random() < UNREAD else f"The answer is \\boxed{{{given}}}."
        responses.append(Response(text=text + " " * chance.randint(0, 20), finish_reason="stop"))
    return Agreement(responses, ConsensusSettings()), str(truth)


def control(
    chance: random.Random, number: int, samples: int, accuracies: tuple[float, float]
) -> ControlQuestion:
    """Return a solved control."""
    agreement, gold = voted(chance, samples, accuracies)
    right = is_right(leading_answer(agreement.vote, agreement.solutions), gold)
    return ControlQuestion(
        source="file",
        id=str(number),
        question="",
        gold=gold,
        solutions=agreement.solutions,
        vote=agreement.vote,
        right=right,
    )


def candidates(
    chance: random.Random, count: int, samples: int
) -> Iterator[tuple[Candidate, Vote, tuple[Solution, ...], str]]:
    """Yield voted candidates, kept if the vote agreed, each with the right answer."""
    for index in range(count):
        agreement, truth = voted(chance, samples, ACCURACIES["like"])
        candidate = Candidate(
            blueprint=Blueprint(id=str(index), index=index, parts=()),
            models={},
            solutions=agreement.solutions,
            vote=agreement.vote,
            stage=Stage.SOLVED if agreement.reason else Stage.KEPT,
        )
        yield candidate, agreement.vote, agreement.solutions, truth


def build(seed: str, options: argparse.Namespace, kind: str) -> Outcome | None:
    """Return what one build publishes; None if it publishes no estimate."""
    chance = random.Random(seed)
    recipe = Recipe.of({"teacher": {"kind": "openai", "model": "simulated"}})
    asked = [control(chance, number, options.samples, ACCURACIES[kind]) for number in range(options.controls)]
    labels = KnownLabels(recipe, lambda: asked, lambda _: False)
    right = kept = 0
    for candidate, vote, solutions, truth in candidates(chance, options.questions, options.samples):
        labels.count(labels.apply(candidate))
        if candidate.stage is Stage.KEPT:
            kept += 1
            right += is_right(leading_answer(vote, solutions), truth) is True
    told = labels.report().labels
    return None if told is None else Outcome(told.share, told.low, told.high, right / kept)


def main() -> int:
    """Print a line for each kind of controls."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (
        ("builds", 100),
        ("questions", 400),
        ("controls", 120),
        ("samples", 8),
        ("least", 0),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--kinds", nargs="+", choices=ACCURACIES, default=list(ACCURACIES))
    options = parser.parse_args()
    print("controls  builds  hold the truth  mean truth  mean estimate  mean width")
    enough = True
    for kind in options.kinds:
        made = [build(f"{kind} {number}", options, kind) for number in range(options.builds)]
        found = [its for its in made if its is not None]
        held, count = sum(its.holds for its in found), max(len(found), 1)
        means = [
            sum(values) / count
            for values in zip(*((its.truth, its.share, its.high - its.low) for its in found), strict=True)
        ]
        print(f"{kind:<9} {len(found):>6}  {held:>14}" + "".join(f"  {mean:>12.4f}" for mean in means))
        if kind == "like":
            enough = held >= options.least and len(found) == options.builds
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
