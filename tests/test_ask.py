"""The rules of asking: which replies are read, which are asked for again, and what counts as an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpmath_builder.execution.ask import _read
from kpmath_builder.execution.run import _runs, cost_of
from kpmath_builder.prompts.replies import WriteReply
from kpmath_builder.protocol import Response
from kpmath_builder.records import Tokens

VALID = "How many?"


def test_a_whole_reply_is_read() -> None:
    read = _read(Response(text=VALID, finish_reason="stop"), WriteReply)
    assert read.value == WriteReply(question="How many?")


def test_a_reply_that_does_not_fit_the_material_is_not_read() -> None:
    read = _read(Response(text=VALID, finish_reason="stop"), WriteReply, lambda said: f"no: {said.question}")
    assert (read.value, read.reason) == (None, "no: How many?")


@pytest.mark.parametrize("finish_reason", ["length", "tool_calls", "abort"])
def test_a_reply_that_was_cut_off_is_not_read_even_if_it_validates(finish_reason: str) -> None:
    """The question may lack its end, and nobody could see it."""
    read = _read(Response(text=VALID, finish_reason=finish_reason), WriteReply)
    assert (read.value, read.reason) == (None, f"cut off ({finish_reason})")


@pytest.mark.parametrize("finish_reason", ["refused", "given_up", "declined"])
def test_the_words_of_a_final_end_are_the_reason_and_never_the_reply(finish_reason: str) -> None:
    read = _read(Response(text=VALID, finish_reason=finish_reason), WriteReply)
    assert (read.value, read.reason) == (None, VALID)


@pytest.mark.parametrize(
    ("samples", "longest", "runs"),
    [
        ([0, 1, 2, 3], 4, [[0, 1, 2, 3]]),
        ([0, 1, 2, 3], 3, [[0, 1, 2], [3]]),
        ([0, 1, 3, 4], 4, [[0, 1], [3, 4]]),
        ([2], 1, [[2]]),
        ([0, 1, 2], 1, [[0], [1], [2]]),
    ],
)
def test_samples_that_are_missing_are_asked_for_in_runs_without_gaps(
    samples: list[int], longest: int, runs: list[list[int]]
) -> None:
    assert list(_runs(samples, longest)) == runs


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(1, 9))
def test_runs_leave_no_sample_out_and_none_is_too_long(samples: set[int], longest: int) -> None:
    runs = list(_runs(sorted(samples), longest))
    assert [sample for run in runs for sample in run] == sorted(samples)
    assert all(run == list(range(run[0], run[0] + len(run))) for run in runs)
    assert max(map(len, runs)) <= longest


@pytest.mark.parametrize(
    ("finish_reason", "given_up", "refused"),
    [("stop", 0, 0), ("declined", 0, 0), ("refused", 0, 1), ("given_up", 1, 0)],
)
def test_a_response_costs_its_tokens_and_one_request(finish_reason: str, given_up: int, refused: int) -> None:
    response = Response(text="x", finish_reason=finish_reason, prompt_tokens=5, completion_tokens=7)
    assert cost_of(response) == Tokens(requests=1, prompt=5, completion=7, given_up=given_up, refused=refused)
