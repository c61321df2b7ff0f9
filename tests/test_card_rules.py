"""The card's own validator: what a build writes passes, and each thing that breaks loading or viewing is named."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from factories import Build, make_build

from kpmath_builder.dataset.address import DatasetAddress, addressed
from kpmath_builder.dataset.card_rules import LICENCES, card_problems
from kpmath_builder.dataset.svg import bars, heat_map
from kpmath_builder.publishing.validation import rows_of

BUILD = make_build(candidates=60, seeds=12)


def written(folder: Path, build: Build = BUILD, **changes: object) -> tuple[str, dict[str, int | None]]:
    """Return the card of a build and the files beside it."""
    build.write(folder, rows_per_file=25, **changes)
    files = {
        path.relative_to(folder).as_posix(): rows_of(path) if path.suffix == ".parquet" else None
        for path in folder.rglob("*")
        if path.is_file()
    }
    return (folder / "README.md").read_text(encoding="utf-8"), files


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, int | None]]:
    """Return a card and its files."""
    return written(tmp_path_factory.mktemp("card") / "dataset")


def test_the_card_of_a_build_has_no_problems(card: tuple[str, dict]):
    assert card_problems(*card) == []


def test_the_card_of_a_published_version_has_no_problems(card: tuple[str, dict]):
    text, files = card
    published = addressed(text, DatasetAddress("kpmath-test", "f", "org/kpmath", "1.2.3"))
    assert published != text
    assert card_problems(published, files) == []
    assert addressed(published, DatasetAddress("kpmath-test", "f", "org/kpmath", "1.2.3")) == published


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("---\n", "", "no front matter"),
        ("license: mit", "license: not-a-license", "'not-a-license' is not one of the Hub's ids"),
        ("license: mit", "license: other", "needs license_name and license_link"),
        ("license: mit", "license: mit\nlicense: mit", "the key license stands twice"),
        ("license: mit", "license: [", "is no YAML"),
        ("language:\n- en", "language:\n- english", "must be a list of ISO codes"),
        ("- synthetic\n", "", "tags lack synthetic"),
        ("pretty_name: ", "pretty: ", "lacks pretty_name"),
        ("- n<1K", "- banana", "size_categories ['banana'] do not fit"),
        ("  default: true\n", "", "default config is not qa-pairs"),
        (
            "- config_name: scored\n  data_files",
            "- config_name: scores\n  data_files",
            "the card's configs are",
        ),
        ("path: data/scored/*.parquet", "path: data/score/*.parquet", "does not match exactly its files"),
        ("path: data/scored/*.parquet", "path: data/*/*.parquet", "does not match exactly its files"),
        ("  - split: train", "  - split: train-v1", "'train-v1' has a name that `datasets` refuses"),
        ("num_examples: 60", "num_examples: 61", "the card counts 61 rows of scored, its files hold 60"),
        ("  - name: note\n", "  - name: remark\n", "the card's features of scored are not its columns"),
        ("](figures/votes.svg)", "](figures/vote.svg)", "shows figures/vote.svg, which is not there"),
        ("\n## The funnel\n", "\n## A funnel\n", "lacks the section 'The funnel'"),
    ],
)
def test_each_mistake_is_named(card: tuple[str, dict], old: str, new: str, problem: str):
    text, files = card
    assert old in text
    told = card_problems(text.replace(old, new, 1), files)
    assert any(problem in sentence for sentence in told), told


def test_a_table_of_no_config_is_named(card: tuple[str, dict]):
    text, files = card
    assert card_problems(text, {**files, "data/other/train.parquet": 3}) == [
        "data/other/train.parquet belongs to no config"
    ]


def test_licences_are_ids_as_the_hub_spells_them():
    assert all(re.fullmatch(r"[a-z0-9.-]+", licence) for licence in LICENCES)
    assert {"mit", "apache-2.0", "cc-by-4.0", "odc-by", "other", "unknown"} <= LICENCES


# The pictures


def test_pictures_are_well_formed_and_count_what_the_rows_say(card: tuple[str, dict], tmp_path: Path):
    written(tmp_path / "dataset")
    for name in ("topics", "tcpm", "votes"):
        picture = (tmp_path / "dataset" / "figures" / f"{name}.svg").read_text(encoding="utf-8")
        ET.fromstring(picture)
    voted = [candidate.vote.share for candidate in BUILD.candidates if candidate.vote]
    votes = (tmp_path / "dataset" / "figures" / "votes.svg").read_text(encoding="utf-8")
    totals = re.findall(r'text-anchor="start">([\d,]+)<', votes)
    assert sum(map(int, totals)) == len(voted) > 0
    assert int(totals[7]) == sum(0.7 <= share < 0.8 for share in voted)


def test_bars_are_in_proportion_and_stacked():
    root = ET.fromstring(bars("t", [("a", (1, 3)), ("b", (2, 0))], ("kept", "dropped")))
    found = {box[0].text: (float(box.get("x")), float(box.get("width"))) for box in root if len(box)}
    (x, width), (other_x, _) = found["a: 1"], found["a: 3"]
    assert other_x == pytest.approx(x + width)
    assert found["b: 2"][1] == pytest.approx(2 * width)


def test_labels_cannot_break_a_picture():
    for picture in (bars('<&">', [('<&">', (1,))], ("n",)), heat_map("<", ['<&">'], [[1.0]], "&")):
        assert '<&">' in "".join(ET.fromstring(picture).itertext())


@pytest.mark.parametrize(
    "picture", [bars("t", [], ("n",)), heat_map("t", [], [], "x"), heat_map("t", ["a"], [[0.0]], "x")]
)
def test_pictures_of_nothing_are_pictures(picture: str):
    assert ET.fromstring(picture).tag.endswith("svg")
