"""Static embedding models of a few words, made by the tests that need them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

__all__ = ["of_synonyms", "of_words", "save_model"]


def save_model(folder: Path, vectors: Mapping[str, Sequence[float]]) -> str:
    """Write a model that knows some words, and return its folder as a recipe names it; skips the test without the package."""
    model2vec = pytest.importorskip(
        "model2vec", reason="the extra kpmath-builder[paraphrases] is not installed"
    )
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {word: place for place, word in enumerate(["[UNK]", *vectors])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    dimensions = len(next(iter(vectors.values())))
    table = np.array([[0.0] * dimensions, *vectors.values()], np.float32)
    model2vec.StaticModel(table, tokenizer).save_pretrained(folder)
    return str(folder)


def of_synonyms(folder: Path, *groups: str) -> str:
    """Write a model in which the words of one group mean the same and those of two groups nothing alike."""
    directions = np.eye(len(groups) + 1)  # a length that is no multiple of four
    return save_model(
        folder, {word: directions[at].tolist() for at, group in enumerate(groups) for word in group.split()}
    )


def of_words(folder: Path, texts: Sequence[str], seed: int = 0) -> str:
    """Write a model in which each word of some texts has a vector of its own."""
    words = sorted({word.strip(".,?!:;()") for text in texts for word in text.lower().split()} - {""})
    drawn = np.random.default_rng(seed).normal(size=(len(words), 30))
    return save_model(folder, dict(zip(words, drawn.tolist(), strict=True)))
