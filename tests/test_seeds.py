"""Seed problems: formats, ids, licences, what is left out, and every wrong input as one sentence."""

import gzip
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kpmath_builder.answers import final_answer
from kpmath_builder.answers.boxes import boxes
from kpmath_builder.errors import InputError
from kpmath_builder.seeds import load_seeds
from kpmath_builder.seeds.formats import reference_answer

GSM8K_ROWS = [
    {
        "question": f"Ada has {n} coins and finds 2 more. How many coins has she now?",
        "answer": f"{n}+2=<<{n}+2={n + 2}>>{n + 2}\n#### {n + 2}",
    }
    for n in (3, 5, 1200)
]
MATH_ROWS = [
    {
        "problem": f"Find $x$ if $x+1={n}$.",
        "solution": rf"So $x=\boxed{{{n - 1}}}$.",
        "level": "Level 1",
        "type": "Algebra",
    }
    for n in (4, 9)
]
OWN_ROWS = [
    {"q": "What is 2 + 2?", "worked": "2 + 2 = 4.", "final": 4, "key": "a-1"},
    {"q": "What is 3 + 3?", "worked": "3 + 3 = 6.", "final": 6.0, "key": "a-2"},
]
OWN_FIELDS = {"problem": "q", "solution": "worked", "answer": "final"}


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if path.name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress(lines.encode()))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text(lines)
    return path


@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz", "train.json", "train.parquet"])
def test_every_kind_of_file_gives_the_same_set(tmp_path: Path, name: str):
    seeds = load_seeds(path=write_rows(tmp_path / "gsm8k" / name, GSM8K_ROWS))
    plain = load_seeds(path=write_rows(tmp_path / "plain" / "gsm8k" / "train.jsonl", GSM8K_ROWS))
    assert seeds == plain
    assert [seed.id for seed in seeds.problems] == [
        "gsm8k/train/00000",
        "gsm8k/train/00001",
        "gsm8k/train/00002",
    ]


def test_gsm8k_keeps_answer_licence_and_hash(tmp_path: Path):
    seeds = load_seeds(path=write_rows(tmp_path / "gsm8k-test.jsonl", GSM8K_ROWS))
    seed = seeds.problems[2]
    assert (seed.answer, seed.source, seed.licence, seed.shareable) == ("1202", "openai/gsm8k", "mit", True)
    assert seed.id == "gsm8k/test/00002"
    text = f"{GSM8K_ROWS[2]['question']}\n{GSM8K_ROWS[2]['answer']}"
    assert seed.content_hash == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert any("test set" in note for note in seeds.notes())


def test_only_a_named_gsm8k_gets_its_licence(tmp_path: Path):
    """Somebody's own problems in GSM8K's format are not declared MIT."""
    path = write_rows(tmp_path / "mine.jsonl", GSM8K_ROWS)
    seeds = load_seeds(path=path)
    assert {(seed.source, seed.licence, seed.shareable) for seed in seeds.problems} == {
        ("unknown", "unknown", False)
    }
    assert seeds.problems[0].id == "mine/00000"
    assert "seeds.source" in seeds.notes()[0]
    declared = load_seeds(path=path, source="openai/gsm8k")
    assert {(seed.licence, seed.shareable) for seed in declared.problems} == {("mit", True)}
    own = load_seeds(path=path, source="us", licence="cc0-1.0", shareable=True)
    assert {(seed.source, seed.licence, seed.shareable) for seed in own.problems} == {("us", "cc0-1.0", True)}


def test_math_is_never_shareable(tmp_path: Path):
    seeds = load_seeds(
        path=write_rows(tmp_path / "train.jsonl", MATH_ROWS), licence="cc0-1.0", source="us", shareable=True
    )
    assert {(seed.source, seed.shareable) for seed in seeds.problems} == {("hendrycks/math", False)}
    assert [(seed.id, seed.answer, seed.level, seed.subject) for seed in seeds.problems] == [
        ("math/train/00000", "3", "Level 1", "Algebra"),
        ("math/train/00001", "8", "Level 1", "Algebra"),
    ]
    assert "never published" in seeds.notes()[0]


@pytest.mark.parametrize(
    "labels", [{"level": "l", "subject": "t"}, {}], ids=["labels named", "labels unnamed"]
)
def test_math_under_other_column_names_is_still_math(tmp_path: Path, labels: dict[str, str]):
    rows: list[dict[str, Any]] = [
        {"q": row["problem"], "s": row["solution"], "l": row["level"], "t": row["type"]} for row in MATH_ROWS
    ]
    fields = {"problem": "q", "solution": "s", **labels}
    seeds = load_seeds(
        path=write_rows(tmp_path / "mine.jsonl", rows), fields=fields, shareable=True, licence="cc0-1.0"
    )
    assert {(seed.source, seed.licence, seed.shareable) for seed in seeds.problems} == {
        ("hendrycks/math", "mit (disputed)", False)
    }


def test_of_named_columns_no_other_is_read(tmp_path: Path):
    rows = [
        {
            "P": "What is 3 + 4?",
            "S": "3 + 4 = 7\n#### 7",
            "answer": "9",
            "id": "x",
            "level": "L",
            "subject": "Z",
        }
    ]
    (seed,) = load_seeds(
        path=write_rows(tmp_path / "own.jsonl", rows), fields={"problem": "P", "solution": "S"}
    ).problems
    assert (seed.answer, seed.id, seed.level, seed.subject) == ("7", "own/00000", None, None)


def test_math_ids_come_from_unique_id(tmp_path: Path):
    rows = [row | {"unique_id": f"test/algebra/{n}.json", "level": n} for n, row in enumerate(MATH_ROWS)]
    seeds = load_seeds(path=write_rows(tmp_path / "math500.jsonl", rows))
    assert [seed.id for seed in seeds.problems] == ["math/test/algebra/0", "math/test/algebra/1"]
    assert [seed.level for seed in seeds.problems] == ["Level 0", "Level 1"]
    assert seeds.name == "math/test"


def test_own_columns_are_mapped(tmp_path: Path):
    path = write_rows(tmp_path / "mine.jsonl", OWN_ROWS)
    seeds = load_seeds(path=path, fields=OWN_FIELDS)
    assert [(seed.id, seed.answer) for seed in seeds.problems] == [("mine/00000", "4"), ("mine/00001", "6")]
    named = load_seeds(path=path, fields=OWN_FIELDS | {"id": "key"})
    assert [seed.id for seed in named.problems] == ["a-1", "a-2"]
    assert named.content_hash != seeds.content_hash


def test_own_answers_are_read_from_the_solution_where_no_column_holds_them(tmp_path: Path):
    rows: list[dict[str, Any]] = [
        {"problem": "a", "solution": "so\n#### 1,234"},
        {"problem": "b", "solution": r"so $\boxed{\frac{1}{2}}$"},
        {"problem": "c", "solution": "so it is"},
    ]
    seeds = load_seeds(path=write_rows(tmp_path / "mine.jsonl", rows))
    assert [seed.answer for seed in seeds.problems] == ["1234", r"\frac{1}{2}"]
    assert seeds.unanswered == ("line 3",)


def test_rows_left_out_are_counted_and_named(tmp_path: Path):
    path = tmp_path / "gsm8k" / "train.jsonl"
    again = GSM8K_ROWS[0] | {"question": "  " + GSM8K_ROWS[0]["question"].upper().replace(" ", "\n ")}
    rows: list[dict[str, Any]] = [
        *GSM8K_ROWS,
        again,
        {"question": " ", "answer": "#### 1"},
        {"question": "x", "answer": None},
        {"question": "y", "answer": "1"},
    ]
    seeds = load_seeds(path=write_rows(path, rows))
    assert len(seeds.problems) == 3
    assert (seeds.duplicates, seeds.empty, seeds.unanswered) == (
        (("line 4", "line 1"),),
        ("line 5", "line 6"),
        ("line 7",),
    )
    assert seeds.notes() == (
        "1 left out with the text of an earlier problem: line 4 (as line 1).",
        "2 left out without a problem or a solution: line 5, line 6.",
        "1 left out without a readable final answer: line 7.",
    )


def test_long_accounts_are_cut(tmp_path: Path):
    seeds = load_seeds(path=write_rows(tmp_path / "gsm8k.jsonl", GSM8K_ROWS[:1] * 13))
    assert seeds.notes()[0].startswith("12 left out")
    assert seeds.notes()[0].endswith("line 11 (as line 1) and 2 more.")


def test_blank_lines_and_a_byte_order_mark_change_no_id(tmp_path: Path):
    path = tmp_path / "gsm8k.jsonl"
    path.write_text(
        "\ufeff\n\n".join(["", *map(json.dumps, GSM8K_ROWS[:1])]) + "\n\n" + json.dumps(GSM8K_ROWS[1]),
        encoding="utf-8",
    )
    assert [seed.id for seed in load_seeds(path=path).problems] == ["gsm8k/train/00000", "gsm8k/train/00001"]


def test_order_of_rows_changes_neither_order_of_problems_nor_hash_where_rows_have_ids(tmp_path: Path):
    one = load_seeds(path=write_rows(tmp_path / "one.jsonl", OWN_ROWS), fields=OWN_FIELDS | {"id": "key"})
    two = load_seeds(
        path=write_rows(tmp_path / "two.jsonl", OWN_ROWS[::-1]), fields=OWN_FIELDS | {"id": "key"}
    )
    assert (one.problems, one.content_hash) == (two.problems, two.content_hash)


def test_limit_keeps_the_first_usable_rows(tmp_path: Path):
    path = write_rows(tmp_path / "gsm8k.jsonl", [{"question": "", "answer": ""}, *GSM8K_ROWS])
    assert [seed.id for seed in load_seeds(path=path, limit=1).problems] == ["gsm8k/train/00001"]
    assert len(load_seeds(path=path, limit=99).problems) == 3


def bad(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


GOOD_LINE = json.dumps(GSM8K_ROWS[0])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", f"{GOOD_LINE}\n{{oops\n", ["line 2", "not JSON"]),
        ("a.jsonl", f"{GOOD_LINE}\n[1]\n", ["line 2", "a list, not an object"]),
        ("a.jsonl", f"{GOOD_LINE}\n" + "[" * 100_000, ["line 2", "nested too deeply"]),
        ("a.jsonl", '{"prompt": "x", "reply": "y"}', ["line 1", "`prompt`, `reply`", "expected", "seeds.fields"]),
        ("a.jsonl", f"{GOOD_LINE}\n" + json.dumps(MATH_ROWS[0]), ["line 2", "`problem`", "expected `answer` and `question`"]),
        ("a.jsonl", '{"question": 7, "answer": "#### 1"}', ["line 1", "`question` is 7", "expected text"]),
        ("a.jsonl", '{"problem": "a", "solution": "b", "answer": [1]}', ["line 1", "`answer` is [1]"]),
        ("a.jsonl", '{"problem": "a", "solution": "b", "answer": true}', ["line 1", "`answer` is True"]),
        ("a.jsonl", "", ["holds no rows"]),
        ("a.jsonl", '{"question": "x", "answer": "1"}', ["no usable seed problem", "####"]),
        ("a.jsonl", b'{"question": "\xff"}', ["not UTF-8"]),
        ("a.jsonl", '{"problem":"a","solution":"b","answer":1,"id":7}\n{"problem":"c","solution":"d","answer":1,"id":7}', ["line 1", "line 2", "same id '7'"]),
        ("a.json", GOOD_LINE, ["one object, not a list"]),
        ("a.json", "[1]", ["item 1", "a number"]),
        ("a.json", "[{]", ["not JSON"]),
        ("a.jsonl.gz", GOOD_LINE, ["cannot be read", "gzipped"]),
        ("a.jsonl.gz", gzip.compress(GOOD_LINE.encode() * 500)[:-20], ["cannot be read"]),
        ("a.parquet", "no parquet", ["not a readable Parquet file"]),
        ("a.xlsx", "question,answer", ["unknown ending", ".jsonl"]),
    ],
)  # fmt: skip
def test_bad_files_are_one_sentence(tmp_path: Path, name: str, text: str | bytes, said: list[str]):
    path = bad(tmp_path / name, text)
    with pytest.raises(InputError) as caught:
        load_seeds(path=path)
    message = str(caught.value)
    assert all(part in message for part in [str(path), *said]), message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"path": Path("nowhere.jsonl")}, "no file nowhere.jsonl"),
        ({"path": Path(__file__).parent}, "is a folder"),
        ({"path": Path("a.jsonl"), "hub": "openai/gsm8k"}, "Both"),
        ({"limit": 0}, "seeds.limit is 0"),
        ({"hub": "./nowhere"}, "could not be loaded"),
    ],
)
def test_bad_settings_are_one_sentence(settings: dict[str, Any], said: str):
    with pytest.raises(InputError, match=said):
        load_seeds(**settings)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"fields": {"prblem": "q"}}, "unknown name 'prblem'"),
        ({"fields": OWN_FIELDS, "format": "math"}, "cannot go with"),
        ({"fields": OWN_FIELDS | {"level": "grade"}}, "expected `final` and `grade` and `q` and `worked`"),
        ({"format": "gsm8k"}, "expected `answer` and `question`"),
    ],
)
def test_bad_field_maps_are_one_sentence(tmp_path: Path, settings: dict[str, Any], said: str):
    with pytest.raises(InputError, match=said):
        load_seeds(path=write_rows(tmp_path / "mine.jsonl", OWN_ROWS), **settings)


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Keep the cache of `datasets` out of the user's home."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def test_a_dataset_folder_gives_what_the_file_gives(tmp_path: Path, hub_cache: None):
    """A local folder goes the way of a Hub dataset, through `load_dataset`, and its ids and hashes are the file's."""
    from_file = load_seeds(path=write_rows(tmp_path / "gsm8k" / "train.parquet", GSM8K_ROWS))
    from_hub = load_seeds(hub=str(tmp_path / "gsm8k"))
    assert from_hub == from_file
    with pytest.raises(InputError, match=r"could not be loaded .*nonesuch"):
        load_seeds(hub=str(tmp_path / "gsm8k"), split="nonesuch")


def dataset_folder(folder: Path, configs: list[str]) -> Path:
    entries = "".join(f"- config_name: {name}\n  data_files: {name}.parquet\n" for name in configs)
    for name in configs:
        write_rows(
            folder / f"{name}.parquet", [row | {"problem": name + row["problem"]} for row in MATH_ROWS]
        )
    (folder / "README.md").write_text(f"---\nconfigs:\n{entries}---\n")
    return folder


def test_the_subjects_of_math_are_joined(tmp_path: Path, hub_cache: None):
    folder = dataset_folder(tmp_path / "hendrycks_math", ["geometry", "algebra"])
    both = load_seeds(hub=str(folder))
    assert [seed.id for seed in both.problems] == [
        f"math/train/{subject}/0000{n}" for subject in ("algebra", "geometry") for n in (0, 1)
    ]
    one = load_seeds(hub=str(folder), hub_config="geometry")
    assert one.problems == both.problems[2:]


def test_a_choice_of_configs_is_the_users(tmp_path: Path, hub_cache: None):
    folder = dataset_folder(tmp_path / "other", ["easy", "hard"])
    with pytest.raises(InputError, match=r"configs .*: choose one as seeds\.hub_config"):
        load_seeds(hub=str(folder))
    assert len(load_seeds(hub=str(folder), hub_config="hard").problems) == 2


def test_datasets_is_imported_only_for_the_hub():
    code = "import sys; from kpmath_builder.seeds import load_seeds; load_seeds(limit=1); sys.exit('datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"$\boxed{7}$", "7"),
        (r"$\boxed 2$.", "2"),
        (r"$\boxed {17}.$", "17"),
        (r"$\fbox{3}$", "3"),
        (r"$\boxed\pi$", r"\pi"),
        (r"first \boxed{1}, then \boxed{2}", "2"),
        (r"\boxed{\frac{\sqrt{2}}{2}} and {more}", r"\frac{\sqrt{2}}{2}"),
        (r"the roots are \boxed{1} and \boxed{2}.", "1, 2"),
        (r"\boxed{3}. Wait, that is wrong. So the answer is \boxed{4}.", "4"),
        (r"\boxed{}", None),
        (r"\boxed{unclosed", None),
        (r"\boxed", None),
        (r"\boxedin{1}", None),
        ("no box", None),
    ],
)
def test_a_reference_answer_in_a_box_is_what_the_reader_reads(solution: str, answer: str | None):
    """A seed's answer and a vote for the same text are one text."""
    assert reference_answer(solution, r"\boxed", r"\fbox") == answer
    read = final_answer(solution)
    assert answer is None or (read is not None and read.text == answer)


nested = st.recursive(
    st.sampled_from(["x", r"\frac12", r"\{", r"\}", "1,2"]),
    lambda inner: st.builds("{{{}}}{}".format, inner, inner),
    max_leaves=8,
)


@given(content=nested, before=st.text(), after=st.sampled_from(["", "}", " }{ ", "."]))
@example(content="x", before=r"\boxed", after="")
def test_a_box_is_read_whole_whatever_stands_around_it(content: str, before: str, after: str):
    assert boxes(before + r" \boxed{" + content + "}" + after)[-1].content == content


@pytest.mark.parametrize(
    ("solution", "answer"),
    [("x\n#### 1,234,567", "1234567"), ("x #### -3 ", "-3"), ("#### 1\n#### 2", "2"), ("#### ", None), ("5", None), ("#### 1,2", "1,2")],
)  # fmt: skip
def test_a_reference_answer_on_a_last_line_loses_its_thousands_commas(solution: str, answer: str | None):
    assert reference_answer(solution, "####") == answer


@pytest.mark.parametrize("word", ["proof", "NotFound", "not found", "NaN", "N/A", "unknown", "?"])
def test_a_row_whose_answer_says_that_there_is_none_is_left_out_and_counted(tmp_path: Path, word: str):
    """Neither is the word taken for an answer, nor is one read out of the solution in its place."""
    rows = [
        {"problem": "a", "solution": "so \\boxed{4}", "answer": word},
        {"problem": "b", "solution": "so \\boxed{5}", "answer": float("nan")},
        {"problem": "c", "solution": "so \\boxed{6}", "answer": 6},
    ]
    seeds = load_seeds(path=write_rows(tmp_path / "mine.jsonl", rows))
    assert [seed.answer for seed in seeds.problems] == ["6"]
    assert seeds.sentinels == (f"line 1 ({word})", "line 2 (NaN)")
    assert f"2 left out whose answer says that there is none: line 1 ({word}), line 2 (NaN)." in seeds.notes()


@pytest.mark.parametrize(
    ("file", "usable", "duplicates", "unanswered"),
    [
        ("gsm8k/train.jsonl", 7473, 0, 0),
        ("gsm8k/test.jsonl", 1319, 0, 0),
        ("math/math500.jsonl", 500, 0, 0),
        # Two boxes are empty, six are a piece of the answer: \\boxed{19}x^3.
        pytest.param("math/train.jsonl.gz", 7491, 1, 8, marks=pytest.mark.slow),
        pytest.param("math/test.jsonl", 4995, 0, 5, marks=pytest.mark.slow),
    ],
)
def test_the_real_sets(shared_data: Path, file: str, usable: int, duplicates: int, unanswered: int):
    seeds = load_seeds(path=shared_data / file)
    assert (len(seeds.problems), len(seeds.duplicates), len(seeds.unanswered), len(seeds.empty)) == (
        usable,
        duplicates,
        unanswered,
        0,
    )
    assert len({seed.id for seed in seeds.problems}) == usable
    assert all(seed.shareable == file.startswith("gsm8k") for seed in seeds.problems)


@pytest.mark.slow
def test_the_duplicate_of_math_is_the_known_one(shared_data: Path):
    seeds = load_seeds(path=shared_data / "math/train.jsonl.gz")
    ids = {seed.id for seed in seeds.problems}
    assert ids >= {"math/train/algebra/2463", "math/train/algebra/27", "math/train/algebra/2794"}
    assert "math/train/algebra/24377" not in ids


def test_math500_answers_are_those_of_its_own_column(shared_data: Path):
    """An answer read out of the solution's last box is the one that the set's makers state."""
    path = shared_data / "math/math500.jsonl"
    stated = [json.loads(line) for line in path.read_text().splitlines()]
    read = {seed.id: seed.answer for seed in load_seeds(path=path).problems}
    squeezed = [
        (
            read["math/" + row["unique_id"].removesuffix(".json")].replace(" ", ""),
            row["answer"].replace(" ", ""),
        )
        for row in stated
    ]
    assert sum(mine == theirs for mine, theirs in squeezed) >= 490
