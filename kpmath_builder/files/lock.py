"""One owner at a time, across processes and nodes; the lock of a killed owner is free at once.

A lock is `flock` on a small file that names its owner. The kernel drops it when the owner dies; on NFS the server keeps it
(since Linux 2.6.12) and drops it when a lost node's lease runs out. The file itself is never removed: that would let two
owners lock two files of one name.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from kpmath_builder.errors import InputError

__all__ = ["HeldError", "Lock", "LockOwner", "owner_of"]

SECONDS_BETWEEN_LOOKS = 1.0
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


class HeldError(InputError):
    """Another process has it; `who` tells who, and what it does."""

    def __init__(self, who: str) -> None:
        super().__init__(f"{who}: wait for it, or stop it, then run the same command again.")
        self.who = who


class LockOwner(NamedTuple):
    """Who holds a lock."""

    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"Process {self.pid} on {self.host} (since {self.since})"


class Lock:
    """A lock file; `with Lock(path, "is writing to …"): …`.

    Parameters
    ----------
    path
        The lock's file; its folder must exist.
    doing
        What its owner does, as the end of a sentence that begins with the owner.
    """

    def __init__(self, path: Path, doing: str) -> None:
        self._path = path
        self._doing = doing
        self._file: int | None = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def take(self) -> None:
        """Become the owner.

        Raises
        ------
        HeldError
            When somebody else is, in this process or another.
        InputError
            When the file system has no locks, or the lock's file cannot be written.
        """
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise InputError(
                f"{self._path} cannot be opened ({error.strerror}): make its folder writable."
            ) from None
        try:
            self._flock(file)
        except BaseException:
            os.close(file)
            raise
        self._file = file
        with contextlib.suppress(OSError):  # on a full disk the lock holds, without a name
            self._sign(
                json.dumps([socket.gethostname(), os.getpid(), datetime.now(UTC).isoformat("T", "seconds")])
            )

    def attempts(self, notify: Callable[[str], None]) -> Iterator[float]:
        """Try until taken, yielding the seconds to wait before each next try; `notify` receives a sentence about whoever holds it."""
        holder = ""
        while True:
            try:
                return self.take()
            except HeldError as held:
                if holder != (holder := held.who):
                    notify(f"Waiting: {holder}.")
                yield SECONDS_BETWEEN_LOOKS

    @contextmanager
    def awaited(self, notify: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock from the moment it is free to the end of the block."""
        for seconds in self.attempts(notify):
            time.sleep(seconds)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Let go; does nothing where it is not held."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._sign("")
            os.close(self._file)
            self._file = None

    def _flock(self, file: int) -> None:
        for _ in range(5):  # whoever looks at the owner has the lock for an instant
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                raise InputError(
                    f"The file system of {self._path.parent} has no file locks ({error.strerror}): mount it with flock, "
                    "or choose another folder with --set build.folder=…"
                ) from None
        raise HeldError(f"{owner_of(self._path) or 'Another process'} {self._doing}")

    def _sign(self, text: str) -> None:
        assert self._file is not None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)


def owner_of(path: Path) -> LockOwner | None:
    """Return who holds the lock of a file, or None where nobody does."""
    try:
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _signed(file.read())
    except OSError:
        return None
    return None


def _signed(text: bytes) -> LockOwner:
    try:
        return LockOwner(*json.loads(text))
    except (ValueError, TypeError):
        return LockOwner("an unknown host", 0, "a moment ago")
