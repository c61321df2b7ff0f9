"""`kpmath verify`: whatever is changed in a build folder is found out and named."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import Kpmath, run_command
from dummy_server import DummyServer
from families import named
from roleplay import play
from small_builds import recipe

from kpmath_builder import BuildError, InputError, Recipe, build, rescore
from kpmath_builder.files.lock import Lock
from kpmath_builder.files.sealed import (
    read_header,
    read_lines,
    read_object,
    write_lines,
    write_object,
    write_text,
)
from kpmath_builder.folder.build_spec import PARAPHRASE_MODEL, BuildSpec
from kpmath_builder.folder.build_spec import test_set_key as key_of_set
from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.folder.workspace import Workspace
from kpmath_builder.inspection.status import read_status
from kpmath_builder.inspection.verify import Disagreement, Verifier, sentences_of
from kpmath_builder.pipeline import repair
from kpmath_builder.seeds.benchmarks import Benchmark


@pytest.fixture
def folder(build_copy: Path) -> Path:
    """Return a finished build that a test may spoil."""
    return build_copy


def verify(folder: Path) -> list[str]:
    return [str(found) for found in Verifier(folder).run()]


def change_line(path: Path, number: int, change: Callable[[bytes], bytes]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    path.write_bytes(b"".join(lines))


def change_json(path: Path, change: Callable[[dict], object]) -> None:
    """Change an object so that it proves itself all the same."""
    value = read_object(path)
    assert value is not None
    change(value)
    write_object(path, value)


def change_row_of_shard(path: Path, number: int, change: Callable[[bytes], bytes]) -> None:
    """Change a line below the header so that the shard proves itself all the same."""
    header, lines = read_header(path), list(read_lines(path))
    assert header is not None
    lines[number] = change(lines[number])
    kept = {key: value for key, value in header.items() if key not in {"rows", "bytes", "digest"}}
    write_lines(path, kept, lines)


def change_row(path: Path, number: int, column: str, value: object) -> None:
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[number - 1][column] = value
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def table(folder: Path, config: str) -> Path:
    return folder / f"dataset/data/{config}/train-00000-of-00001.parquet"


def test_a_whole_build_verifies_and_stays_as_it_is(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    verifier = Verifier(folder)
    assert list(verifier.run()) == []
    assert verifier.checked["candidates"] == 24
    assert verifier.checked["responses"] > 24 * 3
    assert verifier.checked["rows"] > 24 + 20
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_build_that_is_not_finished_is_verified_as_far_as_it_is(tmp_path: Path) -> None:
    with DummyServer(play) as server:
        build(recipe(tmp_path, server), shards=[1])
    verifier = Verifier(tmp_path)
    assert list(verifier.run()) == []
    assert verifier.checked["candidates"] == 6
    assert verifier.checked["rows"] == 0


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte in a response": (
        lambda f: change_line(f / "responses/synthesis-00001.jsonl", 3, lambda line: line.replace(b'"text":"', b'"text":"x')),
        "responses/synthesis-00001.jsonl, line 3: its checksum is wrong",
    ),
    "a torn log": (
        lambda f: (f / "responses/extract-00000.jsonl").open("ab").write(b'{"key":"sha'),
        "responses/extract-00000.jsonl, last line: is unfinished (11 bytes)",
    ),
    "a lost line": (
        lambda f: change_line(f / "responses/extract-00000.jsonl", 2, lambda line: b""),
        "knowledge/extractions.jsonl, line ",
    ),
    "a log that is not there": (
        lambda f: (f / "responses/synthesis-00002.jsonl").write_bytes(b""),
        "candidates/shard-00002.jsonl, line 2: differs in",
    ),
    "a candidate": (
        lambda f: change_line(f / "candidates/shard-00003.jsonl", 4, lambda line: line.replace(b'"stage":"', b'"stage":"x')),
        "candidates/shard-00003.jsonl, line 4: differs in stage",
    ),
    "a candidate too many": (
        lambda f: (f / "candidates/shard-00000.jsonl").open("ab").write(b"{}\n"),
        "candidates/shard-00000.jsonl, line 8: should not be there",
    ),
    "a shard's count": (
        lambda f: change_line(f / "candidates/shard-00000.jsonl", 1, lambda line: line.replace(b' 6, "bytes"', b' 7, "bytes"')),
        "candidates/shard-00000.jsonl, line 1: differs in rows",
    ),
    "a candidate in a shard that proves itself": (
        lambda f: change_row_of_shard(f / "candidates/shard-00003.jsonl", 2, lambda line: line.replace(b'"note":""', b'"note":"x"')),
        "candidates/shard-00003.jsonl, line 4: differs in blueprint",
    ),
    "a shard of another number": (
        lambda f: shutil.copy(f / "candidates/shard-00002.jsonl", f / "candidates/shard-00001.jsonl"),
        "candidates/shard-00001.jsonl, all of it: its checksum is wrong",
    ),
    "a shard that is gone": (
        lambda f: (f / "candidates/shard-00000.jsonl").unlink(),
        "candidates/shard-00000.jsonl, all of it: is missing",
    ),
    "an extraction": (
        lambda f: change_line(f / "knowledge/extractions.jsonl", 5, lambda line: line.replace(b'"dummy"', b'"dumny"')),
        "knowledge/extractions.jsonl, all of it: it is not what was written",
    ),
    "a seed": (
        lambda f: change_line(f / "knowledge/seeds.jsonl", 2, lambda line: line.replace(b'"problem":"', b'"problem":"x')),
        "knowledge/seeds.jsonl, all of it: it has ",
    ),
    "the clusters": (
        lambda f: (f / "knowledge/topics.json").write_text((f / "knowledge/topics.json").read_text().replace('"problems": ', '"problems": 1')),
        "knowledge/topics.json, all of it: it has ",
    ),
    "the matrix": (
        lambda f: (f / "knowledge/tcpm.npz").write_bytes((f / "knowledge/tcpm.npz").read_bytes()[:-1] + b"x"),
        "knowledge/tcpm.npz, all of it: it is not what was written",
    ),
    "a cell of a table": (
        lambda f: change_row(table(f, "scored"), 7, "question", "What?"),
        "dataset/data/scored/train-00000-of-00001.parquet, row 7 (",
    ),
    "a table's bytes": (
        lambda f: pq.write_table(pq.read_table(table(f, "qa-pairs")), table(f, "qa-pairs"), compression="gzip"),
        "dataset/data/qa-pairs/train-00000-of-00001.parquet, all of it: it has ",
    ),
    "a lost row": (
        lambda f: pq.write_table(pq.read_table(table(f, "kp-extraction")).slice(0, 19), table(f, "kp-extraction")),
        "train-00000-of-00001.parquet, after the last row (bundled/00019): is missing",
    ),
    "a table that is gone": (lambda f: table(f, "scored").unlink(), "dataset/data/scored, all of it: is missing"),
    "the card": (
        lambda f: (f / "dataset/README.md").open("a").write("Best set ever.\n"),
        "dataset/README.md, line ",
    ),
    "a count": (
        lambda f: change_json(f / "manifest.json", lambda m: m["rows"].update({"scored": 25})),
        "manifest.json, rows.scored: is 25, the log makes 24",
    ),
    "the funnel": (
        lambda f: change_json(f / "manifest.json", lambda m: m["funnel"]["passed"].update({"asked": 25})),
        "manifest.json, funnel.passed.asked: is 25, the log makes 24",
    ),
    "the build spec": (
        lambda f: change_json(f / "build_spec.json", lambda g: g["spec"]["asked"].update({"solutions.samples": 5})),
        "build_spec.json, asked.solutions.samples: is 5, the log makes 4",
    ),
    "the recipe": (
        lambda f: (f / "recipe.toml").write_text((f / "recipe.toml").read_text().replace("threshold = 0.85", "threshold = 0.5")),
        "recipe.toml, all of it: its checksum is wrong",
    ),
    "a recipe of another build": (
        lambda f: write_text(f / "recipe.toml", (f / "recipe.toml").read_text().replace("threshold = 0.85", "threshold = 0.5")),
        "recipe.toml, all of it: it is not the one that this folder was built with",
    ),
    "the manifest": (lambda f: (f / "manifest.json").write_bytes(b""), "manifest.json, all of it: it is empty"),
    "generations that are gone": (lambda f: (f / "generations.json").unlink(), "generations.json, all of it: it is missing"),
    "a stray file": (lambda f: (f / "dataset/.DS_Store").write_text("x"), "dataset/.DS_Store, all of it: no build wrote it"),
    "a link": (
        lambda f: (f / "dataset/figures/more.svg").symlink_to("/etc/hostname"),
        "dataset/figures/more.svg, all of it: no build wrote it",
    ),
    "a folder that is a link": (
        lambda f: (f / "dataset/figures").rename(f / "elsewhere") and (f / "dataset/figures").symlink_to(f / "elsewhere"),
        "dataset/figures, all of it: it is a link, not a folder",
    ),
    "the origin": (
        lambda f: change_json(f / "knowledge/origin.json", lambda o: o["origin"].update({"build.seed": 1})),
        "knowledge/origin.json, build.seed: is 1, the log makes 0",
    ),
}  # fmt: skip


OF_EACH_KIND = ("a byte in a response", "a shard that is gone", "the clusters", "the recipe", "a stray file")
NAMED_BY_THEIR_PLACE = (
    "a lost line",
    "a candidate",
    "a cell of a table",
    "a lost row",
    "the funnel",
    "the origin",
)


@pytest.mark.parametrize("what", named(SPOILT, *OF_EACH_KIND, *NAMED_BY_THEIR_PLACE))
def test_what_was_changed_is_named(folder: Path, what: str) -> None:
    spoil, told = SPOILT[what]
    spoil(folder)
    found = verify(folder)
    assert any(told in line for line in found), found


NOT_BY_A_COMMAND = {
    "a lost line": "bring .*/responses/extract-00000.jsonl back from a copy",
    "a log that is not there": "--shards 2 --regenerate` asks everything of this shard anew",
}
"""What was answered and is lost: nothing makes it again for nothing."""


@pytest.mark.parametrize(
    "what",
    named((what for what in SPOILT if what not in NOT_BY_A_COMMAND), *OF_EACH_KIND),
)
def test_what_is_named_as_the_remedy_mends_it(
    folder: Path, what: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does what stands there, as long as something stands there, has a whole build in the end."""
    recipe_before = (folder / "recipe.toml").read_text()
    (folder.parent / "mine.toml").write_text(recipe_before)
    SPOILT[what][0](folder)
    for _ in range(3):
        remedies = {found.remedy: found.file for found in Verifier(folder).run()}
        if not remedies:
            return
        for remedy, file in remedies.items():
            do_what_it_says(folder, file, remedy, capsys, monkeypatch)
    found = verify(folder)
    if what == "a byte in a response":  # what was answered is lost; the rows are whole
        assert all("--shards 1 --regenerate" in line for line in found)
    else:
        assert found == []


def do_what_it_says(
    folder: Path,
    file: str,
    remedy: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if "--regenerate" in remedy:
        return
    if remedy.startswith("delete "):
        Path(remedy.split(",", maxsplit=1)[0].removeprefix("delete ")).unlink(missing_ok=True)
    if remedy.startswith("move it"):
        (folder / file).rename(folder.parent / "moved")
        return
    command = re.findall("`kpmath ([^`]*)`", remedy)[0].split()
    if command == ["build"]:
        command = ["build", str(folder.parent / "mine.toml"), "--set", f"build.folder={folder}"]
    status, _, err = run_command(tuple(command), capsys, monkeypatch)
    assert status in {0, 1}, err


@pytest.mark.parametrize("what", NOT_BY_A_COMMAND)
def test_of_what_is_lost_it_says_what_is_left_to_do(folder: Path, what: str) -> None:
    SPOILT[what][0](folder)
    found = verify(folder)
    assert any(re.search(NOT_BY_A_COMMAND[what], line) for line in found), found


GONE = {
    "the log of a shard": ("synthesis-00001.jsonl",),
    "the log of the extraction": ("extract-00000.jsonl",),
    "all logs": ("extract-00000.jsonl", *(f"synthesis-{n:05d}.jsonl" for n in range(4))),
}


@pytest.mark.parametrize("what", GONE)
def test_a_log_that_is_gone_is_named_with_what_rests_on_it(kpmath: Kpmath, folder: Path, what: str) -> None:
    """It is no traceback, with `--repair` or without, and a repair leaves the rows as they are."""
    before = {path: path.read_bytes() for path in (folder / "dataset").rglob("*.parquet")}
    for path in (folder / "responses").iterdir() if what == "all logs" else ():
        path.unlink()
    for name in GONE[what]:
        (folder / "responses" / name).unlink(missing_ok=True)
    for words in ((), ("--repair",)):
        status, out, err = kpmath("verify", folder, *words)
        assert (status, err) == (1, "")
        for name in GONE[what]:
            assert (
                f"responses/{name}, all of it: is missing. To mend it: bring {folder}/responses/{name} back"
                in out
            )
    assert {path: path.read_bytes() for path in before} == before


def test_a_shard_that_is_gone_with_its_log_is_a_sentence(kpmath: Kpmath, folder: Path) -> None:
    (folder / "responses/synthesis-00001.jsonl").unlink()
    (folder / "candidates/shard-00001.jsonl").unlink()
    status, out, _ = kpmath("verify", folder)
    assert (status, "candidates/shard-00001.jsonl, all of it: is missing" in out) == (1, True)
    status, _, err = kpmath("verify", folder, "--repair")
    assert (status, err.count("\n")) == (1, 1)
    assert "holds no answer to this write request: run `kpmath build`" in err


def test_topics_whose_answers_are_lost_are_not_to_be_made_again(folder: Path) -> None:
    """The model decided which topics are one; without its answers they would be others, and the questions too."""
    log = folder / "responses/topics-00000.jsonl"
    assert log.stat().st_size > 0
    log.unlink()
    found = [it for it in verify(folder) if it.startswith(("responses/topics", "knowledge/"))]
    assert found[0].startswith("responses/topics-00000.jsonl, all of it: lacks ")
    assert all("back from a copy" in it for it in found), found


def test_an_answer_under_a_wrong_key_is_found_out(folder: Path) -> None:
    """Its line's checksum is right; the request that it would have answered is missed."""
    path = folder / "responses/synthesis-00000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    entry = json.loads(lines[0])
    path.write_bytes(b"".join(lines[1:]))
    with (
        ResponseLog(path) as log,
        ResponseLog(folder / "responses/extract-00000.jsonl", writable=False) as other,
    ):
        stolen = other.get(next(iter(keys(other.path))))
        assert stolen is not None
        log.put("sha256:" + "0" * 64 + "/0", entry["task"], entry["for"], stolen)
    found = verify(folder)
    assert any(line.startswith("candidates/shard-00000.jsonl, line ") for line in found), found
    assert not any("checksum" in line for line in found)


def keys(path: Path) -> list[str]:
    return [json.loads(line)["key"] for line in path.read_bytes().splitlines()]


def test_nothing_is_verified_while_somebody_is_at_work(folder: Path) -> None:
    with (
        Lock(folder / "responses/synthesis-00001.lock", "is writing"),
        pytest.raises(InputError, match="is at work in"),
    ):
        verify(folder)


def test_a_symbolic_build_verifies(tmp_path: Path) -> None:
    build(
        Recipe.of({"seeds": {"limit": 30}, "build": {"folder": str(tmp_path), "questions": 10, "shards": 2}})
    )
    assert verify(tmp_path) == []


REPAIRED = (
    "candidates/shard-00000.jsonl",
    "knowledge/seeds.jsonl",
    "knowledge/extractions.jsonl",
    "knowledge/topics.json",
    "knowledge/tcpm.npz",
    "knowledge/origin.json",
    "dataset/data/scored/train-00000-of-00001.parquet",
    "dataset/README.md",
    "manifest.json",
    "build_spec.json",
    "generations.json",
)


@pytest.mark.parametrize(
    "what",
    named(
        [f"{name} {how}" for name in REPAIRED for how in ("deleted", "flipped")],
        "candidates/shard-00000.jsonl deleted",
        "knowledge/topics.json flipped",
        "manifest.json flipped",
    ),
)
def test_what_follows_from_the_log_is_made_again_to_the_byte(folder: Path, what: str) -> None:
    """Without any server, and a second look finds nothing."""
    name, how = what.split()
    path = folder / name
    before = path.read_bytes()
    data = bytearray(before)
    data[len(data) // 2] ^= 8
    path.unlink() if how == "deleted" else path.write_bytes(data)
    assert verify(folder) or path.name == "manifest.json", (
        "without a manifest a build is not finished, which is no damage"
    )
    repair(folder)
    assert path.read_bytes() == before
    assert verify(folder) == []


def test_a_repair_that_lacks_an_answer_changes_nothing_of_what_is_whole(folder: Path) -> None:
    (folder / "responses/synthesis-00000.jsonl").write_bytes(b"")
    (folder / "candidates/shard-00000.jsonl").unlink()
    whole = folder / "candidates/shard-00001.jsonl"
    before = whole.read_bytes()
    (folder / "manifest.json").write_bytes(b"")
    with pytest.raises(BuildError, match="holds no answer to this write request: run `kpmath build`"):
        repair(folder)
    assert whole.read_bytes() == before


def test_each_remedy_is_printed_once_a_file_and_many_places_are_counted() -> None:
    found = [Disagreement("a", f"line {number}", "differs", "do this") for number in range(1, 6)]
    found.append(Disagreement("b", "all of it", "is missing", "do that"))
    assert list(sentences_of(found, most=2)) == [
        "a, line 1: differs. To mend it: do this.",
        "a, line 2: differs.",
        "a: 3 more places, which the same mends; --json lists all.",
        "b, all of it: is missing. To mend it: do that.",
    ]


def test_test_sets_and_the_paraphrase_model_are_named_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a remedy of its own, and the disagreement of one hides none of the other."""
    spec = BuildSpec({}, {}, {}, {key_of_set("mine"): "sha256:1", PARAPHRASE_MODEL: "sha256:2"})
    verifier = Verifier(tmp_path)
    verifier._benchmarks = (Benchmark("mine"),)
    monkeypatch.setattr(verifier, "_run", lambda _: verifier._not_as_they_were(spec))
    monkeypatch.setattr(Workspace, "existing", Workspace)
    assert [(it.file, it.place) for it in verifier.run()] == [
        ("manifest.json", "test sets"),
        ("manifest.json", "paraphrase model"),
    ]


def test_a_table_that_no_build_wrote_does_not_accuse_the_others(folder: Path) -> None:
    stray = table(folder, "qa-pairs").with_name("train-00001-of-00002.parquet")
    shutil.copy(table(folder, "qa-pairs"), stray)
    assert verify(folder) == [
        f"{stray.relative_to(folder)}, all of it: no build wrote it. To mend it: move it out of the folder."
    ]
    assert read_status(folder).sentence.endswith(
        f"No build wrote {stray.relative_to(folder)}: move that out of the folder."
    )


def test_a_file_that_is_gone_is_named_once(folder: Path) -> None:
    (folder / "dataset/README.md").unlink()
    (folder / "knowledge/topics.json").unlink()
    assert [line.split(",")[0] for line in verify(folder)] == ["knowledge/topics.json", "dataset/README.md"]
    assert read_status(folder).sentence.count("topics.json") == 1


NOT_LOOKED_AT = {
    "no manifest": ("manifest.json", "No table was looked at: the build is not finished", 0),
    "no build spec": ("build_spec.json", "Nothing was made again to compare it, because of that damage", 1),
}


@pytest.mark.parametrize("what", NOT_LOOKED_AT)
def test_what_could_not_be_verified_is_said(kpmath: Kpmath, folder: Path, what: str) -> None:
    name, said, exit_status = NOT_LOOKED_AT[what]
    (folder / name).unlink()
    status, out, _ = kpmath("verify", folder)
    assert (status, said in out) == (exit_status, True)
    status, out, _ = kpmath("verify", folder, "--json")
    assert (status, json.loads(out)["not_checked"].startswith(said)) == (exit_status, True)


@pytest.mark.parametrize("command", ["status", "verify", "rescore", "export"])
def test_a_folder_that_lost_its_recipe_is_no_stranger(kpmath: Kpmath, folder: Path, command: str) -> None:
    (folder / "recipe.toml").unlink()
    status, _, err = kpmath(command, folder)
    assert (status, "has lost its recipe.toml: run `kpmath build` with the recipe" in err) == (2, True)


@pytest.mark.parametrize("command", ["status", "verify", "rescore", "audit", "export", "publish"])
def test_a_mistyped_folder_is_said_to_be_not_there(kpmath: Kpmath, tmp_path: Path, command: str) -> None:
    more = ("--repo", "a/b", "--version", "1.0.0") if command == "publish" else ()
    status, _, err = kpmath(command, tmp_path / "biulds", *more)
    assert (status, "There is no folder" in err) == (2, True)


def test_a_rescore_without_all_of_its_answers_says_so_in_its_exit_status(
    kpmath: Kpmath, folder: Path
) -> None:
    assert kpmath("rescore", folder, "--set", "consensus.mode=paper")[0] == 0
    (folder / "responses/synthesis-00001.jsonl").unlink()
    status, out, _ = kpmath("rescore", folder, "--set", "consensus.mode=strict")
    assert (status, "candidates need answers that were never asked for: run `kpmath build" in out) == (
        1,
        True,
    )


def test_a_table_that_no_build_wrote_is_named_by_a_build_that_has_nothing_to_do(folder: Path) -> None:
    """It would be loaded with the others, and its rows would count twice."""
    (folder / "dataset/data/qa-pairs/train-00001-of-00002.parquet").write_bytes(b"")
    notes: list[str] = []
    made = Recipe.read(folder / "recipe.toml", {"build.folder": str(folder)})
    assert build(made, progress=lambda progress: notes.append(progress.note)).already_built
    assert any("train-00001-of-00002.parquet, which load_dataset may read all the same" in it for it in notes)


def test_rescore_takes_a_folder_as_text_and_no_change(folder: Path) -> None:
    assert rescore(str(folder)).rows
