"""Paraphrases by a model's vectors: the rule, that nothing but the text and the model decides, and what is refused."""

import json
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from static_models import of_synonyms, of_words
from test_curation import OTHER, candidate

from kpmath_builder import InputError, Recipe, build
from kpmath_builder.curation.decisions import curate
from kpmath_builder.curation.duplicates import compare_signatures
from kpmath_builder.curation.paraphrase_model import ParaphraseModel, find_model
from kpmath_builder.curation.paraphrases import Paraphrases
from kpmath_builder.curation.policy import paraphrases_from
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.curation.selection import Selection
from kpmath_builder.curation.signatures import RowReading, Signatures
from kpmath_builder.mixing import MixRecipe
from kpmath_builder.recipe.sections import BY_MODEL, BY_WORDS

SHOP = "Maria buys 12 apples and 15 pears in a shop. How many fruits does she carry home?"
RETOLD = "A girl purchased 12 red pommes together with 15 yellow ones from some store. What total came along with her?"
TRAIN = "A railway of 12 wagons leaves the harbour with 15 seats unused. How long is the journey across the valley?"
ABOUT_FRUIT = "buys apples pears shop fruits purchased pommes store"
ABOUT_TRAINS = "railway wagons leaves harbour seats journey valley"
LOOKING = {"duplicates": {"paraphrase": "flag"}}


@pytest.fixture
def name(tmp_path: Path) -> str:
    return of_synonyms(tmp_path / "model", ABOUT_FRUIT, ABOUT_TRAINS)


@pytest.fixture
def model(name: str) -> ParaphraseModel:
    return ParaphraseModel.find(name)


def found_by(rule: Paraphrases, known: str, text: str, scratch: Path) -> RepeatKind | None:
    """Return how a text repeats a known problem, and assert that it repeats an earlier row in the same way."""
    found = ProblemIndex([("known", known)], paraphrases=rule).find(text)
    signatures = Signatures.of(
        ["known", "other"], [RowReading.of(known), RowReading.of(text)], paraphrases=rule
    )
    scratch.mkdir()
    earlier = compare_signatures([signatures], scratch=scratch, paraphrases=rule).get("other")
    assert (earlier and (earlier.kind, earlier.similarity)) == (found and (found.kind, found.similarity))
    return found and found.kind


def test_a_paraphrase_without_a_word_in_common_is_found_by_a_model_alone(
    model: ParaphraseModel, tmp_path: Path
) -> None:
    assert found_by(Paraphrases(BY_WORDS), SHOP, RETOLD, tmp_path / "words") is None
    assert found_by(Paraphrases(BY_MODEL, model), SHOP, RETOLD, tmp_path / "vectors") is RepeatKind.PARAPHRASE


@pytest.mark.parametrize(
    "text", [RETOLD.replace("15", "16"), TRAIN, "12 $ 15"], ids=["other-numbers", "other-topic", "no-prose"]
)
def test_a_model_does_not_make_one_problem_of_two(text: str, model: ParaphraseModel, tmp_path: Path) -> None:
    assert found_by(Paraphrases(BY_MODEL, model), SHOP, text, tmp_path / "rows") is None


def test_a_text_without_known_words_is_like_nothing(model: ParaphraseModel) -> None:
    """A lone surrogate, which no tokenizer reads, stops nothing."""
    vector = model.vector("Zwölf \udcff Birnen")
    assert not vector.any()
    stored = Paraphrases(BY_MODEL, model).vector(TRAIN, RowReading.of(TRAIN).form)
    assert Paraphrases(BY_MODEL, model).likest(np.zeros_like(stored), [stored]) is None


def test_a_vector_depends_on_its_text_alone(tmp_path: Path) -> None:
    """The vectors are whole numbers, so that the order in which anything is added makes no difference."""
    model = ParaphraseModel.find(of_words(tmp_path / "model", [SHOP, RETOLD, TRAIN]))
    alone = {text: model.vector(text).tolist() for text in (SHOP, RETOLD, TRAIN)}
    for texts in permutations(alone):
        assert [model.vector(text).tolist() for text in texts] == [alone[text] for text in texts]
    assert model.vector(SHOP).dtype == np.int8
    assert np.abs(model.vector(SHOP)).max() == 127


def test_workers_find_the_same_paraphrases_by_a_model(model: ParaphraseModel, tmp_path: Path) -> None:
    """More candidates than one batch holds; a paraphrase and what it repeats stand in two batches."""
    recipe = Recipe.of({**LOOKING, "paraphrases": {"model": model.name}})
    rows = [candidate(0, SHOP), *(candidate(n, f"Text {n}.") for n in range(1, 201)), candidate(201, RETOLD)]
    made = []
    for workers in (1, 2):
        (room := tmp_path / str(workers)).mkdir()
        texts = Selection(recipe.selection).texts
        made.append(curate(rows, RowChecks((), ()), recipe, texts, room, model=model, workers=workers).marks)
    assert made[0] == made[1]
    (mark,) = made[0]["d-00000201"]
    assert (mark.kind, mark.id) == ("paraphrase", "d-00000000")


@pytest.mark.parametrize("others", ["duplicates", "seed_repeats", "contamination"])
def test_the_recipe_gives_the_similarity_and_its_default_is_that_of_the_vectors(others: str) -> None:
    section = getattr(Recipe.of({others: {"paraphrase": "flag"}}), others)
    model = ParaphraseModel("folder", "sha256:0")
    assert paraphrases_from(section, None) == Paraphrases(0.4)
    assert paraphrases_from(section, model) == Paraphrases(0.65, model)
    own = section.model_copy(update={"paraphrase_similarity": 0.5})
    assert paraphrases_from(own, None) == Paraphrases(0.5)
    assert paraphrases_from(own, model) == Paraphrases(0.5, model)


@pytest.mark.parametrize("recipe", [Recipe, MixRecipe])
def test_a_model_by_which_nothing_is_looked_for_is_refused(recipe: type[Recipe] | type[MixRecipe]) -> None:
    sources = {"sources": {"own": {"kind": "build", "path": "builds/own"}}} if recipe is MixRecipe else {}
    with pytest.raises(InputError, match="no paraphrases are looked for"):
        recipe.of({**sources, "paraphrases": {"model": "minishlab/potion-base-8M"}})
    recipe.of({**sources, **LOOKING, "paraphrases": {"model": "minishlab/potion-base-8M"}})


def test_a_mix_whose_recipe_gives_what_holds_anyway_is_not_another_one() -> None:
    """So a mix of before, when the similarity could not be unset and no model be named, is not made again for that."""
    sources = {"own": {"kind": "build", "path": "builds/own"}}
    unset = MixRecipe.of({"sources": sources})
    said = MixRecipe.of({"sources": sources, "duplicates": {"paraphrase_similarity": 0.4}})
    other = MixRecipe.of({"sources": sources, "duplicates": {"paraphrase_similarity": 0.5}})
    assert unset.decisions() == said.decisions() != other.decisions()
    assert "paraphrases.model" not in unset.decisions()


def test_a_missing_package_is_named_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    settings = {
        "paraphrases": {"model": "minishlab/potion-base-8M"},
        "build": {"folder": str(tmp_path / "b")},
    }
    with pytest.raises(InputError, match=r"pip install 'kpmath-builder\[paraphrases\]'"):
        build(Recipe.of({**LOOKING, **settings}))
    assert not (tmp_path / "b").exists()


def test_a_model_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="There is no folder /no/such/model"):
        find_model("/no/such/model")
    (Path(name) / "tokenizer.json").rename(Path(name) / "other.json")
    with pytest.raises(InputError, match=r"it has no tokenizer\.json"):
        find_model(name)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", _unreachable)
    with pytest.raises(InputError, match=r"the Hub does not give it \(no network\)"):
        find_model("nobody/nothing@main")


def test_a_folder_is_meant_wherever_the_recipe_is_read_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is no folder may be one on the Hub, and stays."""
    (tmp_path / "models" / "potion").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in ("models/potion", "./models/potion", str(tmp_path / "models/potion")):
        named = Recipe.of({**LOOKING, "paraphrases": {"model": name}}).paraphrases
        assert named.model == str(tmp_path / "models" / "potion")
        assert named.shown("model", named.model) == "potion"
    for name in ("minishlab/potion-base-8M", "./models/other", "~nobody/at/all", "a" * 5_000):
        assert Recipe.of({**LOOKING, "paraphrases": {"model": name}}).paraphrases.model == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("models/potion", "write models/potion@main for the model of that name on the Hub"),
        ("./potion", r"There is no folder \./potion"),
        ("../potion", r"There is no folder \.\./potion"),
    ],
)
def test_a_folder_that_is_not_there_is_not_asked_of_the_hub(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> str:
        pytest.fail("a stranger's model was asked for")

    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", asked)
    with pytest.raises(InputError, match=message):
        find_model(name)


def test_files_of_the_hub_are_taken_from_its_cache_before_it_is_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def cached(repo: str, file: str, *, revision: str | None, local_files_only: bool) -> str:
        asked.append((repo, revision, local_files_only))
        return str(Path(name) / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", cached)
    found = find_model("some/model@v1")
    assert found is not None
    assert found.digest == ParaphraseModel.find(name).digest
    assert set(asked) == {("some/model", "v1", True)}


def _unreachable(*_: object, **__: object) -> str:
    raise OSError("no network")


@pytest.mark.parametrize(
    ("file", "text"), [("tokenizer.json", "{}"), ("config.json", "["), ("model.safetensors", "none")]
)
def test_a_damaged_model_is_one_sentence(name: str, file: str, text: str) -> None:
    (Path(name) / file).write_text(text)
    with pytest.raises(InputError, match="cannot be loaded"):
        find_model(name)


def test_a_model_with_vectors_that_are_not_finite_is_refused(tmp_path: Path) -> None:
    name = of_synonyms(tmp_path / "model", "apples", "pears")
    import model2vec

    model = model2vec.StaticModel.from_pretrained(name)
    model.embedding[1, 0] = np.nan
    model.save_pretrained(name)
    with pytest.raises(InputError, match="not finite"):
        find_model(name)


def test_another_model_under_the_same_name_has_another_digest_and_is_not_taken_for_the_first(
    name: str, model: ParaphraseModel
) -> None:
    """A process that has not loaded the model yet, such as a worker, refuses the other one."""
    of_synonyms(Path(name), f"{ABOUT_FRUIT} {ABOUT_TRAINS}")
    other = ParaphraseModel.find(name)
    assert other.digest != model.digest
    stale = ParaphraseModel(name, "sha256:0")
    with pytest.raises(InputError, match="no longer the one that this began with"):
        stale.vector(SHOP)
    config = Path(name) / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "note": "another"}))
    assert ParaphraseModel.find(name).digest != other.digest


def test_rows_that_are_not_alike_are_not_marked(model: ParaphraseModel, tmp_path: Path) -> None:
    recipe = Recipe.of({**LOOKING, "paraphrases": {"model": model.name}})
    rows = [candidate(0, SHOP), candidate(1, OTHER), candidate(2, TRAIN)]
    made = curate(rows, RowChecks((), ()), recipe, Selection(recipe.selection).texts, tmp_path, model=model)
    assert made.marks == {}
