"""Versions, differences, protected texts, the public recipe: the rules of publishing that need no Hub."""

import random
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import make_build, make_seed
from hypothesis import given, settings
from hypothesis import strategies as st

from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.errors import InputError
from kpmath_builder.publishing.version_diff import ConfigDiff, VersionDiff, compare_tables
from kpmath_builder.publishing.versions import Version, check_step
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.files import dump_toml

# Versions

ROWS = VersionDiff({"scored": ConfigDiff(added=1)})
COLUMNS = VersionDiff({"scored": ConfigDiff(changed=3, new_columns=["x"])})
CARD = VersionDiff({"scored": ConfigDiff()})


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("1.2.3", "1.2.4", CARD),
        ("1.2.3", "1.3.0", ROWS),
        ("1.2.3", "2.0.0", COLUMNS),
        ("1.2.3", "1.10.0", ROWS),
        ("0.1.0", "0.2.0", ROWS),
    ],
)
def test_a_step_that_says_enough_is_let_through(old: str, new: str, difference: VersionDiff):
    check_step(Version.parse(old), Version.parse(new), difference)


@pytest.mark.parametrize(
    ("old", "new", "difference", "least"),
    [
        ("1.2.3", "1.2.3", CARD, "1.2.4"),
        ("1.2.3", "1.2.2", CARD, "1.2.4"),
        ("1.2.3", "1.2.9", ROWS, "1.3.0"),
        ("1.2.3", "1.9.0", COLUMNS, "2.0.0"),
        ("1.10.0", "1.9.0", ROWS, "1.11.0"),
        ("0.1.0", "0.2.0", COLUMNS, "1.0.0"),
    ],
)
def test_a_step_that_says_too_little_is_refused_with_the_least_that_would_do(
    old: str, new: str, difference: VersionDiff, least: str
):
    with pytest.raises(InputError, match=f"as {least} or higher"):
        check_step(Version.parse(old), Version.parse(new), difference)


@pytest.mark.parametrize(
    ("tag", "version"), [("v1.2.3", "1.2.3"), ("1.2.3", None), ("v1", None), ("v1.2.3-rc1", None)]
)
def test_only_tags_of_three_numbers_are_versions(tag: str, version: str | None):
    assert (str(Version.of_tag(tag)) if version else Version.of_tag(tag)) == version


# Differences


def write(folder: Path, rows: dict[int, int], *, rows_per_file: int, **columns: list) -> list[Path]:
    """Write a table of ids and values, cut into files."""
    folder.mkdir()
    ids = sorted(rows)
    paths = []
    for number, start in enumerate(range(0, max(len(ids), 1), rows_per_file)):
        here = ids[start : start + rows_per_file]
        data = {
            "id": pa.array([f"{i:03d}" for i in here], pa.string()),
            "value": pa.array([rows[i] for i in here], pa.int64()),
        }
        more = {name: values[start : start + len(here)] for name, values in columns.items()}
        paths.append(folder / f"{number}.parquet")
        pq.write_table(pa.table({**data, **more}), paths[-1])
    return paths


tables = st.dictionaries(st.integers(0, 30), st.integers(0, 2), max_size=20)


@settings(deadline=None)
@given(old=tables, new=tables, sizes=st.tuples(st.integers(1, 7), st.integers(1, 7)))
def test_a_difference_is_that_of_the_rows_however_they_are_cut_into_files(
    tmp_path_factory: pytest.TempPathFactory, old: dict, new: dict, sizes: tuple[int, int]
):
    folder = tmp_path_factory.mktemp("tables")
    one = write(folder / "old", old, rows_per_file=sizes[0])
    other = write(folder / "new", new, rows_per_file=sizes[1])
    told = compare_tables(one, other)
    common = old.keys() & new.keys()
    assert (told.added, told.removed) == (len(new.keys() - old.keys()), len(old.keys() - new.keys()))
    assert told.changed == sum(old[i] != new[i] for i in common)
    assert not told.columns_changed


def test_columns_that_came_went_or_changed_their_type_are_told_and_compared_rows_leave_them_out(
    tmp_path: Path,
):
    rows = {1: 1, 2: 2}
    old = write(tmp_path / "old", rows, rows_per_file=5, gone=[1, 2], kind=[1, 2])
    new = write(tmp_path / "new", rows, rows_per_file=5, come=[3, 4], kind=["a", "b"])
    told = compare_tables(old, new)
    assert (list(told.new_columns), list(told.lost_columns)) == (["come", "kind"], ["gone"])
    assert not told.rows_changed
    assert str(told) == "0 rows added, 0 removed, 0 changed; new columns: come, kind; columns gone: gone"


def test_a_first_version_has_all_rows_added_and_no_new_columns(tmp_path: Path):
    told = compare_tables([], write(tmp_path / "new", {1: 1, 2: 2}, rows_per_file=1))
    assert told == ConfigDiff(added=2, new_columns=[], lost_columns=[])


# Protected texts

LONG = r"Let $x$ be the number of ways in which Zorblatt paints seven doors. Find $x$."


def protecting(*problems: str) -> ProtectedTexts:
    """Protect some problems."""
    seed = make_build(0, 3).seeds[0]
    assert not seed.shareable
    texts = [
        seed.model_copy(update={"id": str(i), "problem": p, "solution": ""}) for i, p in enumerate(problems)
    ]
    return ProtectedTexts(texts)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LONG, "0"),
        (f"Think about this. {LONG.upper()} Good luck.", "0"),
        (LONG.replace(" ", "\n  "), "0"),
        (LONG.replace("seven", "eight"), None),
        ("Compute $1+1$.", "1"),
        ("First compute $1+1$. Then rest.", None),
        ("", None),
    ],
)
def test_copies_are_found_whatever_their_case_and_spacing(text: str, found: str | None):
    """A short text is only found where it is the whole text."""
    assert protecting(LONG, "Compute $1+1$.").found_in(text) == found


@given(words=st.lists(st.sampled_from(list("abcdef")), min_size=8, max_size=14), cut=st.integers(0, 6))
def test_a_long_text_is_found_inside_any_other(words: list[str], cut: int):
    protected = protecting(" ".join(words))
    assert protected.found_in(" ".join([*words[:cut], "x", *words, "y"])) == "0"


def test_texts_that_may_be_shared_are_not_looked_for():
    seed = make_seed(random.Random(0), 1)
    assert seed.shareable
    assert not ProtectedTexts([seed])


# The recipe as it is published


def test_the_public_recipe_names_no_machine_and_is_still_a_recipe():
    tree = {
        "prompts": "/home/me/prompts",
        "seeds": {"path": "/data/secret place/mine.jsonl"},
        "teacher": {
            "kind": "openai",
            "model": "org/m-7b",
            "addresses": ["http://10.0.0.7:8000"],
            "api_key_env": "MY",
        },
        "roles": {"judge": {"addresses": ["http://10.0.0.8:8000"]}},
        "build": {"folder": "/scratch/me/build", "seed": 7},
    }
    text = dump_toml(Recipe.of(tree).public())
    assert not any(word in text for word in ("/home", "/data", "/scratch", "10.0.0", '"MY"', "secret"))
    told = Recipe.of(tomllib.loads(text))
    assert (told.seeds.path, told.teacher.model_name, told.build.seed) == (None, "org/m-7b", 7)


@pytest.mark.parametrize(
    ("hub", "told"),
    [
        ("openai/gsm8k", "openai/gsm8k"),
        ("/data/gsm8k", "gsm8k"),
        ("./gsm8k", "gsm8k"),
        ("mine/sets/gsm8k", "gsm8k"),
    ],
)
def test_a_seed_set_on_the_hub_keeps_its_name_and_a_local_one_loses_its_place(hub: str, told: str):
    assert f'hub = "{told}"' in dump_toml(Recipe.of({"seeds": {"hub": hub}}).public())
