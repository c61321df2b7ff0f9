"""A whole small build through a stand-in of each server, with the habits that docs/servers.md lists."""

import json
from pathlib import Path
from typing import Any

import pytest
from dummy_server import task_of
from servers import ALL, StandIn
from small_builds import rows

from kpmath_builder import InputError, Recipe, build
from kpmath_builder.client.dialects import PATTERN_FIELDS
from kpmath_builder.protocol import Response

QUESTIONS = 8
KINDS = {kind.__name__: kind for kind in ALL}
FAST = ("Gemini", "Ollama", "OpenAI")


def recipe(folder: Path, server: StandIn, **teacher: Any) -> Recipe:
    return Recipe.of(
        {
            "teacher": {
                "kind": "openai",
                "model": server.model,
                "addresses": [server.address],
                "in_flight": 16,
                "samples_per_request": 2,
                **teacher,
            },
            "seeds": {"limit": 12},
            "topics": {"ask_above": 0.5},
            "solutions": {"samples": 4},
            "build": {"folder": str(folder), "questions": QUESTIONS, "shards": 1},
        }
    )


def responses(folder: Path) -> list[Response]:
    lines = [
        line for path in (folder / "responses").glob("*.jsonl") for line in path.read_text().splitlines()
    ]
    return [Response.model_validate(json.loads(line)["response"]) for line in lines]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=kind.__name__, marks=() if kind.__name__ in FAST else pytest.mark.slow)
        for kind in ALL
    ],
)
def test_a_build_ends_with_tables_and_notes_how_the_server_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[StandIn]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", StandIn.key)
    notes: list[str] = []
    with kind() as server:
        result = build(recipe(tmp_path, server), progress=lambda progress: notes.append(progress.note))
        bodies = server.bodies
    assert result.rows["kp-extraction"] == 12
    assert result.rows["scored"] == QUESTIONS
    assert result.rows["qa-pairs"] > 0
    assert {row["reason"] for row in rows(tmp_path, "scored")} <= {
        None,
        "",
        "quality below threshold",
        "too many sub-questions",
        "no agreement",
        "tie",
        "share below threshold",
        "no usable solution",
    }
    assert {response.dialect for response in responses(tmp_path)} == {kind.dialect}
    assert all(response.finish_reason == "stop" for response in responses(tmp_path))
    assert bool(kind.dialect) == any(note.startswith("The server at http") for note in notes)
    assert ("without n" in kind.dialect) == all(body.get("n", 1) == 1 for body in bodies)


def test_a_query_is_part_of_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", StandIn.key)
    azure = KINDS["Azure"]
    with azure() as server:
        build(recipe(tmp_path, server))
        assert server.queries
        assert all(query == {"api-version": "2024-10-21"} for query in server.queries)


def test_fences_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", StandIn.key)
    anthropic = KINDS["Anthropic"]
    with anthropic() as server:
        result = build(recipe(tmp_path, server))
        assert not any({"structured_outputs", "regex", "grammar"} & body.keys() for body in server.bodies)
    assert result.funnel["repairs"]["writer"] == {"code fence": QUESTIONS}


def test_what_the_recipe_says_of_fields_is_sent_and_asks_nothing_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", StandIn.key)
    parameters = {"max_tokens": "max_completion_tokens", "seed": False, "temperature": True}
    openai = KINDS["OpenAI"]
    with openai() as server:
        build(recipe(tmp_path, server, parameters=parameters, structured_outputs="none"))
        for body in server.bodies:
            assert {"max_completion_tokens", "temperature", "top_p", "n"} <= body.keys()
            assert not {"max_tokens", "seed", "structured_outputs"} & body.keys()
        asked = len(server.bodies)
        assert {response.dialect for response in responses(tmp_path)} == {
            "max_tokens as max_completion_tokens; without seed; no regular expressions"
        }
        (tmp_path / "manifest.json").unlink()
        build(recipe(tmp_path, server))
        assert len(server.bodies) == asked


@pytest.mark.parametrize(
    ("name", "field"), [("VLLM", "structured_outputs"), ("SGLang", "regex"), ("LlamaCpp", "grammar")]
)
def test_the_extractor_alone_is_held_to_its_expression_by_a_server_that_takes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, field: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", StandIn.key)
    kind = KINDS[name]
    with kind() as server:
        build(recipe(tmp_path, server))
        held = {task_of(body) for body in server.bodies if field in body}
        free = {task_of(body) for body in server.bodies if not {*PATTERN_FIELDS.values()} & body.keys()}
    assert held == {"extract"}
    assert free >= {"write", "judge", "work", ""}


def test_an_expression_that_the_server_cannot_be_told_is_refused_before_anything_is_paid_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of the judge, whose turn would come last."""
    monkeypatch.setenv("OPENAI_API_KEY", StandIn.key)
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    (prompts / "judge.regex").write_text(r"(Key point \d+: \w+\n)+")
    kind = KINDS["LlamaCpp"]
    with kind() as server:
        made = recipe(tmp_path / "build", server)
        with pytest.raises(InputError, match=r"llama.cpp has no counterpart to the regular expression"):
            build(made.model_copy(update={"prompts": prompts}))
        assert server.bodies == []
