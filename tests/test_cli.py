"""The command line: exit statuses, plain sentences, nothing lost."""

import gzip
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Kpmath

ROOT = Path(__file__).resolve().parents[1]
QUICK = [
    "build",
    str(ROOT / "examples/quickstart.toml"),
    "--set",
    "build.questions=12",
    "--set",
    "build.shards=2",
]


def fails(run: tuple[int, str, str], told: str) -> None:
    status, _, err = run
    assert status == 2
    assert told in err
    assert err.count("\n") == 1, "one sentence on one line"
    assert "Traceback" not in err


def test_build_status_explain_export_rescore_in_turn(kpmath: Kpmath, tmp_path: Path) -> None:
    status, out, _ = kpmath(*QUICK)
    assert status == 0
    assert "12 rows in scored" in out
    folder = "builds/quickstart"
    assert "already built: nothing to do" in kpmath(*QUICK)[1]
    assert "Finished: " in kpmath("status", folder)[1]

    assert kpmath("export", folder)[0] == 0
    pairs = [json.loads(line) for line in (tmp_path / folder / "export" / "qa-pairs.jsonl").open()]
    for row_id in (pairs[0]["id"], pairs[0]["candidate_id"], pairs[0]["seed_ids"][0]):
        status, told, _ = kpmath("explain", folder, row_id)
        assert status == 0
        assert "sha256:" in told
    status, told, _ = kpmath("export", folder, "--format", "messages")
    assert (status, told) == (0, f"{folder}/export/qa-pairs-messages.jsonl: {len(pairs)} rows\n")
    status, _, err = kpmath("export", folder, "--format", "csv")
    assert status == 2
    assert "choose from jsonl, messages, prompt-completion" in err
    status, _, err = kpmath("export", folder, "--format", "paper", "--reasoning", "think")
    assert status == 2
    assert "No row holds what the solver thought" in err
    before_annotation = pairs[0]["solution"].partition("=")[0]
    assert before_annotation in kpmath("explain", folder, pairs[0]["id"])[1]

    status, out, _ = kpmath("rescore", folder, "--set", "consensus.mode=paper")
    assert status == 0
    assert "12 rows in scored" in out


def test_shards_one_by_one_anew_and_verified(kpmath: Kpmath, tmp_path: Path) -> None:
    status, out, _ = kpmath(*QUICK, "--shards", "1")
    assert status == 0
    assert "Not yet there: shards 0; the tables are written with the last of them." in out
    assert " agreed " in out
    assert " kept " not in out, "the selection looks at all shards"
    assert "0 of 6" in kpmath("status", "builds/quickstart")[1]
    whole = kpmath(*QUICK, "--shards", "0-1")[1]
    assert "12 rows in scored" in whole
    assert " kept " in whole
    assert "12 rows in scored" in kpmath(*QUICK, "--shards", "1", "--regenerate")[1]
    assert "1, generation 1" in kpmath("status", "builds/quickstart")[1]
    status, out, _ = kpmath("verify", "builds/quickstart")
    assert status == 0
    assert "0 disagreements in " in out
    manifest = tmp_path / "builds/quickstart/manifest.json"
    manifest.write_text(manifest.read_text().replace('"scored": 12', '"scored": 13'))
    status, out, _ = kpmath("verify", "builds/quickstart")
    assert status == 1
    assert "manifest.json, all of it: its checksum is wrong" in out


def test_more_questions_keep_the_rows_that_are_there(kpmath: Kpmath, tmp_path: Path) -> None:
    kpmath(*QUICK)
    kpmath("export", "builds/quickstart", "--to", "few")
    assert kpmath(*QUICK, "--set", "build.questions=20")[0] == 0
    kpmath("export", "builds/quickstart", "--to", "more")
    few, more = ((tmp_path / name / "scored.jsonl").read_text().splitlines() for name in ("few", "more"))
    assert (len(few), more[:12]) == (12, few)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("missing.jsonl", None, "missing.jsonl"),
        ("bad.jsonl", b"{oops\n", "line 1"),
        ("list.jsonl", b"[1, 2]\n", "line 1"),
        ("fields.jsonl", b'{"prompt": "What?", "label": "4"}\n', "prompt"),
        ("types.jsonl", b'{"question": 3, "answer": "#### 4"}\n', "question"),
        ("empty.jsonl", b"", "empty.jsonl"),
        ("cut.jsonl.gz", gzip.compress(b"x" * 500, mtime=0)[:-20], "cut.jsonl.gz"),
        ("seeds.csv", b"a,b\n", "seeds.csv"),
        (
            "one.jsonl",
            b'{"question": "Tom has 3 pens and buys 4 pens. How many?", "answer": "<<3+4=7>>7\\n#### 7"}\n',
            "no number of the question may change",
        ),
    ],
)
def test_bad_seeds(kpmath: Kpmath, tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    fails(kpmath(*QUICK, "--set", f"seeds.path={name}")[::1], told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["build", "nowhere.toml"], "There is no recipe at nowhere.toml"),
        ([*QUICK, "--set", "build.speed=9"], "no key build.speed"),
        ([*QUICK, "--set", "build.questions"], "has no value"),
        ([*QUICK, "--set", "build.questions=some"], "whole number"),
        ([*QUICK, "--set", "teacher.kind=openai", "--set", "teacher.model=m", "--set", 'teacher.addresses=["http://127.0.0.1:9"]'],
         "No server answers at http://127.0.0.1:9"),
        ([*QUICK, "--set", "prompts=nowhere"], "nowhere"),
        ([*QUICK, "--shards", "1-"], "write it like --shards 3,7-9"),
        ([*QUICK, "--shards", "two"], "write it like --shards 3,7-9"),
        ([*QUICK, "--shards", "0-2"], "There is no shard 2: build.shards is 2, the last is 1."),
        ([*QUICK, "--regenerate"], "name them with --shards"),
        (["status", "nowhere"], "There is no folder nowhere"),
        (["verify", "nowhere"], "There is no folder nowhere"),
        (["rescore", "nowhere"], "There is no folder nowhere"),
        (["explain", "nowhere", "x"], "There is no folder nowhere"),
        (["export", "nowhere"], "There is no folder nowhere"),
        (["bild", "x"], "No such command 'bild'. Did you mean 'build'? See `kpmath --help`."),
        (["explain", "x"], "Missing argument 'ROW_ID': see `kpmath explain --help`."),
        (["publish", "x", "--repo", "a/b"], "Missing option '--version': see `kpmath publish --help`."),
        (["publish", "x", "--version"], "Option '--version' requires an argument: see `kpmath publish --help`."),
        (["status", "x", "y"], "unexpected extra argument"),
        ([*QUICK, "--wrong\x1b[31m"], r"No such option: --wrong\x1b[31m"),
        ([*QUICK, "--regenerate=maybe"], "see `kpmath build --help`."),
    ],
)  # fmt: skip
def test_bad_words(kpmath: Kpmath, words: list[str], told: str) -> None:
    fails(kpmath(*words), told)


def test_a_folder_of_another_recipe_is_refused_and_stays(kpmath: Kpmath, tmp_path: Path) -> None:
    kpmath(*QUICK)
    before = (tmp_path / "builds/quickstart/manifest.json").read_bytes()
    fails(kpmath(*QUICK, "--set", "build.seed=5"), "build.seed was 0 and is now 5")
    (tmp_path / "own.jsonl").write_text(
        "".join((ROOT / "kpmath_builder/data/seeds.jsonl").open().readlines()[:30])
    )
    fails(kpmath(*QUICK, "--set", "seeds.path=own.jsonl"), "was built with another recipe")
    assert (tmp_path / "builds/quickstart/manifest.json").read_bytes() == before
    fails(
        kpmath("rescore", "builds/quickstart", "--set", "solutions.samples=3"),
        "solutions.samples was 10 and is now 3",
    )
    fails(kpmath("explain", "builds/quickstart", "ffffffff-00000000"), "has no row ffffffff-00000000")


def test_a_build_folder_that_is_a_file_or_cannot_be_written(kpmath: Kpmath, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    fails(kpmath(*QUICK, "--set", "build.folder=file"), "cannot be written")
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.access(closed, os.W_OK):
        pytest.skip("this user may write anywhere")
    fails(kpmath(*QUICK, "--set", "build.folder=closed/b"), "cannot be written")


@pytest.mark.parametrize("words", [[], ["--help"], ["build", "--help"]], ids=["nothing", "help", "of build"])
def test_help_is_printed_as_it_is(kpmath: Kpmath, words: list[str]) -> None:
    status, out, err = kpmath(*words)
    assert (status, err) == (0, "")
    assert "Usage: kpmath" in out
    assert out.count("\n") > 5


def test_help_is_quick_to_import_and_lists_the_commands() -> None:
    """As a program of its own, so that the entry point is what runs; nothing heavy is imported for it."""
    code = "import sys; sys.argv[1:] = ['--help']\nfrom kpmath_builder.cli import main\ntry: main()\nexcept SystemExit: pass\nprint(sorted({'sklearn', 'datasets', 'aiohttp'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"
    assert all(command in told for command in ("build", "rescore", "status", "explain", "export"))
