"""How a request is put to servers that differ from the plain protocol."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.client.chat import chat_body
from kpmath_builder.client.dialects import FORMS, PLAIN, Dialect, advice, read_parameters
from kpmath_builder.client.error_bodies import error_words, named_fields
from kpmath_builder.client.refusals import Refusals
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Message, Request, Sampling

PATTERN = r"same|different"


def request(*, pattern: str = "", system: bool = True, **extra: Any) -> Request:
    messages = (Message("system", "Be brief."),) if system else ()
    return Request(
        task="same_topic",
        model="m",
        messages=(*messages, Message("user", "Are they one?")),
        sampling=Sampling(0.7, 0.9, 50),
        seed=2**53 - 1024,
        extra=extra,
        pattern=pattern,
    )


def test_the_plain_protocol_sends_every_field_by_its_own_name() -> None:
    assert chat_body(request(pattern=PATTERN), 3, 2) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Are they one?"},
        ],
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": 50,
        "n": 2,
        "seed": 2**53 - 1024 + 3,
        "structured_outputs": {"regex": PATTERN},
    }
    assert PLAIN.description == ""


def test_fields_are_renamed_and_omitted() -> None:
    dialect = read_parameters({"max_tokens": "max_completion_tokens", "seed": False, "temperature": True})
    body = chat_body(request(), 0, 1, dialect)
    assert body["max_completion_tokens"] == 50
    assert body["temperature"] == 0.7
    assert not {"max_tokens", "seed"} & body.keys()
    assert dialect.description == "max_tokens as max_completion_tokens; without seed"


def test_without_a_system_role_its_text_begins_the_first_message_of_the_user() -> None:
    body = chat_body(request(), 0, 1, Dialect(system_role=False))
    assert body["messages"] == [{"role": "user", "content": "Be brief.\n\nAre they one?"}]
    assert chat_body(request(system=False), 0, 1, Dialect(system_role=False)) == chat_body(
        request(system=False), 0, 1
    )


@pytest.mark.parametrize(
    ("form", "sent"),
    [
        ("sglang", {"regex": PATTERN}),
        ("llama.cpp", {"grammar": 'root ::= "s" "a" "m" "e" | "d" "i" "f" "f" "e" "r" "e" "n" "t"'}),
        ("none", {}),
    ],
)
def test_a_regular_expression_goes_into_the_field_that_takes_it(form: Any, sent: dict[str, Any]) -> None:
    body = chat_body(request(pattern=PATTERN), 0, 1, Dialect(pattern_form=form))
    assert body == chat_body(request(), 0, 1) | sent


@pytest.mark.parametrize("form", FORMS)
def test_free_text_is_asked_for_as_ever(form: Any) -> None:
    assert chat_body(request(), 0, 1, Dialect(pattern_form=form)) == chat_body(request(), 0, 1)


@pytest.mark.parametrize(
    "field", ["structured_outputs", "regex", "grammar", "guided_json", "response_format"]
)
@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_the_recipe_s_own_stands_alone(form: Any, field: str) -> None:
    """Servers take one: with both, vLLM refuses the request."""
    body = chat_body(request(pattern=PATTERN, **{field: "mine"}), 0, 1, Dialect(pattern_form=form))
    assert body == chat_body(request(), 0, 1) | {field: "mine"}


def test_the_form_of_a_reply_does_not_change_its_key() -> None:
    """Answers of earlier versions, and of servers that take no expression, are found again."""
    assert request(pattern=PATTERN).digest == request().digest


def test_small_seeds_stay_different_for_the_samples_of_a_request() -> None:
    seeds = {chat_body(request(), first, 1, Dialect(seed_bits=31))["seed"] for first in range(1024)}
    assert len(seeds) == 1024
    assert max(seeds) < 2**31


@pytest.mark.parametrize(
    "dialect", [PLAIN, Dialect({"max_tokens": "max_completion_tokens"})], ids=["plain", "renamed"]
)
@pytest.mark.parametrize("field", ["seed", "max_tokens", "messages", "stream"])
def test_further_fields_cannot_set_a_field_of_ours(dialect: Dialect, field: str) -> None:
    with pytest.raises(InputError, match=f"may not set {field}"):
        chat_body(request(**{field: 1}), 0, 1, dialect)


def test_further_fields_cannot_set_a_name_that_a_field_of_ours_was_given() -> None:
    with pytest.raises(InputError, match="may not set max_completion_tokens"):
        chat_body(request(max_completion_tokens=1), 0, 1, Dialect({"max_tokens": "max_completion_tokens"}))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": False}, "cannot change 'model'"),
        ({"messages": "prompt"}, "cannot change 'messages'"),
        ({"response_format": False}, "cannot change 'response_format'"),
        ({"sede": False}, "cannot change 'sede'"),
        ({"seed": ""}, "gives 'seed' the name ''"),
        ({"seed": "model"}, "gives 'seed' the name 'model'"),
        ({"seed": "n"}, "gives 'seed' the name 'n'"),
        ({"seed": "x", "n": "x"}, "gives 'seed' the name 'x'"),
    ],
)
def test_parameters_that_make_no_request_are_refused(parameters: dict[str, str | bool], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_parameters(parameters)


ERRORS = {
    "OpenAI": (
        (
            b'{"error": {"message": "Unsupported parameter: \'max_tokens\' is not supported with this model. Use '
            b'\'max_completion_tokens\' instead.", "type": "invalid_request_error", "param": "max_tokens", "code": '
            b'"unsupported_parameter"}}'
        ),
        {"max_tokens"},
    ),
    "OpenAI, a part of a field": (
        b'{"error": {"message": "Invalid schema", "param": "response_format.json_schema.schema"}}',
        {"response_format"},
    ),
    "pydantic": (
        b'{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}',
        {"seed"},
    ),
    "Google": (
        (
            b'[{"error": {"code": 400, "message": "Invalid JSON payload received. Unknown name \\"seed\\": Cannot find '
            b'field.", "status": "INVALID_ARGUMENT"}}]'
        ),
        {"seed"},
    ),
    "in words": (b'{"error": "temperature and top_p cannot both be given"}', {"temperature", "top_p"}),
    "a longer name": (b'{"error": "max_tokens_to_sample is wrong, as is seeds"}', set()),
    "HTML": (b"<html><body>seed</body></html>", {"seed"}),
    "nothing": (b"", set()),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_body_names_the_fields_at_fault(name: str) -> None:
    body, fields = ERRORS[name]
    assert named_fields(body, ["temperature", "top_p", "max_tokens", "seed", "response_format"]) == fields


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "No.", "code": 400}}', "No"),
        (b'{"error": "No"}', "No"),
        (b'{"message": "No"}', "No"),
        (b'{"detail": "No"}', "No"),
        (b'{"detail": [{"loc": ["body", "n"], "msg": "No"}]}', "body.n: No"),
        (b'[{"error": {"message": "No"}}]', "No"),
        (
            b'{"error": {"message": "Provider returned error", "metadata": {"raw": "{\\"error\\": \\"No\\"}"}}}',
            "Provider returned error: No",
        ),
        (b'{"error": null, "message": " No "}', "No"),
        (b"<h1>No\n\n</h1>", "No"),
        (b'{"error": {"message": "N\\ud800o\\u0000"}}', "N o"),
        (b"", ""),
    ],
    ids=range(11),
)
def test_the_words_of_an_error_body_are_found_in_its_usual_shapes(body: bytes, words: str) -> None:
    assert error_words(body) == words


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["error", "message", "detail", "loc", "msg", "param", "metadata", "raw", "x"]),
            inner,
        )
    ),
)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_no_error_body_breaks_its_reader(body: bytes) -> None:
    assert len(error_words(body)) <= 500
    error_words(body).encode()
    assert named_fields(body, ["seed"]) <= {"seed"}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"error":' * 100_000,
        b'{"error": ' + b"9" * 100_000 + b"}",
        b'"\xff\xfe"',
        b"\x00" * 10**6,
    ],
)
def test_no_attack_breaks_the_reader_of_error_bodies(body: bytes) -> None:
    assert len(error_words(body)) <= 500
    assert named_fields(body, ["seed"]) == set()


@pytest.mark.parametrize(
    ("fields", "words", "line"),
    [
        (["seed"], "", "add `seed = false` to [teacher.parameters]"),
        (
            ["max_tokens"],
            "Use 'max_completion_tokens'",
            'add `max_tokens = "max_completion_tokens"` to [teacher.parameters]',
        ),
        (["max_tokens"], "max_tokens is too large", ""),
        (["max_tokens"], "'max_tokens' or 'max_completion_tokens' is too large: 1024", ""),
        (["structured_outputs"], "", 'add `structured_outputs = "none"` to [teacher]'),
        (["top_k"], "", "remove `top_k` from teacher.extra"),
        (["n", "top_k"], "", "add `n = false` to [teacher.parameters], remove `top_k` from teacher.extra"),
        (["model"], "", ""),
        ([], "", ""),
    ],
)
def test_a_refused_field_is_reported_with_the_line_to_add(fields: list[str], words: str, line: str) -> None:
    assert advice(fields, words) == line


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("Unsupported parameter: 'seed'", "add `seed = false` to [teacher.parameters]"),
        ("Unknown name top_k", "remove `top_k` from teacher.extra"),
        ("This model's maximum context length is 1024 tokens", "change the recipe's max_tokens or extra"),
        ("max_tokens is too large", "change the recipe's max_tokens or extra"),
    ],
)
def test_requests_that_are_refused_one_after_the_other_end_with_the_line_to_add(
    words: str, remedy: str
) -> None:
    refusals = Refusals()
    asked = [replace(request(top_k=5), seed=seed) for seed in range(20)]
    for each in asked[:-1]:
        refusals.refused(each, words)
    with pytest.raises(InputError, match=re.escape(f"({words}): {remedy}")):
        refusals.refused(asked[-1], words)
