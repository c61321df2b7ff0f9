"""Two or three solvers against one with as many samples in all: families of models stand for solvers, their models for samples."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from answers_data import table
from calibration_data import Output, Problem, errors_left

from kpmath_builder.answers import Consensus, vote
from kpmath_builder.calibration import SolverScore, solver_weights

__all__ = ["compare_solvers"]

FAMILIES = {"GPT": "gpt-", "Llama": "llama-3", "Qwen": "qwen2"}
"""What stands in the names of their models, in small letters."""
TEAMS: tuple[dict[str, int], ...] = (
    {"GPT": 4},
    {"GPT": 2, "Llama": 2},
    {"GPT": 2, "Qwen": 2},
    {"GPT": 2, "Llama": 1, "Qwen": 1},
)
"""How many samples each solver gives; the first team is what the others are compared with."""
CONTROLS = 0.1

Answered = list[tuple[str, Output]]


def compare_solvers(read: Sequence[Problem], name: str, splits: int) -> None:
    """Print how many labels are right at the yield of one solver, with equal weights and with those of the controls."""
    right: dict[tuple[str, str], list[float]] = {}
    for number in range(splits):
        chance = random.Random(f"{name} {number}")
        order = sorted(range(len(read)), key=lambda _: chance.random())
        cut = round(CONTROLS * len(read))
        controls, rest = [read[i] for i in order[:cut]], [read[i] for i in order[cut:]]
        weights = solver_weights(family_scores(controls))
        count = 0
        for team in TEAMS:
            asked = [(its, *ballot(sampled(its, team, chance))) for its in rest]
            for kind, weigh in (("equal", dict.fromkeys(weights, 1.0)), ("of controls", weights)):
                shares, truth = zip(*(decided(*its, weigh) for its in asked), strict=True)
                count = count or sum(share > 0.5 for share in shares)
                wrong = errors_left(np.array(shares), np.array(truth), count)
                key = " + ".join(f"{size} {solver}" for solver, size in team.items()), kind
                right.setdefault(key, []).append(1 - wrong / count)
    table(
        ("samples", "weights", "labels right at the yield of one solver", "wrong, of those of one solver"),
        [
            (
                *key,
                f"{np.mean(its):.2%}",
                f"{(1 - np.mean(its)) / (1 - np.mean(next(iter(right.values())))):.2f}",
            )
            for key, its in right.items()
            if len(key[0].split("+")) > 1 or key[1] == "equal"
        ],
    )


def family_of(output: Output) -> str:
    """Return the family of a model; empty if it is of none."""
    model = output.model.rpartition("/")[2].lower()
    return next((name for name, part in FAMILIES.items() if part in model), "")


def family_scores(controls: Sequence[Problem]) -> dict[str, SolverScore]:
    """Return how often the models of each family were right on the controls."""
    counts: Counter[tuple[str, bool | None]] = Counter()
    for its in controls:
        for output in its.outputs:
            counts[family_of(output), None if output.answer is None else its.is_right(output.answer)] += 1
    return {f: SolverScore(counts[f, True], counts[f, False], counts[f, None]) for f in FAMILIES}


def sampled(its: Problem, team: Mapping[str, int], chance: random.Random) -> Answered:
    """Return as many outputs of each solver, drawn at random."""
    found: Answered = []
    for solver, size in team.items():
        own = [output for output in its.outputs if family_of(output) == solver]
        found += [(solver, output) for output in chance.sample(own, min(size, len(own)))]
    return found


def ballot(outputs: Answered) -> tuple[list[str], Consensus]:
    """Return whose the answers are, and which of them are equal."""
    answers = [None if o.wrong_arithmetic else o.answer for _, o in outputs]
    return [solver for solver, _ in outputs], vote(answers, abstentions="against")


def decided(
    its: Problem, solvers: Sequence[str], tally: Consensus, weights: Mapping[str, float]
) -> tuple[float, bool]:
    """Return the weighted share of the leading class, and whether it is right; of equal ones that which comes first in the alphabet."""
    total = sum(weights[solver] for solver in solvers)
    ranked = sorted(
        (
            (-sum(weights[solvers[m]] for m in c.members) / total, c.answer.text, c.answer)
            for c in tally.classes
        ),
        key=lambda entry: entry[:2],
    )
    return (-ranked[0][0], its.is_right(ranked[0][2])) if ranked else (0.0, False)
