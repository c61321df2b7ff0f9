"""Which of many rows repeats which earlier one."""

import random
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder.curation import ProblemIndex, RepeatKind, compare_rows, find_repeats
from kpmath_builder.curation.shingles import similarities

ROWS = [
    ("a", "Tom has 3 red pens and a blue book. How many are left?"),
    ("b", "tom has 3 red pens and a blue book.  How many are left?"),
    ("c", "Tom has 5 red pens and a blue book. How many are left?"),
    ("d", "Ann has 3 red pens and a blue book. How many are left?"),
    ("e", "How many are left? Ann has 3 red pens and a blue book."),
    ("f", "What is the area of a circle?"),
]


def test_the_earlier_row_stays(tmp_path: Path) -> None:
    found = find_repeats(ROWS, scratch=tmp_path)
    assert {name: (repeat.kind, repeat.of) for name, repeat in found.items()} == {
        "b": (RepeatKind.VERBATIM, "a"),
        "c": (RepeatKind.RENUMBERED, "a"),
        "d": (RepeatKind.RENAMED, "a"),
        "e": (RepeatKind.RENAMED, "a"),  # a copy of d, which goes
    }


def test_a_row_that_is_only_flagged_can_be_repeated(tmp_path: Path) -> None:
    found = find_repeats(ROWS, scratch=tmp_path, kept=frozenset({RepeatKind.RENAMED}))
    assert found["d"].of == "a"
    assert (found["e"].kind, found["e"].of) == (RepeatKind.REFORMATTED, "d")


def read(
    rows: list[tuple[str, str]], folder: Path, **settings: Any
) -> dict[str, tuple[RepeatKind, str, float]]:
    folder.mkdir()
    found = find_repeats(rows, scratch=folder, **settings)
    return {name: (repeat.kind, repeat.of, repeat.similarity) for name, repeat in found.items()}


def many(count: int) -> list[tuple[str, str]]:
    """Return texts of which some repeat others in each way; every fourth is made of an earlier one."""
    draw = random.Random(7)
    words = [f"word{number}" for number in range(400)]
    rows: list[str] = []
    for number in range(count):
        if number % 4 or not rows:
            rows.append(
                " ".join(draw.choices(words, k=30))
                + f" has {draw.randrange(1000)} and {draw.randrange(9)} left."
            )
            continue
        text = draw.choice(rows)
        changes = [
            text.upper(),
            text.replace(" has ", "  has $+$ "),
            re.sub(r"\d+", "5", text),
            text.replace(" left", " gone"),
        ]
        rows.append(draw.choice(changes))
    return [(f"row-{number}", text) for number, text in enumerate(rows)]


@pytest.mark.slow
def test_neither_workers_nor_memory_change_the_result(tmp_path: Path) -> None:
    rows = many(2_500)
    found = read(rows, tmp_path / "one")
    assert found == read(rows, tmp_path / "two", workers=2)
    assert found == read(rows, tmp_path / "three", memory=20_000)
    assert {kind for kind, _, _ in found.values()} >= {
        RepeatKind.VERBATIM,
        RepeatKind.RENUMBERED,
        RepeatKind.NEAR,
    }


def test_near_rows_are_those_that_an_index_of_the_same_rows_finds(tmp_path: Path) -> None:
    rows = many(400)
    found = read(rows, tmp_path / "one")
    staying: list[tuple[str, str]] = []
    for name, text in rows:
        known = ProblemIndex(staying).find(text) if name in found or len(staying) % 7 == 0 else None
        assert (known and (known.kind, known.similarity)) == (found[name][0::2] if name in found else None)
        if name not in found:
            staying.append((name, text))


def test_a_row_repeats_a_row_that_stays(tmp_path: Path) -> None:
    found = read(many(1_000), tmp_path / "one")
    assert found
    assert not {of for _, of, _ in found.values()} & found.keys()


def test_known_problems_are_found_while_rows_are_compared(tmp_path: Path) -> None:
    result = compare_rows(ROWS, ProblemIndex([("test", ROWS[5][1])]), scratch=tmp_path)
    assert {name: repeat.of for name, repeat in result.known.items()} == {"f": "test"}
    assert set(result.earlier) == {"b", "c", "d", "e"}


def of_one_template(count: int, changed: int) -> list[tuple[str, str]]:
    """Return texts that differ in so many of 60 words, all without a number or a name."""
    draw = random.Random(7)
    words = ["".join(letters) for letters in product("bdfglmnr", "aeiou", "bdfglmnr", "aeiou")]
    base = draw.choices(words, k=60)
    rows = []
    for number in range(count):
        text = list(base)
        for place in draw.sample(range(60), changed):
            text[place] = draw.choice(words) + draw.choice(words)
        rows.append((f"row-{number}", " ".join(text)))
    return rows


def test_one_row_is_compared_with_so_many_whatever_the_number_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def counted(one: Any, others: Any) -> Any:
        compared.append(len(others))
        return similarities(one, others)

    monkeypatch.setattr("kpmath_builder.curation.duplicates.similarities", counted)
    rows = of_one_template(400, changed=1)
    found = read(rows, tmp_path / "near", kept=frozenset({RepeatKind.NEAR}))
    assert found.keys() == {name for name, _ in rows[1:]}  # each is near an earlier one and marked, and stays
    assert max(compared) == 100


def test_of_many_likely_rows_the_nearest_are_compared(tmp_path: Path) -> None:
    rows = of_one_template(300, changed=4)
    copies = [(f"copy-{name}", text + " so tell me how") for name, text in rows[-40:]]
    found = read([*rows, *copies], tmp_path / "near")
    assert not found.keys() & dict(rows).keys()
    named = [found[name][1] for name, _ in copies if name in found]
    assert named == [name.removeprefix("copy-") for name, _ in copies]


def test_no_rows_repeat_nothing(tmp_path: Path) -> None:
    assert read([], tmp_path / "none") == {}


@pytest.mark.parametrize("text", ["", " ", "$$", "\ud800", "\x00", "(" * 2_000, "{" * 2_000, "$" * 999])
def test_strange_texts_are_compared_as_well(text: str, tmp_path: Path) -> None:
    assert read([("a", text), ("b", text), ("c", "Tom")], tmp_path / "rows") == {
        "b": (RepeatKind.VERBATIM, "a", 1.0)
    }
