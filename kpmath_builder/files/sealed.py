"""Files that prove themselves: nothing of a durable file is believed before its checksum was compared.

Three shapes, one way to open them. An *object* is JSON whose last key is a checksum over all before it. *Lines* are an object
on the first line, which also holds the length and the digest of the lines below it. A *text* ends in a comment with its checksum.
What is made of other files (tables, matrices) is proved by a `FileRecord` that stands in an object. Objects and lines hold their
file's name, so that one file does not pass for another.

Links are never followed: the bytes that are read are those that lie in the folder.
"""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Self

from kpmath_builder.errors import BuildError, InputError
from kpmath_builder.files.durable import staged_file, write_atomically

__all__ = [
    "SEAL",
    "DamagedError",
    "FileRecord",
    "check_lines",
    "is_whole",
    "open_plain",
    "read_header",
    "read_lines",
    "read_object",
    "read_text",
    "seal",
    "write_lines",
    "write_object",
    "write_text",
]

Json = dict[str, Any]
_SUM = b',"sum":"'
SEAL = len(_SUM) + 16 + len(b'"}\n')
"""Bytes that `seal` appends."""
_TEXT_SUM = b"# sum: "
_TEXT_TAIL = len(_TEXT_SUM) + 16 + len(b"\n")
_LONGEST_HEADER = 1 << 24
READ_AT_ONCE = 1 << 16
"""Bytes of lines that are read at once; a file is closed in between, so that a thousand may be read side by side."""


class DamagedError(BuildError):
    """A durable file does not prove itself."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} is damaged ({why}): run `kpmath build` again, which makes it anew from the log where it can."
        )
        self.path = path
        self.why = why


class FileRecord(NamedTuple):
    """Length and digest of a whole file, as another file vouches for it."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a file to its end; raises `DamagedError` if it is a link or no plain file, `FileNotFoundError` without it."""
        with open_plain(path) as file:
            digest = hashlib.sha256()
            while part := file.read(1 << 20):
                digest.update(part)
            return cls(file.tell(), digest.hexdigest())


def seal(body: bytes) -> bytes:
    """Return a JSON object, given without its closing brace, with its checksum as the last key."""
    return body + _SUM + _checksum(body) + b'"}\n'


def is_whole(sealed: bytes) -> bool:
    """Whether this is what `seal` returned, to the byte."""
    body, tail = sealed[:-SEAL], sealed[-SEAL:]
    return tail.startswith(_SUM) and tail.endswith(b'"}\n') and tail[len(_SUM) : -3] == _checksum(body)


def write_object(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object that a person can read, atomically."""
    text = json.dumps({"file": path.name, **value}, indent=1, ensure_ascii=False)
    write_atomically(path, seal(text.removesuffix("\n}").encode()))


def read_object(path: Path) -> Json | None:
    """Return an object without its checksum, or None without the file; raises `DamagedError`."""
    try:
        with open_plain(path) as file:
            return _parsed(path, file.read())
    except FileNotFoundError:
        return None


def write_text(path: Path, text: str) -> None:
    """Write a text in which `#` begins a comment, atomically."""
    body = text.encode()
    write_atomically(path, body + _TEXT_SUM + _checksum(body) + b"\n")


def read_text(path: Path) -> str | None:
    """Return a text without its checksum, or None without the file; raises `DamagedError`."""
    try:
        with open_plain(path) as file:
            data = file.read()
    except FileNotFoundError:
        return None
    body, tail = data[:-_TEXT_TAIL], data[-_TEXT_TAIL:]
    if tail != _TEXT_SUM + _checksum(body) + b"\n":
        raise DamagedError(path, "its checksum is wrong")
    return body.decode()


def write_lines(path: Path, header: Mapping[str, Any], lines: Iterable[bytes]) -> None:
    """Write a header line and the lines below it, atomically; the lines are taken one by one, each with its end."""
    header = {"file": path.name, **header}
    rows, size, digest = 0, 0, hashlib.sha256()
    with staged_file(path) as staged, staged.open("w+b") as out:
        out.write(b" " * len(_header(header, 0, 0, digest.hexdigest())))
        for line in lines:
            out.write(line)
            digest.update(line)
            rows, size = rows + 1, size + len(line)
        out.seek(0)
        out.write(_header(header, rows, size, digest.hexdigest()))


def read_header(path: Path) -> Json | None:
    """Return the header of a file of lines, or None without the file.

    The header proves itself, and the file has the length that it gives; the lines are not read.

    Raises
    ------
    DamagedError
        When it does not.
    """
    try:
        with open_plain(path) as file:
            line = file.readline(_LONGEST_HEADER)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return None
    header = _parsed(path, line)
    if header.get("bytes") != size - len(line):
        raise DamagedError(path, "it has another length than its first line gives")
    return header


def check_lines(path: Path) -> Json | None:
    """Return the header of a file of lines once all of it was read and compared; None without the file, or `DamagedError`."""
    header = read_header(path)
    if header is not None:
        digest = hashlib.sha256()
        with open_plain(path) as file:
            file.readline(_LONGEST_HEADER)
            while part := file.read(1 << 20):
                digest.update(part)
        _compare(path, header, digest.hexdigest())
    return header


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines below the header; raises `DamagedError` at the end if they are not those that were written.

    The file is open only while a part of it is read.
    """
    header = read_header(path)
    if header is None:
        raise DamagedError(path, "it is missing")
    digest, offset = hashlib.sha256(), 0
    while True:
        with open_plain(path) as file:
            file.seek(offset)
            if not offset:
                file.readline(_LONGEST_HEADER)
            lines = file.readlines(READ_AT_ONCE)
            offset = file.tell()
        if not lines:
            break
        digest.update(b"".join(lines))
        yield from lines
    _compare(path, header, digest.hexdigest())


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading that must be a plain one.

    Raises
    ------
    FileNotFoundError
        Without the file.
    DamagedError
        When it is a link, a folder, a pipe or a device.
    InputError
        When it may not be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise DamagedError(path, "it is a link, not a file") from None
        raise InputError(
            f"{path} cannot be read ({error.strerror}): make it readable, then run it again."
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DamagedError(path, "it is not a plain file")
    return os.fdopen(descriptor, "rb")


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=8).hexdigest().encode()


def _parsed(path: Path, sealed: bytes) -> Json:
    if not is_whole(sealed):
        raise DamagedError(path, "its checksum is wrong" if sealed else "it is empty")
    value: Json = json.loads(sealed)
    del value["sum"]
    if value.pop("file", "") != path.name:
        raise DamagedError(path, "it is another file")
    return value


def _header(header: Mapping[str, Any], rows: int, size: int, digest: str) -> bytes:
    """Return the first line of a file of lines; its length depends on `header` alone."""
    text = json.dumps(header, ensure_ascii=False).removesuffix("}")
    more = f'"rows": {rows:>12}, "bytes": {size:>15}, "digest": "{digest}"'
    return seal(f"{text}, {more}".encode())


def _compare(path: Path, header: Mapping[str, Any], digest: str) -> None:
    if header.get("digest") != digest:
        raise DamagedError(path, "its lines are not those that were written")
