"""What a judge's work shows about a problem: that something was not given, and a number that no step used."""

import pytest

from kpmath_builder.synthesis.work_checks import faults_of, not_given, unused_numbers

CLIPS = "In April Nina sold 48 clips, and in May 36. Her goal was 120 clips. How many were left to sell?"


@pytest.mark.parametrize(
    "said",
    [
        "The problem does not specify the number of lifts.",
        "Since the problem doesn't mention any other amount, only Jayda spent something.",
        "The price of a pen is not given, so we take it to be 2 dollars.",
        "The number of guests isn’t stated.",
        "We do not know how long it took, as no information about the speed is provided.",
        "There is not enough information to tell.",
        "Let's assume John lifts the weight 10 times for the sake of this example.",
        "We were not told when she left.",
        "The two statements contradict each other.",
        "The problem provides contradictory information.",
    ],
)
def test_work_that_says_what_is_not_given_is_heard(said: str) -> None:
    assert not_given(f"Nina has 5 pens. {said} Hence the answer is \\boxed{{5}}.") == said


@pytest.mark.parametrize(
    "work",
    [
        "She sold 48 + 36 = 84 clips. \\boxed{36}",
        "Assume that $a$ is odd; then $a = 2k + 1$, which contradicts the choice of $a$.",
        "Let us assume \\( x = 3 \\) is the largest root. It is, so \\boxed{3}.",
        "Dividing by $n$ (assuming $n \\neq 0$) gives 7.",
        "If the teacher does not give an extension, 30 % pass.",
        "The unknown number is 12.",
        "He does not have any left.",
        "Do not forget the 3 eggs of the day before.",
    ],
)
def test_steps_of_an_argument_are_no_missing_facts(work: str) -> None:
    assert not_given(work) == ""


@pytest.mark.parametrize(
    ("question", "work", "unused"),
    [
        (CLIPS, "48 + 36 = 84 clips, and 120 - 84 = 36.", ()),
        (CLIPS.replace("May 36", "May 36, or 41"), "48 + 36 = 84 clips, and 120 - 84 = 36.", ("41",)),
        ("A bus has 40 seats and 45 seats. 12 are taken. How many are free?", "40 - 12 = 28", ("45",)),
        ("He paid $1,250, 12 times 30. What is left of $2 000 and 15?", "2000", ()),
        ("He paid $1,250 of $2,000 with 30 coins. What is left?", "2000 - 1,250 = 750", ("30",)),
        ("He paid $1,250 of $2,000 in 30 coins. What is left?", "2000 - 1{,}250; 30 coins", ()),
        ("It costs $80 and is 25% off, and 6 are bought. Total?", "80 * 0.75 = 60 and 60 * 6", ()),
        ("It costs $80, is 25% off and 6 are bought. Total?", "80 * 1.25 = 100, times 6", ()),
        ("It costs $80 and is 20% off. What do 3 cost?", "80/5 = 16, 80 - 16 = 64, and 64 * 3", ()),
        ("It costs $80 and is 40% off. What do 3 cost?", "80*.6 = 48, and 48 * 3", ()),
        ("Of 25 pupils 10 want tea at $4 and 15 milk at $3. In all?", "10*4 = 40, 15*3 = 45, 85", ()),
        ("Of 40 pupils 12 sing and 9 dance. How many do neither?", "40 - twelve = 28, 28 - 9 = 19", ()),
        ("The ring costs $600 and the gold $300, with a premium of 30%. Total?", "900 * 1.3 = 1170", ()),
        ("A 3rd-grader reads 20 pages a day from 7:30 on for 5 days in room B12.", "20 * 5 = 100", ()),
        ("One jar takes 2 pounds; she fills 1 jar with 14 spoons of 5 g.", "14 * 5 = 70", ()),
        ("Let $f(x) = 7x + 3$ for 9 values. Find $f(4)$.", "7*4 + 3 = 31, as for all 9", ()),
        (CLIPS, "The answer is \\boxed{36}.", ()),
        (CLIPS, "\\boxed{12}", ()),
    ],
    ids=[
        "all used",
        "one more fact",
        "two facts for one",
        "mostly unused says nothing",
        "an unused number",
        "groups of digits",
        "a percentage taken off",
        "a percentage added",
        "a percentage as a divisor",
        "a share without its zero",
        "the sum of two others",
        "a number in words",
        "first step unwritten",
        "numbers in names",
        "small numbers",
        "formulas",
        "no steps",
        "nothing",
    ],
)
def test_a_number_that_no_step_uses_is_found(question: str, work: str, unused: tuple[str, ...]) -> None:
    assert unused_numbers(question, work) == unused


def test_a_number_that_never_ends_is_no_number() -> None:
    """Python refuses to read one of more than 4,300 digits; a model in a loop writes them."""
    assert unused_numbers(f"{CLIPS} {'7' * 9000}", f"48 + 36 = 84, 120 - 84 = 36 {'3' * 9000}") == ()


def test_faults_are_said_in_words() -> None:
    work = "48 + 36 = 84. The goal is not given. Let us assume 100 clips, so 16 are left."
    assert faults_of(CLIPS, work) == ("the work says: The goal is not given.", "no step uses 120")
    assert faults_of(CLIPS, "48 + 36 = 84, 120 - 84 = 36") == ()
