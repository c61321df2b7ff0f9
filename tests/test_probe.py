"""What the probe finds out about servers, each a function from a body to status and answer."""

import asyncio
import itertools
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from dummy_server import OBEDIENT
from hypothesis import given, settings
from hypothesis import strategies as st

from kpmath_builder.client.dialects import PATTERN_FIELDS, PLAIN, Dialect
from kpmath_builder.client.probe import OPEN_PROMPT, PATTERN_PROMPT, Negotiated, negotiate
from kpmath_builder.client.probe_requests import obeys
from kpmath_builder.errors import InputError
from kpmath_builder.protocol import Response

Body = dict[str, Any]
Answer = tuple[int, bytes]

UNSEEDED = itertools.count()


def completion(*texts: str, finish: str = "stop", **message: Any) -> Answer:
    choices = [
        {"index": i, "message": {"role": "assistant", "content": text} | message, "finish_reason": finish}
        for i, text in enumerate(texts)
    ]
    return 200, json.dumps({"choices": choices, "model": "m", "system_fingerprint": "fp-1"}).encode()


def refusal(message: str, status: int = 400, **fields: Any) -> Answer:
    return status, json.dumps({"error": {"message": message, **fields}}).encode()


def obedient(body: Body) -> Answer:
    """Answer as a server that does everything."""
    asked = body["messages"][-1]["content"]
    if asked.endswith(OPEN_PROMPT):
        return completion(f"{body.get('seed') or next(UNSEEDED)} and more")
    return completion(*[OBEDIENT if "structured_outputs" in body else "hello"] * body.get("n", 1))


def takes(field: str, refusal_of_others: str = "") -> Callable[[Body], Answer]:
    """Answer as a server that takes a regular expression in one field; it ignores the others, or refuses them."""

    def server(body: Body) -> Answer:
        others = set(PATTERN_FIELDS.values()) & body.keys() - {field}
        if others and refusal_of_others:
            return refusal(refusal_of_others.format(*others))
        plain = {name: value for name, value in body.items() if name not in PATTERN_FIELDS.values()}
        return obedient(plain | ({"structured_outputs": body[field]} if field in body else {}))

    return server


def refuses(field: str, message: str, **fields: Any) -> Callable[[Body], Answer]:
    return lambda body: refusal(message, **fields) if field in body else obedient(body)


def no_system(message: str, status: int = 400) -> Callable[[Body], Answer]:
    return lambda body: (
        refusal(message, status) if body["messages"][0]["role"] == "system" else obedient(body)
    )


class Sender:
    def __init__(self, server: Callable[[Body], Answer]) -> None:
        self.server = server
        self.bodies: list[Body] = []

    async def __call__(self, body: Body) -> Answer:
        self.bodies.append(json.loads(json.dumps(body)))
        return self.server(body)


def probe(server: Callable[[Body], Answer], **wishes: Any) -> tuple[Negotiated, list[Body]]:
    sender = Sender(server)
    return asyncio.run(negotiate(sender, "m", **wishes)), sender.bodies


def test_a_plain_server_is_asked_four_short_requests_and_changes_nothing() -> None:
    found, bodies = probe(obedient)
    assert found.dialect == PLAIN
    assert (found.fault, found.notes, found.repeats_itself) == ("", (), False)
    assert found.fingerprint == "fp-1"
    assert len(bodies) == 4
    assert found.known_good in bodies
    assert found.known_good["messages"][-1]["content"] == PATTERN_PROMPT


MAX = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
HABITS: dict[str, tuple[Callable[[Body], Answer], Dialect]] = {
    "OpenAI's reasoning models want max_completion_tokens": (
        refuses("max_tokens", MAX, param="max_tokens", code="unsupported_parameter"),
        Dialect({"max_tokens": "max_completion_tokens"}),
    ),
    "OpenAI's reasoning models have one temperature": (
        refuses(
            "temperature",
            "Unsupported value: 'temperature' does not support 0 with this model.",
            param="temperature",
        ),
        Dialect(omit=frozenset({"temperature"})),
    ),
    "Claude takes one of temperature and top_p": (
        lambda body: (
            refusal("`temperature` and `top_p` cannot both be specified for this model.")
            if {"temperature", "top_p"} <= body.keys()
            else obedient(body)
        ),
        Dialect(omit=frozenset({"top_p"})),
    ),
    "Gemini has no seed": (
        lambda body: (
            (400, b'[{"error": {"message": "Unknown name \\"seed\\": Cannot find field."}}]')
            if "seed" in body
            else obedient(body)
        ),
        Dialect(omit=frozenset({"seed"})),
    ),
    "Mistral forbids a seed": (
        lambda body: (
            (
                422,
                b'{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}',
            )
            if "seed" in body
            else obedient(body)
        ),
        Dialect(omit=frozenset({"seed"})),
    ),
    "seeds are 32-bit numbers": (
        lambda body: (
            refusal("Invalid value at 'seed' (TYPE_INT32), 9007199254739968")
            if body.get("seed", 0) >= 2**31
            else obedient(body)
        ),
        Dialect(seed_bits=31),
    ),
    "LiteLLM names several fields": (
        lambda body: (
            refusal(
                "litellm.UnsupportedParamsError: x does not support parameters: ['seed', 'top_p'], for model=m"
            )
            if {"seed", "top_p"} & body.keys()
            else obedient(body)
        ),
        Dialect(omit=frozenset({"seed", "top_p"})),
    ),
    "TGI refuses a top_p of 1": (
        lambda body: (
            (
                422,
                b'{"error": "Input validation error: `top_p` must be > 0.0 and < 1.0", "error_type": "validation"}',
            )
            if body.get("top_p") == 1
            else obedient(body)
        ),
        Dialect(top_p_of_1=False),
    ),
    "Gemma's template has no system role": (
        no_system("System role not supported"),
        Dialect(system_role=False),
    ),
    "llama.cpp says so with status 500": (
        no_system("Jinja Exception: System role not supported", 500),
        Dialect(system_role=False),
    ),
    "Mistral's template wants turns": (
        no_system("Conversation roles must alternate user/assistant/user"),
        Dialect(system_role=False),
    ),
    "Gemma at Gemini": (
        no_system("Developer instruction is not enabled for models/gemma-3-27b-it"),
        Dialect(system_role=False),
    ),
    "OpenAI takes no regular expressions": (
        takes("", "Unknown parameter: '{}'."),
        Dialect(pattern_form="none"),
    ),
    "regular expressions are ignored": (takes(""), Dialect(pattern_form="none")),
    "structured outputs are not compiled in": (
        lambda body: (
            refusal("guided decoding is not supported", 500)
            if PATTERN_FIELDS.values() & body.keys()
            else obedient(body)
        ),
        Dialect(pattern_form="none"),
    ),
    "a seed is refused in words that nobody knows": (
        lambda body: refusal("Das geht so nicht.") if "seed" in body else obedient(body),
        Dialect(omit=frozenset({"seed"})),
    ),
    "two things are refused without a word": (
        lambda body: (400, b"") if "seed" in body or "temperature" in body else obedient(body),
        Dialect(omit=frozenset({"seed", "temperature"})),
    ),
    "system role and regular expressions are refused without a word": (
        lambda body: (
            (500, b"")
            if PATTERN_FIELDS.values() & body.keys() or body["messages"][0]["role"] == "system"
            else obedient(body)
        ),
        Dialect(system_role=False, pattern_form="none"),
    ),
    "the whole request is quoted at us": (
        lambda body: refusal(f"cannot parse {json.dumps(body)}") if "seed" in body else obedient(body),
        Dialect(omit=frozenset({"seed"})),
    ),
    "all that a reasoning model refuses": (
        lambda body: (
            refusal(MAX, param="max_tokens")
            if "max_tokens" in body
            else refusal("Unsupported value", param="temperature")
            if "temperature" in body
            else refusal("Unsupported parameter", param="top_p")
            if "top_p" in body
            else obedient(body)
        ),
        Dialect({"max_tokens": "max_completion_tokens"}, frozenset({"temperature", "top_p"})),
    ),
}


@pytest.mark.parametrize("habit", HABITS)
def test_the_dialect_of_a_server_is_found_and_told_in_one_sentence(habit: str) -> None:
    server, dialect = HABITS[habit]
    found, bodies = probe(server, who="The server at http://x")
    assert found.dialect == dialect
    assert found.fault == ""
    assert len(found.notes) == 1
    assert found.notes[0].startswith("The server at http://x ")
    assert server(dict(found.known_good))[0] == 200
    assert len(bodies) < 30


@pytest.mark.parametrize(
    "words",
    [
        "'max_tokens' or 'max_completion_tokens' is too large: 1024. This model's maximum context length is 512 tokens",
        "max_tokens must be at most 512",
        "This model's maximum context length is 512 tokens. However, you requested 1100 tokens",
    ],
)
def test_a_small_context_is_no_dialect_and_shorter_replies_are_asked_for(words: str) -> None:
    found, bodies = probe(lambda body: refusal(words) if body["max_tokens"] > 512 else obedient(body))
    assert (found.dialect, found.fault, found.notes) == (PLAIN, "", ())
    assert found.known_good
    assert len(bodies) == 5
    found, _ = probe(lambda body: refusal(words))
    assert words[:20] in found.fault
    assert "teacher.parameters" not in found.fault


@pytest.mark.parametrize("samples", [2, 8])
def test_a_server_that_gives_one_choice_is_asked_for_one_sample_a_call(samples: int) -> None:
    found, _ = probe(lambda body: obedient({**body, "n": 1}), samples=samples)
    assert not found.dialect.takes_n
    assert probe(obedient, samples=samples)[0].dialect == PLAIN


def test_what_the_recipe_decides_is_not_changed() -> None:
    server, _ = HABITS["Gemini has no seed"]
    found, _ = probe(server, parameters={"seed": True})
    assert "seed" not in found.dialect.omit
    assert 'Unknown name "seed"' in found.fault
    found, _ = probe(takes(""), structured_outputs="vllm")
    assert found.fault == "The server ignores the regular expression of a request (it said 'hello')"
    assert found.dialect == PLAIN


@pytest.mark.parametrize("refused", ["", "Unknown parameter: '{}'."], ids=["ignored", "refused"])
@pytest.mark.parametrize("form", ["sglang", "llama.cpp"])
def test_the_field_that_takes_a_regular_expression_is_found_without_a_word(form: Any, refused: str) -> None:
    found, bodies = probe(takes(PATTERN_FIELDS[form], refused))
    assert found.dialect == Dialect(pattern_form=form)
    assert (found.fault, found.notes, found.dialect.description) == ("", (), "")
    assert len(bodies) <= 6


@pytest.mark.parametrize("form", ["sglang", "llama.cpp", "none"])
def test_a_form_that_the_recipe_names_is_sent_from_the_first_request_on(form: Any) -> None:
    found, bodies = probe(takes(PATTERN_FIELDS.get(form, "")), structured_outputs=form)
    assert found.dialect == Dialect(pattern_form=form)
    assert found.notes == ()
    assert len(bodies) == 3  # what the recipe says is not doubted


def test_what_the_user_hears_of_regular_expressions() -> None:
    by_words = "replies have their form from the prompts alone, and those that do not fit are asked for again"
    said = {name: probe(HABITS[name][0])[0].notes[0] for name in HABITS}
    assert said["regular expressions are ignored"] == (
        f"The server ignores the regular expression of a request (it said 'hello'): {by_words}"
    )
    assert (
        said["OpenAI takes no regular expressions"] == f"The server takes no regular expressions: {by_words}"
    )


def thinking(body: Body, *, parser: bool, opens: bool = False) -> Answer:
    """Answer as a server whose model thinks first; an expression holds from the first token on, but behind a parser as vLLM has it."""
    if body["messages"][-1]["content"].endswith(OPEN_PROMPT):
        return obedient(body)
    bound = "structured_outputs" in body
    said = OBEDIENT if bound else "hello"
    if parser:
        return completion(said, reasoning="Hm.")
    return completion(said if bound else f"{'' if opens else '<think>'}Hm.</think>{said}")


def test_behind_a_reasoning_parser_an_expression_holds_after_the_thought() -> None:
    found, _ = probe(partial(thinking, parser=True))
    assert (found.dialect, found.fault, found.notes) == (PLAIN, "", ())


@pytest.mark.parametrize("opens", [False, True], ids=["by the model", "by the template"])
def test_no_expression_is_sent_that_would_forbid_a_thought(opens: bool) -> None:  # noqa: FBT001
    found, _ = probe(partial(thinking, parser=False, opens=opens))
    assert found.dialect == Dialect(pattern_form="none")
    assert "keeps its model from thinking" in found.notes[0]
    assert len(found.notes) == 1


def test_where_an_expression_ends_up_as_reasoning_none_is_sent() -> None:
    """llama.cpp with a template that opens the thought: the grammar holds from the first token on, inside the thought."""

    def server(body: Body) -> Answer:
        if "grammar" not in body:
            return takes("")(body)
        return completion("", reasoning_content=OBEDIENT)

    found, _ = probe(server)
    assert found.dialect == Dialect(pattern_form="none")
    assert found.fault == ""
    assert "ignores the regular expression" in found.notes[0]


def test_a_solver_that_thinks_is_no_fault_of_an_extractor_that_does_not() -> None:
    def server(body: Body) -> Answer:
        return thinking(body, parser=True) if "think" in body else obedient(body)

    found, _ = probe(server, extras=({}, {"think": True}))
    assert (found.dialect, found.fault, found.notes) == (PLAIN, "", ())
    found, _ = probe(
        lambda body: completion("", reasoning="Hm.") if "think" in body else obedient(body),
        extras=({}, {"think": True}),
    )
    assert "gives its whole reply as reasoning" in found.fault


@pytest.mark.parametrize("status", [0, 429, 503])
@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_server_that_falls_silent_between_two_forms_is_not_judged(status: int, lost: int) -> None:
    """Else a form that was never answered would stand, and a later probe would find "another" server."""
    count = itertools.count()

    def server(body: Body) -> Answer:
        if not body["messages"][-1]["content"].endswith(OPEN_PROMPT) and next(count) >= lost:
            return status, b'{"error": {"message": "Not now."}}'
        return takes("")(body)

    found, _ = probe(server)
    assert not found.known_good


def test_a_form_that_is_refused_without_a_word_after_a_search_is_given_up() -> None:
    def server(body: Body) -> Answer:
        if "seed" in body or "grammar" in body:
            return 400, b""
        return takes("")(body)

    found, _ = probe(server)
    assert found.dialect == Dialect(omit=frozenset({"seed"}), pattern_form="none")
    assert found.fault == ""


def test_every_role_s_further_fields_are_tried_and_the_one_at_fault_is_named() -> None:
    found, bodies = probe(
        refuses("top_k", 'Unknown name "top_k"'),
        extras=({}, {"top_k": 5}, {"structured_outputs": {}, "min_p": 1}),
    )
    assert "remove `top_k` from teacher.extra" in found.fault
    assert {"top_k", "min_p"} <= {name for body in bodies for name in body}
    assert {} not in [body.get("structured_outputs") for body in bodies]


def test_one_role_s_own_field_is_not_searched_for() -> None:
    found, bodies = probe(refuses("top_k", 'Unknown name "top_k"'), extras=({"top_k": 5},))
    assert "remove `top_k` from teacher.extra" in found.fault
    assert len(bodies) == 3


@pytest.mark.parametrize("seed", ["seed", None])
def test_a_server_that_repeats_itself_is_named(seed: str | None) -> None:
    found, _ = probe(lambda body: completion(OBEDIENT), parameters=None if seed else {"seed": False})
    assert found.repeats_itself
    assert "one reply to different seeds" in found.notes[-1]


def test_a_server_that_rounds_large_seeds_gets_small_ones() -> None:
    found, _ = probe(
        lambda body: obedient(
            {**body, "seed": body["seed"] // 4096 if body["seed"] > 2**40 else body["seed"]}
        )
    )
    assert found.dialect == Dialect(seed_bits=31)
    assert not found.repeats_itself


@pytest.mark.parametrize(
    "answer", [completion("", finish="length"), completion("hello", finish="length")], ids=["no", "cut"]
)
def test_a_reply_that_did_not_come_to_its_end_is_no_obedience(answer: Answer) -> None:
    found, _ = probe(
        lambda body: obedient(body) if body["messages"][-1]["content"].endswith(OPEN_PROMPT) else answer
    )
    assert (found.dialect, found.fault) == (Dialect(pattern_form="none"), "")


def test_the_beginning_of_an_obedient_reply_is_enough() -> None:
    found, _ = probe(
        lambda body: (
            obedient(body)
            if body["messages"][-1]["content"].endswith(OPEN_PROMPT)
            else completion("Sum: 43", finish="length")
        )
    )
    assert (found.dialect, found.fault) == (PLAIN, "")


@pytest.mark.parametrize("text", [OBEDIENT, "Sum: 4321\n- a      ", f"\n\n{OBEDIENT}"])
def test_blanks_that_the_expression_allows_are_no_disobedience(text: str) -> None:
    assert obeys(Response(text=text, finish_reason="stop"))


def test_a_reply_that_is_all_reasoning_is_a_fault() -> None:
    found, _ = probe(lambda body: completion("", reasoning_content="Hm, hello"))
    assert "gives its whole reply as reasoning" in found.fault


@pytest.mark.parametrize("status", [0, 401, 402, 403, 404, 408, 429, 500, 502, 503, 529])
def test_a_server_that_does_not_answer_now_is_not_judged(status: int) -> None:
    found, bodies = probe(lambda body: (status, b'{"error": {"message": "Not now."}}'))
    assert found == Negotiated()
    assert len(bodies) < 30


def test_no_connection_is_no_judgement() -> None:
    def gone(body: Body) -> Answer:
        raise ConnectionRefusedError

    assert probe(gone)[0] == Negotiated()


def test_what_may_not_be_set_is_an_error_of_the_recipe() -> None:
    with pytest.raises(InputError):
        probe(obedient, parameters={"model": False})
    with pytest.raises(InputError):
        probe(obedient, extras=({"seed": 1},))


ATTACKS = {
    "nested arrays": b"[" * 100_000,
    "nested objects": b'{"error":' * 100_000,
    "nested choices": b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a huge number": b'{"choices": ' + b"9" * 100_000 + b"}",
    "a huge id": json.dumps({"id": "x" * 10**6, "choices": []}).encode(),
    "a lone surrogate": completion("\ud800")[1],
    "a lone surrogate in an error": b'{"error": {"message": "\\ud800 structured_outputs", "param": "\\udfff"}}',
    "wrong types": b'{"choices": {"0": 1}, "error": [[[]]], "detail": {"loc": 1}}',
    "wrong choices": b'{"choices": [1, null, "x"]}',
    "huge usage": b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1e400}}',
    "HTML": b"<html><h1>502 Bad Gateway</h1></html>",
    "nothing": b"",
    "null": b"null",
    "not UTF-8": b"\xff\xfe\x00\x01",
    "control characters": completion("\x00\x1b[2J\x07" * 100)[1],
}


@pytest.mark.parametrize("status", [200, 400, 422, 500])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_breaks_the_probe(attack: str, status: int) -> None:
    found, bodies = probe(lambda body: (status, ATTACKS[attack]))
    for sentence in (found.fault, *found.notes):
        sentence.encode()
        assert sentence.isprintable()
    assert len(bodies) < 40


pieces = st.sampled_from(
    [
        "seed",
        "temperature",
        "max_tokens",
        "max_completion_tokens",
        "top_p",
        "n",
        "structured_outputs",
        "system role not supported",
        "grammar",
        "stop",
        "\ud800",
        "\x00",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | pieces | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "message",
                    "param",
                    "detail",
                    "loc",
                    "choices",
                    "content",
                    "finish_reason",
                    "index",
                    "usage",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
answers = st.tuples(
    st.sampled_from([0, 200, 200, 204, 302, 400, 400, 422, 500, 503]),
    values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20),
)
habits = st.sampled_from([server for server, _ in HABITS.values()])


@settings(max_examples=60, deadline=None)
@given(st.lists(answers | habits, min_size=1, max_size=40), st.integers(1, 3))
def test_whatever_is_answered_the_probe_ends_with_a_dialect_that_makes_a_request(
    script: list[Any], samples: int
) -> None:
    count = 0

    def server(body: Body) -> Answer:
        nonlocal count
        step = script[count % len(script)]
        count += 1
        return step(body) if callable(step) else step

    found, bodies = probe(server, samples=samples)
    assert count < 60
    assert isinstance(found.dialect.description, str)
    for sentence in (found.fault, *found.notes):
        assert sentence.isprintable()
    assert all(body["messages"] and body["model"] == "m" for body in bodies)
