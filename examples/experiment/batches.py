"""What the optimiser sees when: batches of rows of one length, steps of a few such batches, and the learning rate."""

import math
import random
from collections.abc import Iterator, Sequence

__all__ = ["batches", "points", "rate", "steps"]

_WARM_UP = 0.05
_LEAST_RATE = 0.1


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Yield places of rows, in the order of their lengths, so that no batch has more than `most` tokens with its padding.

    A row that is longer stands alone.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[place] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def steps(lengths: Sequence[int], batch: int, step: int, seed: int) -> list[list[list[int]]]:
    """Return the steps of one epoch, each a list of batches with `step` tokens together, or a little more.

    The rows of a batch have one length, and the batches of a step are of all lengths. Equal seeds give equal steps, so that a killed
    run goes on with the batch that it would have come to.
    """
    draw = random.Random(seed)
    order = draw.sample(range(len(lengths)), len(lengths))
    made = [[order[place] for place in each] for each in batches([lengths[place] for place in order], batch)]
    draw.shuffle(made)
    found: list[list[list[int]]] = [[]]
    tokens = 0
    for each in made:
        if tokens >= step:
            found.append([])
            tokens = 0
        found[-1].append(each)
        tokens += sum(lengths[place] for place in each)
    return found


def rate(step: int, count: int, peak: float) -> float:
    """Return the learning rate of a step, counted from 0: a linear rise, then a cosine down to a tenth of the peak."""
    rise = max(1, round(_WARM_UP * count))
    if step < rise:
        return peak * (step + 1) / rise
    done = (step - rise) / max(1, count - rise)
    return peak * (_LEAST_RATE + (1 - _LEAST_RATE) * (1 + math.cos(math.pi * done)) / 2)


def points(count: int, wanted: int) -> set[int]:
    """Return after how many steps of `count` the loss is measured: evenly, and at the end."""
    return {max(1, round(count * number / wanted)) for number in range(1, wanted + 1)}
