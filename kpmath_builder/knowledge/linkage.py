"""Average-linkage clustering on cosine similarity that never holds all pairs at once.

A merge at average similarity >= t needs at least one pair >= t, so every cluster lies inside one connected component of the
graph of such pairs: linking each component by itself gives exactly the clusters of the whole, for any number of rows.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from kpmath_builder.errors import InputError
from kpmath_builder.knowledge.embeddings import FloatMatrix

__all__ = [
    "Pair",
    "average_linkage",
    "centres",
    "kept_apart",
    "merge_agreed",
    "nearest_pairs",
    "similar_pairs",
]

Pair = tuple[int, int, float]
"""Two row numbers, the smaller first, and their similarity."""

_ROUNDING = 1e-6  # two equal unit rows of float32 can have a product just below 1
_BLOCK = 1024
_LARGEST_COMPONENT = 20_000  # its distances take 3.2 GB


def similar_pairs(rows: FloatMatrix, at_least: float) -> Iterator[Pair]:
    """Yield every pair of rows, shape (n, d), with a dot product of `at_least` or more, in order of row numbers."""
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK] @ rows[start:].T
        first, second = np.nonzero(np.triu(block >= at_least - _ROUNDING, k=1))
        yield from zip(
            (first + start).tolist(), (second + start).tolist(), block[first, second].tolist(), strict=True
        )


def average_linkage(rows: FloatMatrix, same: float) -> list[list[int]]:
    """Group unit rows, shape (n, d), as long as the average similarity of two groups is `same` or more.

    Returns
    -------
    list of list of int
        Row numbers, ascending in each group, the groups in order of their first row.

    Raises
    ------
    InputError
        Where more than 20,000 rows hang together at this threshold.
    """
    groups = [group for part in _components(rows, same) for group in _link(part, rows, same)]
    return sorted(groups)


def centres(rows: FloatMatrix, groups: Sequence[Sequence[int]]) -> FloatMatrix:
    """Return each group's mean row; the dot product of two means is the groups' average-linkage similarity."""
    return np.stack([rows[list(group)].mean(axis=0) for group in groups])


def nearest_pairs(rows: FloatMatrix, at_least: float, neighbours: int) -> list[Pair]:
    """Return the pairs of `at_least` or more where one is among the other's nearest `neighbours`; ties by row number."""
    near: list[list[tuple[float, Pair]]] = [[] for _ in rows]
    for pair in similar_pairs(rows, at_least):
        for row in pair[:2]:
            near[row].append((-pair[2], pair))
    return sorted({pair for candidates in near for _, pair in sorted(candidates)[:neighbours]})


def merge_agreed(
    rows: FloatMatrix,
    groups: Sequence[Sequence[int]],
    agreed: Iterable[Pair],
    apart: set[tuple[int, int]],
    at_least: float,
) -> list[list[int]]:
    """Merge groups of rows along agreed pairs of group numbers, the most similar pair first.

    A merge that would join a pair of `apart` is left out, and so is one that brings the average similarity of the two
    sides under `at_least` (a chain of agreements that has drifted away).

    Returns
    -------
    list of list of int
        Group numbers that belong together, ascending, in order of their first.
    """
    whole = [[i] for i in range(len(groups))]
    for i, j, _ in sorted(agreed, key=lambda pair: (-pair[2], pair)):
        one, other = whole[i], whole[j]
        if one is other or kept_apart(one, other, apart):
            continue
        sides = centres(rows, [[row for i in side for row in groups[i]] for side in (one, other)])
        if sides[0] @ sides[1] >= at_least - _ROUNDING:
            both = sorted(one + other)
            for k in both:
                whole[k] = both
    return [members for i, members in enumerate(whole) if members[0] == i]


def kept_apart(one: Iterable[int], other: Sequence[int], apart: set[tuple[int, int]]) -> bool:
    """Return whether any pair across the two sides is in `apart` (the smaller number first)."""
    return any((min(i, j), max(i, j)) in apart for i in one for j in other)


def _components(rows: FloatMatrix, same: float) -> list[npt.NDArray[np.intp]]:
    pairs = [pair[:2] for pair in similar_pairs(rows, same)]
    ends = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs), bool), (ends[0], ends[1])), shape=(len(rows), len(rows)))
    count, label = connected_components(graph, directed=False)
    by_label = np.argsort(label, kind="stable")
    return np.split(by_label, np.cumsum(np.bincount(label, minlength=count))[:-1])


def _link(component: npt.NDArray[np.intp], rows: FloatMatrix, same: float) -> list[list[int]]:
    if len(component) == 1:
        return [component.tolist()]
    if len(component) > _LARGEST_COMPONENT:
        raise InputError(
            f"The embeddings hold {len(component):,} topics to be the same: raise topics.same or use another embedding."
        )
    members = rows[component]
    distance = np.clip(1 - (members @ members.T).astype(np.float64), 0, None)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="average")
    label = fcluster(tree, t=1 - same + _ROUNDING, criterion="distance")
    return [component[label == each].tolist() for each in np.unique(label)]
