"""A file of one's own: its columns are guessed, shown, and read once the user has confirmed; and the page that says so."""

import csv
import json
import re
import shlex
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import run_command
from dummy_server import DummyServer
from roleplay import play

from kpmath_builder import InputError
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.seeds import load_seeds
from kpmath_builder.seeds.guessing import guess_fields
from kpmath_builder.seeds.own import recipe_of_file

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "own-seeds.md").read_text(encoding="utf-8")
BUNDLED = Path(__file__).resolve().parents[1] / "kpmath_builder" / "data" / "seeds.jsonl"
WORKED = r"She has 3 + 4 = 7 pens. The answer is \boxed{7}."


def jsonl(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"question": "Q?", "answer": "#### 7"}, None),
        ({"problem": "Q?", "solution": WORKED}, None),
        ({"prompt": "Q?", "response": WORKED}, {"problem": "prompt", "solution": "response"}),
        (
            {"question": "Q?", "rationale": WORKED, "label": 7, "difficulty": 2, "uid": 5},
            {
                "problem": "question",
                "solution": "rationale",
                "answer": "label",
                "level": "difficulty",
                "id": "uid",
            },
        ),
        (
            {"Question": "Q?", "Final_Answer": "7", "Explanation": WORKED, "topic": "Sums"},
            {"problem": "Question", "solution": "Explanation", "answer": "Final_Answer", "subject": "topic"},
        ),
        (
            {"instruction": "Q?", "output": WORKED, "input": None},
            {"problem": "instruction", "solution": "output"},
        ),
        ({"text": "Q?", "answer": WORKED}, {"problem": "text", "solution": "answer"}),
    ],
    ids=["gsm8k", "own names", "chat", "labels", "capitals", "alpaca", "one answer"],
)
def test_columns_are_guessed_by_their_names(
    tmp_path: Path, row: dict[str, object], fields: dict[str, str] | None
) -> None:
    guess = guess_fields(jsonl(tmp_path / "s.jsonl", row))
    assert guess.fields == fields
    assert (guess.first.problem, guess.first.answer) == ("Q?", "7")


@pytest.mark.parametrize(
    "answers",
    [
        ("7", "8.5"),
        ("$1,200", "$5"),
        ("3/4", "-2"),
        (r"\frac{1}{2}", "0"),
        ("12 km", "5个"),
        ("五十", "一千二百三十四"),
        ("x^2+1", "(1, 2)"),
        ("A", "B"),
    ],
    ids=["numbers", "money", "fractions", "LaTeX", "units", "Chinese numerals", "expressions", "choices"],
)
def test_bare_answers_are_no_worked_solutions(tmp_path: Path, answers: tuple[str, ...]) -> None:
    path = jsonl(tmp_path / "a.jsonl", *({"question": "Q?", "answer": answer} for answer in answers))
    with pytest.raises(InputError, match=r"`answer` in .* holds answers without their working, e\.g\. "):
        guess_fields(path)


@pytest.mark.parametrize(
    "answer",
    [
        "#### 7",
        WORKED,
        "3 + 4 = 7",
        "She has seven pens",
        "她有三支笔，又买了四支，一共七支",
        "ペンを三本持っていて、四本もらうので七本",
        "펜이 세 개 있고 네 개를 더 받아 일곱 개",
        "У неё три ручки и ещё четыре, всего 7",
        "لديها ثلاثة أقلام ثم أربعة فالمجموع 7",
        "उसके पास तीन और चार कलम हैं, कुल 7",
        "Έχει τρία στυλό και άλλα τέσσερα, άρα 7",
        "３＋４＝７",
        "3·2→6; 6+1→7",
        r"3+4 \Rightarrow 7",
    ],
    ids=ascii,
)
def test_what_shows_any_working_is_read(tmp_path: Path, answer: str) -> None:
    path = jsonl(
        tmp_path / "a.jsonl", {"question": "Q?", "answer": answer}, {"question": "Q?", "answer": "7"}
    )
    assert guess_fields(path).form == "gsm8k"


@pytest.mark.parametrize(
    ("row", "solution"),
    [
        ({"question": "Q?", "answer": "7", "solution": WORKED}, "solution"),
        ({"question": "Q?", "answer": "7", "explanation": WORKED}, "explanation"),
        ({"problem": "Q?", "solution": "7", "rationale": WORKED}, "rationale"),
        ({"prompt": "Q?", "solution": "7", "output": WORKED}, "output"),
    ],
    ids=["gsm8k", "gsm8k and an explanation", "own names", "other names"],
)
def test_another_column_is_read_if_the_first_has_no_working(
    tmp_path: Path, row: dict[str, object], solution: str
) -> None:
    guess = guess_fields(jsonl(tmp_path / "s.jsonl", row))
    assert guess.fields is not None
    assert guess.fields["solution"] == solution
    assert (guess.first.solution, guess.first.answer) == (WORKED, "7")


def test_a_column_without_working_is_read_if_it_is_named(tmp_path: Path) -> None:
    """As the refusal says."""
    path = jsonl(tmp_path / "a.jsonl", {"question": "Q?", "answer": "7"})
    with pytest.raises(InputError, match="this one too, if these are worked solutions"):
        guess_fields(path)
    fields = '{ problem = "question", solution = "answer" }'
    recipe, guess = recipe_of_file(path, {"seeds.fields": fields})
    assert (guess, recipe.seeds.fields) == (None, {"problem": "question", "solution": "answer"})


def test_annotations_count_wherever_they_stand_first(tmp_path: Path) -> None:
    """A first row without a solution does not turn a file of annotated ones into one that a model must read."""
    rows = ({"question": "Q?", "answer": None}, {"question": "Q?", "answer": "3+4=<<3+4=7>>7\n#### 7"})
    assert guess_fields(jsonl(tmp_path / "a.jsonl", *rows)).is_annotated


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"question": "Q?", "label": "7"}, "none is known as the solution"),
        ({"what": "Q?", "solution": WORKED}, "none is known as the problem"),
        ({"question": ["Q?"], "rationale": WORKED}, "must be text"),
    ],
    ids=["no solution", "no problem", "no text"],
)
def test_what_cannot_be_guessed_is_asked_for(tmp_path: Path, row: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        guess_fields(jsonl(tmp_path / "s.jsonl", row))


def test_the_guess_is_shown_with_its_columns_and_what_cannot_be_read(tmp_path: Path) -> None:
    lines = list(
        guess_fields(jsonl(tmp_path / "s.jsonl", {"prompt": "Q?", "response": "Who knows."})).lines()
    )
    assert lines[0] == "Read as these columns; line 1:"
    assert "  problem (prompt): Q?" in lines
    assert lines[-1] == "  answer: none can be read, so this row would be left out"


def test_the_program_reads_annotations_and_else_a_model_is_needed(tmp_path: Path) -> None:
    annotated = jsonl(tmp_path / "a b.jsonl", {"prompt": "Q?", "response": "3 + 4 = <<3+4=7>>7\n#### 7"})
    plain = jsonl(tmp_path / "plain.jsonl", {"prompt": "Q?", "response": WORKED})
    recipe, _ = recipe_of_file(annotated, {})
    assert recipe.teacher.kind == "symbolic"
    assert (recipe.name, recipe.build.folder) == ("a-b", Path("builds/a-b"))
    assert recipe.seeds.shareable is False
    with pytest.raises(InputError, match=r"--set teacher\.kind=openai --set teacher\.model=NAME"):
        recipe_of_file(plain, {})
    served, _ = recipe_of_file(plain, {"teacher.kind": "openai", "teacher.model": "m"})
    assert served.teacher.model_name == "m"
    named, guess = recipe_of_file(plain, {"seeds.fields": '{ problem = "prompt", solution = "response" }'})
    assert guess is None, "nothing is guessed"
    assert named.seeds.fields == {"problem": "prompt", "solution": "response"}


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "parquet"])
def test_every_kind_of_file_is_read_alike(tmp_path: Path, ending: str) -> None:
    rows = [
        {"prompt": f"{n} pens, and 4 more?\nHow many?", "response": f'"So, {n + 4}."', "label": str(n + 4)}
        for n in range(3)
    ]
    path = tmp_path / f"s.{ending}"
    match ending:
        case "jsonl":
            jsonl(path, *rows)
        case "json":
            path.write_text(json.dumps(rows), encoding="utf-8")
        case "csv":
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        case _:
            pq.write_table(pa.Table.from_pylist(rows), path)
    seeds = load_seeds(path=path, fields=guess_fields(path).fields)
    assert [(seed.id, seed.problem, seed.answer) for seed in seeds.problems] == [
        (f"s/{n:05d}", rows[n]["prompt"], rows[n]["label"]) for n in range(3)
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("problem,solution\nA, B?,7\n", "line 2, has more or fewer fields"),
        ("problem,solution\nA\n", "line 2, has more or fewer fields"),
        ("problem;solution\nA;7,5\n", "parts its columns with semicolons, not with commas: export it again"),
        ("problem\tsolution\nA\tB\n", "parts its columns with tabs"),
        ("problem,problem\nA,B\n", "two columns 'problem'"),
        ('problem,solution\n"A,B\n', "is not CSV"),
        ("problem,solution\n", "holds no rows"),
    ],
    ids=["more", "fewer", "semicolons", "tabs", "twice", "quotes", "empty"],
)
def test_a_csv_file_that_says_two_things_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        load_seeds(path=path)


# On the command line


@pytest.mark.parametrize(
    "words", [["build"], ["build", "r.toml", "--seeds", "s.jsonl"]], ids=["neither", "both"]
)
def test_a_recipe_or_a_seed_file_is_given(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, _, err = run_command((*words,), capsys, monkeypatch)
    assert (status, "Give a recipe, or --seeds" in err) == (2, True)


def test_a_guess_is_built_on_once_it_is_confirmed_with_the_command_that_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [json.loads(line) for line in BUNDLED.read_text(encoding="utf-8").splitlines()[:30]]
    jsonl(
        tmp_path / "my own.jsonl", *({"prompt": row["question"], "response": row["answer"]} for row in rows)
    )
    words = ("build", "--seeds", "my own.jsonl", "--set", "build.questions=4", "--set", "solutions.samples=3")
    status, out, err = run_command(words, capsys, monkeypatch)
    assert status == 2
    assert f"problem (prompt): {rows[0]['question'][:40]}" in out
    assert not (tmp_path / "builds").exists()
    shown = re.search(r"build with: (kpmath .*? --yes);", err)
    assert shown
    _, *again = shlex.split(shown[1])
    status, out, _ = run_command((*again,), capsys, monkeypatch)
    assert (status, "4 rows in scored" in out) == (0, True)
    kept = Workspace(tmp_path / "builds" / "my-own").read_recipe()
    assert kept.seeds.fields == {"problem": "prompt", "solution": "response"}


# The page


COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def test_each_command_of_the_page_does_what_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their order, in one folder, with the page's kind of file and a server of its model at another address."""
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    rows = [json.loads(line) for line in BUNDLED.read_text(encoding="utf-8").splitlines()[:20]]
    worked = (re.sub(r"<<.*?>>", "", row["answer"]) for row in rows)
    own = [{"prompt": row["question"], "response": text} for row, text in zip(rows, worked, strict=True)]
    jsonl(tmp_path / "problems.jsonl", json.loads(example), *own)
    statuses = []
    with DummyServer(play, models=["Qwen/Qwen3-8B"]) as server:
        for line in COMMANDS:
            _, *words = shlex.split(line)
            if words[0] in {"build", "plan"}:
                words += ["--set", f'teacher.addresses=["{server.address}"]']
            status, _, err = run_command((*words,), capsys, monkeypatch)
            assert "Traceback" not in err
            statuses.append((words[0], status))
            if words[0] == "init":
                text = (tmp_path / "problems.toml").read_text(encoding="utf-8")
                named = text.replace(
                    '{ problem = "problem", solution = "solution" }',
                    '{ problem = "prompt", solution = "response" }',
                )
                (tmp_path / "problems.toml").write_text(named, encoding="utf-8")
    assert statuses == [
        ("build", 2),
        ("build", 0),
        ("build", 0),
        ("init", 0),
        ("plan", 0),
        ("build", 0),
        ("status", 0),
        ("verify", 0),
    ]
    assert {path.name for path in (tmp_path / "builds").iterdir()} == {"problems", "my-problems"}
    assert Workspace(tmp_path / "builds" / "my-problems").read_recipe().build.questions == 20
