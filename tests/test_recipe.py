"""The recipe: the paper's numbers by default, one plain sentence for every mistake."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder import InputError, Recipe
from kpmath_builder.recipe import KeyKind, ServerSettings, SymbolicSettings, VllmSettings
from kpmath_builder.recipe.keys import walk

FOLDER = Path(__file__).resolve().parents[1] / "examples"
EXAMPLES = sorted({*FOLDER.glob("*.toml")} - {FOLDER / "mix.toml"})


def test_the_papers_numbers_are_the_defaults() -> None:
    recipe = Recipe()
    assert recipe.judging.threshold == 0.85
    assert recipe.judging.max_sub_questions == 3
    assert (recipe.solutions.samples, recipe.solutions.temperature, recipe.solutions.top_p) == (
        10,
        0.75,
        0.95,
    )


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"build": {"windw": 3}}, "The recipe has no key build.windw: did you mean build.window?"),
        ({"foo": 1}, "The recipe has no key foo: known here: blueprints, build,"),
        (
            {"build": {"window": 0}},
            "build.window must be a whole number from 1, got 0. It means: blueprints in flight",
        ),
        ({"build": {"questions": "many"}}, "build.questions must be a whole number from 1, got 'many'"),
        ({"build": 3}, "build must be a table, got 3"),
        ({"consensus": {"mode": "majority"}}, "consensus.mode must be one of paper, strict, got 'majority'"),
        ({"judging": {"threshold": 2}}, "judging.threshold must be a number from 0 up to 1, got 2"),
        ({"teacher": {"kind": "openai"}}, "teacher.model is empty: name the model"),
        (
            {"teacher": {"kind": "openai", "addresses": []}},
            "teacher.addresses must be a list of text, at least one",
        ),
        ({"seeds": {"path": "a", "hub": "b"}}, "seeds.path and seeds.hub are both given: keep one of them"),
        (
            {"roles": {"jury": {}}},
            "roles has no jury: known are 'extractor', 'writer', 'judge', 'solver', 'referee' or 'reference'",
        ),
        (
            {"teacher": {"kind": "openai", "model": "m"}, "roles": {"judge": {"modl": "m"}}},
            "did you mean roles.judge.model?",
        ),
        ({"topics": {"ask_above": 0.95}}, "topics.ask_above is larger than topics.same"),
        ({"name": "no spaces"}, "name must be text matching"),
        ({"build": {"window": 0, "shards": 0}}, "(1 more after this one.)"),
    ],
)
def test_a_mistake_is_told_by_key_meaning_and_allowed_values(tree: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as error:
        Recipe.of(tree)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_role_takes_what_it_does_not_say_from_the_teacher() -> None:
    recipe = Recipe.of(
        {"teacher": {"kind": "openai", "model": "a", "in_flight": 9}, "roles": {"judge": {"model": "b"}}}
    )
    assert (recipe.teacher_for("judge").model, recipe.teacher_for("judge").in_flight) == ("b", 9)
    assert recipe.teacher_for("writer").model == "a"


def test_a_role_of_another_kind_takes_only_the_keys_that_its_kind_has() -> None:
    recipe = Recipe.of(
        {
            "teacher": {"kind": "vllm", "model": "a", "in_flight": 9, "gpus": [0], "python": "/opt/python"},
            "roles": {"judge": {"kind": "openai", "model": "b"}, "writer": {"kind": "symbolic"}},
        }
    )
    assert recipe.teacher_for("judge") == ServerSettings(model="b", in_flight=9)
    assert recipe.teacher_for("writer") == SymbolicSettings()
    assert recipe.teacher_for("solver").places == 9


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (
            {"teacher": {"kind": "openai", "model": "m", "gpus": [0]}},
            'teacher is of kind "openai", which has no key gpus: leave teacher.gpus out, or set teacher.kind to "vllm"',
        ),
        ({"teacher": {"addresses": ["http://a"]}}, 'is of kind "symbolic", which has no key addresses'),
        (
            {"teacher": {"kind": "openai", "model": "m"}, "roles": {"judge": {"error_rate": 0.2}}},
            'leave roles.judge.error_rate out, or set roles.judge.kind to "symbolic"',
        ),
        ({"teacher": {"in_flight": 3}}, 'or set teacher.kind to "openai" or "vllm", which has it.'),
        (
            {"teacher": {"kind": "vlm", "model": "m"}},
            "teacher.kind must be one of symbolic, openai, vllm, got 'vlm'",
        ),
        ({"teacher": {"kind": 3}}, "teacher.kind must be one of symbolic, openai, vllm, got '3'"),
        ({"roles": {"judge": {"kind": "vlm"}}}, "roles.judge.kind must be one of symbolic, openai, vllm"),
        ({"teacher": {"kind": "vllm-offline", "model": "m"}}, 'use kind = "vllm", which opens no port'),
        ({"roles": {"judge": {"kind": "vllm-offline"}}}, 'use kind = "vllm", which opens no port'),
        (
            {"roles": {"judge": {"kind": "openai"}}},
            "roles.judge.kind is openai, but roles.judge.model is empty",
        ),
        ({"teacher": "symbolic"}, "teacher must be a table, got 'symbolic'"),
        ({"roles": {"judge": 3}}, "roles.judge must be a table, got 3"),
        ({"roles": 3}, "roles must be a table, got 3"),
    ],
)
def test_what_a_kind_of_teacher_does_not_have_is_refused_by_name(tables: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as error:
        Recipe.of(tables)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_kind_chosen_on_the_command_line_drops_the_keys_of_the_file_that_it_does_not_have(
    tmp_path: Path,
) -> None:
    (tmp_path / "r.toml").write_text(
        '[teacher]\nkind = "openai"\nmodel = "m"\nin_flight = 9\naddresses = ["http://a"]\n[roles.judge]\nmodel = "j"\n'
    )
    assert (
        Recipe.read(tmp_path / "r.toml", {"teacher.kind": "symbolic"}).teacher_for("judge")
        == SymbolicSettings()
    )
    own = Recipe.read(tmp_path / "r.toml", {"roles.judge.kind": "vllm"})
    assert own.teacher_for("judge") == VllmSettings(model="j", in_flight=9)
    with pytest.raises(InputError, match="which has no key gpus"):
        Recipe.read(tmp_path / "r.toml", {"teacher.kind": "openai", "teacher.gpus": "[0]"})


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("build.window", "7", 7),
        ("build.folder", "some/where", Path("some/where")),
        ("consensus.mode", "paper", "paper"),
        ("seeds.path", "x.jsonl", Path("x.jsonl")),
        ("seeds.hub", "org/set", "org/set"),
        ("seeds.fields", '{ problem = "q" }', {"problem": "q"}),
        ("seeds.shareable", "true", True),
        ("seeds.revision", "2026-11-22", "2026-11-22"),
    ],
)
def test_any_key_is_overridden_from_the_command_line(
    tmp_path: Path, key: str, text: str, value: object
) -> None:
    (tmp_path / "r.toml").write_text('[seeds]\nhub = "openai/gsm8k"\n')
    recipe = Recipe.read(tmp_path / "r.toml", {key: text})
    section, name = key.split(".")
    assert getattr(getattr(recipe, section), name) == value
    assert recipe.seeds.hub == (
        None if key == "seeds.path" else "org/set" if key == "seeds.hub" else "openai/gsm8k"
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "There is no recipe at"),
        (b"[build\n", "is not valid TOML"),
        (b"\xff\xfe", "cannot be read"),
    ],
)
def test_an_unreadable_file_is_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "r.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        Recipe.read(path)


def test_setting_below_a_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('name = "x"\n')
    with pytest.raises(InputError, match="name is a key, not a table"):
        Recipe.read(tmp_path / "r.toml", {"name.inner": "1"})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_valid_and_survives_being_written(tmp_path: Path, path: Path) -> None:
    recipe = Recipe.read(path)
    (tmp_path / "again.toml").write_text(recipe.to_toml())
    assert Recipe.read(tmp_path / "again.toml") == recipe


def test_every_key_has_a_meaning_and_a_kind() -> None:
    recipe = Recipe.of(
        {"roles": {"judge": {"kind": "openai", "model": 'say "hi"\\\n', "extra": {"a b": [1, {"c": True}]}}}}
    )
    kinds = [recipe.keys(kind) for kind in KeyKind]
    assert sum(map(len, kinds)) == len(set().union(*kinds))
    text = recipe.to_toml()
    assert "[roles.judge]" in text
    assert all(f"{key.name.rpartition('.')[2]} " in text and key.meaning in text for key in walk(recipe))


@pytest.mark.parametrize(
    ("tables", "window"),
    [
        ({}, 256),
        ({"teacher": {"kind": "openai", "model": "m", "addresses": ["http://a", "http://b"]}}, 512),
        ({"teacher": {"kind": "vllm", "model": "m", "servers": 8, "in_flight": 100}}, 800),
        (
            {
                "teacher": {"kind": "openai", "model": "m", "in_flight": 10},
                "roles": {"judge": {"in_flight": 30}},
            },
            30,
        ),
        ({"build": {"window": 7}}, 7),
        (
            {
                "teacher": {"kind": "openai", "model": "m", "in_flight": 10},
                "solvers": [
                    {"name": "a", "kind": "openai", "model": "a", "in_flight": 30},
                    {"name": "b", "kind": "openai", "model": "b", "in_flight": 20},
                ],
            },
            50,
        ),
        ({"solutions": {"sampling": "adaptive"}}, 1024),
        ({"solutions": {"sampling": "adaptive", "samples": 2}}, 256),
        ({"solutions": {"sampling": "adaptive"}, "build": {"rows": 10}}, 256),
        ({"solutions": {"sampling": "adaptive"}, "build": {"window": 7}}, 7),
    ],
)
def test_as_many_blueprints_are_in_flight_as_fill_the_servers(tables: dict[str, Any], window: int) -> None:
    assert Recipe.of(tables).window == window


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_can_be_rehearsed_without_a_model(path: Path) -> None:
    recipe = Recipe.read(path, {"teacher.kind": "symbolic"})
    assert {settings.model_name for settings in recipe.teachers.values()} == {"symbolic"}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("org/model-7b", "org/model-7b"),
        ("accounts/host/models/model-7b", "accounts/host/models/model-7b"),
        ("gpt-x:2026-01-01", "gpt-x:2026-01-01"),
        ("/srv/models/mine", "mine"),
        ("/srv/models/mine/", "mine"),
        ("./mine", "mine"),
        ("../models/mine", "mine"),
        ("~/models/mine", "mine"),
        ("~me/models/mine", "mine"),
        ("models/7B/mine.Q4_K_M.gguf", "mine.Q4_K_M.gguf"),
        ("C:\\models\\mine", "mine"),
        ("C:/models/mine", "mine"),
        ("\\\\server\\share\\mine", "mine"),
        ("file:///srv/models/mine", "mine"),
    ],
)
def test_a_model_that_is_a_file_or_folder_is_shown_by_its_last_part(name: str, shown: str) -> None:
    settings = ServerSettings(model=name)
    assert (settings.model_name, settings.public_name) == (name, shown)


@pytest.mark.parametrize("text", ["http://node:8000", '"http://node:8000"', '["http://node:8000"]'])
@pytest.mark.parametrize("name", ["teacher.addresses", "roles.judge.addresses", "topics.embedding_addresses"])
def test_one_address_needs_no_brackets(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text('[teacher]\nkind = "openai"\nmodel = "m"\n')
    read = Recipe.read(path, {name: text})
    found = {"teacher": read.teacher, "roles": read.roles.get("judge"), "topics": read.topics}[
        name.partition(".")[0]
    ]
    assert getattr(found, name.rpartition(".")[2]) == ("http://node:8000",)
    (tmp_path / "again.toml").write_text(read.to_toml())
    assert Recipe.read(tmp_path / "again.toml") == read


@pytest.mark.parametrize("text", ["3", "[3]", "[]"])
def test_what_is_no_address_is_still_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text('[teacher]\nkind = "openai"\nmodel = "m"\n')
    with pytest.raises(InputError, match=r"teacher\.addresses"):
        Recipe.read(path, {"teacher.addresses": text})


@pytest.mark.parametrize("name", ["build.folder", "seeds.path", "prompts"])
def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Also where no shell has expanded it; else files would land in a folder named "~", or elsewhere yet."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "r.toml"
    path.write_text("")
    read = Recipe.read(path, {name: "~/x"})
    assert {"build.folder": read.build.folder, "seeds.path": read.seeds.path, "prompts": read.prompts}[
        name
    ] == tmp_path / "x"
    with pytest.raises(InputError, match="begins with a user who has no home here"):
        Recipe.read(path, {name: "~no such user/x"})


BOUNDED = """
name = "b"
[roles.reference]
kind = "openai"
model = "m"
[selection]
min_pass_rate = 0.0
[solutions]
samples = 4
"""


@pytest.mark.parametrize(
    ("setting", "is_default"),
    [
        ("selection.min_pass_rate", lambda made: made.selection.min_pass_rate is None),
        ("solutions.samples", lambda made: made.solutions.samples == 10),
        ("build.rows", lambda made: made.build.rows is None),
        ("name", lambda made: made.name == "kpmath"),
        ("roles.reference.model", lambda made: False),
    ],
    ids=["a bound", "a number", "by default anyway", "text", "what others need"],
)
def test_unset_takes_a_key_back_to_its_default(
    tmp_path: Path, setting: str, is_default: Callable[[Recipe], bool]
) -> None:
    """A bound of 0 is a bound; a key that is needed is missed as if the file did not have it."""
    file = tmp_path / "r.toml"
    file.write_text(BOUNDED)
    if setting == "roles.reference.model":
        with pytest.raises(InputError, match="model is empty"):
            Recipe.read(file, {setting: "unset"})
        return
    assert is_default(Recipe.read(file, {setting: "unset"}))


def test_unset_takes_out_a_role_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text(BOUNDED)
    made = Recipe.read(file, {"roles.reference": "unset", "selection.min_pass_rate": "unset"})
    assert made.roles == {}


@pytest.mark.parametrize(
    ("setting", "hint"),
    [
        ("selection.min_pas_rate", "did you mean selection.min_pass_rate?"),
        ("a.b.c", "docs/recipe.md lists all"),
    ],
)
def test_a_slip_of_the_pen_unsets_nothing_in_silence(tmp_path: Path, setting: str, hint: str) -> None:
    file = tmp_path / "r.toml"
    file.write_text(BOUNDED)
    with pytest.raises(InputError, match=re.escape(hint)):
        Recipe.read(file, {setting: "unset"})


def test_the_word_unset_in_quotes_is_a_text(tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text(BOUNDED)
    assert Recipe.read(file, {"name": '"unset"'}).name == "unset"


def test_the_recipe_of_an_earlier_build_is_read() -> None:
    """It lists every key with its value; one that is gone, because nothing reads it, must not close the folder to its owner."""
    recipe = Recipe.of({"teacher": {"kind": "openai", "model": "m", "schema_mode": "json_object"}})
    assert recipe == Recipe.of({"teacher": {"kind": "openai", "model": "m"}})
