"""Which of many rows repeats which earlier one."""

from pathlib import Path

from kpmath_builder.curation import RepeatKind, find_repeats

ROWS = [
    ("a", "Tom has 3 red pens. How many are left?"),
    ("b", "tom has 3 red pens.  How many are left?"),
    ("c", "Tom has 5 red pens. How many are left?"),
    ("d", "Ann has 3 red pens. How many are left?"),
    ("e", "How many are left? Ann has 3 red pens."),
    ("f", "What is the area of a circle?"),
]


def test_the_earlier_row_stays(tmp_path: Path) -> None:
    found = find_repeats(ROWS, scratch=tmp_path)
    assert {name: (repeat.kind, repeat.of) for name, repeat in found.items()} == {
        "b": (RepeatKind.VERBATIM, "a"),
        "c": (RepeatKind.RENUMBERED, "a"),
        "d": (RepeatKind.RENAMED, "a"),
    }


def test_a_row_that_is_only_flagged_can_be_repeated(tmp_path: Path) -> None:
    found = find_repeats(ROWS, scratch=tmp_path, kept=frozenset({RepeatKind.RENAMED}))
    assert found["d"].of == "a"
    assert (found["e"].kind, found["e"].of) == (RepeatKind.REFORMATTED, "d")
