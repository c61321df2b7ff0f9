"""Whole builds with the symbolic teacher, on the bundled seeds and on real GSM8K."""

import ast
import filecmp
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset

from kpmath_builder import Progress, Recipe, build, rescore

ANNOTATION = re.compile(r"<<([^=<>]+)=([^<>]+)>>")
OPERATIONS = {ast.Add: "__add__", ast.Sub: "__sub__", ast.Mult: "__mul__", ast.Div: "__truediv__"}


def value(node: ast.expr) -> Fraction:
    """Evaluate an annotation by a way of its own: Python's grammar, exact fractions, four operations."""
    match node:
        case ast.BinOp(left, operation, right):
            return getattr(value(left), OPERATIONS[type(operation)])(value(right))
        case ast.UnaryOp(ast.USub(), operand):
            return -value(operand)
        case ast.Constant(int() | float() as number):
            return Fraction(str(number))
    raise AssertionError(ast.dump(node))


def assert_computed(pair: dict[str, Any]) -> None:
    """Every annotation evaluates to what it says, each number it takes is given or computed before, and the last is the answer."""
    results = []
    for expression, said in ANNOTATION.findall(pair["solution"]):
        result = value(ast.parse(expression.replace(",", ""), mode="eval").body)
        assert result == Fraction(said.replace(",", "")), pair
        results.append(result)
    assert results, pair
    assert Fraction(pair["answer"].replace(",", "")) == results[-1], pair
    assert pair["solution"].rstrip().endswith(f"\\boxed{{{pair['answer']}}}."), pair
    assert 2 <= len(pair["seed_ids"]) <= 3, pair


def rows(folder: Path, config: str = "qa-pairs") -> list[dict[str, Any]]:
    return pq.read_table(folder / "dataset" / "data" / config).to_pylist()


def recipe(folder: Path, seeds: dict[str, Any] | None = None, **keys: Any) -> Recipe:
    return Recipe.of({"seeds": seeds or {}, "build": {"folder": str(folder), "questions": 150, **keys}})


def test_the_quickstart_keeps_at_least_200_computed_pairs(tmp_path: Path) -> None:
    example = Path(__file__).resolve().parents[1] / "examples/quickstart.toml"
    result = build(Recipe.read(example, {"build.folder": str(tmp_path), "selection.annotations": "true"}))
    assert result.rows["qa-pairs"] >= 200
    for pair in rows(tmp_path):
        assert_computed(pair)
    pairs = load_dataset(str(result.dataset), "qa-pairs", split="train", cache_dir=str(tmp_path / "cache"))
    assert pairs.num_rows == result.rows["qa-pairs"]
    assert [m["role"] for m in pairs[0]["messages"]] == ["user", "assistant"]


def test_gsm8k_pairs_are_computed_by_either_rule_of_consensus(tmp_path: Path, shared_data: Path) -> None:
    made = Recipe.of(
        {
            "seeds": {"path": str(shared_data / "gsm8k/train.jsonl"), "limit": 200},
            "consensus": {"mode": "paper"},
            "selection": {"annotations": True},
            "build": {"folder": str(tmp_path), "questions": 75},
        }
    )
    for result in (build(made), rescore(tmp_path, {"consensus.mode": "strict"})):
        assert result.funnel["passed"]["kept"] >= 30
        for pair in rows(tmp_path):
            assert_computed(pair)
    seeds = rows(tmp_path, "kp-extraction")
    assert len(seeds) == 200
    assert all(seed["problem"] and seed["licence"] == "mit" for seed in seeds)
    assert all(seed["reason"] for seed in seeds if seed["status"] == "dropped")


@pytest.mark.slow
def test_all_rows_of_a_large_gsm8k_build_are_computed(tmp_path: Path, shared_data: Path) -> None:
    seeds, annotated = {"path": str(shared_data / "gsm8k/train.jsonl")}, {"annotations": True}
    build(
        Recipe.of(
            {"seeds": seeds, "selection": annotated, "build": {"folder": str(tmp_path), "questions": 4_000}}
        )
    )
    kept = rows(tmp_path)
    assert len(kept) > 2_000
    for pair in kept:
        assert_computed(pair)


def test_shards_windows_and_a_second_run_change_no_byte(tmp_path: Path) -> None:
    variants = {
        "a": {"shards": 1, "window": 1},
        "b": {"shards": 8, "window": 256},
        "c": {"shards": 1, "window": 1},
    }
    for name, keys in variants.items():
        build(recipe(tmp_path / name, questions=30, **keys))
    first = tmp_path / "a" / "dataset"
    names = sorted(str(path.relative_to(first)) for path in first.rglob("*") if path.is_file())
    for other in ("b", "c"):
        assert filecmp.cmpfiles(first, tmp_path / other / "dataset", names, shallow=False) == (names, [], [])
    assert not any("<<" in pair["solution"] + pair["messages"][1]["content"] for pair in rows(tmp_path / "a"))
    assert any(
        "<<" in row["solutions"][0]["text"] for row in rows(tmp_path / "a", "scored") if row["solutions"]
    )


def test_slips_are_outvoted_or_caught_by_the_arithmetic_check(tmp_path: Path) -> None:
    made = Recipe.of(
        {
            "teacher": {"error_rate": 0.3},
            "selection": {"annotations": True},
            "build": {"folder": str(tmp_path), "questions": 80},
        }
    )
    build(made)
    solutions = [solution for row in rows(tmp_path, "scored") for solution in row["solutions"] or []]
    assert any(solution["wrong_arithmetic"] for solution in solutions)
    assert any(not solution["agreed"] and not solution["wrong_arithmetic"] for solution in solutions)
    for pair in rows(tmp_path):
        assert_computed(pair)


def test_progress_tells_every_stage_and_ends_complete(tmp_path: Path) -> None:
    told: list[Progress] = []
    result = build(recipe(tmp_path, questions=20), progress=told.append)
    assert list(dict.fromkeys(progress.stage for progress in told)) == [
        "seeds",
        "extraction",
        "topics",
        "synthesis",
        "tables",
    ]
    synthesis = [progress for progress in told if progress.stage == "synthesis"]
    assert synthesis[-1].done == synthesis[-1].total == 20
    assert synthesis[-1].fresh.completion > 0
    assert result.folder == tmp_path


def test_math_seeds_are_refused_by_name(tmp_path: Path, shared_data: Path) -> None:
    """The symbolic teacher cannot read MATH; it says so, and no text of MATH is in the tables."""
    from kpmath_builder import InputError

    with pytest.raises(InputError, match=r"annotations|topics"):
        build(recipe(tmp_path, {"path": str(shared_data / "math/train.jsonl.gz"), "limit": 40}, questions=10))
