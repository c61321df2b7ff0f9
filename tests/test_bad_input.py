"""Whatever is typed, or stands in a recipe or a seed file: one sentence and exit status 0, 1 or 2, never a traceback."""

import json
import random
from pathlib import Path

import pytest
from commands import run_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpmath_builder import KpmathError, Recipe
from kpmath_builder.cli import _numbers, _pairs
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.publishing.versions import Version
from kpmath_builder.seeds import load_seeds

HUGE = "9" * 5000
DEEP = "[" * 100_000
QUICK = "[build]\nquestions = 1\nshards = 1\n"

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


KEYS = (
    "name", "prompts", "seeds.path", "seeds.limit", "seeds.fields", "seeds.format", "teacher.kind", "teacher.model", "teacher.extra",
    "roles.judge", "roles.judge.extra", "topics.same", "blueprints.three_topics_share", "questions.temperature", "solutions.samples",
    "consensus.mode", "build.questions", "build.shards", "build.window", "build.grace", "build.seed", "build.max_tokens", "other",
    "teacher", "build", "", ".", "build.",
)  # fmt: skip
BASES = (
    "0",
    "1",
    "-1",
    "1e26",
    "inf",
    "nan",
    "true",
    "[]",
    "{}",
    "{ a = 1 }",
    "2020-01-01",
    '"x"',
    "x",
    HUGE,
    DEEP,
    "'\x1b[2J'",
    "",
)


def wild(chance: random.Random) -> str:
    """Return a value as somebody may type it."""
    base = chance.choice(BASES)
    if chance.random() < 0.3:
        return base
    text = "".join(
        chr(chance.choice((chance.randrange(128), chance.randrange(0x3000), 0x202E, 0x200B)))
        for _ in range(chance.randrange(12))
    )
    return base[: chance.randrange(len(base) + 1)] + text.replace("\0", "")


def refused_or_read(seed: int, folder: Path) -> None:
    """Read a recipe, or a seed file, that chance has spoilt."""
    chance = random.Random(seed)
    pairs = {chance.choice(KEYS): wild(chance) for _ in range(chance.randrange(1, 4))}
    recipe, rows = folder / "r.toml", folder / "s.jsonl"
    lines = [f"{key.rpartition('.')[2]} = {wild(chance)}" for key in chance.sample(KEYS, chance.randrange(3))]
    recipe.write_text("\n".join([*lines, QUICK]), encoding="utf-8", errors="replace")
    row = {"question": wild(chance), "answer": f"#### {wild(chance)}", "id": wild(chance)}
    text = json.dumps(row, ensure_ascii=chance.random() < 0.5)
    cut = chance.randrange(len(text)) if chance.random() < 0.5 else len(text)
    rows.write_text(text[:cut] + wild(chance), encoding="utf-8", errors="surrogatepass")
    word = wild(chance)
    for read in (
        lambda: Recipe.read(recipe, pairs),
        lambda: load_seeds(path=rows),
        lambda: _numbers(word),
        lambda: _pairs([word]),
        lambda: Version.parse(word),
        lambda: Workspace.existing(folder / word.replace("/", "")[:300]),
    ):
        try:
            made = read()
        except (KpmathError, OSError) as error:  # the command line makes a sentence of both
            sentence = str(error)
        else:
            sentence = "read"
            if isinstance(made, Recipe):
                recipe.write_text(made.to_toml(), encoding="utf-8")
                assert Recipe.read(recipe) == made, "what is written is read again"
        assert sentence


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_chance_meets_sentences_only(tmp_path: Path, seed: int) -> None:
    refused_or_read(seed, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_chance_meets_sentences_only_ten_thousand_times(tmp_path: Path) -> None:
    for seed in range(10_000):
        refused_or_read(seed, tmp_path)


def test_a_place_that_cannot_be_written_is_named(kpmath: Kpmath) -> None:
    from kpmath_builder import Recipe, build

    build(Recipe.of({"build": {"folder": "b", "questions": 2, "shards": 1}}))
    Path("file").write_text("")
    assert "file/x cannot be written" in kpmath.refuse("export", "b", "--to", "file/x")
    Path("b/dataset").rename("elsewhere")
    Path("b/dataset").symlink_to(Path("elsewhere").resolve())
    told = kpmath.refuse("build", "R", "--set", "build.folder=b", "--set", "build.questions=2")
    assert "b/dataset is a link" in told
