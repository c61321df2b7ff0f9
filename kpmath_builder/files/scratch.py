"""A folder for what is needed for a while, that no killed process leaves behind for long: the next one removes what it finds."""

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from kpmath_builder.errors import InputError
from kpmath_builder.files.lock import Lock

__all__ = ["scratch"]

_PREFIX = ".kpmath-scratch-"


@contextmanager
def scratch(*places: Path) -> Iterator[Path]:
    """Make a folder in the first place that can be written, last the temporary directory, and remove it at the end.

    Its owner holds a lock in it, which a kill opens: folders of that name whose lock is free are removed first.
    """
    with ExitStack() as stack:
        folder = _made([*places, Path(gettempdir())], stack)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _made(places: list[Path], stack: ExitStack) -> Path:
    for place in places[:-1]:
        with contextlib.suppress(OSError, InputError):
            return _locked(place, stack)
    return _locked(places[-1], stack)


def _locked(place: Path, stack: ExitStack) -> Path:
    _sweep(place)
    made = Path(mkdtemp(prefix=".kpmath-new-", dir=place))
    try:
        stack.enter_context(Lock(made / "lock", "is using it"))
    except InputError:
        shutil.rmtree(made)
        raise
    # Others see it only now that it is locked.
    return made.rename(place / made.name.replace(".kpmath-new-", _PREFIX))


def _sweep(place: Path) -> None:
    for left in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(InputError):
            if not left.is_symlink():
                with Lock(left / "lock", "is using it"):
                    shutil.rmtree(left, ignore_errors=True)
