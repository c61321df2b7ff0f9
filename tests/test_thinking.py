"""What a model thinks before it answers: kept apart in either form, never read for an answer, published only where the recipe says so."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from dummy_server import Body, DummyServer, task_of
from families import first
from roleplay import play
from test_build_served import recipe, rows

from kpmath_builder import InputError, Recipe, build, rescore
from kpmath_builder.client.probe_requests import PATTERN, PATTERN_PROMPT
from kpmath_builder.findings import FindingId
from kpmath_builder.inspection.explain import explain
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Verifier

THOUGHT = "Perhaps 2 + 2 = 5? Then \\boxed{1234}."
"""Wrong on the way, with what looks like an answer."""


async def _by_a_parser(http: web.Request, answer: Body) -> web.StreamResponse:
    for choice in answer["choices"]:
        choice["message"]["reasoning"] = THOUGHT
    return web.json_response(answer)


def thinking_server(form: str) -> DummyServer:
    """Serve a model that thinks: told apart by the server, or passed on whole with or without the opening tag."""
    if form == "reasoning":
        return DummyServer(play, faults=lambda body, number: _by_a_parser)
    begin = "<think>\n" if form == "<think>" else ""
    return DummyServer(lambda body: f"{begin}{THOUGHT}\n</think>\n\n{play(body)}")


@pytest.fixture(scope="module")
def unthinking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables of a build whose model does not think."""
    folder = tmp_path_factory.mktemp("unthinking")
    with DummyServer(play) as server:
        build(recipe(folder, server, questions=20))
    return folder


@pytest.mark.parametrize("form", first(1, ["reasoning", "<think>", "</think>"]))
def test_thinking_is_in_the_log_and_nowhere_else_unless_the_recipe_keeps_it(
    tmp_path: Path, unthinking: Path, form: str
) -> None:
    with thinking_server(form) as server:
        build(recipe(tmp_path, server, questions=20))
    logged = [json.loads(line) for log in (tmp_path / "responses").glob("*.jsonl") for line in log.open()]
    assert {entry["response"]["reasoning"] for entry in logged} == {THOUGHT}
    assert without_tokens(rows(tmp_path, "scored")) == without_tokens(rows(unthinking, "scored"))

    rescore(tmp_path, {"solutions.keep_thinking": "true"})
    kept = rows(tmp_path, "scored")
    solutions = [solution for row in kept for solution in row["solutions"]]
    assert {solution["thinking"] for solution in solutions} == {THOUGHT}
    for solution in solutions:
        solution["thinking"] = None
    assert without_tokens(kept) == without_tokens(rows(unthinking, "scored"))
    assert THOUGHT not in json.dumps(rows(tmp_path, "qa-pairs"))

    rescore(tmp_path, {"selection.reasoning": "think"})
    for pair in rows(tmp_path, "qa-pairs"):
        assert pair["reasoning"] == THOUGHT
        assert pair["messages"][1]["content"] == f"<think>\n{THOUGHT}\n</think>\n\n{pair['solution']}"
    assert list(Verifier(tmp_path).run()) == []
    way = "\n".join(explain(tmp_path, kept[0]["id"]).lines())
    assert way.count(f"  thinking:\n    {THOUGHT}\n  response:") == len(kept[0]["solutions"]) + 3


def without_tokens(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what thinking costs."""
    return [
        {
            **row,
            "completion_tokens": 0,
            "solutions": [{**solution, "completion_tokens": 0} for solution in row["solutions"]],
        }
        for row in table
    ]


def test_a_model_that_does_not_think_has_none_to_keep(tmp_path: Path) -> None:
    with DummyServer(play) as server:
        made = recipe(tmp_path, server, questions=4).model_dump(mode="json", exclude_unset=True)
        made["solutions"] |= {"keep_thinking": True}
        made["selection"] = {"reasoning": "think"}
        built = build(Recipe.of(made))
    assert {s["thinking"] for row in rows(tmp_path, "scored") for s in row["solutions"]} == {None}
    pairs = rows(tmp_path, "qa-pairs")
    assert all(its["messages"][1]["content"] == its["solution"] for its in pairs)
    for told in (built.findings, read_status(tmp_path).outcome.findings):
        (finding,) = (its for its in told if its.id is FindingId.WITHOUT_REASONING)
        assert f"{len(pairs)} of {len(pairs)}" in finding.sentence


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (
            {"selection": {"reasoning": "think"}},
            "selection.reasoning is think, but solutions.keep_thinking is false, .*: set solutions.keep_thinking to true",
        ),
        (
            {"selection": {"max_reasoning": 9}},
            "selection.max_reasoning limits reasoning that selection.reasoning leaves out: set it to column or think",
        ),
    ],
    ids=["reasoning without thinking", "limit without reasoning"],
)
def test_reasoning_that_would_not_be_there_is_refused(tree: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Recipe.of(tree)


@pytest.mark.parametrize(
    ("teacher", "judge", "told"),
    [
        (
            4096,
            {},
            "thinking_token_budget of 4096 leaves the extractor no token for its reply: raise extraction.max_tokens",
        ),
        (
            512,
            {"extra": {"thinking_token_budget": 1024}},
            r"leaves the judge no token .* or give the judge an extra of its own in \[roles.judge\]",
        ),
    ],
)
def test_a_budget_that_leaves_no_room_to_answer_is_refused_before_anything_is_asked(
    teacher: int, judge: dict[str, Any], told: str
) -> None:
    tree = {
        "teacher": {"kind": "openai", "model": "m", "extra": {"thinking_token_budget": teacher}},
        "roles": {"judge": judge},
    }
    with pytest.raises(InputError, match=told):
        Recipe.of(tree)


def test_roles_whose_fields_alone_differ_share_a_server_which_is_probed_for_each(tmp_path: Path) -> None:
    """Two servers for one model would have to take turns on its GPUs. A form of the solver's own does not meet the probe's."""
    probed = []

    class Server(DummyServer):
        def _completion(self, body: Body, reply: Any = None) -> Body:
            if PATTERN_PROMPT in body["messages"][-1]["content"]:
                probed.append((body.get("top_k"), body.get("structured_outputs")))
            return super()._completion(body, reply)

    with Server(play) as server:
        made = recipe(tmp_path, server, questions=2).model_dump(mode="json", exclude_unset=True)
        made["roles"] = {
            "solver": {"extra": {"top_k": 7, "structured_outputs": {"regex": ".*"}}},
            "judge": {"in_flight": 64},
        }
        build(Recipe.of(made))
        asked = {task_of(body): body.get("top_k") for body in server.bodies}
    assert (asked["write"], asked["judge"], asked[""]) == (None, None, 7)
    assert any("structured_outputs" in body for body in server.bodies)
    once = [(7, None), (None, None), (None, {"regex": PATTERN})]
    assert sorted(probed, key=str) == sorted(once * 2, key=str), (
        "before the seeds and before the first request"
    )
    assert len((tmp_path / "engine" / "runs.jsonl").read_text().splitlines()) == 1
