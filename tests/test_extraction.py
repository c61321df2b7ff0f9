"""What becomes of an extractor's reply: topics each once, key points sifted, and what is asked for again."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from kpmath_builder.knowledge.extraction import extract, same_topic
from kpmath_builder.prompts.replies import SameTopicReply
from kpmath_builder.records import Extraction, SeedProblem, Tokens, TopicKeyPoints

SEED = SeedProblem(
    id="s/0", source="s", licence="mit", shareable=True, problem="Tom has 17 pens.", solution="17 - 4 = 13",
    answer="13", content_hash="sha256:0",
)  # fmt: skip


class Asking:
    """Answers with replies in turn until one is not refused, as `Ask` does."""

    spent: Mapping[str, Tokens]
    loops: Mapping[str, int]

    def __init__(self, *replies: Any) -> None:
        self.spent, self.loops = {"extract": Tokens(requests=len(replies))}, {"extractor": 2}
        self.asked: list[tuple[str, Any]] = []
        self.refusals: list[str] = []
        self._replies = replies

    def instructions(self, task: str) -> str:
        assert task == "extract"
        return "Right: Rule of three\nName the topics."

    def models(self, *roles: str) -> dict[str, str]:
        return {role: f"the {role}" for role in roles}

    async def reply(
        self, task: str, material: Any, kind: type[Any], refuse: Callable[[Any], str] = lambda _: ""
    ) -> SimpleNamespace:
        self.asked.append((task, material))
        for said in self._replies:
            value = None if said is None else kind.model_validate_json(json.dumps(said))
            self.refusals.append("no reply" if value is None else refuse(value))
            if not self.refusals[-1]:
                return SimpleNamespace(value=value, reason="")
        return SimpleNamespace(value=None, reason=self.refusals[-1])


def topics(**named: list[str]) -> dict[str, Any]:
    return {"topics": [{"topic": name, "key_points": points} for name, points in named.items()]}


def extracted(asking: Asking) -> Extraction:
    return asyncio.run(extract(SEED, cast("Any", asking)))


def test_a_reply_becomes_topics_and_says_who_named_them_at_what_cost() -> None:
    asking = Asking(topics(Subtraction=["Difference of two numbers"]))
    assert extracted(asking) == Extraction(
        seed_id="s/0",
        topics=(TopicKeyPoints(topic="Subtraction", key_points=("Difference of two numbers",)),),
        model="the extractor",
        tokens=Tokens(requests=1),
        loops=2,
    )
    assert asking.asked == [("extract", {"problem": SEED.problem, "solution": SEED.solution})]


def test_a_topic_that_is_named_twice_is_one_with_the_different_key_points_of_both() -> None:
    twice = {
        "topics": [
            {"topic": "Linear  Equations", "key_points": ["Solve for x", "Collect  terms"]},
            {"topic": "Area", "key_points": ["Solve for x"]},
            {"topic": "Linear Equations", "key_points": ["solve for X", "Divide both sides"]},
        ]
    }
    assert extracted(Asking(twice)).topics == (
        TopicKeyPoints(
            topic="Linear Equations", key_points=("Solve for x", "Collect terms", "Divide both sides")
        ),
        TopicKeyPoints(topic="Area", key_points=("Solve for x",)),
    )


def test_key_points_of_the_problem_alone_or_of_the_prompt_are_left_out_and_counted() -> None:
    found = extracted(Asking(topics(Subtraction=["Take 4 from 17", "Rule of three", "Difference"])))
    assert [topic.key_points for topic in found.topics] == [("Difference",)]
    assert Counter(found.left_out) == {"number of its problem": 1, "copied from the prompt": 1}
    assert found.reason == ""


def test_a_reply_of_which_no_key_point_is_left_is_asked_for_again_and_counted_too() -> None:
    asking = Asking(topics(Subtraction=["Take 4 from 17"]), topics(Subtraction=["Difference"]))
    found = extracted(asking)
    assert asking.refusals == ["no key point is left (left out: number of its problem)", ""]
    assert [topic.key_points for topic in found.topics] == [("Difference",)]
    assert found.left_out == {"number of its problem": 1}


def test_without_a_valid_reply_the_extraction_holds_the_reason() -> None:
    found = extracted(Asking(None))
    assert (found.topics, found.reason) == ((), "no reply")


@pytest.mark.parametrize("said", [True, False, None])
def test_whether_two_topics_are_one_is_what_was_replied(said: bool | None) -> None:  # noqa: FBT001
    one, other = (TopicKeyPoints(topic=name, key_points=("p",)) for name in "ab")
    asking = Asking(None if said is None else SameTopicReply(same=said).model_dump())
    assert asyncio.run(same_topic(one, other, cast("Any", asking))) is said
    assert asking.asked == [
        ("same_topic", {"first": one.model_dump(mode="json"), "second": other.model_dump(mode="json")})
    ]
