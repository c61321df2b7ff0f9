"""What may be published of a user's own problems: said when it is not said, and never changed behind a build's back."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kpmath_builder import InputError, Recipe, build
from kpmath_builder.pipeline import rescore
from kpmath_builder.seeds import load_seeds

BUNDLED = Path(__file__).parents[1] / "kpmath_builder/data/seeds.jsonl"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return problems in a user's own columns."""
    rows = [json.loads(line) for line in BUNDLED.read_text().splitlines()[:24]]
    path = tmp_path_factory.mktemp("own") / "mine.jsonl"
    path.write_text("".join(json.dumps({"q": row["question"], "a": row["answer"]}) + "\n" for row in rows))
    return path


def recipe(own: Path, folder: Path, **changes: object) -> Recipe:
    seeds = {"path": str(own), "fields": {"problem": "q", "solution": "a"}, "limit": 20, **changes}
    return Recipe.of(
        {
            "seeds": seeds,
            "solutions": {"samples": 2},
            "build": {"folder": str(folder), "questions": 4, "shards": 1},
        }
    )


@pytest.fixture(scope="module")
def built(own: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return the folder of a build of them, and what it said."""
    folder, notes = tmp_path_factory.mktemp("built"), list[str]()
    build(recipe(own, folder), progress=lambda progress: notes.append(progress.note))
    return folder, notes


def texts(folder: Path) -> set[str | None]:
    return set(pq.read_table(folder / "dataset/data/kp-extraction")["problem"].to_pylist())


def test_a_text_that_is_left_out_is_said_before_and_after_with_the_line_to_add(
    built: tuple[Path, list[str]],
) -> None:
    folder, notes = built
    said = [note for note in notes if note]
    assert texts(folder) == {None}
    assert said[0] == said[-1]
    assert 'set seeds.shareable = true and seeds.licence = "…" if it may' in said[0]
    assert len([note for note in said if note == said[0]]) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"shareable": True, "licence": "mit"}, "seeds.licence was unset and is now 'mit', seeds.shareable was unset and is now True"),
        ({"source": "us"}, "seeds.source was unset and is now 'us'"),
        ({"limit": 21}, "seeds.limit was 20 and is now 21"),
        ({"fields": {"problem": "a", "solution": "a"}}, "seeds.fields was {'problem': 'q', 'solution': 'a'} and is now {'problem': 'a', 'solution': 'a'}, which"),
    ],
    ids=["shareable", "source", "limit", "fields"],
)  # fmt: skip
def test_a_change_of_the_seeds_is_refused_by_the_keys_that_made_it(
    own: Path, built: tuple[Path, list[str]], changes: dict[str, object], told: str
) -> None:
    folder, _ = built
    with pytest.raises(InputError) as refused:
        build(recipe(own, folder, **changes))
    assert f"was built with another recipe: {told}" in str(refused.value)
    assert texts(folder) == {None}


@pytest.mark.parametrize(
    "setting", ["seeds.shareable=true", "seeds.limit=5", "seeds.source=us", "seeds.licence=mit"]
)
def test_rescore_reads_no_seeds_and_says_so(built: tuple[Path, list[str]], setting: str) -> None:
    name, _, value = setting.partition("=")
    with pytest.raises(InputError, match=rf"{name} was .* and seeds are not read anew here"):
        rescore(built[0], {name: value})


def test_the_same_problems_may_come_from_another_place(
    own: Path, built: tuple[Path, list[str]], tmp_path: Path
) -> None:
    moved = tmp_path / own.name
    moved.write_bytes(own.read_bytes())
    assert build(recipe(moved, built[0])).already_built


@pytest.mark.parametrize("changes", [{"shareable": False}, {"licence": "mit"}, {"source": "us"}])
def test_labels_for_the_bundled_problems_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError, match="is about problems of your own"):
        load_seeds(**changes)  # type: ignore[arg-type]


def test_who_said_that_the_text_stays_out_is_not_asked_again(own: Path) -> None:
    fields = {"problem": "q", "solution": "a"}
    assert load_seeds(path=own, fields=fields).withheld
    assert "shareable = false" in load_seeds(path=own, fields=fields, shareable=False).withheld
    shared = load_seeds(path=own, fields=fields, shareable=True, licence="mit")
    assert not shared.withheld
    assert shared.content_hash != load_seeds(path=own, fields=fields).content_hash
