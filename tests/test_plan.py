"""What a build will take: by rule from a profile, from counted prompts, and from what a folder shows."""

import json
import re
from collections import Counter
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from commands import run_command
from dummy_server import DummyServer
from roleplay import play
from small_builds import recipe

from kpmath_builder import BuildPlan, InputError, Recipe, build, pipeline, plan
from kpmath_builder.client.embeddings import OpenAIEmbedder
from kpmath_builder.estimation.assumptions import EMBEDDED_AT_ONCE, assume
from kpmath_builder.estimation.counting import count_tokens
from kpmath_builder.estimation.measurements import measured_rates
from kpmath_builder.estimation.plan import Pace, SizePlan, plan_size, questions_for
from kpmath_builder.estimation.profile import Known, PlannedTask, Profile, TaskLoad
from kpmath_builder.folder.log_costs import costs_by_task
from kpmath_builder.folder.log_scan import lines_of
from kpmath_builder.prompts import Prompts
from kpmath_builder.publishing.release import Release
from kpmath_builder.publishing.versions import Version
from kpmath_builder.seeds import load_seeds

ROOT = Path(__file__).resolve().parents[1]
SMALL, LARGE = 80, 200


def load(requests: float, prompt: float = 100.0, completion: float = 10.0) -> TaskLoad:
    return TaskLoad(requests, prompt, completion, 500.0, Known.MEASURED)


LOADS: dict[PlannedTask, TaskLoad] = {
    "extract": load(1.0),
    "same_topic": load(30.0),
    "write": load(1.0),
    "judge": load(1.0),
    "solve": load(5.0, completion=360.0),
}
PROFILE = Profile(
    seeds=50,
    loads=LOADS,
    kept=0.5,
    rows_per_kept=3.0,
    candidate=2_000.0,
    tables=1_000.0,
    base=10_000.0,
    knowledge=10_000.0,
    yields=Known.MEASURED,
)


def served(**teacher: Any) -> Recipe:
    return Recipe.of({"teacher": {"kind": "openai", "model": "m", **teacher}})


def planned(
    made: Recipe, questions: int = 1000, pace: float = 100.0, models: tuple[str, ...] = ("m",)
) -> SizePlan:
    return plan_size(made, PROFILE, questions, {model: Pace(pace, "stated") for model in models})


def test_requests_of_seeds_do_not_grow_with_the_questions() -> None:
    few, many = (
        {task.task: task.requests for task in planned(served(), questions).tasks} for questions in (100, 1000)
    )
    assert few == {"extract": 50, "same_topic": 30, "write": 100, "judge": 100, "solve": 500}
    assert many == {"extract": 50, "same_topic": 30, "write": 1000, "judge": 1000, "solve": 5000}


@pytest.mark.parametrize(
    ("rows", "most", "questions"), [(300, 1000, 200), (301, 1000, 201), (3000, 1000, 1000)]
)
def test_so_many_rows_need_as_many_questions_as_give_them_and_no_more_than_may_be_drawn(
    rows: int, most: int, questions: int
) -> None:
    assert questions_for(rows, PROFILE, most) == questions
    assert questions_for(rows, replace(PROFILE, kept=0.0), most) == most


@pytest.mark.parametrize(
    ("rows", "said"), [(100, "are expected to give them"), (10**6, "raise build.questions")]
)
def test_a_plan_of_so_many_rows_says_whether_the_questions_will_do(
    tmp_path: Path, rows: int, said: str
) -> None:
    made = Recipe.of({"build": {"folder": str(tmp_path), "rows": rows, "questions": 5000}})
    own = plan(made)
    assert own.rows_wanted == rows
    assert said in str(own)


def test_totals_are_the_sums_over_the_tasks() -> None:
    size = planned(served())
    assert size.requests == 50 + 30 + 1000 + 1000 + 5000
    assert size.prompt_tokens == 100 * size.requests
    assert size.completion_tokens == 10 * 2080 + 360 * 5000
    assert (size.kept, size.rows) == (500, 1500)
    assert size.as_json()["completion_tokens"] == size.completion_tokens


def test_hours_are_the_tokens_written_over_the_pace() -> None:
    size = planned(served(), pace=100.0)
    assert size.gpu_hours == pytest.approx(size.completion_tokens / 100 / 3600)
    assert size.hours == pytest.approx(size.gpu_hours), "one server of one GPU does it all"


def test_more_servers_take_less_time_and_as_many_gpu_hours() -> None:
    one, two = (planned(served(addresses=["http://a", "http://b"][:count])) for count in (1, 2))
    assert two.hours == pytest.approx(one.hours / 2)
    assert two.gpu_hours == one.gpu_hours


def test_models_on_gpus_of_their_own_work_side_by_side() -> None:
    """The judge's time is hidden behind the solver's; on shared GPUs it is not."""

    def hours(gpus: list[int]) -> float:
        judge = {"kind": "vllm", "model": "j", "gpus": gpus}
        teacher = {"kind": "vllm", "model": "m", "gpus": [0]}
        made = Recipe.of({"teacher": teacher, "roles": {"judge": judge}})
        return planned(made, models=("m", "j")).hours

    judging = 1000 * 10 / 100 / 3600
    assert hours([0]) - hours([1]) == pytest.approx(judging)


def test_what_is_paid_by_the_token_has_a_cost_and_no_gpu_hours() -> None:
    size = planned(served(price_per_million_prompt_tokens=1.0, price_per_million_completion_tokens=2.0))
    assert size.cost == pytest.approx((size.prompt_tokens + 2 * size.completion_tokens) / 1e6)
    assert size.gpu_hours is None
    assert planned(served()).cost is None


def test_limits_per_minute_are_kept() -> None:
    size = planned(served(requests_per_minute=10), pace=1e9)
    assert size.hours == pytest.approx(size.requests / 10 / 60)


def test_the_program_takes_no_gpu() -> None:
    size = plan_size(Recipe.of({}), PROFILE, 6_000, {})
    assert size.gpu_hours is None
    assert size.hours == pytest.approx(100 / 3600), "60 questions a second"


# Assumed


def assumed(**tables: Any) -> Profile:
    made = Recipe.of({"teacher": {"kind": "openai", "model": "m"}, **tables})
    return assume(made, Prompts.load(made.prompts), load_seeds().problems)


def test_prompts_are_counted_as_they_will_be_sent(tmp_path: Path) -> None:
    """A word more in a prompt file is a token more in each of its requests."""
    text = Prompts.load().texts["write"]
    (tmp_path / "write.txt").write_text(
        text.replace("[system]\n", "[system]\nword word word "), encoding="utf-8"
    )
    longer, plain = assumed(prompts=str(tmp_path)), assumed()
    assert longer.loads["write"].prompt == pytest.approx(plain.loads["write"].prompt + 3)
    assert longer.loads["judge"] == plain.loads["judge"]


def test_samples_and_topics_of_the_recipe_enter() -> None:
    few, many = assumed(solutions={"samples": 4}), assumed(solutions={"samples": 8})
    assert many.loads["solve"].requests == pytest.approx(2 * few.loads["solve"].requests)
    two, three = (assumed(blueprints={"three_topics_share": share}) for share in (0.0, 1.0))
    assert three.loads["write"].prompt > two.loads["write"].prompt
    one = assumed(blueprints={"one_topic_share": 1.0})
    assert one.loads["write"].prompt < two.loads["write"].prompt
    assert assumed(solutions={"max_tokens": 7}).loads["solve"].completion == 7


def test_embeddings_are_counted_if_a_server_makes_them() -> None:
    assert "embed" not in assumed().loads
    embedded = assumed(topics={"embedding": "openai", "embedding_model": "e"}).loads["embed"]
    assert embedded.requests == -(-62 * 4 // EMBEDDED_AT_ONCE)
    assert signature(OpenAIEmbedder.__init__).parameters["batch"].default == EMBEDDED_AT_ONCE


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("two words", 2), ("12.5", 4), (r"\frac{1}{2}", 8), ("multiplication", 2)],
)
def test_tokens_are_signs_digits_and_pieces_of_words(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


# Measured


def test_costs_are_told_apart_by_task_and_address() -> None:
    line = '{{"key":"k","task":"{}","for":"{}","response":{{"text":"a","prompt_tokens":3,"completion_tokens":2}},"sum":"s"}}\n'
    told = [("write", "0"), ("solve", "0"), ("solve", "0"), ("write", '1 \\" "')]
    costs = costs_by_task([line.format(*each).encode() for each in told] + [b"torn"])
    assert {task: (cost.tokens.requests, len(cost.addresses)) for task, cost in costs.items()} == {
        "write": (2, 2),
        "solve": (2, 1),
    }
    assert costs["solve"].tokens.prompt == 6
    assert costs["solve"].stored == 2 * len(line.format("solve", "0"))


def test_rates_are_means_over_all_runs_and_servers(tmp_path: Path) -> None:
    runs = [
        {"model": "m", "servers": 2, "seconds": 10.0, "written_tokens": 4_000},
        {"model": "m", "servers": 1, "seconds": 20.0, "written_tokens": 4_000},
        {"model": "older", "servers": 1, "seconds": 20.0},
    ]
    (tmp_path / "engine").mkdir()
    lines = "".join(json.dumps(run) + "\n" for run in runs) + '{"model": "m", "ser'
    (tmp_path / "engine" / "runs.jsonl").write_text(lines, encoding="utf-8")
    assert measured_rates(tmp_path) == {"m": 8_000 / 40}
    assert measured_rates(tmp_path / "none") == {}


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuildPlan, BuildPlan]:
    """Return a folder with a small build that was grown to a larger one, and the plan for that, made before and in between."""
    folder = tmp_path_factory.mktemp("grown") / "build"
    with DummyServer(play) as server:
        large = recipe(folder, server, build_questions=LARGE)
        before = plan(large)
        build(recipe(folder, server, build_questions=SMALL))
        between = plan(large)
        build(large)
    return folder, before, between


def test_a_plan_shows_itself_in_a_notebook(grown: tuple[Path, BuildPlan, BuildPlan]) -> None:
    shown = grown[1]._repr_html_()
    assert all(line in shown for line in ("Plan of ", "tokens written", "<pre"))


def test_nothing_is_measured_in_an_empty_folder(grown: tuple[Path, BuildPlan, BuildPlan]) -> None:
    _, before, _ = grown
    assert {task.known for task in before.sizes[0].tasks} == {"assumed"}
    assert (before.done, before.measured_questions) == (0, 0)
    assert before.paces["dummy"].source == "assumed"


def test_a_plan_after_a_small_build_is_within_a_tenth_of_the_larger_one(
    grown: tuple[Path, BuildPlan, BuildPlan],
) -> None:
    folder, _, between = grown
    size = between.sizes[0]
    took = costs_by_task(line for path in (folder / "responses").glob("*.jsonl") for line in lines_of(path))
    for task in size.tasks:
        tokens = took[task.task].tokens
        assert task.known == "measured"
        assert task.requests == pytest.approx(tokens.requests, rel=0.1)
        assert task.prompt_tokens == pytest.approx(tokens.prompt, rel=0.1)
        assert task.completion_tokens == pytest.approx(tokens.completion, rel=0.1)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    chance = 0.2  # the share that is kept is known from SMALL questions only
    assert size.kept == pytest.approx(manifest["funnel"]["passed"]["kept"], rel=chance)
    assert size.rows == pytest.approx(manifest["rows"]["qa-pairs"], rel=chance)
    assert (between.done, between.measured_questions) == (SMALL, SMALL)
    assert between.hours_left == pytest.approx(size.hours * (1 - SMALL / LARGE))


def test_disk_and_uploads_are_as_planned(grown: tuple[Path, BuildPlan, BuildPlan]) -> None:
    folder, _, between = grown
    size = between.sizes[0]
    files = [path for path in folder.rglob("*") if path.is_file()]
    release = Release.of(folder, "org/name", Version.parse("1.0.0"))
    assert size.files == pytest.approx(len(files), abs=3), (
        "some notes are written only if there is something to note"
    )
    assert size.disk_bytes == pytest.approx(sum(path.stat().st_size for path in files), rel=0.1)
    assert size.upload_files == len(release.files)
    uploaded = sum(file.size for file in release.files.values())
    assert size.upload_bytes == pytest.approx(uploaded, rel=0.1), (
        "the frame of a small Parquet file does not grow"
    )


@pytest.mark.parametrize("stage", ["synthesis", "preview"])
def test_the_logs_alone_measure_too(
    grown: tuple[Path, BuildPlan, BuildPlan], tmp_path: Path, stage: str
) -> None:
    """As after a build that was stopped before its first shard was sealed, or a preview from a handful of seeds."""
    folder, _, between = grown
    (tmp_path / "responses").mkdir()
    for path in (folder / "responses").glob("*.jsonl"):
        (tmp_path / "responses" / path.name.replace("synthesis", stage)).symlink_to(path)
    made = Recipe.read(folder / "recipe.toml", {"build.folder": str(tmp_path)})
    alone = plan(made).sizes[0]
    assert {task.task: task.known for task in alone.tasks} == {
        task.task: "measured" for task in between.sizes[0].tasks
    }
    assert alone.requests == pytest.approx(between.sizes[0].requests, rel=0.1)


def test_only_what_is_asked_otherwise_is_assumed_again(
    grown: tuple[Path, BuildPlan, BuildPlan], tmp_path: Path
) -> None:
    """Other prompts and fields (thinking, say) make other lengths; more samples only make more requests."""
    folder, _, between = grown
    judge = Prompts.load().texts["judge"]
    (tmp_path / "judge.txt").write_text(judge.replace("[system]", "[system]\nThink.", 1), encoding="utf-8")

    def known(**settings: str) -> set[str]:
        changed = {key.replace("_", ".", 1): value for key, value in settings.items()}
        size = plan(Recipe.read(folder / "recipe.toml", changed)).sizes[0]
        return {task.task for task in size.tasks if task.known == "assumed"}

    assert known(prompts=str(tmp_path)) == {"judge"}
    assert known(teacher_extra="{ top_k = 5 }") == {
        "extract",
        "same_topic",
        "write",
        "work",
        "judge",
        "solve",
    }
    doubled = plan(Recipe.read(folder / "recipe.toml", {"solutions.samples": "8"})).sizes[0]
    assert doubled.tasks[-1].requests == pytest.approx(2 * between.sizes[0].tasks[-1].requests, rel=0.1)


def test_answers_of_another_model_measure_nothing(grown: tuple[Path, BuildPlan, BuildPlan]) -> None:
    folder, before, _ = grown
    other = plan(Recipe.read(folder / "recipe.toml", {"teacher.model": "other"}))
    assert {task.known for task in other.sizes[0].tasks} == {"assumed"}
    assert other.done == 0
    assert other.sizes[0].requests == before.sizes[0].requests


def test_the_plan_is_shown_for_three_sizes(grown: tuple[Path, BuildPlan, BuildPlan]) -> None:
    *_, between = grown
    assert [size.questions for size in between.sizes] == [LARGE, 10_000, 800_000]
    text = str(between)
    assert Counter(text.split())["measured"] >= 5
    assert f"{SMALL} of {LARGE} questions are there already" in text
    assert json.loads(json.dumps(between.as_json()))["sizes"][2]["questions"] == 800_000


def test_a_pace_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="above 0"):
        plan(Recipe.of({}), tokens_per_second=0.0)


# On the command line

QUICK = ("examples/quickstart.toml", "--set", "build.questions=2", "--set", "build.shards=1")


def test_the_command_shows_tables_or_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    status, out, _ = run_command(("plan", *QUICK), capsys, monkeypatch)
    assert status == 0
    assert "Plan of kpmath-quickstart: 2 questions" in out
    assert re.search(r"^questions +2 +10,000 +800,000$", out, re.MULTILINE)
    status, out, _ = run_command(("plan", *QUICK, "--json"), capsys, monkeypatch)
    told = json.loads(out)
    assert (status, told["sizes"][0]["questions"], told["hours_left"]) == (0, 2, pytest.approx(2 / 60 / 3600))
    status, _, err = run_command(("plan", *QUICK, "--tokens-per-second", "-1"), capsys, monkeypatch)
    assert (status, "above 0" in err) == (2, True)


@pytest.mark.parametrize("long", [0.0, 1.0], ids=["long", "short"])
def test_a_long_build_shows_its_plan_first_beside_its_output(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, long: float
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.setattr(pipeline, "LONG_HOURS", long)
    status, out, err = run_command(("build", *QUICK), capsys, monkeypatch)
    assert status == 0
    assert ("Plan of kpmath-quickstart" in err) == (not long)
    assert "Plan of" not in out
