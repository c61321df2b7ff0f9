"""What a script reads: versions, help, exit statuses, one JSON object on standard output, and nothing that is not documented."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from commands import Kpmath
from families import named

ROOT = Path(__file__).resolve().parents[1]
QUICK = ("build", ROOT / "examples/quickstart.toml", "--set", "build.questions=6", "--set", "build.shards=2")
QUICK = (*QUICK, "--set", "build.folder=b")
COMMANDS = ("build", "preview", "rescore", "status", "verify", "audit", "explain", "export", "publish")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from kpmath_builder import Recipe, build

    folder = tmp_path_factory.mktemp("scripting")
    build(Recipe.read(QUICK[1], {"build.questions": "6", "build.shards": "2", "build.folder": f"{folder}/b"}))
    return folder


class BuiltKpmath(Kpmath):
    """Runs commands beside a copy of a finished build `b` of six questions."""

    def __init__(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        super().__init__(capsys, monkeypatch)
        self.folder = folder

    def row(self, config: str) -> dict[str, Any]:
        self("export", "b", "--force")
        return json.loads((self.folder / f"b/export/{config}.jsonl").open().readline())


@pytest.fixture
def kpmath(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> BuiltKpmath:
    shutil.copytree(built / "b", tmp_path / "b")
    monkeypatch.chdir(tmp_path)
    return BuiltKpmath(tmp_path, capsys, monkeypatch)


def documented(section: str) -> set[str]:
    """Return the keys that docs/scripting.md lists for a command."""
    page = (ROOT / "docs/scripting.md").read_text()
    text = page.partition(f"\n### {section}\n")[2].partition("\n### ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    assert cells, section
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_the_version_is_printed(kpmath: Kpmath) -> None:
    assert kpmath("--version") == (0, f"kpmath-builder {version('kpmath-builder')}\n", "")


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_h_is_help_everywhere(kpmath: BuiltKpmath, command: str) -> None:
    words = filter(None, (command, "-h"))
    assert kpmath(*words) == kpmath(*filter(None, (command, "--help")))
    assert kpmath(*filter(None, (command, "-h")))[0] == 0


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("`kpmath build` and `kpmath rescore`", (*QUICK, "--set", "build.questions=8")),
        ("`kpmath build` and `kpmath rescore`", QUICK),
        ("`kpmath build` and `kpmath rescore`", ("rescore", "b", "--set", "consensus.mode=paper")),
        ("`kpmath preview`", ("preview", "-n", "1", *QUICK[1:])),
        ("`kpmath status`", ("status", "b")),
        ("`kpmath verify FOLDER`", ("verify", "b")),
        ("`kpmath audit`", ("audit", "b")),
        ("`kpmath export`", ("export", "b")),
    ],
    ids=["build", "build again", "rescore", "preview", "status", "verify", "audit", "export"],
)
def test_a_json_result_is_one_object_with_the_keys_that_are_documented(
    kpmath: BuiltKpmath, section: str, words: tuple[object, ...]
) -> None:
    code, out, _ = kpmath(*words, "--json")
    assert code == 0
    result = json.loads(out)
    told = documented(section) - {"candidate", "judge_words"}  # of the rows of a preview
    assert result.keys() == {"format"} | told
    assert result["format"] == 1


@pytest.mark.parametrize("config", ["kp-extraction", "scored", "qa-pairs"])
def test_a_row_is_explained_in_json(kpmath: BuiltKpmath, config: str) -> None:
    row = kpmath.row(config)
    code, out, _ = kpmath("explain", "b", row["id"], "--json")
    assert code == 0
    result = json.loads(out)
    assert result["id"] == row["id"]
    assert result["requests"]
    only_of_seeds, only_of_others = {"seed", "extraction"}, {"candidate", "sample", "seeds", "repeats"}
    expected = {"format"} | documented("`kpmath explain`")
    assert result.keys() == expected - (only_of_others if config == "kp-extraction" else only_of_seeds)


def test_what_verify_finds_stands_in_its_json_with_the_remedy(kpmath: Kpmath) -> None:
    (kpmath.folder / "b/dataset/README.md").write_text("mine")
    code, out, err = kpmath("verify", "b", "--json")
    assert code == 1
    found = json.loads(out)["disagreements"]
    assert {"file", "place", "what", "remedy"} == found[0].keys()
    assert "`kpmath verify b --repair`" in found[0]["remedy"]
    assert found[0]["what"] in err


@pytest.mark.parametrize(
    "words",
    [("status", "nowhere"), ("build", "nowhere.toml"), ("explain", "b", "x"), ("verify", "nowhere")],
)
def test_after_an_error_standard_output_is_empty(kpmath: BuiltKpmath, words: tuple[str, ...]) -> None:
    code, out, err = kpmath(*words, "--json")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_quiet_prints_notes_alone_and_those_on_standard_error(kpmath: Kpmath) -> None:
    assert kpmath(*QUICK, "--quiet")[:2] == (0, "")
    (kpmath.folder / "b/dataset/README.md").write_text("mine")
    code, out, err = kpmath(*QUICK, "--quiet")
    assert (code, out) == (0, "")
    assert "The tables are made again, because of damage" in err
    assert "synthesis" not in err
    assert kpmath("export", "b", "--quiet") == (0, "", "")
    assert kpmath("verify", "b", "--quiet")[1] == ""


# Words that look harmless


@pytest.mark.parametrize("shards", ["3-1", "", "1,", ",", "1-0", "0,1-0", "--", "-1", "1--0"])
def test_a_list_of_shards_that_names_none_or_runs_backwards_is_refused(
    kpmath: BuiltKpmath, shards: str
) -> None:
    code, out, err = kpmath(*QUICK, f"--shards={shards}")
    assert (code, out) == (2, "")
    assert "write it like --shards 3,7-9" in err


@pytest.mark.parametrize("end", ["-99", "g1", "g1-00"])
def test_an_id_that_no_row_has_is_refused(kpmath: BuiltKpmath, end: str) -> None:
    candidate = kpmath.row("qa-pairs")["candidate_id"]
    code, out, err = kpmath("explain", "b", candidate + end)
    assert (code, out) == (2, "")
    assert f"has no row {candidate}{end}" in err


def test_the_default_of_export_is_shown_and_a_target_here_is_taken(kpmath: Kpmath) -> None:
    assert "FOLDER/export" in kpmath("export", "--help")[1]
    assert kpmath("export", "b", "--to", ".")[0] == 0
    assert (kpmath.folder / "scored.jsonl").exists()


# Locales


@pytest.mark.parametrize(
    "locale",
    [
        pytest.param({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, id="C"),
        pytest.param({"PYTHONIOENCODING": "ascii"}, id="ascii", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize(
    "words",
    named(["verify bü", "export bü --force", "status bü", "explain bü ü"], "status bü"),
)
def test_a_locale_without_a_name_s_characters_gets_a_sentence(
    kpmath: BuiltKpmath, locale: dict[str, str], words: str
) -> None:
    """In a process of its own: an interpreter takes its locale when it starts."""
    (kpmath.folder / "b").rename(kpmath.folder / "bü")
    command = [sys.executable, "-m", "kpmath_builder", *words.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **locale}
    done = subprocess.run(command, cwd=kpmath.folder, env=environment, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr
    assert done.returncode in {0, 2}
    assert done.stderr.count(b"\n") == (done.returncode == 2)
