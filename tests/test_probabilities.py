"""How sure a judge was of each key point: the probabilities of its tokens, from the server's answer to the score."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder import Recipe
from kpmath_builder.client.bodies import longest_answer
from kpmath_builder.client.completions import read_completion
from kpmath_builder.client.probabilities import yes_probabilities
from kpmath_builder.execution.reply_quality import ReplyQuality
from kpmath_builder.execution.run import Run
from kpmath_builder.progress import Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.prompts.plain_text import needed_probabilities
from kpmath_builder.prompts.replies import JudgeReply
from kpmath_builder.protocol import Message, Request, Response, Sampling
from kpmath_builder.synthesis.questions import judgement_of

VERDICT = "Key point 1: yes\nKey point 2: no\nMissing: nothing\nContradictions: no\nNumber of questions: 1"


def token(text: str, **top: float) -> dict[str, Any]:
    """Return one token as servers return it, with the probabilities of those that could have stood there."""
    others = [{"token": word, "logprob": math.log(share), "bytes": []} for word, share in top.items()]
    return {"token": text, "logprob": math.log(max(top.values(), default=1.0)), "top_logprobs": others}


def verdict(start: str = "") -> dict[str, Any]:
    """Return the probabilities of a verdict as models cut it into tokens."""
    return {
        "content": [
            token(f"{start}Key"),
            *map(token, (" point", " ", "1", ":")),
            token(" yes", **{" yes": 0.6, " Yes": 0.2, " no": 0.2}),
            token("\n"),
            *map(token, ("Key", " point", " ", "2", ":")),
            token(" no", **{" no": 0.72, " yes": 0.08, " maybe": 0.2}),
            token("\n"),
            *map(token, ("Missing", ":", " nothing", "\n", "Contradictions", ":")),
            token(" no", **{" no": 0.9, " none": 0.1}),
            *map(token, ("\n", "Number", " of", " questions", ":", " ", "1")),
        ]
    }


@pytest.mark.parametrize("start", ["", "\n", " \n\n"], ids=["text", "a line before", "lines before"])
def test_each_yes_or_no_has_its_line_and_probability(start: str) -> None:
    assert yes_probabilities(verdict(start)) == ((0, 0.8), (1, 0.1), (3, 0.0))


def test_only_the_first_word_of_a_line_counts() -> None:
    tokens = [token("yes", yes=0.7, no=0.3), token(" or"), token(" no", no=1.0)]
    assert yes_probabilities({"content": tokens}) == ((0, 0.7),)


def test_without_other_tokens_a_word_is_as_sure_as_it_was_said() -> None:
    assert yes_probabilities({"content": [{"token": "No", "logprob": -0.1, "top_logprobs": []}]}) == (
        (0, 0.0),
    )


nothing = st.none() | st.booleans() | st.floats() | st.text(max_size=9)
anything = st.recursive(
    nothing,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["content", "token", "top_logprobs", "logprob", "yes"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_whatever_a_server_returns_there_an_answer_is_not_lost_by_it(logprobs: object) -> None:
    for _, probability in yes_probabilities(logprobs):
        assert 0 <= probability <= 1


def test_a_response_keeps_the_probabilities_of_its_own_choice() -> None:
    choice = {"message": {"content": VERDICT}, "finish_reason": "stop"}
    body = {
        "choices": [choice | {"index": 0, "logprobs": verdict()}, choice | {"index": 1, "logprobs": None}]
    }
    first, second = read_completion(json.dumps(body).encode(), 2)
    assert (first.yes_probabilities, second.yes_probabilities) == (((0, 0.8), (1, 0.1), (3, 0.0)), ())


@pytest.mark.parametrize(
    ("text", "yes", "needed"),
    [
        (VERDICT, ((0, 0.8), (1, 0.1), (3, 0.0)), (0.8, 0.1)),
        ("The verdict:\n\n" + VERDICT, ((2, 0.8), (3, 0.1)), (0.8, 0.1)),
        ("Key point: no\nKey point: yes", ((0, 0.3), (1, 0.9)), (0.3, 0.9)),
        ("Key point 2: no\nKey point 1: yes", ((0, 0.3), (1, 0.9)), (0.9, 0.3)),
        (VERDICT, ((0, 0.8),), ()),
        (VERDICT, ((1, 0.8), (2, 0.1)), ()),
        (VERDICT, ((9, 0.8),), ()),
        (VERDICT, (), ()),
    ],
    ids=[
        "its lines",
        "lines before",
        "unnumbered",
        "another order",
        "one of two",
        "lines that do not fit",
        "no such line",
        "none",
    ],
)
def test_probabilities_are_those_of_the_key_points_or_of_none(
    text: str, yes: tuple[tuple[int, float], ...], needed: tuple[float, ...]
) -> None:
    """A line that cannot be told leaves the words, not a probability of another line."""
    assert needed_probabilities(text, yes) == needed


def test_the_share_of_key_points_is_the_mean_probability_where_it_is_known() -> None:
    said = JudgeReply(key_points=(True, False), errors=(), final_answers=1)
    sure = judgement_of(said, ["sums", "areas"], "7", needed=(0.8, 0.1))
    assert (sure.key_points_present, sure.quality, sure.missing_key_points) == (0.45, 0.45, ("areas",))
    assert judgement_of(said, ["sums", "areas"], "7", needed=(0.8,)).key_points_present == 0.5


def request_for(task: Any, **judging: Any) -> Request:
    teacher = {"kind": "openai", "model": "m", "addresses": ["http://127.0.0.1:9"], "extra": {"min_p": 0.1}}
    run = Run(
        Recipe.of({"teacher": teacher, "judging": judging}), Prompts.load(None), Reporter(lambda _: None)
    )
    practice = {"topic": "Sums", "key_points": ["sums"], "problem": "", "solution": ""}
    return run.request(task, {"question": "?", "work": "", "practices": [practice]}, 1, 0)


def test_only_the_verdict_asks_for_probabilities_and_only_if_the_recipe_wants_them() -> None:
    """A request without them keeps its key: what is in the log stays there."""
    assert request_for("judge").extra == request_for("work", probabilities=True).extra == {"min_p": 0.1}
    wanted = request_for("judge", probabilities=True).extra
    assert wanted == {"min_p": 0.1, "logprobs": True, "top_logprobs": 5}


def test_an_answer_with_probabilities_may_be_longer() -> None:
    assert longest_answer(100, 1, logprobs=True) > len(json.dumps(verdict())) * 4 > longest_answer(0, 0) / 100


def test_a_server_that_returns_none_is_named_once() -> None:
    said: list[str] = []
    quality = ReplyQuality(said.append)
    asked = Request(
        "judge",
        "m",
        (Message("user", "?"),),
        Sampling(0, 1, 9),
        1,
        extra={"logprobs": True, "top_logprobs": 5},
    )
    quality.answered(asked, Response(text=VERDICT, finish_reason="stop", yes_probabilities=((0, 0.8),)))
    quality.answered(asked, Response(text="Nothing of the kind", finish_reason="stop"))
    quality.answered(asked, Response(text="Key point 1: yes", finish_reason="length"))
    assert not said
    for _ in range(2):
        quality.answered(asked, Response(text=VERDICT, finish_reason="stop", model="small"))
    (sentence,) = said
    assert sentence.startswith("The server of small returns no probabilities of its tokens")
    assert "judging.probabilities = false" in sentence
