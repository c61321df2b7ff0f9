"""Files and folders that are either the old whole one or the new whole one, whatever happens in between.

Everything is written beside its target, forced to the disk, and renamed over it; then the folder that holds the name
is forced to the disk too, because a rename is an entry of that folder.
"""

import ctypes
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

__all__ = ["replace_folder", "staged_file", "staged_folder", "sync", "write_atomically"]

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def sync(path: Path) -> None:
    """Force a file's bytes, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def staged_file(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; the file becomes `path` when the block ends well, else it is removed.

    What a killed writer left beside `path` is removed first: a file has one writer at a time.
    """
    for leftover in _leftovers(path):
        leftover.unlink(missing_ok=True)
    staged = _beside(path)
    try:
        yield staged
        sync(staged)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
    sync(path.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Make `data` the content of `path`; its folder must exist."""
    with staged_file(path) as staged:
        staged.write_bytes(data)


@contextmanager
def staged_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; it becomes `target` when the block ends well, else it is removed.

    What a killed writer left beside `target` is removed first: a target has one writer at a time.
    """
    for leftover in _leftovers(target):
        shutil.rmtree(leftover)
    staged = _beside(target)
    staged.mkdir(parents=True)
    try:
        yield staged
        replace_folder(staged, target)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def replace_folder(new: Path, target: Path) -> None:
    """Make the folder `new` the folder `target` and remove what `target` was; both lie in one parent.

    The two change names in one step where the file system can do that (ext4, xfs, btrfs, tmpfs). Where it cannot (NFS),
    two renames follow each other: a crash between them leaves `target` absent, never half.
    """
    _sync_tree(new)
    if not target.exists():
        new.rename(target)
    elif _exchange(new, target):
        shutil.rmtree(new)
    else:
        old = _beside(target)
        target.rename(old)
        new.rename(target)
        shutil.rmtree(old)
    sync(target.parent)


def _leftovers(path: Path) -> Iterator[Path]:
    return path.parent.glob(f".{escape(path.name)}.{'[0-9a-f]' * 8}")


def _beside(path: Path) -> Path:
    """Name a hidden neighbour that no other writer uses."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _sync_tree(root: Path) -> None:
    for folder, _, files in os.walk(root):
        for name in files:
            sync(Path(folder, name))
        sync(Path(folder))


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change names in one step; False where system or file system cannot."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)  # Linux only, and not in Python's `os`
    if renameat2 is None:
        return False
    status: int = renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return status == 0
