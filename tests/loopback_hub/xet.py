"""Files that the real Xet client put into a content store in a local folder (`casUrl: local:///FOLDER`).

A commit names them by sha256 only; their Xet hash is found in the shards that the client wrote.
"""

import struct
import time
from pathlib import Path

from loopback_hub.store import Entry

RECORD = 48
END = b"\xff" * 32
VERIFIED, DESCRIBED = 1 << 31, 1 << 30
"""Flags of a file record: verification records follow; a record with the sha256 follows."""


def xet_hash(cas: str, sha256: str) -> str:
    """Return the Xet hash of a file, or "" where the store does not have it."""
    for shard in sorted((Path(cas.removeprefix("local://")) / "xet" / "xorbs" / "shards").glob("*.mdb")):
        if found := _look_up(shard.read_bytes(), sha256):
            return found
    return ""


def _look_up(shard: bytes, sha256: str) -> str:
    at = RECORD
    while shard[at : at + 32] != END:
        name = _hash(shard, at)
        flags, segments = struct.unpack_from("<II", shard, at + 32)
        at += RECORD + RECORD * segments * (2 if flags & VERIFIED else 1)
        if flags & DESCRIBED:
            if _hash(shard, at) == sha256:
                return name
            at += RECORD
    return ""


def _hash(shard: bytes, at: int) -> str:
    """Read a hash, stored as four little-endian words."""
    return b"".join(shard[at + word : at + word + 8][::-1] for word in range(0, 32, 8)).hex()


def fetch(cas: str, entry: Entry, target: Path) -> None:
    """Rebuild the plain bytes; the store admits one process at a time, so this waits for its turn."""
    import hf_xet

    for _ in range(240):
        try:
            with hf_xet.XetSession().new_file_download_group(endpoint=cas) as group:
                group.start_download_file(hf_xet.XetFileInfo(entry.xet, entry.size), str(target))
        except RuntimeError:
            time.sleep(0.25)
        else:
            return
