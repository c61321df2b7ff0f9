"""Models in folders bear the last part of their path as a name: whose answers a folder holds is told by their weights."""

import os
from pathlib import Path

import pytest

from kpmath_builder import InputError, evaluate
from kpmath_builder.engine.weights import check_weights, weights_digest
from kpmath_builder.recipe import VllmSettings

SIZE = 3 * 2**20


def weights(folder: Path, seed: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").write_bytes(bytes([seed]) * SIZE)
    (folder / "README.md").write_text(f"run {seed}")
    return folder


def check(records: Path, *places: Path | str) -> None:
    check_weights(records, [VllmSettings(model=str(place)) for place in places])


def test_two_models_of_one_name_are_told_apart_and_so_is_one_that_was_trained_on(tmp_path: Path) -> None:
    base, tuned = weights(tmp_path / "base/final", 1), weights(tmp_path / "tuned/final", 2)
    check(tmp_path / "e/engine", base)
    check(tmp_path / "e/engine", base)
    with pytest.raises(
        InputError, match=rf"The answers in {tmp_path / 'e'} are of other weights named 'final' than"
    ):
        check(tmp_path / "e/engine", tuned)
    weights(base, 3)
    with pytest.raises(
        InputError, match="choose another folder, or give the weights a folder with another name"
    ):
        check(tmp_path / "e/engine", base)


def test_copied_weights_are_the_same_whatever_stands_beside_them_and_whenever(tmp_path: Path) -> None:
    first, copy = weights(tmp_path / "a/m", 1), weights(tmp_path / "b/m", 1)
    (copy / "README.md").unlink()
    os.utime(copy / "model.safetensors", (0, 0))
    assert weights_digest(first) == weights_digest(copy)


@pytest.mark.parametrize("place", [0, 1_000_000, SIZE - 1])
def test_pieces_of_a_whole_file_are_looked_at(tmp_path: Path, place: int) -> None:
    """Training changes all of them; one megabyte in three is enough to see one."""
    before = weights_digest(weights(tmp_path / "m", 1))
    with (tmp_path / "m/model.safetensors").open("r+b") as file:
        file.seek(max(0, place - 200_000))
        file.write(b"\x07" * min(400_000, SIZE - max(0, place - 200_000)))
    assert weights_digest(tmp_path / "m") != before


def test_a_file_of_weights_is_looked_at_itself(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 2)):
        weights(tmp_path / name, seed)
        (tmp_path / name / "model.safetensors").rename(tmp_path / name / "m.gguf")
    check(tmp_path / "e/engine", tmp_path / "a/m.gguf")
    with pytest.raises(InputError, match=r"named 'm.gguf'"):
        check(tmp_path / "e/engine", tmp_path / "b/m.gguf")


def test_what_lies_on_the_hub_or_elsewhere_is_not_noted(tmp_path: Path) -> None:
    check(tmp_path / "engine", "owner/model", "/nowhere/final", "x" * 5000)
    assert not (tmp_path / "engine").exists()


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_note_that_cannot_be_read_is_no_note_of_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "weights.json").write_text(text)
    with pytest.raises(InputError, match="bring it back from a copy, or delete it"):
        check(tmp_path, weights(tmp_path / "m", 1))


def test_an_evaluation_of_the_second_model_of_a_name_does_not_get_the_score_of_the_first(
    tmp_path: Path,
) -> None:
    """Nothing has to be asked for that, and no engine started."""
    (tmp_path / "set.jsonl").write_text('{"problem": "1+1?", "answer": "2"}\n')
    check(tmp_path / "e/engine", weights(tmp_path / "base/final", 1))
    tuned = weights(tmp_path / "tuned/final", 2)
    with pytest.raises(InputError, match="are of other weights named 'final'"):
        evaluate(str(tuned), str(tmp_path / "set.jsonl"), folder=tmp_path / "e")
