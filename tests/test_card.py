"""The dataset card: its front matter is what the Hub and `datasets` act on."""

import json
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
from factories import MODELS, Build, make_build
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from kpmath_builder.curation.ngrams import QUESTION_20
from kpmath_builder.curation.policy import DRAWN
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.dataset.card_rules import card_problems
from kpmath_builder.dataset.facts import CardFacts, TaskFacts
from kpmath_builder.dataset.front import size_category
from kpmath_builder.dataset.schemas import COLUMNS, CONFIGS, DEFAULT_CONFIG
from kpmath_builder.funnel import Funnel
from kpmath_builder.records import DropReason, RepeatMark, Stage
from kpmath_builder.seeds.benchmarks import Benchmark

BUILD = make_build(candidates=60, seeds=12)


@pytest.fixture
def card(tmp_path: Path) -> DatasetCard:
    """Return the card of a published build, as the Hub's library reads it."""
    BUILD.write(tmp_path / "dataset", rows_per_file=25)
    return DatasetCard.load(tmp_path / "dataset" / "README.md")


def text_with(folder: Path, build: Build = BUILD, **facts: Any) -> str:
    """Return the card of a build with other facts."""
    build.write(folder / "dataset", facts=CardFacts(**{"models": MODELS, **facts}))
    return (folder / "dataset" / "README.md").read_text(encoding="utf-8")


def test_every_pattern_matches_exactly_the_files_of_its_config(card: DatasetCard, tmp_path: Path):
    folder = tmp_path / "dataset"
    for entry in card.data.configs:
        (files,) = entry["data_files"]
        assert files["split"] == "train"
        assert set(folder.glob(files["path"])) == set((folder / "data" / entry["config_name"]).iterdir())


def test_one_config_is_the_default(card: DatasetCard):
    assert [entry["config_name"] for entry in card.data.configs] == list(CONFIGS)
    assert [entry["config_name"] for entry in card.data.configs if entry.get("default")] == [DEFAULT_CONFIG]


def test_numbers_of_rows_and_bytes_are_those_of_the_files(card: DatasetCard, tmp_path: Path):
    for info in card.data.dataset_info:
        files = list((tmp_path / "dataset" / "data" / info["config_name"]).iterdir())
        (split,) = info["splits"]
        assert split["num_examples"] == sum(pq.read_metadata(file).num_rows for file in files)
        assert split["num_bytes"] == info["dataset_size"] > 0
        assert info["download_size"] == sum(file.stat().st_size for file in files)


def test_the_fingerprint_and_the_data_stand_in_every_config(tmp_path: Path):
    """`datasets` caches a local folder under its name and these entries, not under its data."""
    descriptions = []
    for name, build, fingerprint in (
        ("a", BUILD, "f1"),
        ("b", BUILD, "f2"),
        ("c", make_build(60, 12, seed=1), "f2"),
    ):
        build.write(tmp_path / name, fingerprint=fingerprint)
        configs = DatasetCard.load(tmp_path / name / "README.md").data.configs
        assert all(f"build {fingerprint}, " in entry["description"] for entry in configs)
        descriptions += [entry["description"] for entry in configs]
    assert len(set(descriptions)) == 9


@pytest.mark.parametrize(
    ("rows", "category"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (9_999, "1K<n<10K"),
        (10_000, "10K<n<100K"),
        (865_000, "100K<n<1M"),
        (1_576_000, "1M<n<10M"),
        (999_999_999, "100M<n<1B"),
        (1_000_000_000, "n>1B"),
    ],
)
def test_size_category(rows: int, category: str):
    assert size_category(rows) == category


def test_the_card_is_the_same_wherever_and_whenever_it_is_written(tmp_path: Path):
    one, other = text_with(tmp_path / "one"), text_with(tmp_path / "other" / "deeper")
    assert one == other
    assert str(tmp_path) not in one


def test_every_column_is_explained(card: DatasetCard):
    for config in CONFIGS:
        for column in COLUMNS[config]:
            assert f"| `{column.name}` | " in card.text
            assert column.description in card.text


def test_the_funnel_shows_each_stage_and_each_reason_with_its_count(card: DatasetCard):
    order = list(Stage)
    for stage in Stage:
        passed = sum(order.index(candidate.stage) >= order.index(stage) for candidate in BUILD.candidates)
        assert f"| {stage.value} | {passed} |" in card.text
    for reason in set(DropReason) - {DropReason.NONE}:
        count = sum(candidate.reason is reason for candidate in BUILD.candidates)
        assert count == 0 or f"{count} {reason.value}" in card.text
    spent = [candidate.spent["judge"] for candidate in BUILD.candidates if "judge" in candidate.spent]
    read, written = sum(tokens.prompt for tokens in spent), sum(tokens.completion for tokens in spent)
    assert f"| {read:,} | {written:,} |" in card.text


def test_models_recipe_and_further_limits_are_told(tmp_path: Path):
    text = text_with(
        tmp_path, recipe={"consensus.min_share": 0.5, "odd": "a | b\nc"}, limits=["Mind the gap."]
    )
    assert all(f"| {role} | {model} |" in text for role, model in MODELS.items())
    assert "| `consensus.min_share` | `0.5` |" in text
    assert "| `odd` | `a \\| b c` |" in text
    assert "- Mind the gap." in text


def test_the_symbolic_teacher_is_owned_up_to_where_it_wrote(tmp_path: Path):
    told = text_with(tmp_path / "a", models={**MODELS, "writer": "symbolic"})
    assert "symbolic teacher is a program" in told
    assert "symbolic teacher" not in text_with(tmp_path / "b")


def test_sources_of_the_seeds_are_listed_with_licence_and_number(card: DatasetCard):
    shareable = sum(seed.shareable for seed in BUILD.seeds)
    assert f"| gsm8k | MIT | {shareable} | yes |" in card.text
    assert f"| math | disputed | {len(BUILD.seeds) - shareable} | no: " in card.text


@pytest.mark.parametrize("sources", [(), ("openai/gsm8k",)])
def test_source_datasets_stand_in_the_front_matter_where_they_are_known(
    tmp_path: Path, sources: tuple[str, ...]
):
    data = DatasetCard(text_with(tmp_path, source_datasets=sources, licence="cc-by-4.0")).data
    assert data.license == "cc-by-4.0"
    assert data.source_datasets == (list(sources) or ["original"])


def test_each_task_is_told_with_its_model_sampling_and_prompt(tmp_path: Path):
    task = TaskFacts("solve", "org/solver-7b", "temperature 0.75; 10 samples", "sha256:" + "ab" * 32)
    assert "| solve | org/solver-7b | temperature 0.75; 10 samples | `sha256:abababababab` |" in text_with(
        tmp_path, tasks=[task]
    )


def compared() -> CurationReport:
    """Return a report of a set that was read and one that was not, beside seeds that have hits of their own."""
    sets = [Benchmark("MATH test", (), "sha256:" + "ab" * 32), Benchmark("MATH-500", fault="no Hub.")]
    report = CurationReport.of(sets, 7_500)
    report.compared = 865_000
    mark = RepeatMark(check="test", set="MATH test", id="x", kind=QUESTION_20)
    for number in range(102):
        report.count([mark], is_dropped=number < 2)
    report.count_problems(mark, ["x", "y"])
    report.count([RepeatMark(check="row", id="x", kind="near")], is_dropped=False)
    report.baseline["MATH test", QUESTION_20] = 181
    return report


def with_copies() -> CurationReport:
    """Return a report of copies of test problems, some of them published, beside seeds that are test problems."""
    report = compared()
    copy, drawn = (
        RepeatMark(check="test", set="MATH test", id="x", kind=kind) for kind in ("verbatim", DRAWN)
    )
    for is_dropped in (True, False, False):
        report.count([copy, drawn], is_dropped=is_dropped)
    report.baseline["MATH test", DRAWN] = 60
    return report


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (CurationReport(), "No row was compared with a test set: the recipe names none."),
        (CurationReport(), "No question repeats an earlier one, or a seed problem."),
        (
            compared(),
            "| check | rows, of 865,000 | of these, dropped | test problems, of 0 | seed problems, of 7,500 |",
        ),
        (compared(), "| question 20-gram | 102 | 2 | 2 | 181 |"),
        (compared(), "| verbatim | 0 | 0 | 0 | 0 |"),
        (compared(), "**MATH-500 was not checked**"),
        (compared(), "| an earlier row | near | 1 | 0 |"),
        (compared(), "No question stands here that is, or contains, a problem of a compared set"),
        (with_copies(), "the recipe keeps 2 questions that are, or contain, a problem of MATH test"),
        (
            with_copies(),
            "**60 of 7,500 seed problems are problems of MATH test.** 3 rows were drawn from them, and 1 of",
        ),
        (with_copies(), "| drawn from | 3 | 1 | 0 | 60 |"),
    ],
    ids=range(11),
)
def test_contamination_is_told_with_the_seeds_beside_it_or_that_nobody_looked(
    tmp_path: Path, report: CurationReport, told: str
):
    assert told in text_with(tmp_path, curation=report)


@pytest.mark.parametrize(
    "report",
    [CurationReport(), CurationReport.of([Benchmark("MATH-500", fault="no Hub.")], 1), with_copies()],
    ids=["no set", "none read", "copies kept"],
)
def test_the_card_denies_test_problems_only_if_it_knows_that_there_are_none(
    tmp_path: Path, report: CurationReport
):
    assert "No question stands here" not in text_with(tmp_path, curation=report)


def test_sizes_of_the_papers_sets_are_told_right(card: DatasetCard):
    """KPMath and KPMath-Plus are often confused."""
    assert (
        "KPMath has over 800K pairs; its KPMath-Plus, of 1,576K, mixes these with existing sets" in card.text
    )


def with_texts(question: str, solution: str) -> Build:
    """Return a build whose questions and published solutions are all these."""
    candidates = [
        candidate.model_copy(
            update={
                "question": question,
                "solutions": tuple(one.model_copy(update={"text": solution}) for one in candidate.solutions),
            }
        )
        for candidate in BUILD.candidates
    ]
    return Build(BUILD.seeds, BUILD.extractions, BUILD.practices, candidates)


def test_the_best_pair_is_shown(card: DatasetCard, tmp_path: Path):
    """The best judged, then the most agreed on, then the shortest."""
    (file, *_) = sorted((tmp_path / "dataset" / "data" / "qa-pairs").iterdir())
    rows = pq.read_table(file).to_pylist()
    row = min(
        rows, key=lambda one: (-one["quality"], -one["consensus"], len(one["question"] + one["solution"]))
    )
    assert f"Row `{row['id']}` of `qa-pairs`; {row['consensus']:.0%} of the vote" in card.text
    shown = " ".join(card.text.split("```text")[1].split())
    assert " ".join(row["question"].split()) in shown
    assert " ".join(row["solution"].split()) in shown


def test_what_a_reader_must_know_stands_before_the_columns(card: DatasetCard):
    headings = re.findall("^## (.+)$", card.text, re.MULTILINE)
    assert headings.index("Contamination") < headings.index("Known limits") < headings.index("Columns")


def test_the_shades_of_the_map_are_explained(card: DatasetCard):
    assert (
        "White: no seed problem has both. The darker the blue, the more seed problems have both" in card.text
    )


def test_a_vote_of_planted_errors_is_called_simulated(tmp_path: Path):
    told = text_with(tmp_path / "a", models={**MODELS, "solver": "symbolic"})
    assert "of the vote, which is simulated here, is behind its answer" in told
    assert "`consensus` is simulated" in told
    assert "`consensus` is simulated" not in text_with(tmp_path / "b")


def test_the_training_snippet_makes_prompts_and_completions(
    card: DatasetCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Run as it stands in the card, with the local folder for the name and a trainer that notes what it is given."""
    given: dict[str, Any] = {}
    trl = ModuleType("trl")
    trl.SFTConfig = dict  # type: ignore[attr-defined]
    trl.SFTTrainer = lambda **arguments: given.update(arguments) or SimpleNamespace(train=bool)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trl", trl)
    snippet = card.text.split("## How to train")[1].split("```python\n")[1].split("```")[0]
    exec(
        compile(
            snippet.replace('load_dataset("kpmath-test"', f'load_dataset("{tmp_path / "dataset"}"'),
            "card",
            "exec",
        ),
        {},
    )
    pairs = given["train_dataset"]
    assert pairs.column_names == ["prompt", "completion"]
    assert [turn["role"] for turn in pairs[0]["prompt"] + pairs[0]["completion"]] == ["user", "assistant"]


def test_a_long_solution_is_cut_in_the_example(tmp_path: Path):
    text = text_with(tmp_path, with_texts("Q?", "word " * 20_000))
    assert len(text) < 40_000
    assert "word …" in " ".join(text.split())


def test_no_text_of_a_model_acts_in_the_card(tmp_path: Path):
    """Neither fences, headings, pictures nor the marks between which publishing writes."""
    evil = "```\n# Title\n## How to load\n![x](y.png)\n<!-- cite -->\n````\n<script>1</script>"
    text = text_with(tmp_path, with_texts(evil, evil))
    assert text.count("<!-- cite -->") == 1
    page = MarkdownIt("commonmark").enable("table").parse(text)
    shown = [token.content for token in page if token.type == "fence" and "Title" in token.content]
    assert len(shown) == 1
    assert shown[0].count("![x](y.png)") == 2
    files = {path.relative_to(tmp_path / "dataset").as_posix() for path in (tmp_path / "dataset").rglob("*")}
    assert not [told for told in card_problems(text, dict.fromkeys(files)) if "y.png" in told]


def test_a_build_without_pairs_shows_none(tmp_path: Path):
    none = Build(BUILD.seeds, BUILD.extractions, BUILD.practices, [])
    assert "## An example" not in text_with(tmp_path, none)


def test_several_licences_are_other_and_say_where_they_stand(tmp_path: Path):
    data = DatasetCard(text_with(tmp_path, licence="other")).data
    assert (data.license, data.license_name, data.license_link) == (
        "other",
        "mixed",
        "README.md#seed-problems",
    )


def test_provenance_stands_beside_the_data(tmp_path: Path):
    counts = BUILD.write(tmp_path / "dataset", provenance={"provenance/recipe.toml": b"x = 1\n"})
    folder = tmp_path / "dataset" / "provenance"
    assert (folder / "recipe.toml").read_bytes() == b"x = 1\n"
    assert Funnel.from_json(json.loads((folder / "funnel.json").read_text())).lines() == counts.funnel.lines()
    told = json.loads((folder / "build.json").read_text())
    assert {config: table["rows"] for config, table in told["tables"].items()} == counts.rows
    assert {config: table["digest"] for config, table in told["tables"].items()} == {
        config: written.digest for config, written in counts.configs.items()
    }
