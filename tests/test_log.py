"""The response log: what was put is there, whatever happened to the file in between."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kpmath_builder import BuildError, InputError
from kpmath_builder.folder.group_commit import GroupCommit
from kpmath_builder.folder.log import ResponseLog, build_of, open_log, set_damaged_aside
from kpmath_builder.folder.offset_index import OffsetIndex
from kpmath_builder.protocol import Response

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


def test_the_name_of_a_new_log_is_forced_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that loses its name in a power failure loses every answer."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    with ResponseLog(tmp_path / "a.jsonl"):
        assert synced == [tmp_path.stat().st_ino]


def test_a_line_is_plain_json_for_a_person(tmp_path: Path) -> None:
    line = json.loads(filled(tmp_path / "a.jsonl")[0])
    assert line["for"] == "0"
    assert line["response"]["text"] == "line\n0 é"
    assert len(line["sum"]) == 16


@given(st.data())
@settings(max_examples=60, deadline=None)
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
@settings(max_examples=60, deadline=None)
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
@settings(max_examples=60, deadline=None)
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
        "a.jsonl: 1 damaged lines (2); a build asks their requests again.",
    ]


def test_damaged_lines_are_set_aside_as_they_are_and_the_others_stay(tmp_path: Path) -> None:
    path, told = tmp_path / "a.jsonl", list[str]()
    lines = filled(path)
    hurt = lines[1].replace(b"line", b"lime")
    path.write_bytes(lines[0] + hurt + b"".join(lines[2:]) + b"torn")
    set_damaged_aside(path, told.append)
    assert path.read_bytes() == lines[0] + b"".join(lines[2:])
    assert path.with_suffix(".damaged").read_bytes() == hurt
    assert told[-1] == "a.jsonl: the damaged lines are in a.damaged now."
    told.clear()
    set_damaged_aside(path, told.append)
    assert told == []


def test_a_line_names_the_build_that_writes_it_not_one_whose_answers_count_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with ResponseLog(path, builds=("a" * 16, "b" * 16)) as log:
        log.put("sha256:0/0", "solve", "0", response("x"))
    assert [build_of(line) for line in path.read_bytes().splitlines(keepends=True)] == ["a" * 16]


def test_a_second_writer_is_told_who_has_the_log(tmp_path: Path) -> None:
    with (
        ResponseLog(tmp_path / "a.jsonl"),
        pytest.raises(InputError, match=f"Process {os.getpid()} on .* is writing"),
    ):
        ResponseLog(tmp_path / "a.jsonl")


def test_a_killed_owner_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    code = "import sys, time; from kpmath_builder.folder.log import ResponseLog as L; l = L(__import__('pathlib').Path(sys.argv[1])); print(1, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(InputError):
            ResponseLog(path)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    ResponseLog(path).close()


MEMORY = Path("/dev/shm")
"""Thousands of fsyncs take no time there."""


class LogMachine(RuleBasedStateMachine):
    """A log against a dictionary, over any order of appending, crashing, hurting, reopening and looking up."""

    keys = st.sampled_from([f"sha256:{name}/0" for name in "abcdefgh"])

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.path = Path(self.folder.name) / "a.jsonl"
        self.log = ResponseLog(self.path)
        self.model: dict[str, str] = {}
        self.lines: list[tuple[str, str]] = []
        """What stands in the file, line by line, damaged lines left out."""

    def reopen(self) -> None:
        self.log = ResponseLog(self.path)
        self.model = dict(self.lines)

    @rule(key=keys, text=TEXTS)
    def append(self, key: str, text: str) -> None:
        self.log.put(key, "solve", "1", response(text))
        self.model[key] = text
        self.lines.append((key, text))

    @rule(key=keys)
    def look_up(self, key: str) -> None:
        found = self.log.get(key)
        assert (found.text if found else None) == self.model.get(key)

    @rule()
    def close_and_open(self) -> None:
        self.log.close()
        self.reopen()

    @rule(share=st.floats(0, 1))
    def crash(self, share: float) -> None:
        """Die in the middle of writing the last line: a part of it is in the file."""
        self.log.close()
        content = self.path.read_bytes()
        start = content.rfind(b"\n", 0, max(len(content) - 1, 0)) + 1
        cut = start + round(share * (len(content) - start))
        self.path.write_bytes(content[:cut])
        if cut < len(content) and self._is_sound(content[start:]):
            self.lines.pop()
        self.reopen()
        assert self.log.torn_bytes == (cut - start if cut < len(content) else 0)

    @precondition(lambda self: self.lines)
    @rule(data=st.data())
    def hurt(self, data: st.DataObject) -> None:
        """Change a byte of a whole line, but for its end."""
        self.log.close()
        whole = self.path.read_bytes().splitlines(keepends=True)
        at = data.draw(st.sampled_from([n for n, line in enumerate(whole) if self._is_sound(line)]))
        line = bytearray(whole[at])
        line[data.draw(st.integers(0, len(line) - 2))] = data.draw(st.sampled_from(b"\x00~9"))
        if bytes(line) != whole[at]:
            sound = sum(self._is_sound(other) for other in whole[:at])
            del self.lines[sound]
        whole[at] = bytes(line)
        self.path.write_bytes(b"".join(whole))
        self.reopen()
        assert len(self.log.damaged) == len(whole) - len(self.lines)

    @invariant()
    def counts_agree(self) -> None:
        assert len(self.log) == len(self.model)

    @staticmethod
    def _is_sound(line: bytes) -> bool:
        try:
            body = line[: line.rindex(b',"sum":"')]
            return bool(json.loads(line)["sum"] == hashlib.blake2b(body, digest_size=8).hexdigest())
        except ValueError:
            return False

    def teardown(self) -> None:
        self.log.close()
        self.folder.cleanup()


LogMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestLogMachine = LogMachine.TestCase


def test_an_answer_that_is_damaged_while_the_log_is_open_is_not_served(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    filled(path)
    with ResponseLog(path) as log:
        assert log.get("sha256:1/0") is not None
        path.write_bytes(path.read_bytes().replace(b"line", b"lime"))
        assert log.get("sha256:1/0") is None


def test_many_answers_share_an_fsync_and_none_waits_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Semaphore(0), threading.Semaphore(0)

    def slow(descriptor: int) -> None:
        begun.release()
        may_end.acquire()

    with ResponseLog(tmp_path / "a.jsonl") as log:
        monkeypatch.setattr("kpmath_builder.folder.group_commit.os.fsync", slow)
        log._commit._seconds = 0.01
        log.put("first/0", "solve", "", response("x"))
        assert begun.acquire(timeout=60)
        for number in range(100):  # would never end if a put waited for the disk
            log.put(f"k/{number}", "solve", "", response("x"))
        may_end.release()
        assert begun.acquire(timeout=60), "what came while one fsync ran is in the next"
        assert not log._commit._written.is_set(), "one for all of them"
        monkeypatch.undo()
        may_end.release()


def test_closing_never_waits_for_a_write_that_does_not_come(tmp_path: Path) -> None:
    """Whatever the committing thread does at the moment: closing in its pause, in its fsync, or in between."""
    chance = random.Random(3)
    with (tmp_path / "file").open("wb") as file:
        for _ in range(500):
            commit = GroupCommit(file.fileno(), 0.0005)
            commit.note()
            time.sleep(chance.uniform(0.0003, 0.0008))
            closing = threading.Thread(target=commit.close, daemon=True)
            closing.start()
            closing.join(60)
            assert not closing.is_alive()


def test_an_fsync_that_fails_ends_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may have dropped what it could not write: nothing after that is sure."""

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    log = ResponseLog(tmp_path / "a.jsonl")
    monkeypatch.setattr("kpmath_builder.folder.group_commit.os.fsync", fail)
    log._commit._seconds = 0.01
    log.put("a/0", "solve", "", response("x"))
    log._commit._thread.join(60)
    with pytest.raises(BuildError, match=r"No space left on device.*make room"):
        log.put("b/0", "solve", "", response("x"))
    with pytest.raises(BuildError, match="make room"):
        log.close()
    monkeypatch.undo()
    with ResponseLog(tmp_path / "a.jsonl") as again:
        assert again.get("a/0") == response("x")


def test_an_fsync_that_failed_is_not_forgotten_when_a_later_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with (tmp_path / "file").open("wb") as file:
        monkeypatch.setattr("kpmath_builder.folder.group_commit.os.fsync", fail)
        commit = GroupCommit(file.fileno(), 0.0)
        commit.note()
        commit._thread.join(60)
        monkeypatch.undo()
        for tell in (commit.sync, commit.note, commit.close):
            with pytest.raises(OSError, match="No space left"):
                tell()


FULL = """
import resource, signal, sys
from pathlib import Path
from kpmath_builder import BuildError
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.protocol import Response
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


def test_an_index_counts_what_was_added_before_it_is_merged_and_after() -> None:
    index = OffsetIndex()
    assert (len(index), index.find("a")) == (0, None)
    index.add("a", 0, 5)
    assert index.find("a") == (0, 5)
    assert len(index) == 1  # which merges
    index.add("b", 5, 7)
    index.add("a", 12, 9)
    assert len(index) == 2
    assert (index.find("a"), index.find("b"), index.find("c")) == ((12, 9), (5, 7), None)
