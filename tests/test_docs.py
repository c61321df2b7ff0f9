"""Generated pages are what the code says, and what the other pages show exists, runs and leads somewhere."""

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from commands import run_command
from datasets import load_dataset

from kpmath_builder.cli import app
from kpmath_builder.records import DropReason

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in PAGES}


@pytest.mark.parametrize("name", ["recipe", "mix-recipe"])
def test_the_recipe_page_is_up_to_date(name: str) -> None:
    page = runpy.run_path(str(ROOT / "docs/generate.py"))[f"{name.replace('-', '_')}_page"]()
    assert (ROOT / f"docs/{name}.md").read_text(encoding="utf-8") == page, "run: python docs/generate.py"


def blocks(name: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXTS[name], re.DOTALL | re.MULTILINE)


def command_lines(name: str) -> Iterator[list[str]]:
    for block in blocks(name, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.rstrip("& "), comments=True)
            if words and words[0].rsplit("/", 1)[-1] == "kpmath":
                yield words[1:]


COMMANDS = [(name, words) for name in TEXTS for words in command_lines(name)]


@pytest.mark.parametrize(
    ("name", "words"), COMMANDS, ids=[f"{name} {' '.join(words)}" for name, words in COMMANDS]
)
def test_each_command_of_a_page_exists_with_its_options(name: str, words: list[str]) -> None:
    command = typer.main.get_group(app).commands[words[0]]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_each_link_to_a_file_leads_to_one(path: Path) -> None:
    """The site's own links are checked when it is built; README and the others are no part of it."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)", TEXTS[path.name])
    assert [target for target in targets if not (path.parent / target).exists()] == []


def headings(page: str) -> set[str]:
    """Return the anchors of a page, as the site and GitHub name them."""
    prose = re.sub(r"^```.*?^```", "", page, flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_each_link_to_a_heading_leads_to_one(path: Path) -> None:
    links = re.findall(r"\]\(((?!https?:)[^)#\s]*)#([^)]+)\)", TEXTS[path.name])
    pages = [(path.parent / target if target else path, anchor) for target, anchor in links]
    assert [
        (page.name, anchor)
        for page, anchor in pages
        if page.suffix == ".md" and anchor not in headings(page.read_text(encoding="utf-8"))
    ] == []


# The page of messages


def test_each_message_of_the_page_is_in_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "kpmath_builder").rglob("*.py"))
    rows = re.findall(r"^\| (`.*?) \|", TEXTS["messages.md"], re.MULTILINE)
    messages = [message for row in rows for message in re.findall(r"`([^`]+)`", row)]
    assert len(messages) > 40
    assert [message for message in messages if message not in code] == []


def test_each_reason_of_the_funnel_is_on_the_page() -> None:
    reasons = [reason.value for reason in DropReason if reason]
    assert [reason for reason in reasons if f"`{reason}`" not in TEXTS["messages.md"]] == []


# Pages that work on the quickstart's folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the examples, in which a small quickstart is built once by the first page that asks for it."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "examples").symlink_to(ROOT / "examples")
    return folder


@pytest.mark.parametrize("name", ["trust.md", "repair.md", "curation.md"])
def test_the_commands_of_the_page_run_in_their_order(
    name: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    told = ""
    for block in blocks(name, "sh"):
        for line in block.splitlines():
            program, *words = shlex.split(line)
            if program == "rm":
                (place / words[0]).unlink()
                continue
            if words[0] == "build":
                words += ["--set", "build.questions=24", "--set", "solutions.samples=4"]
            if "ROW_ID" in words:
                words[words.index("ROW_ID")] = load_dataset("builds/quickstart/dataset", split="train")[0][
                    "id"
                ]
            status, told, err = run_command((*words,), capsys, monkeypatch)
            assert (line, status, err) == (line, 0, "")
    assert name != "repair.md" or "0 disagreements" in told


@pytest.mark.parametrize("name", ["trust.md", "training.md"])
def test_the_python_of_the_page_runs(
    name: str, place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    words = (
        "build",
        "examples/quickstart.toml",
        "--set",
        "build.questions=24",
        "--set",
        "solutions.samples=4",
    )
    assert run_command(words, capsys, monkeypatch)[0] == 0
    names: dict[str, Any] = {}
    for block in blocks(name, "python"):
        exec(block, names)  # the page is ours
    if name == "training.md":
        row = names["train"][0]
        assert [message["role"] for message in row["prompt"] + row["completion"]] == ["user", "assistant"]
        assert len(names["test"]) + len(names["rest"]) == len(names["train"])
        assert not {i.rpartition("-")[0] for i in names["test"]["id"]} & {
            i.rpartition("-")[0] for i in names["rest"]["id"]
        }
        said = [[{"role": "assistant", "content": r"\boxed{12}"}], "13"]
        assert names["correct"](completions=said, answer=["12", "12"], level=[1, 2]) == [1.0, 0.0]
        asked = [prompt[0]["content"] for prompt in names["prompts"]["prompt"]]
        assert len(asked) == len(set(asked)) > 0
        assert names["prompts"].column_names == ["id", "prompt", "answer"]


def test_each_page_has_its_place_in_the_site() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [name for name in TEXTS if (ROOT / "docs" / name).exists() and f": {name}\n" not in site] == []
