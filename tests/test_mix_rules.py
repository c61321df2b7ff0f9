"""The rules of a mix one by one: numbers and answers, licences, parts of the known sets, how their rows are read, its recipe."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder import InputError
from kpmath_builder.dataset.card_rules import LICENCES
from kpmath_builder.mixing import MixRecipe
from kpmath_builder.mixing.catalogue import KNOWN
from kpmath_builder.mixing.filters import digits_of_longest_number, read_answer, states_no_answer
from kpmath_builder.mixing.licences import FREE_LICENCES, UNKNOWN, may_be_shared
from kpmath_builder.mixing.reading import MalformedRowError, by_fields, of_alpaca, of_gsm8k, of_tal
from kpmath_builder.mixing.rows import LeftOut, MathText, MixRow

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "mix.toml"
TREE: dict[str, Any] = {
    "sources": {"ours": {"kind": "build", "path": "builds/x"}, "gsm8k": {"kind": "gsm8k"}},
}


@pytest.mark.parametrize(
    ("answer", "digits"),
    [
        ("", 0),
        ("x", 0),
        ("12", 2),
        ("1,234,567", 7),
        ("1{,}234{,}567", 7),
        (r"1\\,234", 4),
        ("3.14159265358979", 15),
        ("123456789012", 12),
        ("1234567890123", 13),
        ("1,2,3,4,5,6,7,8,9,10,11,12,13", 2),
        ("1, 234, 567", 3),
        (r"\\frac{1234567}{7654321}", 7),
        ("2^{1000000}", 7),
    ],
)
def test_the_digits_of_the_longest_number_are_counted(answer: str, digits: int):
    """Groups of three are one number, a list and a fraction are several."""
    assert digits_of_longest_number(answer.replace("\\\\", "\\")) == digits


@pytest.mark.parametrize(
    ("solution", "empty"),
    [
        ("So it is five. The answer is: ", True),
        ("So it is five.\n#### ", True),
        ("It follows that\n#### $", True),
        (r"It is \boxed{}.", True),
        ("Answer:", True),
        ("So it is five. The answer is: 5", False),
        ("So it is five.\n#### 5", False),
        (r"It is \boxed{5}.", False),
        ("A hint: consider $e$.", False),
        ("The answer is in the back of the book", False),
    ],
)
def test_an_answer_that_is_announced_and_empty_is_known(solution: str, *, empty: bool):
    assert states_no_answer(solution) is empty
    assert not (empty and read_answer(solution))


@pytest.mark.parametrize(
    ("licence", "shared"),
    [
        ("mit", True),
        ("MIT", True),
        ("cc-by-sa-4.0", True),
        ("cc-by-nc-4.0", False),
        ("cc-by-nd-4.0", False),
        ("mit (disputed)", False),
        ("other", False),
        (UNKNOWN, False),
        ("", False),
    ],
)
def test_a_row_is_shared_only_under_a_licence_that_lets_everybody(licence: str, *, shared: bool):
    assert may_be_shared(licence, ()) is shared
    assert may_be_shared(licence, [licence])


def test_free_licences_are_ids_of_the_hub():
    assert FREE_LICENCES < LICENCES
    assert not any(
        word in licence for licence in FREE_LICENCES for word in ("-nc", "-nd", "other", "unknown")
    )


@pytest.mark.parametrize(
    ("kind", "subset", "licence", "math", "taken"),
    [
        ("metamathqa", "GSM_SV", "", MathText.NO, True),
        ("metamathqa", "MATH_AnsAug", "mit (disputed)", MathText.VERBATIM, True),
        ("metamathqa", "MATH_FOBAR", "mit (disputed)", MathText.MASKED, True),
        ("metamathqa", "MATH_SV", "mit (disputed)", MathText.MASKED, True),
        ("metamathqa", "MATH_Rephrased", "", MathText.POSSIBLE, True),
        ("metamathqa", "of next year", UNKNOWN, MathText.POSSIBLE, True),
        ("mmiqc", "stackexchange-math", "cc-by-sa", MathText.NO, True),
        ("mmiqc", "MATH_AnsAug", "mit (disputed)", MathText.VERBATIM, True),
        ("mmiqc", "gpt-3.5-turbo-MATH", "", MathText.POSSIBLE, True),
        ("open-platypus", "MATH/PRM-800K", "mit (disputed)", MathText.VERBATIM, True),
        ("open-platypus", "theoremqa", "mit", MathText.NO, True),
        ("open-platypus", "reclor", "", MathText.NO, False),
        ("mathinstruct", "data/CoT/MATH_train.json", "mit (disputed)", MathText.VERBATIM, True),
        ("mathinstruct", "data/CoT/math50k_camel.json", "cc-by-nc-4.0", MathText.NO, True),
        ("mathinstruct", "data/CoT/number_comparison.json", UNKNOWN, MathText.NO, True),
        ("mathinstruct", "data/PoT/gsm_gpt4.json", UNKNOWN, MathText.POSSIBLE, False),
        ("math", "", "", MathText.VERBATIM, True),
    ],
)
def test_what_is_known_of_the_parts_of_a_set(
    kind: str, subset: str, licence: str, math: MathText, *, taken: bool
):
    part = KNOWN[kind].part(subset)
    assert (part.licence, part.math, part.taken) == (licence, math, taken)


def test_gsm8k_loses_its_annotations_and_keeps_its_answer():
    pair = of_gsm8k({"question": " q ", "answer": "2*3=<<2*3=6>>6\n#### 6"})
    assert (pair.question, pair.solution, pair.answer) == ("q", "2*3=6\n#### 6", "6")
    assert of_gsm8k({"question": "q", "answer": "6"}).answer is None


TAL = {
    "problem": "p",
    "answer_option_list": [[{"aoVal": "A", "content": " 1 "}]],
    "answer_analysis": ["a", "b"],
    "answer_value": "A",
}


def test_options_belong_to_the_question_and_the_letter_to_the_solution():
    assert of_tal(TAL)[:3] == ("p\n(A) 1", "a\nb\nThe answer is (A).", "A")
    assert of_tal({**TAL, "answer_analysis": []}).solution == ""


@pytest.mark.parametrize(
    ("read", "row"),
    [
        (of_gsm8k, {"question": 5, "answer": "6"}),
        (of_gsm8k, {"question": "half \ud800", "answer": "6"}),
        (of_tal, {**TAL, "answer_option_list": "A"}),
        (of_tal, {**TAL, "answer_option_list": [{"letter": "A"}]}),
        (of_tal, {**TAL, "answer_analysis": [5]}),
        (of_alpaca("source"), {"instruction": "i", "output": ["o"], "source": "s"}),
        (by_fields({"question": "q", "solution": "a", "id": "n"}), {"q": "q", "a": "a", "n": [1]}),
    ],
)
def test_a_column_that_is_not_text_is_not_guessed_at(
    read: Callable[[Mapping[str, object]], object], row: dict[str, object]
):
    with pytest.raises(MalformedRowError):
        read(row)


@pytest.mark.parametrize(("answer", "stated"), [(None, None), ("", ""), ("18", "18"), (18, "18")])
def test_a_null_states_no_answer_and_an_empty_text_states_an_empty_one(answer: object, stated: str | None):
    read = by_fields({"question": "q", "solution": "a", "answer": "s"})
    assert read({"q": "How many?", "a": "There are 18.", "s": answer}).answer == stated


def test_what_mmiqc_puts_before_a_problem_is_no_part_of_it():
    row = {
        "instruction": 'Please solve the following problem and put your answer at the end with "The answer is: ".\n\nWhat is 1?'
    }
    assert of_alpaca("source")({**row, "output": "1", "source": "s"}).question == "What is 1?"


def test_numbers_are_read_as_labels():
    read = by_fields({"question": "q", "solution": "a", "answer": "s", "id": "n"})
    assert read({"q": "q", "a": "a", "s": 145.0, "n": 3})[2:] == ("145", "", "3")


@pytest.mark.parametrize(
    "row",
    [
        MixRow(3, "x", "part", "mit", "question\nwith \u2028 lines", "solution", "5"),
        MixRow(0, "x", question="text", math=MathText.VERBATIM, left_out=LeftOut.MATH),
    ],
    ids=["kept", "left out"],
)
def test_a_spooled_row_is_one_line_and_is_read_back(row: MixRow):
    assert row.line().count(b"\n") == 1
    assert MixRow.of(row.line()) == row


# The recipe


def test_the_example_is_a_recipe_and_survives_being_written(tmp_path: Path):
    recipe = MixRecipe.read(EXAMPLE)
    (tmp_path / "again.toml").write_text(recipe.to_toml())
    assert MixRecipe.read(tmp_path / "again.toml") == recipe
    assert recipe.prefer[0] == recipe.base == "kpmath"
    assert {source.kind for source in recipe.sources.values()} == {*KNOWN}


def test_the_sources_are_preferred_as_they_stand_and_the_folder_is_named_after_the_mix():
    recipe = MixRecipe.of({**TREE, "name": "mine"})
    assert (recipe.prefer, recipe.folder) == (("ours", "gsm8k"), Path("mixes/mine"))
    assert MixRecipe.of({**TREE, "prefer": ["gsm8k", "ours"]}).prefer == ("gsm8k", "ours")


def test_a_public_recipe_names_no_place_of_this_machine():
    tree = copy.deepcopy(TREE)
    tree["sources"]["ours"]["path"] = "/home/ada/builds/x"
    tree["sources"]["gsm8k"]["hub"] = "/home/ada/sets/gsm8k"
    text = MixRecipe.of(tree).to_toml(public=True)
    assert "ada" not in text
    assert 'hub = "gsm8k"' in text


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("nme", "x", "The recipe has no key nme: did you mean name?"),
        (
            "sources.gsm8k.pth",
            "x",
            "The recipe has no key sources.gsm8k.pth: did you mean sources.gsm8k.path?",
        ),
        ("sources.gsm8k.kind", "gsm9k", "sources.gsm8k.kind must be one of build, gsm8k, math"),
        ("sources.gsm8k.limit", 0, "sources.gsm8k.limit must be a whole number from 1, got 0"),
        ("sources.GSM8K", {"kind": "gsm8k"}, "set 'GSM8K' must be named in small letters"),
        (
            "sources.gsm8k",
            {"kind": "gsm8k", "path": "x", "hub": "y/z"},
            "path and hub of a set are both given",
        ),
        ("sources.gsm8k", {"kind": "custom", "path": "x"}, "does not say how it is read"),
        ("sources.gsm8k", {"kind": "custom", "fields": {}}, "has neither path nor hub"),
        ("sources.gsm8k.fields", {"problem": "q"}, "fields has the unknown name 'problem'"),
        ("sources.ours", {"kind": "gsm8k"}, "sources hold no build"),
        ("sources.ours", {"kind": "build"}, "source of kind build has no path"),
        ("prefer", ["ours"], "prefer names ours, and the sources are ours, gsm8k"),
        ("duplicates.near", "drp", "duplicates.near must be one of drop, flag, ignore, got 'drp'"),
        ("contamination.sets", [5], "contamination.sets holds 5: give an id on the Hub, a file, or a table"),
        ("filters.max_digits", 0, "filters.max_digits must be a whole number from 1"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_would_do(key: str, value: object, told: str):
    tree = copy.deepcopy(TREE)
    *tables, name = key.split(".")
    table = tree
    for part in tables:
        table = table.setdefault(part, {})
    table[name] = value
    with pytest.raises(InputError, match=told.replace("?", r"\?")):
        MixRecipe.of(tree)
