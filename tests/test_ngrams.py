"""The n-gram checks that papers print."""

import random

import pytest

from kpmath_builder.curation.ngrams import QUESTION_13, QUESTION_20, SOLUTION_30, NgramChecks

LENGTHS = {QUESTION_13: 13, QUESTION_20: 20, SOLUTION_30: 30}


def words(first: int, count: int) -> str:
    return " ".join(f"w{number}" for number in range(first, first + count))


def found(checks: NgramChecks, question: str, *solutions: str) -> dict[str, tuple[int, ...]]:
    return {hit.check: hit.problems for hit in checks.find(question, solutions)}


PROBLEMS = [(words(0, 40), words(100, 40)), (words(20, 40), words(300, 29)), (words(500, 12), "")]


@pytest.mark.parametrize(
    ("question", "solutions", "hits"),
    [
        (words(0, 12), (), {}),
        (words(0, 13), (), {QUESTION_13: (0,)}),
        (words(0, 19), (), {QUESTION_13: (0,)}),
        (words(0, 20), (), {QUESTION_13: (0,), QUESTION_20: (0,)}),
        (words(25, 13), (), {QUESTION_13: (0, 1)}),
        ("What?", (words(0, 20),), {QUESTION_20: (0,)}),
        ("What?", (words(0, 13),), {}),
        ("What?", (words(100, 30),), {SOLUTION_30: (0,)}),
        (words(100, 30), (), {SOLUTION_30: (0,)}),
        (words(100, 29), (), {}),
        (words(300, 29), (), {}),
        (words(0, 10), (words(10, 10),), {}),
        (words(500, 12), (), {}),
        ("W0, w1; W2. " + words(3, 10).upper(), (), {QUESTION_13: (0,)}),
        ("", (), {}),
    ],
)
def test_each_check_finds_runs_of_its_length_in_its_texts(
    question: str, solutions: tuple[str, ...], hits: dict[str, tuple[int, ...]]
) -> None:
    """The 13-gram looks at questions alone; no run goes from one text into the next; shorter problems are not found."""
    assert found(NgramChecks(PROBLEMS), question, *solutions) == hits


def test_what_matched_is_the_first_run() -> None:
    (hit,) = NgramChecks([(words(0, 40), "")]).find(f"x {words(5, 15)} y")
    assert hit.matched == words(5, 13)


def test_without_problems_nothing_is_found() -> None:
    assert NgramChecks([]).find(words(0, 50), [words(0, 50)]) == []


@pytest.mark.parametrize("seed", range(4))
def test_the_checks_find_what_a_search_by_hand_finds(seed: int) -> None:
    """Texts of two words share long runs by chance."""
    rng = random.Random(seed)

    def text() -> list[str]:
        return rng.choices("ab", k=rng.randint(0, 60))

    problems = [(text(), text()) for _ in range(12)]
    checks = NgramChecks((" ".join(question), " ".join(solution)) for question, solution in problems)
    for _ in range(60):
        question, solution = text(), text()
        searched = {
            QUESTION_13: [" ".join(question)],
            QUESTION_20: [" ".join(question), " ".join(solution)],
            SOLUTION_30: [" ".join(question), " ".join(solution)],
        }
        expected = {}
        for name, n in LENGTHS.items():
            sources = [problem[name == SOLUTION_30] for problem in problems]
            hits = tuple(
                number
                for number, source in enumerate(sources)
                if any(
                    f" {' '.join(source[i : i + n])} " in f" {searched_text} "
                    for i in range(len(source) - n + 1)
                    for searched_text in searched[name]
                )
            )
            expected |= {name: hits} if hits else {}
        assert found(checks, " ".join(question), " ".join(solution)) == expected
