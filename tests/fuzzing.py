"""Chance at the command line: recipes, seed files and words of every command, each input within limits that the system keeps."""

import contextlib
import io
import json
import math
import os
import random
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer

from kpmath_builder import KpmathError, Recipe, cli
from kpmath_builder.publishing.versions import Version
from kpmath_builder.seeds import load_seeds

__all__ = ["BUILT", "DEEP", "HUGE", "QUICK", "command_input", "first_fault", "recipe_input"]

HUGE = "9" * 5000
DEEP = "[" * 100_000
QUICK = "[build]\nquestions = 1\nshards = 1\n"
BUILT = "built"
"""Name of the finished build in the folder in which commands run."""
SECONDS = 5
MEBIBYTES = 500

KEYS = (
    "name", "prompts", "seeds.path", "seeds.limit", "seeds.fields", "seeds.format", "teacher.kind", "teacher.model", "teacher.extra",
    "roles.judge", "roles.judge.extra", "topics.same", "blueprints.three_topics_share", "questions.temperature", "solutions.samples",
    "consensus.mode", "build.questions", "build.shards", "build.window", "build.grace", "build.seed", "build.max_tokens", "other",
    "teacher", "build", "", ".", "build.",
)  # fmt: skip
BASES = (
    "0", "1", "-1", "1e26", "inf", "nan", "true", "[]", "{}", "{ a = 1 }", "2020-01-01", '"x"', "x", HUGE, DEEP, "'\x1b[2J'", "",
)  # fmt: skip
PLACES = ("r.toml", "s.jsonl", ".", "nowhere", "/dev/null", "r.toml/x", "-", "--", "x" * 300)
FIT = ("1.0.0", "org/name", "0-1", "jsonl", "scored", "build.questions=2", "seeds.path=s.jsonl", "out")
_COMMANDS: dict[str, Any] = getattr(typer.main.get_command(cli.app), "commands", {})


def wild(chance: random.Random) -> str:
    """Return a value as somebody may type it."""
    base = chance.choice(BASES)
    if chance.random() < 0.3:
        return base
    text = "".join(
        chr(chance.choice((chance.randrange(128), chance.randrange(0x3000), 0x202E, 0x200B, 0xDC80)))
        for _ in range(chance.randrange(12))
    )
    return base[: chance.randrange(len(base) + 1)] + text.replace("\0", "")


def _spoil_files(chance: random.Random) -> None:
    """Write a recipe and a seed file in the working folder that chance has spoilt."""
    lines = [f"{key.rpartition('.')[2]} = {wild(chance)}" for key in chance.sample(KEYS, chance.randrange(3))]
    Path("r.toml").write_text("\n".join([*lines, QUICK]), encoding="utf-8", errors="replace")
    row = {"question": wild(chance), "answer": f"#### {wild(chance)}", "id": wild(chance)}
    text = json.dumps(row, ensure_ascii=chance.random() < 0.5)
    cut = chance.randrange(len(text)) if chance.random() < 0.5 else len(text)
    Path("s.jsonl").write_text(text[:cut] + wild(chance), encoding="utf-8", errors="surrogatepass")


def recipe_input(seed: int) -> None:
    """Read a recipe with overrides, and a seed file: each is read, and read again when written, or refused in a sentence."""
    chance = random.Random(seed)
    pairs = {chance.choice(KEYS): wild(chance) for _ in range(chance.randrange(1, 4))}
    _spoil_files(chance)
    reads: tuple[Callable[[], object], ...] = (
        lambda: Recipe.read("r.toml", pairs),
        lambda: load_seeds(path=Path("s.jsonl")),
        lambda: Version.parse(wild(chance)),
    )
    for read in reads:
        try:
            made = read()
        except (KpmathError, OSError) as error:  # the command line makes a sentence of both
            said = str(error)
        else:
            said = "read"
            if isinstance(made, Recipe):
                Path("r.toml").write_text(made.to_toml(), encoding="utf-8")
                assert Recipe.read("r.toml") == made, "what is written is read again"
        assert said


def command_input(seed: int) -> None:
    """Run a command with words that chance has chosen: it ends with exit status 0, 1 or 2 and says why in one line."""
    chance = random.Random(seed)
    _spoil_files(chance)
    words = _words(chance)
    status, out, err = _run(words)
    told = (words, status, out, err)
    assert status in {0, 1, 2}, told
    assert status == 0 or out or err, told
    assert "Traceback" not in out + err, told
    lines = err.splitlines()
    apart = {"--json", "--quiet", "-q"} & {*words}  # progress and notes stand on standard error, too
    assert len(lines) <= 1 or apart, told
    assert not (status and lines) or lines[-1].startswith("kpmath: "), told
    assert all(line.isprintable() and len(line) < 2_000 for line in lines), told


def _words(chance: random.Random) -> list[str]:
    name = chance.choice([*_COMMANDS]) if chance.random() < 0.98 else wild(chance)
    words = [name]
    for parameter in _COMMANDS[name].params if name in _COMMANDS else ():
        if parameter.param_type_name == "argument":
            words += [_place(chance)] if chance.random() < 0.95 else []
        elif parameter.required or chance.random() < 0.25:
            words.append(chance.choice(parameter.opts))
            words += [] if parameter.is_flag else [_value(chance)]
    if chance.random() < 0.1:
        words.insert(chance.randrange(len(words) + 1), wild(chance))
    return (
        [*words, "--set", "build.questions=1"] if name in {"build", "rescore"} else words
    )  # else it may be long, rightly


def _place(chance: random.Random) -> str:
    if chance.random() < 0.02:
        return BUILT
    return chance.choice(PLACES) if chance.random() < 0.6 else wild(chance)


def _value(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return chance.choice(FIT)
    return wild(chance) if chance.random() < 0.5 else f"{chance.choice(KEYS)}={wild(chance)}"


def _run(words: list[str]) -> tuple[int, str, str]:
    """Run the command line in this process; return exit status, output and errors as a terminal without most characters shows them."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="latin-1") for _ in range(2))
    before, sys.argv = sys.argv, ["kpmath", *words]
    status = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    finally:
        sys.argv = before
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("latin-1"))  # type: ignore[attr-defined]
    return status, texts[0], texts[1]


def first_fault(inputs: Iterable[int], look: Callable[[int], object], *, seconds: int = SECONDS) -> str:
    """Look at inputs in a forked process; return which was the first that failed, took longer or needed more, and how; "" if none.

    The system itself keeps the limits: `seconds` of processor time and 500 MB more than before for each input.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(_look_at_all(inputs, look, seconds, writing))
    os.close(writing)
    with os.fdopen(reading) as pipe:
        lines = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return ""
    numbered = [line for line in lines if line.startswith("input ")]
    rest = lines[lines.index(numbered[-1]) + 1 :] if numbered else lines
    why = "\n".join(rest) if code > 0 else f"ended by signal {-code} after {seconds} s"
    return f"{numbered[-1] if numbered else 'no input'}: {why}"


def _look_at_all(inputs: Iterable[int], look: Callable[[int], object], seconds: int, writing: int) -> int:
    _limit(resource.RLIMIT_DATA, _data_bytes() + (MEBIBYTES << 20))
    for number in inputs:
        os.write(writing, f"input {number}\n".encode())
        began = time.process_time()
        _limit(resource.RLIMIT_CPU, math.ceil(began) + seconds)
        try:
            look(number)
            assert time.process_time() - began < seconds, f"took {time.process_time() - began:.1f} s"
        except BaseException:  # noqa: BLE001 - the parent reports it
            os.write(writing, traceback.format_exc().encode(errors="backslashreplace"))
            return 1
    return 0


def _limit(which: int, value: int) -> None:
    resource.setrlimit(which, (value, resource.getrlimit(which)[1]))


def _data_bytes() -> int:
    """Return how many bytes of its own this process may write to."""
    (line,) = (it for it in Path("/proc/self/status").read_text().splitlines() if it.startswith("VmData:"))
    return int(line.split()[1]) * 1024
