"""Recorded outputs and the problems that they were written to: what rows say is heeded, what they leave open is refused."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from kpmath_builder import InputError, evaluate
from kpmath_builder.evaluation.catalogue import EvalSet
from kpmath_builder.evaluation.problems import EvalProblem
from kpmath_builder.evaluation.recorded import Recorded, open_outputs

Rows = Sequence[Mapping[str, object]]


def a_set(name: str = "gsm8k", ids: str = "ab", column: str | None = None) -> EvalSet:
    problems = (
        EvalProblem(one, f"Question {one} of {name}", str(number)) for number, one in enumerate(ids, 1)
    )
    return EvalSet(name, f"{name}.jsonl", tuple(problems), column)


def paired(folder: Path, rows: Rows, *sets: EvalSet, **how: object) -> list[Recorded]:
    path = folder / "o.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return open_outputs(path).of("m", sets or (a_set(),), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rows",
    [
        [{"output": "x"}, {"output": "y"}],
        [{"problem_id": 1, "text": "y"}, {"problem_id": 0, "text": "x"}],
        [{"problem_id": "1", "text": "y"}, {"problem_id": "0", "text": "x"}],
        [{"problem_id": "b", "text": "y"}, {"problem_id": "a", "text": "x"}],
        [{"id": "b", "outputs": ["y"]}, {"id": "a", "completion": "x"}],
        [
            {"id": "a", "model": "m", "output": "x"},
            {"id": "a", "model": "n", "output": "z"},
            {"id": "b", "model": "m", "output": "y"},
        ],
        [{"question": "Question a of gsm8k", "output": "x"}, {"question": "another text", "output": "y"}],
    ],
    ids=["in order", "by number", "by number as text", "by id as problem_id", "by id", "of one model among others", "with texts"],
)  # fmt: skip
def test_recorded_outputs_find_their_problems(tmp_path: Path, rows: Rows) -> None:
    (found,) = paired(tmp_path, rows)
    assert found.texts == {"a": ("x",), "b": ("y",)}


def test_the_sets_own_column_of_ids_names_problems_in_the_outputs_too(tmp_path: Path) -> None:
    rows = [{"unique_id": "b", "id": 0, "output": "y"}, {"unique_id": "a", "id": 1, "output": "x"}]
    (found,) = paired(tmp_path, rows, a_set(column="unique_id"))
    assert found.texts == {"a": ("x",), "b": ("y",)}
    assert not found.remarks


def test_several_rows_of_a_problem_are_its_samples(tmp_path: Path) -> None:
    (found,) = paired(tmp_path, [{"id": "a", "output": "x"}, {"id": "a", "output": "z"}])
    assert found.texts == {"a": ("x", "z")}


def test_rows_of_several_sets_are_told_apart_by_their_set_or_by_ids_of_one_alone(tmp_path: Path) -> None:
    sets = a_set(), a_set("svamp", "bc")
    rows = [{"dataset": name, "id": "b", "output": name} for name in ("gsm8k", "svamp", "math")]
    one, other = paired(tmp_path, rows, *sets)
    assert (one.texts, other.texts) == ({"b": ("gsm8k",)}, {"b": ("svamp",)})
    assert one.remarks == ("o.jsonl: 1 of 3 rows are of other models or sets and were left aside.",)
    one, other = paired(tmp_path, [{"id": "c", "output": "y"}, {"id": "a", "output": "x"}], *sets)
    assert (one.texts, other.texts) == ({"a": ("x",)}, {"c": ("y",)})


def test_of_a_shortened_set_rows_of_other_problems_are_left_out(tmp_path: Path) -> None:
    rows = [{"problem_id": number, "output": str(number)} for number in range(9)]
    assert paired(tmp_path, rows, whole=False)[0].texts == {"a": ("0",), "b": ("1",)}
    in_order = [{"output": str(number)} for number in range(9)]
    assert paired(tmp_path, in_order, whole=False)[0].texts == {"a": ("0",), "b": ("1",)}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"output": "x"}], "o.jsonl names no problems: its rows were taken in the order of gsm8k."),
        ([{"id": "a", "outputs": ["x"] * 8}, {"id": "b", "output": "y"}], "Problems of gsm8k have 1 to 8 outputs: pass@k and maj@k are given up to k = 1."),
        ([{"id": "a", "model": "m", "output": "x"}, {"id": "a", "model": "n", "output": "x"}], "o.jsonl: 1 of 2 rows are of other models or sets"),
        ([{"problem_id": 0, "question": "Quite another", "output": "x"}], "No row of o.jsonl has the text of a problem of gsm8k: make sure"),
    ],
    ids=["by order", "unequal numbers", "another model", "other texts"],
)  # fmt: skip
def test_what_is_taken_for_granted_is_said(tmp_path: Path, rows: Rows, said: str) -> None:
    (remark,) = paired(tmp_path, rows)[0].remarks
    assert remark.startswith(said)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "c", "output": "x"}], "gsm8k has no problem 'c'; its ids are like 'a'"),
        ([{"problem_id": 2, "output": "x"}], "gsm8k has no problem '2'"),
        ([{"id": "a", "output": 4}], "4 stands where an output should"),
        ([{"id": "a", "output": None}], "None stands where an output should"),
        ([{"id": "a", "outputs": []}], "[] stands where an output should"),
        ([{"id": "a"}], "line 1, has the columns `id`; the output is expected as `output`: name yours with --fields output=COLUMN"),
        ([{"id": "a", "antwort": "x"}], "has the columns `id`, `antwort`"),
        ([{"id": "a", "model": "n", "output": "x"}], "no outputs of the model 'm'"),
        ([{"id": "a", "dataset": "svamp", "output": "x"}], "no output to a problem of gsm8k"),
        ([{"id": "a", "output": "x"}, {"id": None, "output": "y"}], "line 2, has no `id`, by which other rows name"),
        ([{"id": "a", "model": "m", "output": "x"}, {"id": "b", "output": "y"}], "line 2, has no `model`, which other rows have"),
        ([{"id": "a", "dataset": "gsm8k", "output": "x"}, {"id": "b", "output": "y"}], "line 2, has no `dataset`"),
        ([{"id": "a", "output": "gold", "response": "x"}], "has both `output` and `response`: name the column that the model wrote with --fields output=output"),
        ([{"unique_id": "b", "output": "y"}, {"unique_id": "a", "output": "x"}], "has a column `unique_id`, and it cannot be told"),
        ([{"idx": 1, "output": "y"}], "has a column `idx`"),
        ([{"questionId": 1, "output": "y"}], "has a column `questionId`"),
        ([{"output": "x"}] * 3, "has 3 rows that name no problem, and gsm8k has 2 problems"),
        ([{"question": "Question b  of gsm8k", "output": "y"}], "line 1, holds another problem's text as `question` than that of 'a'"),
        ([{"problem_id": 1, "problem": "Question a of gsm8k", "output": "y"}], "holds another problem's text as `problem`"),
    ],
)  # fmt: skip
def test_outputs_that_fit_no_problem_or_more_than_one_are_refused(
    tmp_path: Path, rows: Rows, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        paired(tmp_path, rows)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "b", "output": "x"}], "several of the sets have a problem 'b'"),
        ([{"id": "d", "output": "x"}, {"id": "a", "output": "x"}], "gsm8k has no problem 'd'"),
        ([{"output": "x"}, {"output": "y"}], "does not say of which set its rows are"),
        ([{"problem_id": 0, "output": "x"}, {"problem_id": 1, "output": "x"}], "gsm8k has no problem '0'"),
        ([{"id": "a", "output": "x"}], "no output to a problem of svamp"),
    ],
)
def test_rows_that_may_be_of_several_sets_are_refused(tmp_path: Path, rows: Rows, said: str) -> None:
    with pytest.raises(InputError) as refused:
        paired(tmp_path, rows, a_set(), a_set("svamp", "bc"))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("ids", "numbers", "found"),
    [
        ("0123", (0, 1, 2, 3), "0123"),  # both ways alike
        ("1234", (1, 2, 3, 4), "1234"),  # 4 is no row
        ("1234", (0, 1, 2, 3), "1234"),  # 0 is no id
        ("1234", (1, 2, 3), None),
        ("3210", (0, 1, 2, 3), None),
    ],
)
def test_a_problem_id_is_an_id_or_a_number_of_a_row_for_all_rows_alike(
    tmp_path: Path, ids: str, numbers: tuple[int, ...], found: str | None
) -> None:
    rows = [{"problem_id": number, "output": str(number)} for number in numbers]
    if found is None:
        with pytest.raises(InputError, match="may be the ids of gsm8k or the numbers of its rows"):
            paired(tmp_path, rows, a_set(ids=ids))
    else:
        assert "".join(paired(tmp_path, rows, a_set(ids=ids))[0].texts) == found


def test_a_column_of_outputs_can_be_named(tmp_path: Path) -> None:
    rows = [{"id": "a", "output": "gold", "response": "x"}]
    assert paired(tmp_path, rows, column="response")[0].texts == {"a": ("x",)}
    with pytest.raises(InputError, match="as `answer`"):
        paired(tmp_path, rows, column="answer")


def test_half_a_character_in_an_output_is_replaced_as_in_a_response(tmp_path: Path) -> None:
    (found,) = paired(tmp_path, [{"id": "a", "output": "x\ud800"}])
    assert found.texts["a"][0].encode() == "x\ufffd".encode()


def test_a_file_without_a_row_is_refused(tmp_path: Path) -> None:
    (tmp_path / "o.jsonl").write_text("\n")
    with pytest.raises(InputError, match="holds no row: correct --outputs"):
        open_outputs(tmp_path / "o.jsonl")


def test_other_outputs_do_not_replace_a_result(tmp_path: Path) -> None:
    """The same file again is graded again, with other k."""
    (tmp_path / "set.jsonl").write_text('{"problem": "1+1?", "answer": "2"}\n')
    outputs = tmp_path / "o.jsonl"
    outputs.write_text('{"outputs": ["2", "3"]}\n')

    def graded() -> float:
        found = evaluate("m", str(tmp_path / "set.jsonl"), outputs=outputs, folder=tmp_path / "e", ks=[1])
        return found.sets[0].scores[0].value

    assert graded() == graded() == 0.5
    outputs.write_text('{"output": "3"}\n')
    with pytest.raises(InputError, match="holds the evaluation of m of other outputs: choose another folder"):
        graded()
