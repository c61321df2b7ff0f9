"""The experiment of examples/experiment: what it decides without a model. Its training and outputs are tried by hand."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kpmath_builder.answers import final_answer
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.errors import InputError
from kpmath_builder.evaluation.catalogue import open_sets
from kpmath_builder.files.lock import Lock
from kpmath_builder.seeds.benchmarks import read_benchmarks

sys.path.append(str(Path(__file__).resolve().parents[1] / "examples" / "experiment"))
arms, batches, choices, failure_kinds = map(import_module, ("arms", "batches", "choices", "failure_kinds"))
gguf_folder, outputs, overlap, problems, rows, run, steps = map(
    import_module, ("gguf_folder", "outputs", "overlap", "problems", "rows", "run", "stated_steps")
)
processes = import_module("side_by_side")

QUESTION = "Ann has 12 boxes of 4 pens. She gives away 20 pens. How many are left?"


def row(name: str, tokens: int, steps: int = 2, parts: int = 2):
    solution = "\n".join(f"{number} + 1 = {number + 1}" for number in range(steps))
    return rows.TrainingRow(name, f"Question {name}?", solution, parts, tokens - 10, 10)


def test_both_sources_get_one_format():
    """A GSM8K row and a row of a build with the same steps are the same training row, without annotations."""
    real = rows.of_gsm8k(
        "1", QUESTION, "She has 12*4=<<12*4=48>>48 pens.\nLeft are 48-20=<<48-20=28>>28.\n#### 28"
    )
    made = rows.of_pair(
        "1", QUESTION, "She has 12*4=48 pens.\nLeft are 48-20=28.\nThe answer is \\boxed{28}.", "28", 1
    )
    assert real == made
    assert real.solution == "She has 12*4=48 pens.\nLeft are 48-20=28.\nThe answer is \\boxed{28}."


def test_the_answer_is_read_back():
    """What a model is taught to write ends in an answer that the evaluation reads; a comma of thousands does not stand in it."""
    assert final_answer(rows.of_gsm8k("1", QUESTION, "48-20=28\n#### 1,028").solution).text == "1028"


@pytest.mark.parametrize(
    ("solution", "count"),
    [
        ("12*4=48 pens\n48 - 20 = $28", 2),
        ("It costs 5 x 20 = 100 dollars, so 100/2 = 50.", 2),
        ("So N = 600.", 0),
        ("20% * 50 = 10", 1),
        ("Ann is 12.", 0),
    ],
)
def test_steps_are_counted_by_what_is_computed(solution: str, count: int):
    """A step is an operation with a result; a result that is only named is none."""
    assert rows.count_steps(solution) == count


def test_an_arm_takes_what_fits():
    """No arm exceeds its budget, and a row that would is passed over for a shorter one."""
    chosen = arms.within_budget([row("a", 60), row("b", 70), row("c", 40)], 100)
    assert [each.id for each in chosen] == ["a", "c"]


def test_arms_have_the_same_tokens():
    """Every arm fills the budget to within two per cent, and `both` half from each source; `half` has its rows of GSM8K alone."""
    pools = arms.Pools(
        [row(f"g{n}", 50) for n in range(60)], [row(f"s{n}", 50, parts=n % 2 + 1) for n in range(60)]
    )
    for name in choices.ARMS:
        chosen = arms.arm(name, pools, 2000, seed=1)
        budget = 1000 if name in ("half", "single") else 2000
        assert 0.98 * budget <= sum(each.tokens for each in chosen) <= budget
        assert len({each.id for each in chosen}) == len(chosen)
    single = arms.arm("single", pools, 2000, seed=1)
    assert {each.parts for each in single} == {1}
    both, half = ({each.id for each in arms.arm(name, pools, 2000, seed=1)} for name in ("both", "half"))
    assert {name for name in both if name.startswith("g")} == half
    assert len(half) == 20


def test_what_is_left_because_the_next_row_is_too_long_is_no_lack_of_rows():
    pools = arms.Pools(
        [row(f"g{n}", 70) for n in range(60)], [row(f"s{n}", 70, parts=n % 2 + 1) for n in range(60)]
    )
    for name in choices.ARMS:
        chosen = arms.arm(name, pools, 1000, seed=1)
        assert len(chosen) == (7 if name in ("half", "single") else 14)


def test_too_few_rows_are_refused():
    """An arm that cannot be filled ends the experiment: fewer tokens would be another comparison."""
    with pytest.raises(InputError, match=r"have 500 tokens of 2,000: lower --tokens"):
        arms.arm("gsm8k", arms.Pools([row(f"g{n}", 50) for n in range(10)], []), 2000, seed=0)


def test_batches_hold_their_limit_with_padding():
    """Each row is in one batch; longest row times number of rows stays below the limit, but for a row that is longer alone."""
    lengths = [30, 5, 8, 200, 31, 7, 6, 90]
    made = list(batches.batches(lengths, 100))
    assert sorted(place for batch in made for place in batch) == list(range(8))
    assert all(max(lengths[place] for place in batch) * len(batch) <= 100 for batch in made if batch != [3])


def test_steps_are_repeated_by_their_seed():
    """A run that goes on meets the same batches; another seed orders them in another way; no row is left out."""
    lengths = [17 + 13 * n % 50 for n in range(200)]
    made = batches.steps(lengths, 256, 1024, seed=3)
    assert made == batches.steps(lengths, 256, 1024, seed=3) != batches.steps(lengths, 256, 1024, seed=4)
    assert sorted(place for step in made for batch in step for place in batch) == list(range(200))
    assert all(sum(lengths[place] for batch in step for place in batch) >= 1024 for step in made[:-1])


def test_a_precision_is_one_of_two(capsys: pytest.CaptureFixture[str]):
    """A word that torch would not know ends the command at once, not after the build."""
    assert choices.parse(["--out", "x", "--precision", "bfloat16"])[1].precision == "bfloat16"
    with pytest.raises(SystemExit, match="2"):
        choices.parse(["--out", "x", "--precision", "float16"])
    assert "choose from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--jobs", "0", "argument --jobs: 0 is not more than 0"),
        ("--learning-rate", "-1", "argument --learning-rate: -1 is not more than 0"),
        ("--threads", "-1", "argument --threads: -1 is not 0 or more"),
        ("--tokens", "many", "argument --tokens: invalid int value: 'many'"),
    ],
)
def test_a_number_that_makes_no_sense_is_one_sentence(
    option: str, value: str, told: str, capsys: pytest.CaptureFixture[str]
):
    assert choices.parse(["--out", "x", "--threads", "0"])[1].threads == 0
    with pytest.raises(SystemExit, match="2"):
        choices.parse(["--out", "x", option, value])
    assert told in capsys.readouterr().err


def test_the_rate_rises_then_falls():
    """The peak follows the warm-up, and the end is a tenth of it."""
    rates = [batches.rate(step, 100, 1.0) for step in range(100)]
    assert max(rates) == rates[4] == 1.0
    assert rates[:5] == sorted(rates[:5])
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[-1] == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize(("count", "wanted"), [(100, 10), (3, 10), (7, 3)])
def test_the_last_step_is_a_point(count: int, wanted: int):
    """The loss is measured at the end, and never more often than wanted."""
    found = batches.points(count, wanted)
    assert count in found
    assert 1 <= min(found) <= max(found) == count
    assert len(found) <= wanted


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("Ann has pens.", "no answer"),
        ("28 pens are not left.\nThe answer is \\boxed{38}.", "answer without steps"),
        ("12 * 4 = 46\n46 - 20 = 26\nThe answer is \\boxed{26}.", "arithmetic slip"),
        ("12 * 6 = 72\n72 - 20 = 52\nThe answer is \\boxed{52}.", "wrong number read"),
        ("12 * 4 = 48\n48 + 20 = 68\nThe answer is \\boxed{68}.", "wrong operation"),
        ("12 * 4 = 48\nThe answer is \\boxed{48}.", "wrong operation"),
    ],
)
def test_failures_are_told_apart(output: str, kind: str):
    """Each kind of failure is found by its sign, in a solution of two steps."""
    assert failure_kinds.kind_of(QUESTION, output) == kind


def test_numbers_in_words_are_read():
    """A dozen in the question is 12 in a step, and 2.50 is 2.5."""
    assert (
        failure_kinds.kind_of("A dozen eggs at $2.50 each?", "12 + 2.5 = 14.5\n\\boxed{14.5}")
        == "wrong operation"
    )
    assert failure_kinds._WORDS["dozen"] == Fraction(12)


@pytest.mark.parametrize(
    ("columns", "level"),
    [
        ({"answer": "4*2=<<4*2=8>>8\n#### 8"}, "1 step"),
        ({"answer": "<<1+1=2>> " * 7}, "5 steps or more"),
        ({"Answer": 145.0, "Equation": "( 290.0 / 2.0 )"}, "1 step"),
        ({"Answer": 3.0, "Equation": "( ( 8.0 - 2.0 ) - 3.0 )"}, "2 steps"),
        ({"result": "8", "expression": "2*(3+1)"}, "2 steps"),
        ({"target": 8.0, "type": "multiarith"}, "2 steps"),
        ({"target": 8.0, "type": "addsub"}, "not stated"),
    ],
)
def test_levels_are_what_the_set_states(columns: dict[str, Any], level: str):
    """The number of steps comes from annotations, a formula or the part of the set, and is not guessed."""
    assert problems.steps_of(columns) == level


@pytest.fixture
def small(tmp_path: Path):
    """Three test sets of two problems in files, and the choices that name them."""
    gsm8k = [
        {"question": f"{QUESTION} {n}", "answer": f"12*4=<<12*4=48>>48\n#### {28 + n}"} for n in range(2)
    ]
    svamp = [
        {
            "ID": f"chal-{n}",
            "Body": f"Bo has {n} cups.",
            "Question": "How many?",
            "Equation": "( 1 + 2 )",
            "Answer": 3.0,
            "Type": "x",
        }
        for n in range(2)
    ]
    mawps = [{"input": f"Cy saw {n} owls. How many?", "target": 3.0, "type": "singleop"} for n in range(2)]
    for name, lines in (("gsm8k", gsm8k), ("svamp", svamp), ("mawps", mawps)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    named = {name: str(tmp_path / f"{name}.jsonl") for name in ("svamp", "mawps")}
    return choices.Choices(gsm8k_test=str(tmp_path / "gsm8k.jsonl"), limit_test=1, **named)


def test_drawn_problems_are_a_set_for_evaluate(small: Any, tmp_path: Path):
    """`kpmath evaluate` reads the drawn file with the fields of the experiment, with id, reference and level."""
    for name in problems.SETS:
        problems.draw_problems(name, small, tmp_path)
    wanted = [f"{problems.test_name(name)}={problems.drawn_file(name, tmp_path)}" for name in problems.SETS]
    found = [each.problems for each in open_sets(wanted, problems.FIELDS)]
    assert [len(each) for each in found] == [1, 1, 1]
    assert [each[0].level for each in found] == ["1 step"] * 3
    assert found[0][0].reference in {"28", "29"}


def test_overlaps_are_counted_against_whole_sets(small: Any, tmp_path: Path):
    """A training row that is a test problem is found, although the problem was not drawn."""
    problems.draw_problems("gsm8k", small, tmp_path)
    checks = RowChecks((), read_benchmarks([problems.whole_set("gsm8k", tmp_path)]))
    copies = [rows.of_gsm8k(str(n), f"{QUESTION} {n}", "#### 1") for n in range(2)]
    found = overlap.count_overlaps(
        checks, [*copies, rows.of_gsm8k("x", "What is the sum of the two cats?", "#### 2")]
    )
    assert {"set": "gsm8k", "kind": "verbatim", "rows": 2, "problems": 2} in found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He has 12 * 4 = 48 pens.", [(12, True)]),
        ("12*4=49, and $1,200 / 6 = $200.", [(12, False), (1200, True)]),
        ("10 ÷ 3 = 3.33", [(10, True)]),
        ("5 / 0 = 5", [(5, False)]),
        ("It is 2 + 3 + 4 = 9.", []),
        ("5 pens * 4 = 20", []),
        ("20% * 50 = 10", []),
        (".5 x 8 = 4", [(8, True)]),
    ],
)
def test_stated_steps_are_read(text: str, found: list[tuple[int, bool]]):
    """A step of one operation counts with its larger number; what cannot be read as one does not count at all."""
    assert list(steps.stated_steps(text)) == found


def test_choices_belong_to_a_folder(tmp_path: Path):
    """The same command goes on; another number of threads may; another seed is refused by name."""
    first = choices.Choices(seed=1)
    choices.settle(tmp_path / "e", first)
    choices.settle(tmp_path / "e", choices.Choices(seed=1, threads=2, device="cuda", stop_after="rows"))
    choices.settle(tmp_path / "e", choices.Choices(seed=3))  # nothing was made yet
    (tmp_path / "e" / "tests").mkdir()
    with pytest.raises(InputError, match="begun with seed = 3 and not 2"):
        choices.settle(tmp_path / "e", choices.Choices(seed=2))
    assert json.loads((tmp_path / "e" / "config.json").read_text())["begun_with"]["kpmath-builder"]


def test_a_folder_has_one_run_at_a_time_and_an_interruption_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["run.py", "--out", str(tmp_path)])
    with Lock(tmp_path / choices.LOCK, "trains"):
        assert run.main() == 2
    assert f"runs an experiment in {tmp_path}: wait for it, or stop it" in capsys.readouterr().err

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_take", interrupted)
    assert run.main() == 130
    assert capsys.readouterr().err == "Stopped: the same command goes on.\n"


@pytest.mark.parametrize(
    ("given", "trained"), [([], True), (["--stop-after", "rows"], False)], ids=["", "rows"]
)
def test_a_run_may_stop_before_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], *, trained: bool
):
    steps: list[str] = []
    monkeypatch.setattr("sys.argv", ["run.py", "--out", str(tmp_path), *given])
    for name in ("_take", "_take_models", "write_report"):
        monkeypatch.setattr(run, name, lambda *_, name=name: steps.append(name))
    assert run.main() == 0
    assert steps == ["_take", *["_take_models", "write_report"] * trained]


def test_calls_run_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    processes.side_by_side([partial(Path.touch, tmp_path / name) for name in "abc"], 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="invalid literal"):
        processes.side_by_side([partial(int, "x"), partial(int, "1")], 2)
    capsys.readouterr()
    with pytest.raises(InputError, match="fewer --jobs"):
        processes.side_by_side([partial(os._exit, 1)], 2)
    assert capsys.readouterr().err == ""  # the error is the one sentence


def test_a_failure_is_told_at_once_and_nothing_is_begun_after_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(ValueError, match="invalid literal"):
        processes.side_by_side([partial(int, "x"), *(partial(Path.touch, tmp_path / n) for n in "ab")], 1)
    assert capsys.readouterr().err.startswith(
        "Begins nothing new, and ends once what runs has ended: invalid"
    )
    assert not list(tmp_path.iterdir())


INTERRUPTED = """
import sys, time
from functools import partial
from pathlib import Path
from side_by_side import side_by_side

def wait(name):
    Path(sys.argv[1], name).touch()
    time.sleep(600)

if __name__ == "__main__":
    try:
        side_by_side([partial(wait, name) for name in "ab"], 2)
    except KeyboardInterrupt:
        sys.exit("stopped")
"""


@pytest.mark.parametrize("everybody", [True, False], ids=["all processes", "the parent alone"])
def test_an_interruption_ends_what_runs_side_by_side(tmp_path: Path, *, everybody: bool):
    (tmp_path / "script.py").write_text(INTERRUPTED)
    begun = tmp_path / "begun"
    begun.mkdir()
    path = {**os.environ, "PYTHONPATH": str(Path(processes.__file__).parent)}
    command = [sys.executable, str(tmp_path / "script.py"), str(begun)]
    with subprocess.Popen(
        command, env=path, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as script:
        while len(list(begun.iterdir())) < 2:
            assert script.poll() is None
            time.sleep(0.05)
        (os.killpg if everybody else os.kill)(script.pid, signal.SIGINT)
        assert script.communicate()[1] == "stopped\n"


def test_a_source_that_is_neither_a_file_nor_on_the_hub_is_named_with_the_options(
    monkeypatch: pytest.MonkeyPatch,
):
    def absent(*_: object) -> None:
        raise InputError("correct seeds.hub")

    monkeypatch.setattr(problems, "open_hub", absent)
    with pytest.raises(InputError, match=r"^openai/gsm8k is no file, .* give a file with --gsm8k-train"):
        problems.rows_of("openai/gsm8k", "train", "main")


def test_each_choice_has_a_meaning(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        choices.parse(["--help"])
    told = capsys.readouterr().out
    assert told.count("(default:") == len(dataclasses.fields(choices.Choices))


def test_a_torn_output_is_made_again(tmp_path: Path):
    """A line that a kill cut off is no output, and does not stay in the file for the next one to be appended to."""
    path = tmp_path / "o.jsonl"
    path.write_bytes(b'{"id": "1"}\n{"id": "2", "out')
    assert outputs.written(path) == [{"id": "1"}]
    assert path.read_bytes() == b'{"id": "1"}\n'


def test_a_run_on_output_is_cut():
    """What a model writes after its answer as the next problem is not graded."""
    assert outputs.cut(" 3\nThe answer is 3.\n\nUser: What is 4?") == "3\nThe answer is 3."


def test_special_tokens_are_those_of_the_file():
    """One that the file does not name stays; the end token is what a model is taught to stop with."""
    tokens = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    tokenizer = SimpleNamespace(
        convert_ids_to_tokens=tokens.__getitem__, eos_token=tokens[1], pad_token=None, unk_token="?"
    )
    gguf_folder.set_special_tokens(tokenizer, {"bos_token_id": 1, "eos_token_id": 2, "padding_token_id": 2})
    found = tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token, tokenizer.unk_token
    assert found == (tokens[1], tokens[2], tokens[2], "?")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("blk.12.attn_q.weight", "model.layers.12.self_attn.q_proj.weight"),
        ("blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"),
        ("blk.3.attn_k.bias", "model.layers.3.self_attn.k_proj.bias"),
        ("token_embd.weight", "model.embed_tokens.weight"),
    ],
)
def test_tensors_get_their_names(theirs: str, ours: str):
    """A tensor of llama.cpp is called as transformers calls it."""
    assert gguf_folder.parameter_name(theirs) == ours
