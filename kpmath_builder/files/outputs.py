"""Whether a place that a user names can be written to: found out before hours of work, and without leaving anything there."""

from pathlib import Path
from tempfile import TemporaryFile

from kpmath_builder.errors import InputError

__all__ = ["check_output_file", "check_output_folder"]


def check_output_file(path: Path, option: str) -> None:
    """Raise `InputError` if no file can be written to `path`, the value of an option such as "--output"."""
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: give a file with {option}.")
        _try(path.absolute().parent)
        _ = path.exists()  # a name can be too long
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be written ({why}): give another file with {option}.") from None


def check_output_folder(path: Path, option: str) -> None:
    """Raise `InputError` if `path` is no folder that can be written to, and none can be made there."""
    try:
        place = path.absolute()
        while not place.exists():
            place = place.parent
        _try(place)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"The folder {path} cannot be written ({why}): choose another with {option}."
        ) from None


def _try(folder: Path) -> None:
    with TemporaryFile(dir=folder):
        pass
