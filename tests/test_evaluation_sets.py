"""Test sets, templates, recorded outputs and grading: the pure rules of an evaluation."""

import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path

import pytest

from kpmath_builder import InputError
from kpmath_builder.evaluation.catalogue import KNOWN, EvalSet, open_sets, read_fields
from kpmath_builder.evaluation.grading import LONGEST_ANSWER, Grade, GradingRule, grade_answer, named_answer
from kpmath_builder.evaluation.problems import EvalProblem, hash_of_problems
from kpmath_builder.evaluation.scores import GradedProblem, graded, ks_for, score
from kpmath_builder.evaluation.templates import read_template


def written(folder: Path, name: str, *rows: Mapping[str, object]) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def grade(text: str, reference: str, headings: Sequence[str] = ()) -> Grade:
    return grade_answer(named_answer(text, headings), reference)


def one(spec: str, **fields: str) -> EvalProblem:
    (found,) = open_sets([spec], fields or None)
    return found.problems[0]


@pytest.mark.parametrize(
    ("name", "row", "question", "reference", "level", "subject"),
    [
        ("gsm8k", {"question": "Q?", "answer": "<<2*500=1000>>So\n#### 1,000"}, "Q?", "1000", None, None),
        ("math", {"problem": "P", "solution": r"It is $\boxed{\frac12}$.", "level": "Level 3", "type": "Algebra"},
         "P", r"\frac12", "Level 3", "Algebra"),
        ("math", {"problem": "P", "solution": r"$=\boxed{-15}x^3$", "level": "Level 5", "type": "Algebra"},
         "P", "-15", "Level 5", "Algebra"),
        ("math-500", {"problem": "P", "solution": "s", "answer": "7", "level": 2, "subject": "Geometry", "unique_id": "u"},
         "P", "7", "Level 2", "Geometry"),
        ("svamp", {"Body": "Tom has 3 pens", "Question": "How many?", "Answer": 3.0, "Type": "Addition", "ID": "c-1"},
         "Tom has 3 pens. How many?", "3", None, "Addition"),
        ("asdiv", {"question": "Q?", "result": "9", "grade": 2, "id": "a"}, "Q?", "9", "2", None),
        ("asdiv", {"body": "B.", "question": "Q?", "answer": "9 (apples)", "solution_type": "Sum"}, "B. Q?", "9", None, "Sum"),
        ("mawps", {"question": "Q?", "result": "4", "id": "m"}, "Q?", "4", None, None),
        ("mawps", {"input": "Q?", "target": 0.5, "type": "addsub"}, "Q?", "0.5", None, "addsub"),
        ("tabmwp", {"table_title": None, "table": "a | b\n1 | 2", "question": "Sum?", "choices": ["3", "4"], "answer": "3",
                    "grade": 5, "ques_type": "multi_choice"}, "a | b\n1 | 2. Sum? 3; 4", "3", "5", "multi_choice"),
    ],
    ids=["gsm8k", "math", "math, a box before its power", "math-500", "svamp", "asdiv", "asdiv, original", "mawps", "mawps, file", "tabmwp"],
)  # fmt: skip
def test_a_known_set_is_read_as_it_is_written(
    *,
    tmp_path: Path,
    name: str,
    row: Mapping[str, object],
    question: str,
    reference: str,
    level: str | None,
    subject: str | None,
) -> None:
    found = one(f"{name}={written(tmp_path, 'f.jsonl', row)}")
    assert (found.question, found.reference, found.level, found.subject) == (
        question,
        reference,
        level,
        subject,
    )


def test_a_file_of_ones_own_is_read_by_its_columns_or_by_a_map(tmp_path: Path) -> None:
    plain = written(tmp_path, "own.jsonl", {"problem": "P", "answer": 4})
    mapped = written(tmp_path, "other.jsonl", {"a": "A", "b": "B", "x": "5", "g": "hard", "key": "k7"})
    assert one(str(plain)) == EvalProblem("00000", "P", "4")
    fields = read_fields("problem=a+b, answer=x, level=g, id=key")
    assert one(str(mapped), **fields) == EvalProblem("k7", "A. B", "5", "hard")
    assert one(f"mine={plain}").id == "00000"
    named = written(tmp_path, "named.jsonl", {"id": 7, "question": "P", "answer": "4"})
    assert (
        one(str(named)).id
        == one(f"gsm8k={named}").id
        == one(str(named), problem="question", answer="answer").id
        == "7"
    )


def test_a_map_of_columns_holds_for_a_known_set_s_file_too(tmp_path: Path) -> None:
    """But one that stands beside a file of one's own, and is written as always, is read as always."""
    path = written(tmp_path, "g.jsonl", {"question": "P", "answer": "#### 4", "final": "5"})
    own = written(tmp_path, "own.jsonl", {"q": "P", "final": "6"})
    assert one(f"gsm8k={path}", problem="question", answer="final").reference == "5"
    with pytest.raises(InputError, match="expected `finale`, `question`"):
        one(f"gsm8k={path}", problem="question", answer="finale")
    sets = open_sets([f"gsm8k={path}", str(own)], {"problem": "q", "answer": "final"})
    assert [each.problems[0].reference for each in sets] == ["4", "6"]


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        (["gsm9k"], "There is no test set and no file 'gsm9k': name one of gsm8k"),
        (["gsm8k=nowhere.jsonl"], "nowhere.jsonl does not exist"),
        ([""], "Name a test set with --on"),
        (["=x.jsonl"], "is not a test set"),
        (["own.jsonl", "own=own.jsonl"], "names the set 'own' twice"),
        (["gsm8k=own.jsonl"], "`question`: name yours with --fields"),
        (["bare.jsonl"], "no reference answer can be read from `answer`"),
        (["twice.jsonl"], "empty: correct the row"),
        (["two-marks.jsonl"], "no reference answer can be read from `answer`"),
        (["one-id.jsonl"], "line 1 and line 2 have the same id '1'"),
    ],
)
def test_a_set_that_cannot_be_read_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, specs: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "own.jsonl", {"problem": "P", "answer": "4"})
    written(tmp_path, "bare.jsonl", {"problem": "P", "answer": ""})
    written(tmp_path, "twice.jsonl", {"problem": "P", "answer": "1"}, {"problem": "", "answer": "2"})
    written(tmp_path, "two-marks.jsonl", {"problem": "P", "answer": "12 #### 5 #### 6"})
    written(tmp_path, "one-id.jsonl", *({"id": 1, "problem": "P", "answer": answer} for answer in "12"))
    with pytest.raises(InputError) as refused:
        open_sets(specs)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text", ["problem", "problem=a", "answer=b", "problem=a,answer=", "question=a,answer=b"]
)
def test_a_map_of_columns_that_says_too_little_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"--fields"):
        read_fields(text)


def test_the_sets_of_the_development_data_are_whole(shared_data: Path) -> None:
    """Every problem of the files has a reference answer, also the five of MATH whose box is within a longer expression."""
    files = {"gsm8k": ("gsm8k/test.jsonl", 1_319), "math": ("math/test.jsonl", 5_000), "math-500": ("math/math500.jsonl", 500),
             "svamp": ("eval/svamp.jsonl", 1_000), "mawps": ("eval/mawps.jsonl", 2_065)}  # fmt: skip
    sets = open_sets([f"{name}={shared_data / path}" for name, (path, _) in files.items()])
    assert {each.name: len(each.problems) for each in sets} == {
        name: count for name, (_, count) in files.items()
    }


def test_the_papers_template_is_the_papers() -> None:
    template = read_template("paper")
    assert template.is_raw
    (message,) = template.messages("What is $1+1$?")
    assert message.content == "User: What is $1+1$?\nEnclose the final answer using \\boxed{}.\n\nAssistant: "
    assert template.stop == ("\nUser:",)


def test_a_template_with_sections_is_a_chat_with_its_examples(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("[system]\nBe short.\n[example]\n1+1?\n[reply]\n2\n[user]\n$question Costs $$5.\n")
    template = read_template(str(path))
    assert not template.is_raw
    assert [(its.role, its.content) for its in template.messages("Q?")] == [
        ("system", "Be short."), ("user", "1+1?"), ("assistant", "2"), ("user", "Q? Costs $5."),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["paper", "chat", "few-shot"])
def test_the_templates_of_the_package_hold_the_question_once_as_it_is(name: str) -> None:
    sent = "".join(message.content for message in read_template(name).messages("$x$ and $question {y}"))
    assert sent.count("$x$ and $question {y}") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Solve it.\n", "lacks the placeholder $question"),
        ("$question $name\n", "unknown placeholder $name"),
        ("[user]\nx\n", "lacks"),
    ],
)
def test_a_template_without_a_question_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_template(str(path))
    assert said in str(refused.value)
    with pytest.raises(InputError, match="one of chat, few-shot, paper"):
        read_template("nowhere.txt")


@pytest.mark.parametrize(
    ("text", "reference", "strict", "published"),
    [
        (r"So \boxed{\frac{1}{2}}.", "0.5", True, True),
        (r"So \boxed{0.33}.", r"\frac{1}{3}", False, True),
        (r"So \boxed{60\%}.", "60", False, True),
        (r"So \boxed{7}.", "8", False, False),
        ("I do not know.", "8", False, False),
    ],
    ids=["equal value", "rounding", "percent sign", "wrong", "no answer"],
)
def test_the_two_rules_side_by_side(*, text: str, reference: str, strict: bool, published: bool) -> None:
    found = grade(text, reference)
    assert (found.strict, found.published) == (strict, published)


@pytest.mark.parametrize(
    ("found", "disagrees"),
    [
        (Grade("1", strict=True, published=True, math_verify=True), False),
        (Grade("1", strict=True, published=True, math_verify=None), False),
        (Grade("1", strict=True, published=True, math_verify=False), True),
        (Grade("1", strict=False, published=True, math_verify=None), True),
        (Grade(None), False),
    ],
)
def test_an_answer_is_listed_if_any_two_verdicts_differ(found: Grade, *, disagrees: bool) -> None:
    """A math-verify that does not know has no verdict."""
    assert found.disagrees is disagrees


def test_text_behind_the_next_heading_is_another_problem() -> None:
    text = "It is \\boxed{4}.\nUser: What is 2+3?\nIt is \\boxed{5}."
    assert grade(text, "4", ("User:",)).strict


def test_a_long_answer_is_shortened_because_it_may_repeat_the_problem() -> None:
    """Different ones stay different, and what is right stays right."""
    told = [
        grade(f"\\boxed{{\\text{{{'The jar of marbles is full of ' * 9} {end}}}}}", "7").answer or ""
        for end in ("a", "b")
    ]
    assert all(len(each) < LONGEST_ANSWER for each in told)
    assert told[0] != told[1]
    long = "+".join(["1"] * 100)
    assert grade(f"\\boxed{{{long}}}", "100").strict


def problem(*answers: tuple[str | None, bool]) -> GradedProblem:
    grades = tuple(Grade(text, strict=ok, published=ok) for text, ok in answers)
    return GradedProblem("p", None, None, "4", grades, ("stop",) * len(answers))


def sampled(reference: str, *answers: str) -> GradedProblem:
    one = EvalProblem("p", "Q?", reference)
    return graded(one, [named_answer(f"\\boxed{{{text}}}") for text in answers], ["stop"] * len(answers))


def test_equal_answers_vote_together_and_abstentions_do_not() -> None:
    voted = problem(("4", True), ("4.0", True), ("5", False), (None, False), ("6", False))
    assert voted.value("maj", 5, "strict") == 1.0
    assert voted.value("pass", 1, "strict") == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("reference", "rule", "answers", "share"),
    [("50", "published", (r"50\%", "0.5", "50"), 0.5), ("5", "strict", ("5 \\text{ dozen}", "60"), 0.0)],
)
def test_the_order_of_the_samples_decides_no_majority(
    reference: str, rule: GradingRule, answers: tuple[str, ...], share: float
) -> None:
    """Half a hundred per cent and a half are one vote, of which the published rule accepts one."""
    values = {sampled(reference, *order).value("maj", len(answers), rule) for order in permutations(answers)}
    assert len(values) == 1
    if share:
        assert values == {share}


def test_long_answers_vote_as_they_are_and_not_as_they_are_shortened() -> None:
    """Three spellings of one list of 40 numbers outvote two sevens, also when the result is read back."""
    numbers = [str(number) for number in range(1000, 1040)]
    spellings = (", ".join(numbers), ",\\ ".join(numbers), ",".join(numbers))
    voted = sampled(f"\\{{{', '.join(numbers)}\\}}", *(f"\\{{{each}\\}}" for each in spellings), "7", "7")
    assert voted.right("strict") == 3
    assert voted.value("maj", 5, "strict") == 1.0
    assert all(len(grade.answer or "") <= LONGEST_ANSWER for grade in voted.grades)
    assert voted.votes == (0, 0, 0, 1, 1)


def test_scores_are_wilsons_where_each_problem_is_right_or_wrong() -> None:
    single = score([problem(("4", True)), problem(("5", False))], (1,), 0)
    assert [(its.name, its.rule, its.value, its.method) for its in single] == [
        ("pass@1", "strict", 0.5, "wilson"), ("pass@1", "published", 0.5, "wilson"),
    ]  # fmt: skip
    several = score([problem(("4", True), ("5", False)), problem(("5", False), ("5", False))], (1, 2), 0)
    assert {(its.name, its.method) for its in several} >= {("pass@1", "bootstrap"), ("pass@2", "wilson")}
    assert ks_for(1) == (1,)
    assert ks_for(8) == (1, 2, 4, 8)
    assert ks_for(10) == (1, 2, 4, 8, 10)


def a_set(name: str = "gsm8k") -> EvalSet:
    return EvalSet(name, f"{name}.jsonl", (EvalProblem("a", "Q1", "1"), EvalProblem("b", "Q2", "2")))


def test_the_hash_of_a_set_changes_with_each_of_its_texts() -> None:
    base = a_set().problems
    changed = (EvalProblem("a", "Q1", "1"), EvalProblem("b", "Q2", "3"))
    assert hash_of_problems(base) != hash_of_problems(changed)
    assert "gsm8k" in KNOWN
