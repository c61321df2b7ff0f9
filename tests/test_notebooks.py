"""Notebooks: a bar by default, results that show themselves, and nothing in a build that kept nothing to wonder about."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from datasets import load_dataset
from dummy_server import Body, DummyServer, task_of
from roleplay import play
from small_builds import recipe
from typer.testing import CliRunner

from kpmath_builder import BuildResult, build
from kpmath_builder.cli import app
from kpmath_builder.dataset.schemas import CONFIGS, SCHEMAS
from kpmath_builder.display import Display
from kpmath_builder.funnel import Funnel
from kpmath_builder.notebooks import listener_here, preformatted, table
from kpmath_builder.progress import Progress
from kpmath_builder.records import Tokens


class FakeNotebook:
    """IPython as a kernel has it: what is displayed, and how often it was updated."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, kernel: object) -> None:
        self.outputs: list[list[str]] = []
        ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
        ipython.get_ipython = lambda: SimpleNamespace(kernel=kernel)  # type: ignore[attr-defined]
        display.HTML = str  # type: ignore[attr-defined]
        display.display = self._display  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def _display(self, html: str, *, display_id: bool) -> Any:
        assert display_id
        self.outputs.append([html])
        return SimpleNamespace(update=self.outputs[-1].append)


def moment(**fields: Any) -> Progress:
    told: dict[str, Any] = {"stage": "synthesis", "done": 3, "total": 9, "resumed": 0, "seconds": 1.0}
    return Progress(**{**told, "fresh": Tokens(), "funnel": Funnel(), **fields})


def test_a_notebook_gets_one_bar_that_is_updated_and_notes_as_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = FakeNotebook(monkeypatch, kernel=object())
    listener = listener_here(None)
    assert listener is not None
    listener(moment(done=0, total=0, stage="seeds"))
    listener(moment(engine="<3 running>"))
    listener(moment(note="Waiting\x1b[2J for it."))
    assert len(notebook.outputs) == 1
    first, second = notebook.outputs[0]
    assert first == "seeds  1 s", "a bar without an end would go on moving"
    assert "value='3' max='9'" in second
    assert "&lt;3 running&gt;" in second
    assert capsys.readouterr().out == "Waiting\\x1b[2J for it.\n"


def test_elsewhere_nothing_is_shown_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listener_here(None) is None
    FakeNotebook(monkeypatch, kernel=None)  # IPython in a terminal
    assert listener_here(None) is None
    FakeNotebook(monkeypatch, kernel=object())
    assert listener_here(print) is print


def test_what_models_and_servers_say_is_no_mark_up() -> None:
    assert preformatted("a < b\n\x1b") == preformatted("a < b\n\x1b").replace("<b>", "")
    assert "a &lt; b\n\\x1b" in preformatted("a < b\n\x1b")
    assert "<script>" not in table(("<script>",), [("<script>",)])


def test_the_line_of_a_moment_says_what_was_given_up() -> None:
    assert "2 given up" in str(moment(fresh=Tokens(requests=9, given_up=2)))
    funnel = Funnel()
    funnel.spent["solve"] = Tokens(requests=9, given_up=3)
    assert "3 given up" in str(moment(fresh=Tokens(given_up=1), funnel=funnel))
    assert "given up" not in str(moment())


def test_the_plain_line_of_a_build_says_what_was_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    Display()(moment(done=9, fresh=Tokens(requests=9, given_up=2)))
    assert "2 given up" in capsys.readouterr().out


def strict(body: Body) -> str:
    """Play a judge that finds every key point missing."""
    if task_of(body) != "judge":
        return play(body)
    return play(body).replace(": yes", ": no").replace("questions: 5", "questions: 1")


@pytest.fixture(scope="module")
def nothing_kept(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    folder = tmp_path_factory.mktemp("nothing")
    with DummyServer(strict) as server:
        return build(recipe(folder, server))


def test_a_build_that_kept_nothing_says_where_all_were_lost(nothing_kept: BuildResult) -> None:
    assert nothing_kept.rows["qa-pairs"] == 0
    assert nothing_kept.nothing_kept == (
        "No pair was kept: the last 24 that were written went no further (24 quality below threshold)."
    )
    (loss,) = (its for its in nothing_kept.losses if its.what == "blueprints")
    assert (loss.count, loss.of, loss.reason) == (24, 24, "quality below threshold")
    assert "judging.threshold" in loss.advice


def test_a_build_that_kept_nothing_exits_1_and_so_do_the_commands_after_it(nothing_kept: BuildResult) -> None:
    folder = str(nothing_kept.folder)
    told = CliRunner().invoke(app, ["rescore", folder, "--set", "judging.threshold=0.9"])
    assert told.exit_code == 1
    assert "No pair was kept: " in told.output
    assert "Load it with" not in told.output
    told = CliRunner().invoke(
        app, ["build", str(nothing_kept.folder / "recipe.toml"), "--set", "judging.threshold=0.9"]
    )
    assert told.exit_code == 1
    assert "Where the rest went:" in CliRunner().invoke(app, ["status", folder]).output


@pytest.mark.parametrize("config", CONFIGS)
def test_empty_tables_load_with_their_columns(nothing_kept: BuildResult, config: str) -> None:
    """`datasets` raises an error of its own for a split without rows, unless it streams."""
    streamed = load_dataset(str(nothing_kept.dataset), config, split="train", streaming=True)
    assert streamed.column_names == SCHEMAS[config].names
    assert len(list(streamed)) == nothing_kept.rows[config]


def test_a_result_shows_itself_in_a_notebook(nothing_kept: BuildResult) -> None:
    html = nothing_kept._repr_html_()
    assert "24 quality below threshold" in html
    assert "No pair was kept" in html
    assert "Where the rest went:" in html
