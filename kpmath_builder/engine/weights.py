"""Which weights a folder's answers are of: models in folders are asked by the last part of their path, and many end in `final`."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from kpmath_builder.errors import InputError
from kpmath_builder.files.sealed import DamagedError, read_object, write_object
from kpmath_builder.recipe import VllmSettings

__all__ = ["check_weights", "weights_digest"]

NOTED = "weights.json"
_WEIGHTS = "weights"
_ENDINGS = frozenset({".safetensors", ".bin", ".gguf", ".pt", ".pth"})
_CONFIGS = frozenset({"config.json", "adapter_config.json"})
_PIECES = 16
_PIECE = 1 << 16
"""Bytes; training changes all of them, so a few pieces of a file tell it from another."""


def check_weights(folder: Path, models: Iterable[VllmSettings]) -> None:
    """Note the weights of the models that lie in folders here, or hold them against what is noted.

    Parameters
    ----------
    folder
        Where the engine's records of a build or an evaluation are.

    Raises
    ------
    InputError
        If answers of other weights under the same name may be in the log: they would be taken for this model's.
    """
    noted = _read(folder / NOTED)
    now = dict(noted)
    for model in models:
        place = Path(model.model).expanduser()
        if not os.path.exists(place):  # noqa: PTH110 - any text may stand here; Path.exists raises for some
            continue  # on the Hub; or elsewhere, and then nothing new can be asked
        try:
            digest = weights_digest(place)
        except OSError as error:
            raise InputError(
                f"The weights {place} cannot be read ({error.strerror}): correct the model's path."
            ) from None
        if noted.get(model.model_name, digest) != digest:
            raise InputError(
                f"The answers in {folder.parent} are of other weights named {model.model_name!r} than those in {place}: choose another "
                "folder, or give the weights a folder with another name."
            )
        now[model.model_name] = digest
    if now == noted:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_object(folder / NOTED, {_WEIGHTS: now})
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be written ({error.strerror}): choose another."
        ) from None


def weights_digest(place: Path) -> str:
    """Return a hash over names, sizes and evenly spread pieces of the weights in a folder, or of one file; time and place are no part of it."""
    total = hashlib.sha256()
    for path in [place] if place.is_file() else sorted(place.iterdir()):
        if path.is_file() and (place.is_file() or path.suffix in _ENDINGS or path.name in _CONFIGS):
            size = path.stat().st_size
            total.update(f"{path.name}\0{size}\0".encode())
            for piece in _pieces(path, size):
                total.update(piece)
    return f"sha256:{total.hexdigest()}"


def _pieces(path: Path, size: int) -> Iterator[bytes]:
    starts = {max(0, size - _PIECE) * number // (_PIECES - 1) for number in range(_PIECES)}
    with path.open("rb") as file:
        for start in sorted(starts):
            file.seek(start)
            yield file.read(_PIECE)


def _read(path: Path) -> dict[str, str]:
    try:
        return dict((read_object(path) or {_WEIGHTS: {}})[_WEIGHTS])
    except DamagedError as error:
        raise InputError(
            f"{path} is damaged ({error.why}): it says which weights the answers are of; bring it back from a copy, or delete it if they "
            "are of the same."
        ) from None
