"""What disks, sync programs and people do to files, for tests: each returns whether the file is another one now."""

import random
from collections.abc import Callable, Mapping
from pathlib import Path

__all__ = ["CORRUPTIONS", "Corruption"]

Corruption = Callable[[Path, Path, random.Random], bool]
"""Takes the file, the file of that name in another build, and a source of chance."""


def cut(path: Path, other: Path, chance: random.Random) -> bool:
    data = path.read_bytes()
    return _write(path, data[: chance.randrange(max(len(data), 1))])


def flip(path: Path, other: Path, chance: random.Random) -> bool:
    data = bytearray(path.read_bytes())
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return _write(path, bytes(data))


def zero(path: Path, other: Path, chance: random.Random) -> bool:
    return _write(path, bytes(path.stat().st_size))


def zero_a_block(path: Path, other: Path, chance: random.Random) -> bool:
    data = bytearray(path.read_bytes())
    start = chance.randrange(max(len(data), 1))
    end = min(start + 64, len(data))
    data[start:end] = bytes(end - start)
    return _write(path, bytes(data))


def empty(path: Path, other: Path, chance: random.Random) -> bool:
    return _write(path, b"")


def lose_the_last_line(path: Path, other: Path, chance: random.Random) -> bool:
    return _write(path, b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def delete(path: Path, other: Path, chance: random.Random) -> bool:
    path.unlink()
    return True


def swap(path: Path, other: Path, chance: random.Random) -> bool:
    return other.is_file() and _write(path, other.read_bytes())


def crlf(path: Path, other: Path, chance: random.Random) -> bool:
    return _write(path, path.read_bytes().replace(b"\n", b"\r\n"))


def _write(path: Path, data: bytes) -> bool:
    before = path.read_bytes()
    path.write_bytes(data)
    return data != before


CORRUPTIONS: Mapping[str, Corruption] = {
    "cut": cut,
    "flipped": flip,
    "zeroed": zero,
    "zeroed in part": zero_a_block,
    "emptied": empty,
    "without its last line": lose_the_last_line,
    "deleted": delete,
    "swapped": swap,
    "CRLF": crlf,
}
