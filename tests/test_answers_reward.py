"""The reward for reinforcement learning: texts, conversations, lists, numbers; from threads, processes and event loops."""

import asyncio
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from families import named

from kpmath_builder.answers import final_answer, reward
from kpmath_builder.answers.workers import Checker, WallTime
from kpmath_builder.errors import InputError

INTEGRAL = r"Thus \boxed{\int_0^1 x\,dx}."
"""Only the checker knows that it is one half."""
NEVER = 600
"""Seconds of wall time that no machine needs."""
ENDLESS = r"Thus \boxed{\sum_{k=1}^{1000000000} \frac{1}{k}}."


@pytest.mark.parametrize(
    "answer", [12, 12.0, "12", r"\frac{24}{2}", Fraction(24, 2), Decimal("12.00"), "So 3*4 = 12.\n#### 12"]
)
def test_a_right_answer_earns_one_whatever_form_the_reference_has(answer: Any):
    assert reward(r"Thus \boxed{12}.", answer) == 1.0
    assert reward(r"Thus \boxed{13}.", answer) == 0.0


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (1e-5, "0.00001"), (True, "yes"), (Fraction(1, 3), "1/3"), (-2, "-2"), (1 + 2j, "1 + 2i"), (-0.5j, "-i/2"),
        (np.int64(-2), "-2"), (np.float32(0.1), "0.1"), (np.float16(1e-5), "0.00001"), (np.equal(1, 2), "no"), (np.array(7), "7"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_meant(answer: Any, text: str):
    assert reward(f"The answer is {text}.", answer) == 1.0


@pytest.mark.parametrize(
    "text", ["", "I do not know.", "<think>\\boxed{12}", r"I am not sure.\n\nQuestion: 6*2? \boxed{13}", r"\boxed{12}. Wait, that is wrong."]
)  # fmt: skip
def test_what_names_no_answer_earns_nothing(text: str):
    assert reward(text, 12) == 0.0


def test_lists_go_pair_by_pair_and_one_reference_serves_all():
    texts = [r"\boxed{1}", r"\boxed{2}", "no"]
    assert reward(texts, [1, 1, 1]) == reward(texts, "1") == [1.0, 0.0, 0.0]
    assert reward([], []) == []


@pytest.mark.parametrize("role", ["tool", "user", "system", "function"])
def test_what_others_said_behind_the_model_is_not_rewarded(role: str):
    """A rollout that ends with the result of a tool has the answer of the model's last turn, or none."""
    said = [{"role": "assistant", "content": r"\boxed{4}"}, {"role": role, "content": "5"}]
    assert reward(said, 5) == 0.0
    assert reward(said, 4) == 1.0
    with pytest.raises(InputError, match="cannot read a completion"):
        reward([said[1:]], 5)


@pytest.mark.parametrize(
    "times", [{"seconds": float("nan")}, {"total_seconds": float("nan")}, {"total_seconds": -1}]
)
def test_times_that_are_none_are_refused(times: dict[str, float]):
    with pytest.raises(InputError, match="give numbers from 0"):
        reward("4", 4, **times)


def test_of_a_conversation_the_last_message_of_the_model_counts():
    said = [{"role": "user", "content": r"\boxed{3}?"}, {"role": "assistant", "content": r"\boxed{12}"}]
    assert reward(said, 12) == 1.0
    assert reward([said, said], [12, 3]) == [1.0, 0.0]


def test_the_content_of_a_message_may_come_in_parts():
    r"""What was thought is not said; what is neither text nor thinking cannot be left out."""
    parts = [
        {"type": "thinking", "thinking": r"\boxed{13}"},
        {"type": "text", "text": r"Thus \box"},
        {"type": "text", "text": "ed{12}."},
    ]
    said = [{"role": "assistant", "content": parts}]
    assert reward(said, 12) == 1.0
    assert reward([said, [{"role": "assistant", "content": parts[:1]}]], 12) == [1.0, 0.0]
    with pytest.raises(InputError, match="cannot read a completion"):
        reward([{"role": "assistant", "content": [*parts, {"type": "image", "image": "?"}]}], 12)


def test_arrays_are_lists():
    texts = np.array([r"\boxed{1}", r"\boxed{2}"], dtype=object)
    assert reward(texts, np.array([1, 1])) == reward([*texts], np.array(1)) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("completion", "answer", "told"),
    [
        (["a", "b"], [1], "2 completions and 1 answers"),
        ("a", [1], "a list of answers for one completion"),
        ("a", "", "names no answer"),
        ("a", "proof", "names no answer"),
        ("a", float("nan"), "a finite number"),
        ("a", None, "a finite number"),
        (None, "1", "type NoneType"),
        ([[{"role": "assistant", "content": 5}]], "1", "cannot read a completion"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(completion: Any, answer: Any, told: str):
    with pytest.raises(InputError, match=told):
        reward(completion, answer)


def test_a_comparison_that_comes_to_no_end_earns_nothing_and_is_not_remembered_as_undecided():
    assert reward(ENDLESS, "5", seconds=0.2, total_seconds=NEVER) == 0.0
    assert reward(INTEGRAL, "1/2", total_seconds=NEVER) == 1.0


def test_without_any_wall_time_left_only_what_needs_no_checker_earns_anything():
    half = r"\boxed{\int_0^1 3x\,dx}"
    assert reward([half, r"\boxed{1.5}", half], "3/2", total_seconds=0) == [0.0, 1.0, 0.0]
    assert reward(half, "3/2", total_seconds=NEVER) == 1.0


def test_the_wall_time_of_a_call_is_that_of_its_pairs_together():
    """By this clock the first pair takes ten of twelve seconds, the second too, and the third is not asked."""
    seconds = iter(range(0, 100, 10))
    pairs = Checker(clock=lambda: float(next(seconds)))
    wall_time = WallTime(12)
    with pairs.limited(3, wall_time):
        assert pairs.same("2", "2")
        assert pairs.same("3", "3")
        with pytest.raises(TimeoutError):
            pairs.same("4", "4")
    pairs.close()
    assert next(seconds) == 40


def test_a_pair_waits_for_a_busy_checker_no_longer_than_its_allowance():
    pairs = Checker(size=0)
    with pairs.limited(3, WallTime(0.01)), pytest.raises(TimeoutError):
        pairs.same("2", "2")


def of_the_integral(number: int) -> float:
    """Stand at the top of the module, where a process finds it."""
    return reward(INTEGRAL, f"{number}/{2 * number}", total_seconds=NEVER)


@pytest.mark.parametrize("start", named(["fork", "spawn"], "fork"))
def test_processes_reward_alike(start: str):
    """Also a process that was forked from one whose workers run."""
    assert of_the_integral(1) == 1.0
    with multiprocessing.get_context(start).Pool(2) as pool:
        assert pool.map(of_the_integral, range(2, 6)) == [1.0] * 4


def test_threads_and_an_event_loop_reward_alike():
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(of_the_integral, range(6, 14))) == [1.0] * 8

    async def all_of_them() -> list[float]:
        return await asyncio.gather(*(asyncio.to_thread(of_the_integral, n) for n in range(14, 18)))

    assert asyncio.run(all_of_them()) == [1.0] * 4


def test_a_reference_may_be_an_answer_that_was_read():
    read = final_answer(r"\boxed{12}")
    assert read is not None
    assert reward("The answer is 12.", read) == 1.0
