"""`kpmath evaluate` against a server: what is asked, what is paid for, what is written, and how it goes on after a kill."""

import contextlib
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Kpmath
from dummy_server import Body, DummyServer, choices, status
from forked_builds import in_a_fork
from small_builds import keys_of

from kpmath_builder import EvaluationResult, InputError, compare, evaluate
from kpmath_builder.evaluation.result import read_results
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.protocol import Response

PROBLEMS = 24
SECRET = "Marbles of the jar"
"""Stands in each problem, and must stand in no result file."""


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    rows = (
        {"problem": f"{SECRET}: {n} + {n}?", "answer": str(2 * n), "level": n % 2, "subject": "Sums"}
        for n in range(PROBLEMS)
    )
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def documented(section: str) -> set[str]:
    """Return the keys that docs/scripting.md lists for a command."""
    page = (Path(__file__).resolve().parents[1] / "docs/scripting.md").read_text()
    text = page.partition(f"\n### {section}\n")[2].partition("\n### ")[0]
    return {
        name
        for line in text.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }


FIELDS = {"problem": "problem", "answer": "answer", "level": "level", "subject": "subject"}


def adds(body: Body) -> str:
    """Add right, but for numbers that end in 3; of several samples every second one abstains."""
    (number,) = re.findall(r": (\d+) \+", body["messages"][-1]["content"])
    if body["temperature"] and body["seed"] % 2:
        return "I cannot say."
    return f"So it is $\\boxed{{{2 * int(number) + (number[-1] == '3')}}}$."


def run(server: DummyServer, problems: Path, folder: Path, **changes: object) -> EvaluationResult:
    given = {
        "addresses": [server.address],
        "fields": FIELDS,
        "settings": {"teacher.in_flight": "3"},
        "folder": folder,
    }
    return evaluate("dummy", f"sums={problems}", **{**given, **changes})  # type: ignore[arg-type]


def test_pass_at_1_is_greedy_with_2048_tokens_and_the_instruction_of_the_paper(
    problems: Path, tmp_path: Path
) -> None:
    with DummyServer(adds) as server:
        result = run(server, problems, tmp_path / "e")
    (found,) = result.sets
    assert [(its.name, its.rule, its.value) for its in found.scores] == [
        ("pass@1", rule, pytest.approx(21 / 24)) for rule in ("strict", "published")
    ]
    assert {
        (body["temperature"], body["top_p"], body["max_tokens"], body["n"]) for body in server.bodies
    } == {(0.0, 1.0, 2048, 1)}
    assert server.bodies[0]["messages"][-1]["content"].endswith(
        "?\nEnclose the final answer using \\boxed{}."
    )
    assert {name: count for name, (count, _) in found.levels.items()} == {"Level 0": 12, "Level 1": 12}
    assert found.subjects["Sums"][1] == found.scores
    assert server.requests == PROBLEMS


def test_nothing_is_asked_twice_and_the_result_is_the_same(problems: Path, tmp_path: Path) -> None:
    """A second run reads the log alone, and needs no server."""
    with DummyServer(adds) as server:
        run(server, problems, tmp_path / "e")
    before = (tmp_path / "e/results.json").read_bytes()
    run(server, problems, tmp_path / "e")
    assert (tmp_path / "e/results.json").read_bytes() == before
    assert read_results(tmp_path / "e") == run(server, problems, tmp_path / "e")


def test_answers_of_an_earlier_run_are_said_to_be_that(problems: Path, tmp_path: Path) -> None:
    """The log knows a model by its name: behind an address another may serve under it by now."""
    notes: list[str] = []
    with DummyServer(adds) as server:
        run(server, problems, tmp_path / "e", limit=4, progress=lambda its: notes.append(its.note))
        assert not any("earlier run" in note for note in notes)
        run(server, problems, tmp_path / "e", limit=4, progress=lambda its: notes.append(its.note))
    (said,) = {note for note in notes if "earlier run" in note}
    assert said == (
        "4 of 4 problems were answered in an earlier run, and not asked again: if dummy is another model by now, choose another "
        "folder with --to."
    )


def test_samples_that_may_be_copies_are_said_in_the_results(problems: Path, tmp_path: Path) -> None:
    """Also when they come from the log, and not for a single sample."""
    with DummyServer(lambda body: adds({**body, "seed": 0})) as server:
        server.obeys = False
        one = run(server, problems, tmp_path / "one", limit=3)
        run(server, problems, tmp_path / "e", limit=3, samples=4)
        again = run(server, problems, tmp_path / "e", limit=3, samples=4)
    assert not one.sets[0].remarks
    assert (
        again.sets[0]
        .remarks[0]
        .startswith("12 outputs on sums are of a server that gives one reply to different seeds")
    )
    assert "gives one reply to different seeds" in (tmp_path / "e/report.md").read_text()
    assert read_results(tmp_path / "e").sets == again.sets


def test_a_server_is_not_held_to_what_only_builds_need(problems: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    with DummyServer(adds, obeys=False) as server:
        run(server, problems, tmp_path / "e", limit=2, progress=lambda its: notes.append(its.note))
    assert not any("regular expression" in note for note in notes)


def test_results_and_report_hold_no_text_of_a_problem(problems: Path, tmp_path: Path) -> None:
    with DummyServer(adds) as server:
        result = run(server, problems, tmp_path / "e")
    for name in ("results.json", "report.md"):
        assert SECRET not in (tmp_path / "e" / name).read_text()
    assert SECRET not in result._repr_html_() + json.dumps(result.as_json())
    assert "87.5%" in result._repr_html_()


def test_samples_give_pass_at_k_and_maj_at_k(problems: Path, tmp_path: Path) -> None:
    """Of 4 samples two abstain and two agree: pass@4 and maj@4 are the share of right answers, pass@1 half of it."""
    with DummyServer(adds) as server:
        result = run(server, problems, tmp_path / "e", samples=4, ks=[1, 4])
    values = {its.name: its.value for its in result.sets[0].scores if its.rule == "strict"}
    assert values == {
        name: pytest.approx(21 / 24 * share) for name, share in (("pass@1", 0.5), ("pass@4", 1), ("maj@4", 1))
    }
    assert server.requests == 4 * PROBLEMS
    assert len({body["seed"] for body in server.bodies}) == 4 * PROBLEMS
    assert result.sets[0].unread == 2 * PROBLEMS


def test_a_text_to_continue_goes_through_a_chat_template_that_adds_nothing(
    problems: Path, tmp_path: Path
) -> None:
    notes: list[str] = []
    with DummyServer(adds) as server:
        run(
            server,
            problems,
            tmp_path / "e",
            template="paper",
            limit=2,
            progress=lambda its: notes.append(its.note),
        )
    assert {body["chat_template"] for body in server.bodies} == {
        "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    }
    assert {body["messages"][0]["content"] for body in server.bodies} == {
        f"User: {SECRET}: {n} + {n}?\nEnclose the final answer using \\boxed{{}}.\n\nAssistant: "
        for n in range(2)
    }
    assert {len(body["messages"]) for body in server.bodies} == {1}
    assert all(body["stop"] == ["\nUser:"] for body in server.bodies)
    assert any("does not say that it is vLLM" in note for note in notes)


def test_what_a_server_refuses_is_wrong_and_never_read_for_an_answer(problems: Path, tmp_path: Path) -> None:
    refusal = status(400, "This model's maximum context length is 8 tokens, the answer is 0.")
    with DummyServer(
        adds, faults=lambda body, number: refusal if ": 0 +" in body["messages"][-1]["content"] else None
    ) as server:
        result = run(server, problems, tmp_path / "e")
    (found,) = result.sets
    assert found.ends == Counter(stop=PROBLEMS - 1, refused=1)
    assert found.scores[0].value == pytest.approx(20 / 24)
    notes = list(found.notes())
    assert any("--retry-given-up" in note for note in notes)
    assert not any("name no answer" in note for note in notes), "they are said once"


def test_an_output_that_was_cut_off_is_counted(problems: Path, tmp_path: Path) -> None:
    with DummyServer(adds, faults=lambda body, number: choices("length", content="So then")) as server:
        result = run(server, problems, tmp_path / "e")
    notes = " ".join(result.sets[0].notes())
    assert "24 of 24 outputs were cut off" in notes
    assert "24 of 24 outputs name no answer" in notes


def killed_after(answers: int, signum: int, work: Callable[[], object]) -> Callable[[], object]:
    """Return `work` that gets a signal right after so many answers are in its log."""

    def killed() -> None:
        plain, logged = ResponseLog.put, 0

        def put(log: ResponseLog, key: str, task: str, address: str, response: Response) -> None:
            nonlocal logged
            plain(log, key, task, address, response)
            logged += 1
            if logged == answers:
                os.kill(os.getpid(), signum)

        ResponseLog.put = put  # type: ignore[method-assign]
        with contextlib.suppress(KeyboardInterrupt):
            work()

    return killed


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_an_evaluation_killed_five_times_ends_as_if_nothing_had_happened(
    problems: Path, tmp_path: Path, signum: int
) -> None:
    """The result file is the same to the byte; no logged answer is asked for again, and after SIGTERM nothing at all is."""
    with DummyServer(adds) as server:
        run(server, problems, tmp_path / "whole")
        asked_by_whole = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
        server.bodies.clear()
        for _ in range(5):
            assert in_a_fork(killed_after(3, signum, lambda: run(server, problems, tmp_path / "e"))) == ""
            assert not (tmp_path / "e/results.json").exists()
        run(server, problems, tmp_path / "e")
        asked = Counter(json.dumps(body, sort_keys=True) for body in server.bodies)
    assert (tmp_path / "e/results.json").read_bytes() == (tmp_path / "whole/results.json").read_bytes()
    assert sorted(keys_of(tmp_path / "e")) == sorted(keys_of(tmp_path / "whole"))
    assert asked.keys() == asked_by_whole.keys()
    under_way = 0 if signum == signal.SIGTERM else 5 * 2
    assert asked.total() - PROBLEMS <= under_way, (
        "of three in flight, one was answered and logged when the signal came"
    )


def test_several_servers_share_the_work(problems: Path, tmp_path: Path) -> None:
    with DummyServer(adds, seconds=0.01) as one, DummyServer(adds, seconds=0.01) as other:
        run(one, problems, tmp_path / "e", addresses=[one.address, other.address])
    assert one.requests + other.requests == PROBLEMS
    assert min(one.requests, other.requests) > 0


def test_two_models_are_compared_problem_by_problem(problems: Path, tmp_path: Path) -> None:
    with DummyServer(adds) as first, DummyServer(lambda body: adds(body).replace("So", "Thus")) as second:
        a = run(first, problems, tmp_path / "a")
        second.reply = lambda body: "\\boxed{0}" if "1 +" in body["messages"][-1]["content"] else adds(body)
        run(second, problems, tmp_path / "b")
    found = compare(a, tmp_path / "b")
    strict = found.differences[0]
    assert (strict.count, strict.gained, strict.lost) == (24, (), ("00001", "00011", "00021"))
    assert strict.p_value == pytest.approx(0.25)
    assert strict.interval.low <= strict.second - strict.first <= strict.interval.high
    assert SECRET not in "\n".join(found.lines())
    assert "-12.5" in found._repr_html_()


def test_evaluations_without_a_common_problem_are_not_compared(problems: Path, tmp_path: Path) -> None:
    with DummyServer(adds) as server:
        a = run(server, problems, tmp_path / "a")
        b = evaluate("dummy", f"other={problems}", addresses=[server.address], folder=tmp_path / "b", limit=2)
    with pytest.raises(InputError, match="no problem in common"):
        compare(a, b)


def test_one_set_under_two_names_is_one(problems: Path, tmp_path: Path) -> None:
    with DummyServer(adds) as server:
        a = run(server, problems, tmp_path / "a")
        b = evaluate("dummy", str(problems), addresses=[server.address], fields=FIELDS, folder=tmp_path / "b")
        c = evaluate(
            "dummy", f"mine={problems}", addresses=[server.address], fields=FIELDS, folder=tmp_path / "c"
        )
    for other in (b, c):
        found = compare(a, other)
        assert (found.differences[0].count, found.notes) == (24, ())


def test_problems_of_one_id_and_answer_are_not_compared_if_their_texts_differ(
    problems: Path, tmp_path: Path
) -> None:
    """Files of two sets that have one name: their ids are numbers of rows, and many answers are alike."""
    other = tmp_path / "others/sums.jsonl"
    other.parent.mkdir()
    rows = problems.read_text().replace("Marbles of", "Pebbles in").splitlines(keepends=True)
    other.write_text("".join([*problems.read_text().splitlines(keepends=True)[:5], *rows[5:]]))
    with DummyServer(adds) as server:
        a, b = run(server, problems, tmp_path / "a"), run(server, other, tmp_path / "b")
    found = compare(a, b)
    assert {each.count for each in found.differences} == {5}
    assert found.notes == (
        "sums: 38 problems have no partner with the same id, text and reference answer, and are left out.",
    )


@pytest.mark.parametrize(
    ("part", "value"),
    [("grades", []), ("ends", ["stop", "stop"]), ("votes", [0, 0, 1])],
)
def test_a_result_that_was_edited_is_no_result(
    problems: Path, tmp_path: Path, part: str, value: object
) -> None:
    with DummyServer(adds) as server:
        run(server, problems, tmp_path / "e", limit=2)
    path = tmp_path / "e/results.json"
    tree = json.loads(path.read_text())
    tree["sets"][0]["problems"][1][part] = value
    path.write_text(json.dumps(tree))
    with pytest.raises(InputError, match="is not a result of `kpmath evaluate`"):
        compare(tmp_path / "e", tmp_path / "e")
    tree["sets"][0]["problems"][1].update(grades=[{"answer": "2", "strict": "yes"}], ends=["stop"], votes=[])
    path.write_text(json.dumps(tree))
    with pytest.raises(InputError, match="verdict 'yes'"):
        read_results(tmp_path / "e")


def test_a_folder_keeps_the_result_of_another_evaluation(problems: Path, tmp_path: Path) -> None:
    """Neither another way of asking nor fewer problems replace what is there; a further set is added."""
    with DummyServer(adds) as server:
        run(server, problems, tmp_path / "e")
        before = (tmp_path / "e/results.json").read_bytes()
        with pytest.raises(InputError, match="in another way: choose another folder"):
            run(server, problems, tmp_path / "e", max_tokens=100)
        with pytest.raises(InputError, match="would be lost"):
            run(server, problems, tmp_path / "e", limit=3)
        assert (tmp_path / "e/results.json").read_bytes() == before
        asked = server.requests
        more = evaluate(
            "dummy",
            [f"sums={problems}", f"again={problems}"],
            addresses=[server.address],
            fields=FIELDS,
            folder=tmp_path / "e",
        )
    assert [each.name for each in more.sets] == ["sums", "again"]
    assert server.requests == asked + PROBLEMS


def test_more_samples_take_those_that_are_there(problems: Path, tmp_path: Path) -> None:
    """Two samples become four in one folder, and two are paid for; fewer would lose some."""
    with DummyServer(adds) as server:
        run(server, problems, tmp_path / "e", samples=2)
        asked = server.requests
        more = run(server, problems, tmp_path / "e", samples=4)
        assert server.requests - asked == 2 * PROBLEMS
        assert {len(problem.grades) for problem in more.sets[0].problems} == {4}
        with pytest.raises(InputError, match="in another way"):
            run(server, problems, tmp_path / "e", samples=2)


def test_recorded_outputs_are_graded_without_a_server(kpmath: Kpmath, problems: Path, tmp_path: Path) -> None:
    rows = [{"problem_id": n, "output": f"\\boxed{{{2 * n}}}"} for n in range(PROBLEMS - 2)]
    (tmp_path / "o.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = (
        "evaluate",
        "my-model",
        "--on",
        "sums=sums.jsonl",
        "--fields",
        "problem=problem,answer=answer",
        "--outputs",
        "o.jsonl",
    )
    code, out, err = kpmath(*words)
    assert (code, err) == (0, "")
    assert "sums: pass@1 strict 100.0% (85.1% – 100.0%), 22 problems" in out
    assert "2 problems of sums have no output and are not counted." in out
    assert (tmp_path / "evaluations/my-model/report.md").is_file()
    code, out, _ = kpmath(*words, "--json")
    assert code == 0
    told = json.loads(out)
    assert told["sets"][0]["scores"][0]["value"] == 1.0
    assert "problems" not in told["sets"][0]
    assert told.keys() == {"format"} | documented("`kpmath evaluate`")
    code, out, _ = kpmath("evaluate", "compare", "evaluations/my-model", "evaluations/my-model", "--json")
    assert json.loads(out).keys() == {"format"} | documented("`kpmath evaluate compare`")
    code, out, _ = kpmath("evaluate", "compare", "evaluations/my-model", "evaluations/my-model")
    assert code == 0
    assert "| sums | strict | 22 | 100.0% | 100.0% |" in out


def test_a_comma_in_the_name_of_a_test_set_s_file_is_none_between_sets(
    kpmath: Kpmath, problems: Path, tmp_path: Path
) -> None:
    problems.rename(tmp_path / "a,b.jsonl")
    (tmp_path / "o.jsonl").write_text('{"output": "0"}\n')
    code, out, _ = kpmath("evaluate", "m", "--on", "a,b.jsonl", "--outputs", "o.jsonl")
    assert code == 0
    assert "a-b: pass@1 strict 100.0%" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["m"], "Name the test sets with --on"),
        (["m", "n", "--on", "gsm8k"], "Give one model, or the addresses"),
        (["http://127.0.0.1:9", "--on", "sums.jsonl"], "name the model as the server lists it: --model NAME"),
        (["http://127.0.0.1:9", "--model", "m", "--on", "sums.jsonl"], "No server answers at http://127.0.0.1:9"),
        (["m", "--on", "sums.jsonl", "--samples", "0"], "--samples is 0"),
        (["m", "--on", "sums.jsonl", "--k", "2"], "--k names 2, and there are 1 samples"),
        (["m", "--on", "sums.jsonl", "--k", "many"], "--k many is not a number of samples"),
        (["m", "--on", "sums.jsonl", "--samples", "2", "--temperature", "0"], "all samples of a problem are one"),
        (["m", "--on", "sums.jsonl", "--max-tokens", "0"], "max_tokens"),
        (["m", "--on", "sums.jsonl", "--limit", "0"], "--limit is 0"),
        (["m", "--on", "sums.jsonl", "--template", "mine"], "There is no template 'mine'"),
        (["m", "--on", "sums.jsonl", "--set", "build.questions=3"], "--set build.questions has no effect"),
        (["m", "--on", "sums.jsonl", "--outputs", "nowhere.jsonl"], "There is no file of outputs nowhere.jsonl"),
        (["http://x", "--model", "m", "--on", "sums.jsonl", "--outputs", "sums.jsonl"], "the address would change nothing"),
        (["m", "--on", "sums.jsonl", "--outputs", "sums.jsonl", "--samples", "4"], "--samples would change nothing"),
        (["m", "--on", "sums.jsonl", "--outputs", "sums.jsonl", "--template", "nosuch"], "--template would change nothing"),
        (["m", "--on", "sums.jsonl", "--outputs", "sums.jsonl", "--set", "teacher.in_flight=3"], "--set would change nothing"),
        (["m", "--on", "sums.jsonl", "--fields", "output=text"], "names a column of recorded outputs"),
        (["m", "--on", "gsm8k", "--fields", "problem=a,answer=b"], "names the columns of a file, and --on names none"),
        (["compare", "a"], "Give two folders"),
        (["compare", "a", "b"], "There is no result of an evaluation at a"),
        (["compare", "sums.jsonl", "b"], "is not a result of `kpmath evaluate`"),
    ],
)  # fmt: skip
def test_bad_words_are_one_sentence(kpmath: Kpmath, problems: Path, words: list[str], said: str) -> None:
    code, out, err = kpmath("evaluate", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
