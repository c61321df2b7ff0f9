"""The response log: every answer that was ever paid for, by the key of its request, for ever.

Append-only JSON lines, each with a checksum over itself, so that a person can read the file and a machine can tell a
damaged line from a whole one. One process writes to a log at a time, held off by a lock that the kernel drops when its owner
dies. Nothing here needs more than append and read, so that the network file systems of GPU clusters are good enough.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.execution.index import OffsetIndex
from kpmath_builder.teachers.protocol import Response

__all__ = ["ResponseLog", "open_log"]

_SUM = b',"sum":"'
_TAIL = len(_SUM) + 16 + len(b'"}\n')
_FSYNC_SECONDS = 1.0


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=8).hexdigest().encode()


def _seal(entry: dict[str, object]) -> bytes:
    body = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()[:-1]
    return body + _SUM + _checksum(body) + b'"}\n'


def _is_whole(line: bytes) -> bool:
    body, tail = line[:-_TAIL], line[-_TAIL:]
    return tail.startswith(_SUM) and tail.endswith(b'"}\n') and tail[len(_SUM) : -3] == _checksum(body)


class ResponseLog:
    """Key to response on disk, in one file; `with ResponseLog(path) as log: …`.

    Parameters
    ----------
    path
        The file; made where it is missing, unless `writable` is false.
    writable
        Whether this process may append; then it holds the file's lock.

    Raises
    ------
    InputError
        When another process writes to the log, or the folder cannot be written.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        self.damaged: list[int] = []
        """Numbers (from 1) of whole lines whose checksum is wrong; their requests are asked again."""
        self.torn_bytes = 0
        """Length of the unfinished last line that was cut off on opening."""
        self._writable = writable
        self._index = OffsetIndex()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if writable else os.O_RDONLY
        try:
            self._file = os.open(path, flags, 0o644)
        except OSError as error:
            raise InputError(
                f"The response log {path} cannot be opened ({error.strerror}): make its folder writable."
            ) from None
        try:
            if writable:
                self._lock()
            self._end = self._scan()
        except BaseException:
            os.close(self._file)
            raise
        self._synced = time.monotonic()
        self._dirty = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        """Return the number of readable entries."""
        return len(self._index)

    def get(self, key: str) -> Response | None:
        """Return the stored response, or None where the request was never answered."""
        place = self._index.find(key)
        if place is None:
            return None
        offset, length = place
        entry = json.loads(os.pread(self._file, length, offset))
        return Response.model_validate(entry["response"]) if entry["key"] == key else None

    def put(self, key: str, task: str, address: str, response: Response) -> None:
        """Append one response; `address` says for whom it was asked (a blueprint's number, a seed's id).

        Raises
        ------
        BuildError
            When the disk is full or fails; the log stays whole.
        """
        line = _seal(
            {"key": key, "task": task, "for": address, "response": response.model_dump(exclude_defaults=True)}
        )
        try:
            self._append(line)
            if time.monotonic() - self._synced > _FSYNC_SECONDS:
                self.sync()
        except OSError as error:
            raise BuildError(
                f"The response log {self.path} cannot be written ({error.strerror}): make room, then run the same command again."
            ) from None
        self._index.add(key, self._end, len(line))
        self._end += len(line)

    def sync(self) -> None:
        """Put what was appended on the disk itself."""
        if self._dirty:
            os.fsync(self._file)
            self._dirty = False
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and release the lock."""
        try:
            if self._writable:
                self.sync()
        finally:
            os.close(self._file)

    def _append(self, line: bytes) -> None:
        written = 0
        try:
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError:
            # Half a line must not stand in the way of the next one.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise
        self._dirty = True

    def _lock(self) -> None:
        owner = self.path.with_suffix(".owner")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = owner.read_text() if owner.exists() else "another process"
            raise InputError(
                f"{who} is writing to {self.path}: wait for it, or stop it, then run the same command again."
            ) from None
        owner.write_text(f"Process {os.getpid()} on {socket.gethostname()}")

    def _scan(self) -> int:
        """Index all whole lines; cut off a torn tail; return the end of the file."""
        offset = 0
        with os.fdopen(os.dup(self._file), "rb") as lines:
            lines.seek(0)
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    self.torn_bytes = len(line)
                    break
                if _is_whole(line):
                    self._index.add(_key(line), offset, len(line))
                else:
                    self.damaged.append(number)
                offset += len(line)
        if self.torn_bytes and self._writable:
            os.ftruncate(self._file, offset)
        return offset


def open_log(path: Path, tell: Callable[[str], None]) -> ResponseLog:
    """Open a log for writing and tell what had to be mended."""
    log = ResponseLog(path)
    if log.torn_bytes:
        tell(
            f"{path.name}: an unfinished last line of {log.torn_bytes} bytes was cut off; its request is asked again."
        )
    if log.damaged:
        lines = ", ".join(map(str, log.damaged[:10])) + (" …" if len(log.damaged) > 10 else "")
        tell(f"{path.name}: {len(log.damaged)} damaged lines ({lines}); their requests are asked again.")
    return log


def _key(line: bytes) -> str:
    # Every line starts {"key":"…","task": so that a key is found without parsing the response.
    return line[8 : line.index(b'"', 8)].decode()
