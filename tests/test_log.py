"""The response log: what was put is there, whatever happened to the file in between."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpmath_builder import InputError
from kpmath_builder.execution.index import OffsetIndex
from kpmath_builder.execution.log import ResponseLog, open_log
from kpmath_builder.teachers.protocol import Response

TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


def response(text: str) -> Response:
    return Response(text=text, finish_reason="stop", prompt_tokens=3, model="m")


def filled(path: Path, count: int = 5) -> list[bytes]:
    with ResponseLog(path) as log:
        for number in range(count):
            log.put(f"sha256:{number}/0", "solve", str(number), response(f"line\n{number} é"))
    return path.read_bytes().splitlines(keepends=True)


def test_a_response_is_found_again_in_this_run_and_the_next(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with ResponseLog(path) as log:
        assert log.get("k/0") is None
        log.put("k/0", "solve", "7", response("x"))
        assert log.get("k/0") == response("x")
    with ResponseLog(path) as log:
        assert log.get("k/0") == response("x")
        assert len(log) == 1


def test_a_line_is_plain_json_for_a_person(tmp_path: Path) -> None:
    line = json.loads(filled(tmp_path / "a.jsonl")[0])
    assert line["for"] == "0"
    assert line["response"]["text"] == "line\n0 é"
    assert len(line["sum"]) == 16


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_cut_anywhere_it_keeps_every_whole_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("log") / "a.jsonl"
    lines = filled(path)
    cut = data.draw(st.integers(0, sum(map(len, lines))))
    path.write_bytes(b"".join(lines)[:cut])
    ends = [sum(map(len, lines[: n + 1])) for n in range(len(lines))]
    whole = sum(end <= cut for end in ends)
    with ResponseLog(path) as log:
        found = [log.get(f"sha256:{number}/0") for number in range(5)]
        assert [r is not None for r in found] == [n < whole for n in range(5)]
        assert log.torn_bytes == cut - (ends[whole - 1] if whole else 0)
        log.put("new/0", "solve", "", response("after"))
    with ResponseLog(path) as log:
        assert log.get("new/0") == response("after")
        assert not log.damaged


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_changed_byte_is_always_noticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A line with another byte is never served; the lines around it still are."""
    path = tmp_path_factory.mktemp("log") / "a.jsonl"
    lines = filled(path)
    content = bytearray(b"".join(lines))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with ResponseLog(path, writable=False) as log:
        assert log.damaged or log.torn_bytes
        for number in range(5):
            assert log.get(f"sha256:{number}/0") in (None, response(f"line\n{number} é"))
        assert len(log) >= 3


@given(st.lists(st.tuples(st.sampled_from("abcdef"), TEXTS), max_size=30), st.sets(st.integers(0, 29)))
@settings(max_examples=100, deadline=None)
def test_it_is_a_dictionary_that_survives_reopening(
    tmp_path_factory: pytest.TempPathFactory, puts: list[tuple[str, str]], reopen: set[int]
) -> None:
    path = tmp_path_factory.mktemp("log") / "a.jsonl"
    model: dict[str, str] = {}
    log = ResponseLog(path)
    for number, (key, text) in enumerate(puts):
        if number in reopen:
            log.close()
            log = ResponseLog(path)
        log.put(key, "solve", "", response(text))
        model[key] = text
        for name in "abcdef":
            found = log.get(name)
            assert (found.text if found else None) == model.get(name)
    log.close()


def test_what_was_mended_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = filled(path)
    path.write_bytes(lines[0] + lines[1].replace(b"line", b"lime") + lines[2] + lines[3][:9])
    told: list[str] = []
    open_log(path, told.append).close()
    assert told == [
        "a.jsonl: an unfinished last line of 9 bytes was cut off; its request is asked again.",
        "a.jsonl: 1 damaged lines (2); their requests are asked again.",
    ]


def test_a_second_writer_is_told_who_has_the_log(tmp_path: Path) -> None:
    with (
        ResponseLog(tmp_path / "a.jsonl"),
        pytest.raises(InputError, match=f"Process {os.getpid()} on .* is writing"),
    ):
        ResponseLog(tmp_path / "a.jsonl")


def test_a_killed_owner_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = "import sys, time; from kpmath_builder.execution.log import ResponseLog as L; l = L(__import__('pathlib').Path(sys.argv[1])); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(InputError):
            ResponseLog(path)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    ResponseLog(path).close()


FULL = """
import resource, signal, sys
from pathlib import Path
from kpmath_builder import BuildError
from kpmath_builder.execution.log import ResponseLog
from kpmath_builder.teachers.protocol import Response
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
log = ResponseLog(Path(sys.argv[1]))
try:
    for number in range(100):
        log.put(f"k/{number}", "solve", "", Response(text="x" * 300, finish_reason="stop"))
except BuildError as error:
    print(number, error)
"""


def test_a_full_disk_stops_with_a_sentence_and_nothing_torn(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    told = subprocess.run(
        [sys.executable, "-c", FULL, path], check=True, capture_output=True, text=True
    ).stdout
    number, sentence = told.split(" ", 1)
    assert "make room, then run the same command again" in sentence
    with ResponseLog(path) as log:
        assert (len(log), log.torn_bytes, log.damaged) == (int(number), 0, [])


def test_the_index_finds_places_before_and_after_it_merges() -> None:
    index = OffsetIndex()
    for number in range(120_000):
        index.add(f"key {number % 110_000}", number, 1)
    assert index.find("key 5") == (110_005, 1)
    assert index.find("key 99999") == (99_999, 1)
    assert index.find("no such key") is None
    assert len(index) == 110_000
