"""Vectors of texts by a static embedding model (model2vec), for finding the same problem in other words.

A vector depends on its text and the model alone: each text is read by itself, and its vector is rounded to whole numbers, so that all
that is computed of two vectors is exact. Batches, shards and processes have no say in it.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kpmath_builder.errors import InputError

__all__ = ["MODEL_KEY", "ParaphraseModel", "find_model", "model_facts"]

_FILES = ("config.json", "model.safetensors", "tokenizer.json")
MODEL_KEY = "paraphrases.model"
_HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*(@[\w./-]+)?")
_MOST = 127
"""Largest number of a vector. Rounding moves a cosine by less than 0.002."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class ParaphraseModel:
    """A model by its name and its digest; each process loads it once, when it needs the first vector."""

    name: str
    """A folder, or an id on the Hub with or without `@revision`."""
    digest: str
    """Tagged hash over the files of the model."""

    @classmethod
    def find(cls, name: str) -> Self:
        """Look for a model and load it.

        Raises
        ------
        InputError
            When the package or the model is missing, or the model cannot be read.
        """
        _package()
        found = cls(name, _digest(_files(name)))
        _loaded(found.name, found.digest)
        return found

    def vector(self, text: str) -> NDArray[np.int8]:
        """Return the vector of a text, shape (dimensions,): its longest component is 127; zeros for a text without known tokens.

        Raises
        ------
        InputError
            When the model is no longer the one of the digest.
        """
        whole = text.encode(errors="replace").decode()  # a lone surrogate is no text for a tokenizer
        model = _loaded(self.name, self.digest)
        made = model.encode([whole], max_length=None, normalize=False, use_multiprocessing=False)
        vector = np.asarray(made[0], np.float64)
        longest = np.abs(vector).max(initial=0.0)
        return np.rint(vector * (_MOST / longest if longest else 0.0)).astype(np.int8)


def find_model(name: str) -> ParaphraseModel | None:
    """Return the model that a recipe names; None for "", which names none. Raises as `ParaphraseModel.find` does."""
    return ParaphraseModel.find(name) if name else None


def model_facts(digest: str | None) -> dict[str, str]:
    """Return what the manifest of a build or a mix says of the model that paraphrases were found by; nothing without one."""
    return {} if digest is None else {"paraphrase_model": digest}


@lru_cache(maxsize=2)
def _loaded(name: str, digest: str) -> Any:  # noqa: ANN401 - a class of the package, which is not always there
    package, files = _package(), _files(name)
    if _digest(files) != digest:
        raise InputError(
            f"The model {name} ({MODEL_KEY}) is no longer the one that this began with: run the same command again."
        )
    try:
        model = package.StaticModel.from_pretrained(files[0].parent, force_download=False)
        is_sound = bool(np.isfinite(model.embedding).all())
    except Exception as error:  # noqa: BLE001 - of whatever kind the readers of weights and tokenizers raise
        raise InputError(
            f"The model {name} cannot be loaded ({error}): name another static embedding model in {MODEL_KEY}."
        ) from None
    if not is_sound:
        raise InputError(
            f"The model {name} has vectors that are not finite: name another static embedding model in {MODEL_KEY}."
        )
    return model


def _package() -> Any:  # noqa: ANN401 - a module that is not always there
    try:
        import model2vec  # an extra
    except ImportError:
        raise InputError(
            f"{MODEL_KEY} needs the package model2vec: install it with `pip install 'kpmath-builder[paraphrases]'`, or leave the key out."
        ) from None
    return model2vec


def _files(name: str) -> list[Path]:
    """Return the paths of the model's files, all in one folder."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if lacking := [file for file in _FILES if not (folder / file).is_file()]:
            raise InputError(
                f"{name} is not the folder of a static embedding model (it has no {lacking[0]}): correct {MODEL_KEY}."
            )
        return [folder / file for file in _FILES]
    if not _HUB_ID.fullmatch(name):
        raise InputError(
            f"There is no folder {name}: correct {MODEL_KEY}, a folder or an id on the Hub such as minishlab/potion-base-8M."
        )
    if "@" not in name and folder.parent.is_dir():
        raise InputError(
            f"The folder {folder.parent} has no {folder.name}: correct {MODEL_KEY}, or write {name}@main for the model of that name on the Hub."
        )
    return _of_hub(name)


def _of_hub(name: str) -> list[Path]:
    """Return the files of a model on the Hub: what is in the cache is used and not looked for anew."""
    from huggingface_hub import hf_hub_download

    repo, _, revision = name.partition("@")
    for is_cached in (True, False):
        try:
            return [
                Path(hf_hub_download(repo, file, revision=revision or None, local_files_only=is_cached))
                for file in _FILES
            ]
        except Exception as error:  # noqa: BLE001 - whatever the client of the Hub is made of
            fault = f"{error}".strip().partition("\n")[0]
    raise InputError(
        f"The model {name} is not a folder here, and the Hub does not give it ({fault}): correct {MODEL_KEY}, or download the model and name "
        "its folder."
    )


def _digest(files: list[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        one = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    one.update(block)
        except OSError as error:
            raise InputError(
                f"{path} cannot be read ({error.strerror}): correct that, or name another model in {MODEL_KEY}."
            ) from None
        total.update(one.digest())
    return f"sha256:{total.hexdigest()}"
