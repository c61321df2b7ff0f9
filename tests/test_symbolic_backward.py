"""Questions asked backward: the answer is stated and one number asked for, which no other number could be."""

import json
import re
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from kpmath_builder.answers import equivalent
from kpmath_builder.curation.problem_index import ProblemIndex
from kpmath_builder.symbolic.backward import BackwardReading, ask_backward, read_backward
from kpmath_builder.symbolic.binding import read_program
from kpmath_builder.symbolic.expressions import Expression, format_number
from kpmath_builder.symbolic.inverse import chain, undo
from kpmath_builder.symbolic.judging import judge
from kpmath_builder.symbolic.kinds import MONEY
from kpmath_builder.symbolic.passages import passage_of
from kpmath_builder.symbolic.reasons import UnfitError, UnfitReason
from kpmath_builder.symbolic.sentences import answer_stated
from kpmath_builder.symbolic.solve import solve, solve_with_slip

SHOP = (
    "Nadia buys 14 pens for $3 each and a folder for $25. How many dollars does she pay?",
    "The pens cost 14*3=$<<14*3=42>>42.\nShe pays 42+25=$<<42+25=67>>67.\n#### 67",
)


def seed(problem: str, *equations: str) -> tuple[str, str]:
    """Return a seed whose solution is bare equations."""
    results = [format_number(Expression.parse(one).value) for one in equations]
    steps = "\n".join(
        f"{one} = <<{one}={result}>>{result}" for one, result in zip(equations, results, strict=True)
    )
    return problem, f"{steps}\n#### {results[-1]}"


def asked(problem: str, steps: str, rng: int = 0) -> tuple[str, BackwardReading]:
    question = ask_backward(passage_of(problem, steps), Random(rng))
    reading = read_backward(question, passage_of(problem, steps))
    assert reading is not None
    return question, reading


def annotations(solution: str) -> list[tuple[str, str]]:
    return re.findall(r"<<([^=]+)=([^>]+)>>", solution)


def boxed(solution: str) -> str:
    return re.findall(r"\\boxed\{(.*)\}", solution)[-1]


def test_a_question_states_the_answer_and_asks_for_a_number():
    """One part, other numbers than the seed's, and the steps of the seed undone from its answer on."""
    text = "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 76. What is x?"
    reading = read_backward(text, passage_of(*SHOP))
    assert reading is not None
    assert reading.answer == 4
    assert reading.solution() == (
        "The pens cost 76 - 20 = $<<76-20=56>>56.\nx = 56 / 14 = <<56/14=4>>4.\nThe answer is \\boxed{4}."
    )


def test_what_does_not_lean_on_the_unknown_comes_first():
    text = "Nadia buys 14 pens for $5 each and a folder for $k. The number of dollars she pays is 96. Find k."
    reading = read_backward(text, passage_of(*SHOP))
    assert reading is not None
    assert reading.solution() == (
        "The pens cost 14*5=$<<14*5=70>>70.\nk = 96 - 70 = <<96-70=26>>26.\nThe answer is \\boxed{26}."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 76.",
        "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 76. What is y?",
        "Nadia buys 14 pens for $x each and a folder for $x. The number of dollars she pays is 75. What is x?",
        "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars he pays is 76. What is x?",
        "Then Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 76. What is x?",
        "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 15. What is x?",
        "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 27. What is x?",
        "Nadia buys 0 pens for $x each and a folder for $20. The number of dollars she pays is 20. What is x?",
        "Nadia buys 14 pens for $4 each and a folder for $20. How many dollars does she pay?",
        "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 76. What is x?\n",
        "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 76.0. What is x?",
    ],
    ids=[
        "asks nothing",
        "other letter",
        "two unknowns",
        "other words",
        "more words",
        "negative",
        "below two",
        "any",
        "forward",
        "line break",
        "other form",
    ],
)
def test_what_is_not_such_a_question_is_not_read(text: str):
    assert read_backward(text, passage_of(*SHOP)) is None


def test_a_question_that_no_phrase_stands_for_is_kept():
    """Its answer is stated behind it, with the unit that it does not name."""
    bus = "A bus drives 40 km each hour. How far does it drive in 6 hours?"
    question, _ = asked(bus, "It drives 40*6 = <<40*6=240>>240 km.\n#### 240")
    stated = r"hours\? If the answer to this question, in \w+, is \d+, what is(?: the value of)? \w\?"
    assert re.search(stated, question), question
    with pytest.raises(UnfitError, match=re.escape(UnfitReason.NOTHING_TO_ASK_FOR)):
        asked(*seed(bus, "40*6"))


CHAINS = [
    ("7 + ?", ("7+5",), "12 - 7"),
    ("? - 3", ("5-3",), "2 + 3"),
    ("9 - ?", ("9-5",), "9 - 4"),
    ("? * 6", ("5*6",), "30 / 6"),
    ("? / 2", ("5/2",), "2.5 * 2"),
    ("20 / ?", ("20/5",), "20 / 4"),
    ("2 * (? + 4)", ("2*(5+4)",), "18 / 2 - 4"),
    ("30 - (? - 3) - 4", ("30-(5-3)-4",), "30 - (24 + 4) + 3"),
    ("(? + 3) / (2 * 4)", ("(5+3)/(2*4)",), "1 * 2 * 4 - 3"),
    ("60 / (2 * ?)", ("60/(2*5)",), "60 / 6 / 2"),
]


@pytest.mark.parametrize(("_", "equations", "undone"), CHAINS, ids=[name for name, _, _ in CHAINS])
def test_an_operation_is_undone(_: str, equations: tuple[str, ...], undone: str):
    """The number 5 of each equation is found again, wherever it stands in it."""
    numbers = sorted({n for one in equations for n in re.findall(r"\d+", one)}, key=int)
    listed = " ".join(
        f"There are {n} {name}." for n, name in zip(numbers, ["mats", "jugs", "pots", "hats"], strict=False)
    )
    program = read_program(*seed(f"{listed} How many things are there?", *equations))
    place = [int(given.value) for given in program.givens].index(5)
    links = chain(program, place)
    assert links is not None
    answer = program.steps[-1].value
    (step,) = undo(program, links, program.values, answer) or ()
    assert (step.expression, step.value) == (undone, 5)
    assert step.finds.index == place


def test_of_a_seed_whose_numbers_meet_a_condition_these_are_not_asked_for():
    """Of two shirts, for which nothing is taken off, the answer is found in another way."""
    shirts = seed(
        "A store sells shirts for $35 each. Who buys more than three shirts may have a bag for $16. Nora buys 4 shirts and the bag. How many dollars does she pay?",
        "4*35",
        "140+16",
    )
    question, solution = shirts
    anybody = question.replace("Who buys more than three shirts", "Anybody")

    def asks_for_shirts(question: str) -> bool:
        passage = passage_of(question, solution)
        drawn = [ask_backward(passage, Random(number)) for number in range(40)]
        return any(re.search(r"Nora buys [A-Za-z] shirts", each) for each in drawn)

    assert asks_for_shirts(anybody)
    assert not asks_for_shirts(question)


def test_other_numbers_alone_make_no_other_wording():
    """So that such a question is seen to be a repeat."""
    one = passage_of(*seed("Ann has 34 cards and buys 12 cards. How many cards does she have?", "34+12"))
    asked = {re.sub(r"\d+", "0", ask_backward(one, Random(number))) for number in range(40)}
    assert len(asked) == 2, "one for each number"


def test_a_number_that_is_used_twice_is_not_asked_for():
    """`n + n/2` would be an equation, which people do not solve by undoing steps."""
    nuts = seed("Tom has 48 nuts in June and half as many in July. How many nuts are there?", "48/2", "48+24")
    assert chain(read_program(*nuts), 0) is None
    with pytest.raises(UnfitError, match=re.escape(UnfitReason.NOTHING_TO_ASK_FOR)):
        ask_backward(passage_of(*nuts), Random(0))


SEVERAL = [
    seed(
        "A store has 60 novels and 30 comics. It packs them into crates of 10 books. How many crates does it need?",
        "60+30",
        "90/10",
    ),
    seed(
        "Half of the 60 novels are sold. A store packs 90 books into crates of 10 books. How many crates does it need?",
        "90/10",
    ),
    seed(
        "Ann reads 34 pages and Bob reads 12 pages. What is the difference between their numbers of pages?",
        "34-12",
    ),
    seed(
        "Ann has 34 cards and buys 12 cards. Rounded to the nearest ten, how many cards does she have?",
        "34+12",
    ),
    seed("A box has 34 coins, a bag 12 coins. By how many coins do they vary?", "34-12"),
    seed(
        "Ann may miss 5% or less of 400 days. She missed 7 days. How many more days may she miss?",
        "400*.05",
        "20-7",
    ),
    seed("Ann has a brother, who is 34. In 12 years, how many candles will he have?", "34+12"),
    seed("Ann pays $34 for the cheaper phone and $12 for a case. How many dollars does she pay?", "34+12"),
]


@pytest.mark.parametrize(
    "one",
    SEVERAL,
    ids=[
        "crates",
        "crates and a half",
        "difference",
        "rounded",
        "vary",
        "or less",
        "bare number",
        "cheaper",
    ],
)
def test_where_several_numbers_would_do_none_is_asked_for(one: tuple[str, str]):
    with pytest.raises(UnfitError, match=re.escape(UnfitReason.NOTHING_TO_ASK_FOR)):
        ask_backward(passage_of(*one), Random(0))


def test_what_is_shared_evenly_may_be_divided():
    one = seed(
        "Ann has 60 cards and buys 30 cards. Her 5 friends share them equally. How many cards is that for each friend?",
        "60+30",
        "90/5",
    )
    _, reading = asked(*one)
    assert reading.answer == reading.values[reading.unknown]
    assert re.fullmatch(rf"{reading.stated} \* \d+|\d+ / {reading.stated}", reading.undone[0].expression)


def test_a_line_that_leans_on_one_that_is_left_out_stands_alone():
    """What joins it to the line before goes; where it leans on it in other words, the equation stands alone, with what it counts."""
    steps = (
        "Monday brings 13*6 = <<13*6=78>>78 cards.\nThen Tuesday brings 27*8 = <<27*8=216>>216 cards.\n"
        "He also finds 50*3 = <<50*3=150>>150 cards.\nHe has 78+216+150 = <<78+216+150=444>>444 cards.\n#### 444"
    )
    told = "Bo buys {} boxes with 6 red cards, 27 boxes with 8 green cards and finds 50 bags with 3 blue cards. {}"
    boxes = passage_of(told.format(13, "How many cards does Bo have?"), steps)
    reading = read_backward(told.format("n", "The number of cards Bo has is 426. Find n."), boxes)
    assert reading is not None
    assert reading.solution().split("\n") == [
        "Tuesday brings 27*8 = <<27*8=216>>216 cards.",
        "50*3 = <<50*3=150>>150 cards.",
        "Monday brings 426 - 150 - 216 = <<426-150-216=60>>60 cards.",
        "n = 60 / 6 = <<60/6=10>>10.",
        "The answer is \\boxed{10}.",
    ]


@pytest.mark.parametrize(
    ("words", "undone"),
    [
        ("Ann has 12 boxes of 6 pens, so she has {} pens.", "64 + 8 = <<64+8=72>>72 pens."),
        ("After buying 12 boxes she has {} pens left to give away.", "64 + 8 = <<64+8=72>>72 pens."),
        ("As 12 boxes have 6 pens each, she has $ {}", "64 + 8 = <<64+8=72>>72"),
        ("As there are 12 boxes that is {} pens in these boxes", "64 + 8 = <<64+8=72>>72"),
        ("As there are 12 boxes that is {} pens, 6 in each", "64 + 8 = <<64+8=72>>72"),
    ],
    ids=["counted", "counted, and more is said", "nothing behind it", "leans on others", "more numbers"],
)
def test_an_equation_says_what_its_result_counts(words: str, undone: str):
    told = "Ann has {} boxes with 6 pens each. She gives 8 pens away. {}"
    steps = f"{words.format('12*6 = <<12*6=72>>72')}\nThat makes 72-8 = <<72-8=64>>64 pens.\n#### 64"
    boxes = passage_of(told.format(12, "How many pens does she have?"), steps)
    reading = read_backward(told.format("n", "The number of pens she has is 64. Find n."), boxes)
    assert reading is not None
    assert reading.solution().split("\n")[0] == undone


@pytest.mark.parametrize(
    ("final", "kind", "stated"),
    [
        (
            "How many more pens does she need?",
            "things",
            "The number of additional pens she needs is 5. What is n?",
        ),
        (
            "How many more pens does she have?",
            "things",
            "How many more pens does she have? If the answer to this question is 5, what is n?",
        ),
        (
            "What are the earnings of the shop?",
            MONEY,
            "The earnings of the shop, in dollars, are 5. What is n?",
        ),
        (
            "How many miles farther did she run?",
            "miles",
            "How many miles farther did she run? If the answer to this question is 5, what is n?",
        ),
    ],
)
def test_an_answer_is_stated_in_english(final: str, kind: str, stated: str):
    before, endings = answer_stated(final, kind=kind)
    assert before + "5" + endings[0].format("n") == stated


def test_a_large_answer_is_written_as_the_text_writes_numbers():
    farm = seed("A farm has 61,800 hens and buys 20,500 hens. How many hens does it have?", "61800+20500")
    question, _ = asked(*farm)
    assert re.search(r" is \d{2,3},\d{3}[.,]", question)


def test_slips_change_the_answer():
    """Some are a wrong last step, some a number copied wrongly, and all end in an answer."""
    text = "Nadia buys 14 pens for $5 each and a folder for $k. The number of dollars she pays is 96. Find k."
    reading = read_backward(text, passage_of(*SHOP))
    assert reading is not None
    right = str(reading.answer)
    slipped = [solve_with_slip(reading, Random(rng)) for rng in range(40)]
    assert right not in map(boxed, slipped)
    wrong_sums = [
        any(Expression.parse(left).value != Fraction(result) for left, result in annotations(text))
        for text in slipped
    ]
    assert 5 < sum(wrong_sums) < 35


def test_the_judge_accepts_it_and_nothing_else():
    question, _ = asked(*SHOP)
    shop = passage_of(*SHOP)
    assert judge(question, [shop]).correctness == 1
    assert judge(question.replace(" is ", " was "), [shop]).correctness < 0.5
    huge = "Nadia buys 14 pens for $x each and a folder for $20. The number of dollars she pays is 56020. What is x?"
    assert judge(huge, [shop]).correctness < 0.85


@pytest.fixture(scope="module")
def backward(shared_data: Path) -> list[tuple[str, BackwardReading]]:
    """300 seeds of GSM8K train that rules can read, asked backward where they can be."""
    found = []
    with (shared_data / "gsm8k/train.jsonl").open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            row = json.loads(line)
            if number % 12:
                continue
            try:
                found.append(asked(row["question"], row["answer"], number))
            except UnfitError:
                continue
    assert len(found) > 110
    return found


def test_one_number_alone_leads_to_the_stated_answer(backward: list[tuple[str, BackwardReading]]):
    """Tried out: of all numbers up to twice the answer, only the answer itself computes to what the question states."""
    for question, reading in backward:
        values = reading.values
        fits = []
        for tried in {reading.answer, *range(2, min(2000, 2 * int(reading.answer)))}:
            values[reading.unknown] = tried
            try:
                fits += [tried] if reading.part.passage.program.run(values)[-1] == reading.stated else []
            except ZeroDivisionError:
                continue
        assert fits == [reading.answer], question


def test_solutions_compute_and_do_not_know_the_answer_before(backward: list[tuple[str, BackwardReading]]):
    for question, reading in backward:
        solution = solve(reading)
        assert equivalent(boxed(solution), str(reading.answer))
        steps = annotations(solution)
        assert steps, question
        for left, right in steps:
            assert Expression.parse(left).value == Expression.parse(right).value, solution
        assert solution.split("\n")[-2].startswith(f"{reading.letter} = ")
        assert not re.search(
            rf"\b{reading.letter}\b", "\n".join(solution.split("\n")[:-2]).replace("<<", " ")
        )


def test_it_is_another_problem_than_the_seed(backward: list[tuple[str, BackwardReading]]):
    """Renumbered seeds are dropped as seed repeats; of these hardly any is."""
    seeds = ProblemIndex(
        (str(i), reading.part.passage.program.question) for i, (_, reading) in enumerate(backward)
    )
    repeats = [found for question, _ in backward if (found := seeds.find(question))]
    assert len(repeats) < len(backward) / 20
