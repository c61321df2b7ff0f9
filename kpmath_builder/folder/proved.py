"""Which files of a folder are those that were written: each is read and compared once, and again when it changes."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kpmath_builder.files.sealed import DamagedError, FileRecord, check_lines, read_header

__all__ = ["Proved", "foreign_files", "plain_files"]

_Signature = tuple[int, int, int, int]


class Proved:
    """Remembers what was read of a file as long as inode, length and time of its last change stay the same."""

    def __init__(self) -> None:
        self._records: dict[Path, tuple[_Signature, FileRecord]] = {}
        self._headers: dict[Path, tuple[_Signature, Mapping[str, Any]]] = {}

    def header(self, path: Path) -> Mapping[str, Any] | None:
        """Return the header of a file of lines that was read to its end; None without it, or if it is damaged."""
        signature = _signature(path)
        known = self._headers.get(path)
        if signature is None or known is None or known[0] != signature:
            try:
                header = check_lines(path)
            except DamagedError:
                return None
            if header is None or signature is None:
                return None
            known = self._headers[path] = (signature, header)
        return known[1]

    def written(self, path: Path) -> None:
        """Note that this process wrote a file of lines a moment ago: what it wrote is not read again to be compared."""
        signature, header = _signature(path), read_header(path)
        if signature is not None and header is not None:
            self._headers[path] = (signature, header)

    def record(self, path: Path) -> FileRecord:
        """Return length and digest of a file; raises as `FileRecord.of` does."""
        signature = _signature(path)
        known = self._records.get(path)
        if signature is None or known is None or known[0] != signature:
            record = FileRecord.of(path)
            if signature is None:
                return record
            known = self._records[path] = (signature, record)
        return known[1]

    def damaged(
        self, folder: Path, told: Mapping[str, Sequence[Any]], *, quick: bool = False
    ) -> Iterator[DamagedError]:
        """Yield each of the files that is not as it was written; `told` maps paths below the folder to their records.

        `quick` compares lengths alone.
        """
        folders = {part for name in told for part in Path(name).parents} - {Path()}
        links = {part for part in folders if (folder / part).is_symlink()}
        for part in sorted(links):
            yield DamagedError(folder / part, "it is a link, not a folder")
        for name, record in told.items():
            if links.isdisjoint(Path(name).parents):
                yield from self._compared(folder / name, FileRecord(*record), quick=quick)

    def _compared(self, path: Path, told: FileRecord, *, quick: bool) -> Iterator[DamagedError]:
        try:
            size = path.lstat().st_size
            if path.is_symlink():
                yield DamagedError(path, "it is a link, not a file")
            elif size != told.bytes:
                yield DamagedError(path, f"it has {size:,} bytes, {told.bytes:,} were written")
            elif not quick and self.record(path) != told:
                yield DamagedError(path, "it is not what was written")
        except (FileNotFoundError, NotADirectoryError):
            yield DamagedError(path, "it is missing")
        except DamagedError as damaged:
            yield damaged


def plain_files(folder: Path) -> list[Path]:
    """Return all files below a folder, sorted; links are not followed."""
    return sorted(Path(root, name) for root, _, names in os.walk(folder) for name in names)


def foreign_files(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield what lies below a folder and is not among the names (paths below it): links, and files that others put there."""
    known = {folder / name for name in names}
    for root, folders, files in os.walk(folder):
        for path in sorted(Path(root, name) for name in (*files, *folders)):
            is_folder = path.is_dir() and not path.is_symlink()
            if not is_folder and (path.is_symlink() or path not in known):
                yield path


def _signature(path: Path) -> _Signature | None:
    try:
        there = path.lstat()
    except OSError:
        return None
    return there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns
