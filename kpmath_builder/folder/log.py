"""The response log: every answer that was ever paid for, by the key of its request, for ever.

Append-only JSON lines, each with a checksum over itself, so that a person can read the file and a machine can tell a
damaged line from a whole one. Each also names the build and the log that it was written for, so that a log that was exchanged
with another build's is not taken for this one. One process writes to a log at a time. Nothing here needs more than append, read and a lock,
so that the network file systems of GPU clusters are good enough.
"""

import contextlib
import errno
import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.files.durable import staged_file, sync
from kpmath_builder.files.lock import Lock
from kpmath_builder.files.sealed import SEAL, is_whole, seal
from kpmath_builder.folder.group_commit import GroupCommit
from kpmath_builder.folder.offset_index import OffsetIndex
from kpmath_builder.protocol import Response

__all__ = ["ResponseLog", "build_of", "open_log", "read_log", "set_damaged_aside"]

COMMIT_SECONDS = 1.0
"""The most that a power failure can take back; the death of the process alone takes nothing."""


_TOO_MANY = "raise the limit with `ulimit -n`, or lower build.shards or build.window"
_REMEDIES: dict[int | None, str] = {
    errno.EMFILE: _TOO_MANY,
    errno.ENFILE: _TOO_MANY,
    errno.EISDIR: "move what stands in its place away",
    errno.ENOENT: "bring it back from a copy; `kpmath verify` with this folder names what rests on it",
}
"""What to do about an error that is not one of permissions."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode


_MARK = re.compile(rb',"log":"([0-9a-f]+)/[^"]*"$')


def _seal(key: str, task: str, address: str, response: Response, mark: bytes) -> bytes:
    answer = response.model_dump_json(exclude_defaults=True)
    body = f'{{"key":"{key}","task":"{task}","for":{_quoted(address)},"response":{answer}'.encode()
    return seal(body + mark)


def build_of(line: bytes) -> str | None:
    """Return the id of the build that a line was written for; None if it names none."""
    found = _MARK.search(line[-SEAL - 100 : -SEAL])
    return found[1].decode() if found else None


class ResponseLog:
    """Key to response on disk, in one file; `with ResponseLog(path) as log: …`.

    Parameters
    ----------
    path
        The file; made if it is missing, unless `writable` is false.
    writable
        Whether this process may append; then it holds the file's lock.
    builds
        Ids of the builds whose answers count here, the one that writes first; none: everybody's.

    Raises
    ------
    HeldError
        When another process writes to the log.
    InputError
        When the file cannot be opened.
    """

    def __init__(self, path: Path, *, writable: bool = True, builds: Sequence[str] = ()) -> None:
        self.path = path
        self._marks = tuple(f',"log":"{build}/{path.stem}"'.encode() for build in builds)
        self.foreign: list[int] = []
        """Numbers (from 1) of whole lines that were written for another build, or for another log."""
        self.damaged: list[int] = []
        """Numbers (from 1) of whole lines whose checksum is wrong; a build asks their requests again."""
        self.torn_bytes = 0
        """Length of the unfinished last line, which a writer cuts off."""
        self._index = OffsetIndex()
        self._lock = Lock(path.with_suffix(".lock"), f"is writing to {path}") if writable else None
        self._commit: GroupCommit | None = None
        if self._lock:
            self._lock.take()
        try:
            self._file = _open(path, writable=writable)
            try:
                self._end = self._scan()
            except BaseException:
                os.close(self._file)
                raise
        except BaseException:
            self._release()
            raise
        if writable:
            self._commit = GroupCommit(self._file, COMMIT_SECONDS)

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
        """Return the stored response, or None if the request was never answered or its line is damaged."""
        place = self._index.find(key)
        if place is None:
            return None
        offset, length = place
        line = os.pread(self._file, length, offset)
        if not is_whole(line) or _key(line) != key:
            return None
        return Response.model_validate(json.loads(line)["response"])

    def put(self, key: str, task: str, address: str, response: Response) -> None:
        """Append one response; `address` says for whom it was asked (a blueprint's number, a seed's id).

        Raises
        ------
        BuildError
            When the disk is full or fails; the log stays whole.
        """
        assert self._commit is not None, f"{self.path} was opened for reading"
        line = _seal(key, task, address, response, self._marks[0] if self._marks else b"")
        try:
            self._append(line)
            self._commit.note()
        except OSError as error:
            raise _unwritable(self.path, error) from None
        self._index.add(key, self._end, len(line))
        self._end += len(line)

    def sync(self) -> None:
        """Put everything on the disk itself; raises as `put` does."""
        try:
            if self._commit:
                self._commit.sync()
        except OSError as error:
            raise _unwritable(self.path, error) from None

    def close(self) -> None:
        """Put everything on the disk itself and let go of the log; raises as `put` does."""
        try:
            if self._commit:
                self._commit.close()
        except OSError as error:
            raise _unwritable(self.path, error) from None
        finally:
            self._commit = None
            os.close(self._file)
            self._release()

    def _release(self) -> None:
        if self._lock:
            self._lock.release()

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

    def _scan(self) -> int:
        """Index all whole lines; cut off a torn tail; return the end of the file."""
        offset = 0
        with os.fdopen(os.dup(self._file), "rb") as lines:
            lines.seek(0)
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    self.torn_bytes = len(line)
                    break
                if is_whole(line):
                    self._index.add(_key(line), offset, len(line))
                    if self._marks and not line.endswith(self._marks, 0, -SEAL) and build_of(line):
                        self.foreign.append(number)
                else:
                    self.damaged.append(number)
                offset += len(line)
        if self.torn_bytes and self._lock:
            os.ftruncate(self._file, offset)
        return offset


def read_log(path: Path, builds: Sequence[str] = ()) -> ResponseLog:
    """Open a log for reading; raises as `open_log` does."""
    return _own(ResponseLog(path, writable=False, builds=builds))


def open_log(path: Path, notify: Callable[[str], object], builds: Sequence[str] = ()) -> ResponseLog:
    """Open a log for writing and report what had to be mended.

    Raises
    ------
    InputError
        When the file cannot be opened, or one of its lines was written for none of the builds, or for another log.
    """
    log = _own(ResponseLog(path, builds=builds))
    if log.torn_bytes:
        notify(
            f"{path.name}: an unfinished last line of {log.torn_bytes} bytes was cut off; its request is asked again."
        )
    if log.damaged:
        lines = ", ".join(map(str, log.damaged[:10])) + (" …" if len(log.damaged) > 10 else "")
        notify(f"{path.name}: {len(log.damaged)} damaged lines ({lines}); a build asks their requests again.")
    return log


def _own(log: ResponseLog) -> ResponseLog:
    if not log.foreign:
        return log
    log.close()
    raise InputError(
        f"{log.path} is not this folder's log: line {log.foreign[0]} was written for another build, or another log. Bring back this "
        "folder's own, or delete it to ask its requests anew; for answers of another build to count here, delete build_spec.json and "
        "generations.json."
    )


def set_damaged_aside(path: Path, notify: Callable[[str], object]) -> None:
    """Move the damaged lines of a log, as they are, to a file beside it that ends in `.damaged`, and cut off a torn tail.

    Raises
    ------
    HeldError
        When another process writes to the log.
    """
    with open_log(path, notify) as log:
        if not log.damaged:
            return
        damaged, aside = set(log.damaged), path.with_suffix(".damaged")
        with path.open("rb") as lines, aside.open("ab") as out:
            out.writelines(line for number, line in enumerate(lines, start=1) if number in damaged)
        sync(aside)
        with path.open("rb") as lines, staged_file(path) as staged, staged.open("wb") as out:
            out.writelines(line for number, line in enumerate(lines, start=1) if number not in damaged)
        notify(f"{path.name}: the damaged lines are in {aside.name} now.")


def _open(path: Path, *, writable: bool) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND if writable else os.O_RDONLY
    is_new = writable and not path.exists()
    try:
        file = os.open(path, flags, 0o644)
        if is_new:
            sync(path.parent)
    except OSError as error:
        raise InputError(
            f"The response log {path} cannot be opened ({error.strerror}): {_REMEDIES.get(error.errno, 'make its folder writable')}."
        ) from None
    return file


def _unwritable(path: Path, error: OSError) -> BuildError:
    return BuildError(
        f"The response log {path} cannot be written ({error.strerror}): make room, then run the same command again."
    )


def _key(line: bytes) -> str:
    # Every line starts {"key":"…","task": so that a key is found without parsing the response.
    return line[8 : line.index(b'"', 8)].decode()
