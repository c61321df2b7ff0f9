"""Whatever is typed, or stands in a recipe or a seed file: one sentence and exit status 0, 1 or 2, never a traceback."""

from pathlib import Path

import huggingface_hub.constants
import pytest
from commands import run_command
from fuzzing import BUILT, DEEP, HUGE, QUICK, command_input, first_fault, recipe_input

from kpmath_builder import Recipe, build
from kpmath_builder.publishing import publish

RECIPES = {
    "number of 5,000 digits": f"[build]\nquestions = {HUGE}\n",
    "nested 100,000 deep": f"name = {DEEP}",
    "questions of 1e26": "[build]\nquestions = 1e26\n",
    "endless grace": "[build]\ngrace = inf\n",
    "endless grace as text": '[build]\ngrace = "inf"\n',
    "digits as text": f'[build]\nquestions = "{"9" * 30}"\n',
    "nan": "[solutions]\ntemperature = nan\n",
    "NUL in a path": '[build]\nfolder = "a\\u0000b"\n',
    "long path": f'[seeds]\npath = "{"x" * 300}.jsonl"\n',
    "NUL in the seeds": '[seeds]\npath = "a\\u0000b.jsonl"\n',
    "prompts that are no name": f'prompts = "{"x" * 300}"\n',
    "date in extra": '[teacher]\nkind = "openai"\nmodel = "m"\nextra = { day = 2020-01-01 }\n',
    "nan in extra": '[teacher]\nkind = "openai"\nmodel = "m"\nextra = { top_k = nan }\n',
    "deep extra": f'[teacher]\nkind = "openai"\nmodel = "m"\nextra = {{ a = {"[" * 500}{"]" * 500} }}\n',
    "long extra number": f'[teacher]\nkind = "openai"\nmodel = "m"\nextra = {{ a = {"9" * 40} }}\n',
    "control in a key": '"\\u001b[31m" = 1\n',
    "Latin-1": b'name = "\xe4"\n',
    "NUL": b"\0\0\0",
}

SEEDS = {
    "lone surrogate": '{"question": "\\ud800 is 1?", "answer": "#### 1"}',
    "lone surrogate in a label": '{"problem": "1?", "solution": "1", "answer": "1", "level": "\\udfff"}',
    "number of 5,000 digits": f'{{"question": "1?", "answer": {HUGE}}}',
    "nested 100,000 deep": DEEP,
    "NUL": "\0",
    "not an object": "[1]",
}

WORDS = {
    "shards beyond all": ("build", "R", "--shards", "0-99999999"),
    "shards of 5,000 digits": ("build", "R", "--shards", HUGE),
    "set without a value": ("build", "R", "--set", "build.questions"),
    "set of 5,000 digits": ("build", "R", "--set", f"build.questions={HUGE}"),
    "set 100,000 deep": ("build", "R", "--set", f"build.questions={DEEP}"),
    "set of half a character": ("build", "R", "--set", "name=a\udc80"),
    "key of half a character": ("build", "R", "--set", "na\udc80me=a"),
    "folder that is no name": ("build", "R", "--set", f"build.folder={'x' * 300}"),
    "status of a long name": ("status", "x" * 5000),
    "version of 5,000 digits": ("publish", ".", "--repo", "a/b", "--version", f"{HUGE}.0.0"),
    "recipe of a long name": ("build", "x" * 5000),
    "export of nothing": ("export", ".", "--to", "/dev/null/x"),
    "explain of nothing": ("explain", ".", "\x1b[31m"),
}


class Kpmath:
    """Runs commands in a folder, and looks at how they end."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.folder, self._capsys, self._patch = folder, capsys, patch
        patch.chdir(folder)
        (folder / "r.toml").write_text(QUICK)

    def refuse(self, *words: object) -> str:
        """Run a command that must be refused in one sentence, and return that."""
        status, out, err = run_command(
            tuple("r.toml" if w == "R" else w for w in words), self._capsys, self._patch
        )
        assert status in {1, 2}, (status, out, err)
        assert err.startswith("kpmath: "), err
        assert err.count("\n") == 1, err
        assert len(err) < 2_000, err[:200]
        assert err.rstrip("\n").isprintable(), err
        return err


@pytest.fixture
def kpmath(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Kpmath:
    return Kpmath(tmp_path, capsys, monkeypatch)


@pytest.mark.parametrize("what", RECIPES)
def test_a_recipe_that_cannot_be_is_refused_in_a_sentence(kpmath: Kpmath, what: str) -> None:
    text = RECIPES[what]
    Path("r.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    kpmath.refuse("build", "R", "--set", "build.shards=1")


@pytest.mark.parametrize("what", SEEDS)
def test_seeds_that_cannot_be_are_refused_in_a_sentence(kpmath: Kpmath, what: str) -> None:
    Path("s.jsonl").write_text(SEEDS[what] + "\n")
    kpmath.refuse("build", "R", "--set", "seeds.path=s.jsonl")


@pytest.mark.parametrize("what", WORDS)
def test_words_that_cannot_be_are_refused_in_a_sentence(kpmath: Kpmath, what: str) -> None:
    kpmath.refuse(*WORDS[what])


@pytest.fixture
def playground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a finished build, without the Hub, and without waiting for it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(publish, "PAUSES", ())
    build(Recipe.of({"build": {"folder": BUILT, "questions": 2, "shards": 1}, "seeds": {"limit": 20}}))
    return tmp_path


INPUTS = {"recipes and seeds": recipe_input, "commands": command_input}


@pytest.mark.parametrize("kind", INPUTS)
def test_chance_meets_sentences_only(playground: Path, kind: str) -> None:
    assert first_fault(range(10_000, 10_075), INPUTS[kind]) == ""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", INPUTS)
def test_chance_meets_sentences_only_ten_thousand_times(playground: Path, kind: str) -> None:
    """Half of the ten thousand each; each input within 5 seconds of processor time and 500 MB."""
    assert first_fault(range(5_000), INPUTS[kind]) == ""


def test_the_limits_are_kept_by_the_system() -> None:
    """Else the tests above could not fail."""

    def wasteful(number: int) -> object:
        return bytearray(600 << 20) if number == 2 else None

    def endless(number: int) -> None:
        while number == 2:
            pass

    assert first_fault(range(4), wasteful).startswith("input 2: ")
    assert "MemoryError" in first_fault(range(4), wasteful)
    assert first_fault(range(4), endless, seconds=1) == "input 2: ended by signal 24 after 1 s"
    assert first_fault(range(4), abs) == ""


def test_a_place_that_cannot_be_written_is_named(kpmath: Kpmath) -> None:
    build(Recipe.of({"build": {"folder": "b", "questions": 2, "shards": 1}}))
    Path("file").write_text("")
    assert "file/x cannot be written" in kpmath.refuse("export", "b", "--to", "file/x")
    Path("b/dataset").rename("elsewhere")
    Path("b/dataset").symlink_to(Path("elsewhere").resolve())
    told = kpmath.refuse("build", "R", "--set", "build.folder=b", "--set", "build.questions=2")
    assert "b/dataset is a link" in told
