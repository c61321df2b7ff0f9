"""How a recipe names test sets, and how they are read."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder.errors import InputError
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.test_sets import DEFAULT_SETS
from kpmath_builder.seeds import benchmarks
from kpmath_builder.seeds.benchmarks import NOT_READ, read_benchmarks, unread
from kpmath_builder.seeds.rows import Row, Table


def recipe(sets: Any, **tables: Any) -> Recipe:
    return Recipe.of({"contamination": {"sets": sets}, **tables})


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_text_is_an_id_or_a_file_and_a_table_says_more() -> None:
    made = recipe(
        ["org/set", "my/test.jsonl", {"name": "Hard", "path": "/x/h.csv", "fields": {"problem": "input"}}]
    )
    assert [(one.title, one.hub, str(one.path)) for one in made.test_sets] == [
        ("org/set test", "org/set", "None"),
        ("test.jsonl", None, "my/test.jsonl"),
        ("Hard", None, "/x/h.csv"),
    ]
    assert Recipe.of(tomllib.loads(made.to_toml())) == made


def test_files_of_test_sets_leave_the_machine_by_their_names_alone() -> None:
    made = recipe(["canary/deep/test.jsonl", {"path": "/canary/h.csv"}])
    (shown,) = [key.value for key in made.public() if key.name == "contamination.sets"]
    assert shown == [{"path": "test.jsonl"}, {"path": "h.csv"}]


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({}, ()),
        ({"seeds": {"hub": "openai/gsm8k"}}, DEFAULT_SETS),
        ({"seeds": {"path": "mine.jsonl"}}, DEFAULT_SETS),
        ({"seeds": {"path": "mine.jsonl"}, "contamination": {"sets": []}}, ()),
    ],
)
def test_the_usual_sets_are_compared_unless_the_seeds_are_those_of_the_package(
    tree: dict[str, Any], expected: tuple[object, ...]
) -> None:
    """A build from the bundled problems is a rehearsal that needs no network."""
    assert Recipe.of(tree).test_sets == expected


@pytest.mark.parametrize(
    ("sets", "told"),
    [
        (3, "must be a list of ids on the Hub, files and tables, got 3"),
        ([3], "holds 3: give an id on the Hub, a file, or a table"),
        ([{"hub": "a/b", "path": "c.csv"}], "names not exactly one of hub and path"),
        (['[{"name": "x"}]'], "give an id on the Hub, a file (.jsonl"),
        ([{"name": "x"}], "names not exactly one of hub and path"),
        ([{"hubb": "a/b"}], "the unknown key 'hubb': known are name, hub, path"),
        ([{"path": "c.csv", "fields": {"solution": "x"}}], "fields that must map problem"),
        ([{"path": "c.csv", "fields": {"problem": "x", "level": "y"}}], "fields that must map problem"),
        ([{"hub": "a/b", "split": 3}], "has a split that is no text"),
        (["a/b", {"hub": "a/b"}], "two sets 'a/b test': give each a name of its own"),
    ],
    ids=range(10),
)
def test_a_wrong_list_is_one_sentence(sets: object, told: str) -> None:
    with pytest.raises(InputError) as refused:
        recipe(sets)
    assert told in str(refused.value)


def test_problems_are_read_with_their_ids_and_a_digest_of_the_texts(tmp_path: Path) -> None:
    path = write(
        tmp_path / "test.jsonl",
        {"question": " How many? ", "answer": "#### 4"},
        {"question": "", "answer": "none"},
        {"question": "How far?", "answer": "5"},
    )
    (read,) = read_benchmarks(recipe([str(path)]).test_sets)
    assert [(problem.id, problem.question, problem.solution) for problem in read.problems] == [
        ("test/00000", "How many?", "#### 4"),
        ("test/00002", "How far?", "5"),
    ]
    (again,) = read_benchmarks(recipe([str(path)]).test_sets)
    write(path, {"question": "How much?", "answer": "#### 4"})
    (other,) = read_benchmarks(recipe([str(path)]).test_sets)
    assert (read.digest == again.digest, read.digest == other.digest) == (True, False)


def test_fields_name_the_columns_and_a_unique_id_is_the_id(tmp_path: Path) -> None:
    hard = write(tmp_path / "hard.jsonl", {"input": "How many?", "target": 7.0})
    ours = {"path": str(hard), "fields": {"problem": "input", "solution": "target"}}
    math = write(
        tmp_path / "m.jsonl", {"problem": "Find x.", "solution": "x", "unique_id": "test/algebra/1.json"}
    )
    one, other = read_benchmarks(recipe([ours, str(math)]).test_sets)
    assert [(its.id, its.question, its.solution) for its in (*one.problems, *other.problems)] == [
        ("hard/00000", "How many?", "7.0"),
        ("m/test/algebra/1", "Find x.", "x"),
    ]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "holds no rows"),
        ([{"input": "x"}], "has the fields `input`: say in contamination.sets which is the problem"),
        ([{"problem": ["x"]}], "`problem` is ['x']; expected text"),
        ([{"problem": 5, "solution": None}], "line 1: `problem` is 5; expected text"),
        ([{"problem": "Find x."}, {"problem": True}], "line 2: `problem` is True; expected text"),
        ([{"problem": "Find x."}, {"problem": 7.5}], "line 2: `problem` is 7.5; expected text"),
        ([{"problem": None}, {"problem": " "}], "holds no row with a text in `problem`"),
        ([{"problem": "Find \ud800."}], "line 1: `problem` holds half a character"),
        ([{"problem": "Find x.", "solution": ["x"]}], "`solution` is ['x']; expected text"),
    ],
)
def test_a_file_that_is_no_test_set_is_refused_in_one_sentence(
    tmp_path: Path, rows: list[dict[str, Any]], told: str
) -> None:
    path = write(tmp_path / "s.jsonl", *rows)
    with pytest.raises(InputError) as refused:
        read_benchmarks(recipe([str(path)]).test_sets)
    assert told in str(refused.value)


def test_a_missing_file_is_refused_by_the_table_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*none\.csv: correct contamination\.sets"):
        read_benchmarks(recipe([str(tmp_path / "none.csv")]).test_sets)


def test_a_set_that_the_hub_does_not_give_stands_there_unread_and_is_spoken_of() -> None:
    found = read_benchmarks(DEFAULT_SETS)
    assert [(one.name, one.digest, one.is_read) for one in found] == [
        (name, NOT_READ, False) for name in ("GSM8K test", "MATH test", "MATH-500")
    ]
    assert "No row was compared with GSM8K test, MATH test, MATH-500: the Hub cannot be reached" in unread(
        found
    )
    assert unread(()) == ""


def test_a_set_of_the_hub_is_read_where_the_hub_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(hub: str, split: str, config: str | None, revision: str | None, keys: str) -> Table:
        assert (split, config, revision, keys) == ("test", "main", None, "contamination.sets")
        return Table(
            hub, "gsm8k", "", split, hub=True, rows=iter([Row("row 1", "00000", {"question": "How?"})])
        )

    monkeypatch.setattr(benchmarks, "hub_answers", lambda: True)
    monkeypatch.setattr(benchmarks, "open_hub", answer)
    (read,) = read_benchmarks(DEFAULT_SETS[:1])
    assert [problem.id for problem in read.problems] == ["gsm8k/test/00000"]
