"""Private values of a recipe are canaries: they are found nowhere in what leaves a build."""

import json
import shutil
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from dummy_server import Body, DummyServer, Fault, status
from roleplay import play

from kpmath_builder import Recipe, build
from kpmath_builder.recipe.files import dump_toml
from kpmath_builder.recipe.keys import walk
from kpmath_builder.recipe.private import HIDDEN, hide_private

MODEL = "/canary-disk/canary-user/canary-models/judge-7b"
VARIABLE = "CANARY_VARIABLE"
FULL_TREE: dict[str, Any] = {
    "prompts": "/canary-disk/prompts",
    "seeds": {"path": "canary-disk/seeds/mine.jsonl"},
    "teacher": {
        "kind": "openai",
        "model": MODEL,
        "addresses": ["http://canary-user:canary-password@canary-host:8123/v1", "unix:/canary-disk/socket"],
        "api_key_env": VARIABLE,
        "parameters": {"max_tokens": "canary_field", "seed": False},
        "in_flight": 71,
        "least_in_flight": 13,
        "samples_per_request": 3,
        "patience": 77.7,
        "requests_per_minute": 7_001,
        "tokens_per_minute": 7_002,
        "price_per_million_prompt_tokens": 7.003,
        "price_per_million_completion_tokens": 7.004,
    },
    "roles": {
        "judge": {
            "kind": "vllm",
            "model": "canary-disk/canary-user/judge",
            "python": "/canary-disk/bin/python",
            "arguments": ["--canary-argument", "canary-value"],
            "gpus": ["GPU-canary"],
            "servers": 2,
            "tensor_parallel": 4,
            "data_parallel": 8,
            "gpu_sharing": "together",
            "start_patience": 33.3,
        }
    },
    "solvers": [{"name": "a", "prompt": "/canary-disk/solve-a.txt"}],
    "topics": {
        "embedding": "openai",
        "embedding_model": "models/canary-user/embedder.gguf",
        "embedding_addresses": ["http://canary-host:9999"],
        "embedding_key_env": VARIABLE,
    },
    "controls": {"path": "/canary-disk/controls.jsonl"},
    "build": {
        "folder": "/canary-disk/build",
        "shards": 17,
        "window": 19,
        "grace": 23.5,
        "max_tokens": 29_000,
    },
}


def texts(release: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file of a release, and what is inside of each Parquet file: rows, names, metadata."""
    for path in sorted(release.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(release)), path.read_bytes()
        if path.suffix == ".parquet":
            read = pq.ParquetFile(path)
            told = [read.schema_arrow.to_string(), str(read.metadata.to_dict()), str(read.metadata.metadata)]
            told += [json.dumps(row, ensure_ascii=False, default=str) for row in read.read().to_pylist()]
            yield f"{path.relative_to(release)}, decoded", "\n".join(told).encode()


def found(release: Path, canaries: list[str]) -> list[str]:
    looked = list(texts(release))
    assert len(looked) > 10
    return [f"{word} in {name}" for name, data in looked for word in canaries if word.encode() in data]


def test_every_private_key_is_left_out_of_the_public_recipe_and_every_value_of_it() -> None:
    recipe = Recipe.of(FULL_TREE)
    public = dump_toml(recipe.public())
    assert "canary" not in public.casefold()
    assert Recipe.of(_without_private(recipe)).public() == recipe.public()
    shown = walk_names(tomllib.loads(public))
    for key in (key for key in walk(recipe) if not key.public):
        assert key.name not in shown
        assert key.value not in (None, [], {}), f"{key.name} has no canary in this test: give it one"


def walk_names(tree: dict[str, Any], prefix: str = "") -> set[str]:
    names: set[str] = set()
    for name, value in tree.items():
        names |= {prefix + name, *(walk_names(value, f"{prefix}{name}.") if isinstance(value, dict) else ())}
    return names


def _without_private(recipe: Recipe) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key in recipe.public():
        table = tree
        *tables, name = key.name.split(".")
        for part in tables:
            table = table.setdefault(part, {})
        if key.value is not None:
            table[name] = key.value
    return tree


def test_models_are_named_by_the_last_part_of_their_path() -> None:
    recipe = Recipe.of(FULL_TREE)
    shown = {key.name: key.value for key in recipe.public()}
    assert shown["teacher.model"] == recipe.teacher.public_name == "judge-7b"
    assert recipe.teacher.model_name == MODEL, "the server must be asked by the name that it lists"
    assert shown["roles.judge.model"] == recipe.teacher_for("judge").public_name == "judge"
    assert shown["topics.embedding_model"] == "embedder.gguf"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (f"no {MODEL} here", f"no {HIDDEN} here"),
        ("POST http://canary-user:canary-password@canary-host:8123/v1 failed", f"POST {HIDDEN} failed"),
        ("canary-host:9999 said no", f"{HIDDEN} said no"),
        ("host='canary-host'", f"host='{HIDDEN}'"),
        (f"set {VARIABLE}", f"set {HIDDEN}"),
        ("/canary-disk/bin/python: 3 seeds of 8", f"{HIDDEN}: 3 seeds of 8"),
        ("malformed answer from unix:/tmp/kpmath-x/0.sock, twice", f"malformed answer from {HIDDEN}, twice"),
        ("see https://errors.example/x?y=1 (500)", f"see {HIDDEN} (500)"),
        ("no file '/home/somebody/.cache/hub/models--a/x.json'", f"no file '{HIDDEN}'"),
        ("1/2 or and/or 3 / 4 of 5/6/7", "1/2 or and/or 3 / 4 of 5/6/7"),
        (
            "This model's maximum context length is 1024 tokens.",
            "This model's maximum context length is 1024 tokens.",
        ),
    ],
)
def test_private_words_are_hidden_wherever_a_server_repeats_them(words: str, shown: str) -> None:
    assert hide_private(Recipe.of(FULL_TREE))(words) == shown


def test_a_build_with_the_embedded_teacher_publishes_no_private_value(tmp_path: Path) -> None:
    home = tmp_path / "canary-home"
    shutil.copytree(str(files("kpmath_builder") / "prompts"), home / "canary-prompts")
    (home / "canary-seeds").mkdir()
    shutil.copy(str(files("kpmath_builder") / "data" / "seeds.jsonl"), home / "canary-seeds" / "train.jsonl")
    recipe = Recipe.of(
        {
            "prompts": str(home / "canary-prompts"),
            "seeds": {"path": str(home / "canary-seeds" / "train.jsonl"), "shareable": True},
            "build": {"folder": str(home / "canary-build"), "questions": 40, "shards": 3},
        }
    )
    result = build(recipe)
    assert result.rows["qa-pairs"] > 0
    assert found(result.dataset, ["canary", str(tmp_path)]) == []


def test_a_served_build_publishes_no_private_value_though_the_server_repeats_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-canary-0123456789"
    monkeypatch.setenv(VARIABLE, secret)

    with DummyServer(play, models=(MODEL,), key=secret) as server:

        def echoes(body: Body, number: int) -> Fault | None:
            words = f"{body['model']} at {server.address} refuses {secret}: see ${VARIABLE}"
            return status(400, words) if number % 7 == 3 else None

        server.faults = echoes
        teacher = {
            "kind": "openai",
            "model": MODEL,
            "addresses": [server.address],
            "api_key_env": VARIABLE,
            "in_flight": 16,
        }
        recipe = Recipe.of(
            {
                "teacher": teacher,
                "topics": {"ask_above": 0.5},
                "solutions": {"samples": 4},
                "build": {"folder": str(tmp_path / "canary-build"), "questions": 40, "shards": 2},
            }
        )
        result = build(recipe)
    logs = b"".join(path.read_bytes() for path in (tmp_path / "canary-build" / "responses").glob("*.jsonl"))
    assert server.address.encode() in logs, "the server's words are kept where they belong"
    netloc = server.address.removeprefix("http://")
    assert found(result.dataset, ["canary", "CANARY", netloc, secret, str(tmp_path)]) == []
    assert found(result.dataset, [HIDDEN])
    assert found(result.dataset, ["judge-7b"])
