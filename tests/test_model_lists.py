"""Lists of models in the shapes that servers give them, and in shapes that none should."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.client.model_lists import read_models, served_as


@pytest.mark.parametrize(
    ("value", "models"),
    [
        ({"data": [{"id": "a", "max_model_len": 4096}, {"id": "b"}]}, {"a": 4096, "b": None}),
        (
            {"data": [{"id": "a", "meta": {"n_ctx": 4096, "n_ctx_train": 32768}}], "models": [{"name": "x"}]},
            {"a": 4096},
        ),
        ({"data": [{"id": "a", "context_length": 8192}]}, {"a": 8192}),
        ({"data": [{"id": "a", "loaded_context_length": 4096}]}, {"a": 4096}),
        ({"models": [{"name": "a"}]}, {"a": None}),
        ([{"id": "a"}, "b"], {"a": None, "b": None}),
        ({"data": []}, {}),
        ({"data": [{"id": 3}, None, [], {"name": "a"}]}, {"a": None}),
        (
            {
                "data": [
                    {"id": "a", "max_model_len": size} for size in (True, -1, 0, 2**62, "4096", 1.5, None, {})
                ]
            },
            {"a": None},
        ),
        ({"data": [{"id": "a", "meta": [1]}]}, {"a": None}),
        ({"data": None}, None),
        ({"data": {"id": "a"}}, None),
        ({}, None),
        ("a", None),
        (None, None),
        (3, None),
    ],
    ids=range(16),
)
def test_models_are_read_from_every_known_shape(value: Any, models: dict[str, int | None] | None) -> None:
    assert read_models(json.dumps(value).encode()) == models


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[" * 100_000,
        b'{"data":' * 100_000,
        b'{"data": [' + b"9" * 100_000 + b"]}",
        b"\xff",
        b"[NaN]"[:-1],
    ],
    ids=range(7),
)
def test_what_is_no_list_is_none(body: bytes) -> None:
    assert read_models(body) is None


@pytest.mark.parametrize(
    ("model", "names", "found"),
    [
        ("a", ["a", "b"], "a"),
        ("gemini", ["models/gemini"], "models/gemini"),
        ("models/gemini", ["gemini"], "gemini"),
        ("llama3.2", ["llama3.2:latest", "llama3.2:1b"], "llama3.2:latest"),
        ("llama3.2", ["llama3.2:1b"], None),
        ("openai/gpt", ["openai/*"], "openai/*"),
        ("gpt", ["openai/*"], None),
        ("anything", ["*"], "*"),
        ("A", ["a"], None),
        ("a", [], None),
    ],
)
def test_a_model_is_found_under_the_names_that_servers_give_it(
    model: str, names: list[str], found: str | None
) -> None:
    assert served_as(model, dict.fromkeys(names)) == found


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["data", "models", "id", "name", "meta", "n_ctx", "max_model_len"]), inner
        )
    ),
    max_leaves=20,
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_list_breaks_its_reader(body: bytes) -> None:
    models = read_models(body)
    assert models is None or all(isinstance(name, str) for name in models)
    assert served_as("a", models or {}) in {None, *(models or {})}
