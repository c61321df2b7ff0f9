"""What a text is about: its words without those that every text has, as a vector of ones, for finding the same problem in other words."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kpmath_builder.curation.token_kinds import Remembered, is_word

__all__ = ["content_words", "cosines"]

_BEGINNING = 5
"""Letters of a word that count: "baker", "bakers" and "bakery" are one."""
_COMMON = frozenset(
    """
    a all also an and any are as at be been by can could did do does each eight every first five for four from had half has have he her him
    his how i if in into is it its many more much my no not of on one only or our out per second seven she six so some ten than that the
    their them then there these they this those three to total twelve twenty twice two up us was we were what when which who will with would
    you your nine
    """.split()  # noqa: SIM905  # a list of words reads better so
)


def content_words(tokens: Sequence[str]) -> NDArray[np.uint32]:
    """Return the sorted hashes of the different content words of normalised tokens."""
    return np.array(sorted({hashed for token in tokens if (hashed := _HASHES[token])}), np.uint32)


def _hash(token: str) -> int:
    is_content = is_word(token) and token not in _COMMON
    return crc32(token[:_BEGINNING].encode(errors="surrogatepass")) if is_content else 0


_HASHES = Remembered(_hash)


def cosines(one: NDArray[np.uint32], others: Sequence[NDArray[np.uint32]]) -> NDArray[np.float64]:
    """Return the cosine of the word vector of a text with each of others; 0 for a text without words."""
    sizes = np.array([len(other) for other in others])
    together = np.concatenate([np.empty(0, np.uint32), *others])
    sums = np.concatenate(([0], np.cumsum(np.isin(together, one, assume_unique=False))))
    ends = np.cumsum(sizes)
    common = sums[ends] - sums[ends - sizes]
    likeness: NDArray[np.float64] = common / np.sqrt(np.maximum(1, sizes * len(one)))
    return likeness
