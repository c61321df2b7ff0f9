"""Files that prove themselves: no change of a byte goes unnoticed, and nothing but a plain file is read."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpmath_builder.files.sealed import (
    READ_AT_ONCE,
    DamagedError,
    check_lines,
    read_header,
    read_lines,
    read_object,
    read_text,
    write_lines,
    write_object,
    write_text,
)

LINES = [b'{"n": %d}\n' % number for number in range(40)]


def write(path: Path) -> None:
    """Write a file of the shape that its name tells."""
    if path.suffix == ".json":
        write_object(path, {"a": 1, "b": {"c": ["größer"]}})
    elif path.suffix == ".jsonl":
        write_lines(path, {"shard": 3}, LINES)
    else:
        write_text(path, "[build]\nseed = 1\n")


def read(path: Path) -> object:
    """Read all of such a file."""
    if path.suffix == ".json":
        return read_object(path)
    return list(read_lines(path)) if path.suffix == ".jsonl" else read_text(path)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.toml"])
def test_what_was_written_is_read_and_what_is_not_there_is_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    write(path)
    assert read(path) in ({"a": 1, "b": {"c": ["größer"]}}, LINES, "[build]\nseed = 1\n")
    assert (read_object if name != "a.toml" else read_text)(tmp_path / f"no{name}") is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["a.json", "a.jsonl", "a.toml"]), st.data())
def test_no_changed_byte_and_no_cut_goes_unnoticed(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / name
    write(path)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[at:]
    path.write_bytes(content)
    with pytest.raises(DamagedError):
        read(path)
    if name == "a.jsonl":
        with pytest.raises(DamagedError):
            check_lines(path)


def test_one_file_does_not_pass_for_another(tmp_path: Path) -> None:
    for name in ("a.json", "a.jsonl"):
        write(tmp_path / name)
        (tmp_path / name).rename(tmp_path / f"b{name}")
        with pytest.raises(DamagedError, match="it is another file"):
            read(tmp_path / f"b{name}")


@pytest.mark.parametrize("how", ["link", "folder", "pipe"])
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.toml"])
def test_only_a_plain_file_is_read(tmp_path: Path, name: str, how: str) -> None:
    """A pipe without a writer does not hold the reader up."""
    path = tmp_path / name
    if how == "link":
        write(tmp_path / f"b{name}")
        path.symlink_to(tmp_path / f"b{name}")
    elif how == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(DamagedError, match="it is "):
        read(path)


def test_lines_of_any_length_come_back_and_their_file_is_closed_in_between(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [b"%d " % number + b"x" * (number * 997 % READ_AT_ONCE) + b"\n" for number in range(300)]
    write_lines(path, {}, lines)
    before = len(list(Path("/proc/self/fd").iterdir()))
    reading = read_lines(path)
    assert next(reading) == lines[0]
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert list(reading) == lines[1:]
    header = read_header(path)
    assert header is not None
    assert (header["rows"], header["bytes"]) == (300, sum(map(len, lines)))
