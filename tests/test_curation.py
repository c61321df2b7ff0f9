"""What becomes of a question that repeats something: policies, order, and what never leaves a build."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from kpmath_builder.curation.decisions import Decisions, curate
from kpmath_builder.curation.policy import (
    CONTAINED,
    DRAWN,
    flag_of,
    paraphrases_from,
    policy_of,
    stays_in_spite_of,
)
from kpmath_builder.curation.protected import ProtectedTexts
from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.curation.report import CurationReport
from kpmath_builder.curation.row_checks import RowChecks
from kpmath_builder.curation.selection import Selection
from kpmath_builder.curation.withholding import WITHHELD_TEST
from kpmath_builder.dataset.rows import extraction_rows, pair_rows, scored_row
from kpmath_builder.findings import FindingId, find_in_seeds
from kpmath_builder.recipe import Recipe
from kpmath_builder.records import (
    Blueprint,
    BlueprintPart,
    Candidate,
    DropReason,
    Judgement,
    RepeatMark,
    SeedProblem,
    Solution,
    Stage,
)
from kpmath_builder.seeds.benchmarks import Benchmark, BenchmarkProblem

OPEN = "Tom has 3 apples and buys 4 more. How many apples does Tom have now?"
CLOSED = r"Canary: compute $\frac{3}{7}$ of the number of birds that sat on the old oak fence. What is it?"
TURNED = r"What is it? Canary: compute $\frac{3}{7}$ of the number of birds that sat on the old oak fence."
CLOSED_SOLUTION = (
    r"Canary: the old oak fence held seven birds, and $\dfrac{3}{7}$ of seven birds is three birds."
)
TEST = (
    "A baker sells 12 loaves in the morning and 15 loaves in the evening. How many loaves did the baker sell?"
)
OTHER = "A train goes 60 miles in an hour. How far does it go in 5 hours?"


def seed(name: str, problem: str, solution: str, *, shareable: bool) -> SeedProblem:
    return SeedProblem(
        id=name,
        source="own",
        licence="mit",
        shareable=shareable,
        problem=problem,
        solution=solution,
        answer="7",
        content_hash="sha256:0",
    )


SEEDS = (
    seed("open", OPEN, "Tom has 3 + 4 = 7 apples.", shareable=True),
    seed("closed", CLOSED, CLOSED_SOLUTION, shareable=False),
)
SETS = (Benchmark("T", (BenchmarkProblem("t/0", TEST, "12 + 15 = 27 loaves."),), "sha256:t"),)


def candidate(
    index: int,
    question: str | None,
    solutions: Sequence[str] = ("It is 7.",),
    *,
    stage: Stage = Stage.AGREED,
    reason: DropReason = DropReason.NONE,
    detail: str = "",
    errors: tuple[str, ...] = (),
) -> Candidate:
    return Candidate(
        blueprint=Blueprint(
            id=f"d-{index:08d}",
            index=index,
            parts=(BlueprintPart(topic="A - B", seed_id="open", key_points=()),),
        ),
        models={},
        question=question,
        judgement=Judgement(key_points_present=1, correctness=1, quality=1, errors=errors),
        solutions=tuple(
            Solution(sample=n, text=text, finish_reason="stop", completion_tokens=1, answer="7", agreed=True)
            for n, text in enumerate(solutions)
        ),
        stage=stage,
        reason=reason,
        detail=detail,
    )


def run(tmp_path: Path, candidates: Sequence[Candidate], **tables: Any) -> tuple[Decisions, list[Candidate]]:
    """Return the decisions over candidates, and each of them as it may leave the build."""
    recipe = Recipe.of(tables)
    decisions = curate(
        candidates, RowChecks(SEEDS, SETS), recipe, Selection(recipe.selection).texts, tmp_path
    )
    return decisions, [decisions.without_withheld(decisions.decide(one)) for one in candidates]


def ends(decided: Sequence[Candidate]) -> list[str]:
    return [one.reason.value or one.stage.value for one in decided]


SEED, TEST_REPEAT, ROW = (
    its.value for its in (DropReason.SEED_REPEAT, DropReason.TEST_REPEAT, DropReason.DUPLICATE)
)


# ---- policies


@pytest.mark.parametrize("kind", [kind.value for kind in RepeatKind])
@pytest.mark.parametrize(
    ("check", "table"), [("row", "duplicates"), ("seed", "seed_repeats"), ("test", "contamination")]
)
def test_each_kind_of_each_check_has_a_policy_of_its_own(check: Any, table: str, kind: str) -> None:
    mark = RepeatMark(check=check, id="x", kind=kind)
    for policy in ("drop", "flag"):
        assert policy_of(mark, Recipe.of({table: {kind: policy}}), ()) == policy


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("question 13-gram", "question_13gram"),
        ("question 20-gram", "question_20gram"),
        ("solution 30-gram", "solution_30gram"),
    ],
)
def test_n_grams_flag_unless_the_recipe_drops_them(kind: str, key: str) -> None:
    mark = RepeatMark(check="test", set="T", id="x", kind=kind)
    assert policy_of(mark, Recipe.of({}), ()) == "flag"
    assert policy_of(mark, Recipe.of({"contamination": {key: "drop"}}), ()) == "drop"


@pytest.mark.parametrize("kind", ["verbatim", "reformatted", CONTAINED])
def test_no_recipe_keeps_a_copy_of_a_seed_that_may_not_be_shared(kind: str) -> None:
    lenient = Recipe.of({"seed_repeats": dict.fromkeys(["verbatim", "reformatted", "renumbered"], "ignore")})
    mark = RepeatMark(check="seed", id="closed", kind=kind)
    assert policy_of(mark, lenient, {"closed"}) == "drop"
    other = mark.model_copy(update={"kind": "renumbered"})
    assert policy_of(other, lenient, {"closed"}) == "ignore"


def test_rows_stay_in_spite_of_what_is_not_dropped() -> None:
    assert stays_in_spite_of(Recipe.of({})) == {RepeatKind.PARAPHRASE}
    lenient = Recipe.of({"duplicates": {"near": "flag", "renamed": "ignore"}})
    assert stays_in_spite_of(lenient) == {RepeatKind.NEAR, RepeatKind.RENAMED, RepeatKind.PARAPHRASE}


@pytest.mark.parametrize(
    ("mark", "flag"),
    [
        (RepeatMark(check="row", id="x", kind="near"), "row: near"),
        (RepeatMark(check="test", set="MATH-500", id="x", kind="renamed"), "MATH-500: renamed"),
    ],
)
def test_a_flag_names_what_is_repeated_and_how(mark: RepeatMark, flag: str) -> None:
    assert flag_of(mark) == flag


# ---- order


def test_of_rows_that_repeat_each_other_the_one_of_the_lowest_number_stays(tmp_path: Path) -> None:
    rows = [candidate(0, OTHER), candidate(1, OTHER.upper()), candidate(2, OTHER.replace("60", "70"))]
    _, decided = run(tmp_path, rows)
    assert ends(decided) == ["kept", ROW, ROW]
    assert [[(m.check, m.id, m.kind) for m in one.repeats] for one in decided] == [
        [],
        [("row", "d-00000000", "verbatim")],
        [("row", "d-00000000", "renumbered")],
    ]
    assert decided[1].detail == "verbatim repeat of d-00000000"


def test_workers_do_not_change_what_is_decided(tmp_path: Path) -> None:
    """More candidates than one batch holds; a copy and what it repeats stand in two batches."""
    rows = [candidate(n, f"Text {n}.") for n in range(200)]
    rows += [candidate(200, rows[0].question), candidate(201, TEST), candidate(202, CLOSED)]
    rows += [candidate(203, OTHER, [CLOSED]), candidate(204, None, stage=Stage.ASKED)]
    recipe = Recipe.of({})
    texts = Selection(recipe.selection).texts
    made = []
    for workers in (1, 2):
        (room := tmp_path / str(workers)).mkdir()
        made.append(curate(rows, RowChecks(SEEDS, SETS), recipe, texts, room, workers=workers))
    one, two = ((its.marks, its.exposed, its.copies, its.report) for its in made)
    assert one == two
    assert {"d-00000200", "d-00000201", "d-00000202"} <= made[0].marks.keys()
    assert (made[0].copies, made[0].exposed) == ({"d-00000202"}, {"d-00000203"})


RETOLD = "There were 12 loaves that the baker sold in the morning, while 15 were sold in the evening. What is the sum of loaves?"


@pytest.mark.parametrize("others", ["duplicates", "seed_repeats", "contamination"])
@pytest.mark.parametrize(
    ("policy", "ending", "kinds"),
    [("drop", "dropped", ["paraphrase"]), ("flag", "kept", ["paraphrase"]), ("ignore", "kept", [])],
)
def test_paraphrases_are_looked_for_only_if_the_recipe_has_a_policy_for_them(
    tmp_path: Path, others: str, policy: str, ending: str, kinds: list[str]
) -> None:
    recipe = Recipe.of({others: {"paraphrase": policy}})
    problems = {"seed_repeats": TEST} if others == "seed_repeats" else {}
    tests = (BenchmarkProblem("t/0", TEST, ""),) if others == "contamination" else ()
    checks = RowChecks(
        [seed(name, text, "It is 27.", shareable=True) for name, text in problems.items()],
        (Benchmark("T", tests),),
        seed_paraphrases=paraphrases_from(recipe.seed_repeats, None),
        test_paraphrases=paraphrases_from(recipe.contamination, None),
    )
    rows = [candidate(0, TEST if others == "duplicates" else OTHER), candidate(1, RETOLD)]
    decisions = curate(rows, checks, recipe, Selection(recipe.selection).texts, tmp_path)
    first, second = map(decisions.decide, rows)
    assert first.stage is Stage.KEPT
    assert ("kept" if second.stage is Stage.KEPT else "dropped") == ending
    assert [mark.kind for mark in second.repeats] == kinds


def test_a_row_is_no_duplicate_of_one_that_is_not_published(tmp_path: Path) -> None:
    """Neither of one that was never agreed upon, nor of one that is dropped for its test problem or its seed."""
    thirty = " ".join(f"word{n}" for n in range(30))
    sets = (Benchmark("T", (BenchmarkProblem("t/0", TEST, thirty),), "sha256:t"),)
    recipe = Recipe.of({"contamination": {"solution_30gram": "drop"}})
    rows = [
        candidate(0, OTHER, stage=Stage.SOLVED, reason=DropReason.TIE),
        candidate(1, OTHER, [thirty]),
        candidate(2, OTHER),
        candidate(3, OTHER),
    ]
    publish = Selection(recipe.selection).texts
    decisions = curate(rows, RowChecks(SEEDS, sets), recipe, publish, tmp_path)
    assert ends([decisions.decide(row) for row in rows]) == ["tie", TEST_REPEAT, "kept", ROW]


def test_a_seed_comes_before_a_test_problem_and_all_marks_are_kept(tmp_path: Path) -> None:
    sets = (Benchmark("T", (BenchmarkProblem("t/0", OPEN, ""),), "sha256:t"),)
    recipe = Recipe.of({})
    rows = [candidate(0, OPEN)]
    decisions = curate(rows, RowChecks(SEEDS, sets), recipe, Selection(recipe.selection).texts, tmp_path)
    (decided,) = [decisions.decide(row) for row in rows]
    assert decided.reason is DropReason.SEED_REPEAT
    assert [(mark.check, mark.kind) for mark in decided.repeats] == [
        ("seed", "verbatim"),
        ("test", "verbatim"),
        ("test", "question 13-gram"),
        ("test", DRAWN),
    ]


@pytest.mark.parametrize(
    ("question", "end", "kind"),
    [
        (OPEN, SEED, "verbatim"),
        (OPEN.replace(". ", ".  "), SEED, "verbatim"),
        (OPEN.replace("3", "5"), SEED, "renumbered"),
        (TEST.replace("12", "13"), TEST_REPEAT, "renumbered"),
        (OTHER, "kept", ""),
    ],
)
def test_seeds_and_test_problems_are_found_however_they_are_repeated(
    tmp_path: Path, question: str, end: str, kind: str
) -> None:
    _, (decided,) = run(tmp_path, [candidate(0, question)])
    assert (ends([decided])[0], decided.repeats[0].kind if decided.repeats else "") == (end, kind)


def test_a_flag_stays_on_the_row_and_ignoring_leaves_no_mark(tmp_path: Path) -> None:
    question = TEST.replace("12", "13")
    _, (flagged,) = run(tmp_path, [candidate(0, question)], contamination={"renumbered": "flag"})
    (pair,) = pair_rows(flagged, flagged.solutions, name="n", sources={"open": "own"})
    assert pair["flags"][0] == "T: renumbered"
    _, (ignored,) = run(
        tmp_path, [candidate(0, OPEN.replace("3", "5"))], seed_repeats={"renumbered": "ignore"}
    )
    assert (ignored.stage, ignored.repeats) == (Stage.KEPT, ())


# ---- what never leaves


IGNORING = {
    "seed_repeats": dict.fromkeys(["verbatim", "reformatted", "renumbered", "renamed", "near"], "ignore")
}


@pytest.mark.parametrize(
    "repeating",
    [
        candidate(0, CLOSED),
        candidate(0, CLOSED.replace(r"\frac", r"\dfrac").replace("$", r"\(", 1).replace("$", r"\)", 1)),
        candidate(0, f"Look at this: {CLOSED}"),
        candidate(0, CLOSED, stage=Stage.WRITTEN, reason=DropReason.LOW_QUALITY),
        candidate(0, TURNED, stage=Stage.WRITTEN, reason=DropReason.LOW_QUALITY),
        candidate(0, TURNED),
        candidate(0, OTHER, [CLOSED_SOLUTION]),
        candidate(0, OTHER, [CLOSED_SOLUTION.replace(r"\dfrac", r"\frac")]),
        candidate(0, OTHER, detail=f"they said: {CLOSED}", stage=Stage.ASKED, reason=DropReason.UNWRITTEN),
        candidate(0, OTHER, errors=(CLOSED,)),
        candidate(0, OTHER, ["It is 7.", CLOSED_SOLUTION]),
    ],
    ids=[
        "question",
        "reformatted",
        "inside a question",
        "dropped before",
        "sentences in another order, dropped before",
        "sentences in another order",
        "solution",
        "reformatted solution",
        "detail",
        "judgement",
        "one solution of two",
    ],
)
def test_the_text_of_a_seed_that_may_not_be_shared_is_in_no_row_whatever_the_recipe_says(
    tmp_path: Path, repeating: Candidate
) -> None:
    decisions, (decided,) = run(tmp_path, [repeating], **IGNORING)
    published = (
        Selection(decisions.recipe.selection).published(decided) if decided.stage is Stage.KEPT else ()
    )
    sources = {"open": "own"}
    rows = [scored_row(decided, sources=sources), *pair_rows(decided, published, name="n", sources=sources)]
    assert "canary" not in str(rows).casefold()


REASONING = {"selection": {"reasoning": "column"}, "solutions": {"keep_thinking": True}}


def thinking(one: Candidate, *thoughts: str | None) -> Candidate:
    """Return a candidate whose solutions were thought about so."""
    solutions = (
        its.model_copy(update={"thinking": thought})
        for its, thought in zip(one.solutions, thoughts, strict=True)
    )
    return one.model_copy(update={"solutions": tuple(solutions)})


@pytest.mark.parametrize(
    ("published", "flags"), [(REASONING, ["T: solution 30-gram"]), ({}, [])], ids=["published", "not"]
)
def test_published_reasoning_is_compared_with_the_test_sets_as_a_solution_is(
    tmp_path: Path, published: dict[str, Any], flags: list[str]
) -> None:
    worked = "Count the loaves " + " ".join(f"of the tray with number {n}" for n in range(8)) + "."
    sets = (Benchmark("T", (BenchmarkProblem("t/0", TEST, worked),), "sha256:t"),)
    recipe = Recipe.of(published)
    selection = Selection(recipe.selection)
    one = thinking(candidate(0, OTHER), f"As always. {worked}")
    decided = curate([one], RowChecks(SEEDS, sets), recipe, selection.texts, tmp_path).decide(one)
    (pair,) = pair_rows(decided, selection.published(decided), name="n", sources={"open": "own"})
    assert pair["flags"] == flags
    assert pair["reasoning"] == (one.solutions[0].thinking if published else None)


def test_a_solution_whose_reasoning_holds_a_text_that_may_not_be_shared_is_no_row(tmp_path: Path) -> None:
    one = thinking(candidate(0, OTHER, ["It is 7.", "It is seven."]), f"I know this: {CLOSED}", "Easy.")
    decisions, (decided,) = run(tmp_path, [one], **REASONING)
    published = Selection(decisions.recipe.selection).published(decided)
    assert [its.thinking for its in published] == ["Easy."]
    assert "canary" not in str(scored_row(decided, sources={"open": "own"})).casefold()


def test_a_question_of_which_all_reasoning_is_too_long_is_dropped_and_hides_no_later_one(
    tmp_path: Path,
) -> None:
    limited = {**REASONING, "selection": {"reasoning": "column", "max_reasoning": 9}}
    rows = [thinking(candidate(0, OTHER), "a" * 10), thinking(candidate(1, OTHER), "a" * 9)]
    _, decided = run(tmp_path, rows, **limited)
    assert ends(decided) == [DropReason.LONG_REASONING.value, "kept"]
    assert decided[0].detail == "over 9 characters"


def test_the_other_solutions_of_a_question_stay(tmp_path: Path) -> None:
    decisions, (decided,) = run(tmp_path, [candidate(0, OTHER, ["It is 7.", CLOSED_SOLUTION])])
    assert decided.stage is Stage.KEPT
    assert [its.text for its in Selection(decisions.recipe.selection).published(decided)] == ["It is 7."]


def test_a_question_whose_solutions_all_go_is_dropped(tmp_path: Path) -> None:
    _, (decided,) = run(tmp_path, [candidate(0, OTHER, [CLOSED_SOLUTION])])
    assert (decided.reason, decided.repeats[0].kind) == (DropReason.SEED_REPEAT, CONTAINED)


def test_a_dropped_copy_of_a_test_problem_keeps_its_id_and_loses_its_text(tmp_path: Path) -> None:
    """Also a renumbered copy of a seed that may not be shared; that of another seed keeps its text."""
    rows = [candidate(0, TEST, [TEST]), candidate(1, CLOSED.replace("3", "4")), candidate(2, OPEN)]
    _, decided = run(tmp_path, rows)
    written = [scored_row(one, sources={"open": "own"}) for one in decided]
    assert [row["question"] for row in written] == [None, None, OPEN]
    assert [row["repeats"][0]["id"] for row in written] == ["t/0", "closed", "open"]
    assert TEST not in str(written)


@pytest.mark.parametrize(
    "ended",
    [
        candidate(0, TEST, stage=Stage.WRITTEN, reason=DropReason.LOW_QUALITY, errors=(TEST,)),
        candidate(0, f"{TEST} Explain.", stage=Stage.WRITTEN, reason=DropReason.COPIED_PASSAGE, detail=TEST),
        candidate(0, TEST.replace("12 loaves", "$12$ loaves"), stage=Stage.SOLVED, reason=DropReason.TIE),
        candidate(0, TEST.replace("12", "13"), [TEST], stage=Stage.SOLVED, reason=DropReason.LOW_SHARE),
        candidate(0, None, [], stage=Stage.ASKED, reason=DropReason.UNWRITTEN, detail=f"they said: {TEST}"),
    ],
    ids=["judged", "inside", "reformatted", "renumbered", "no question"],
)
def test_a_copy_of_a_test_problem_loses_its_text_at_whatever_step_it_ended(
    tmp_path: Path, ended: Candidate
) -> None:
    """Also if the recipe keeps such copies when they come to be agreed upon; the step and its reason stay."""
    flagging = {"contamination": {"verbatim": "flag", "reformatted": "flag"}}
    for tables in ({}, flagging):
        _, (decided,) = run(tmp_path, [ended], **tables)
        assert (decided.stage, decided.reason) == (ended.stage, ended.reason)
        assert (decided.question, decided.detail) == (None, WITHHELD_TEST)
        assert "loaves" not in str(scored_row(decided, sources={"open": "own"}))


def test_a_test_problem_that_repeats_another_row_loses_its_text_too(tmp_path: Path) -> None:
    """Of two copies that the recipe flags, the first is published and the second dropped as its duplicate."""
    rows = [candidate(0, TEST), candidate(1, TEST)]
    _, decided = run(tmp_path, rows, contamination={"verbatim": "flag"})
    assert ends(decided) == ["kept", ROW]
    assert [one.question for one in decided] == [TEST, None]


@pytest.mark.parametrize("reason", [DropReason.COPIED_PASSAGE, DropReason.RENUMBERED])
def test_a_copy_of_practices_that_may_not_be_shared_is_withheld(tmp_path: Path, reason: DropReason) -> None:
    """Whatever of a practice it repeats; a copy of a practice that may be shared keeps its text."""
    copied = candidate(0, "Their words?", stage=Stage.WRITTEN, reason=reason, detail="their words")
    _, (shared,) = run(tmp_path, [copied])
    part = copied.blueprint.parts[0].model_copy(update={"seed_id": "closed"})
    blueprint = copied.blueprint.model_copy(update={"parts": (part,)})
    _, (withheld,) = run(tmp_path, [copied.model_copy(update={"blueprint": blueprint})])
    assert (shared.question, shared.detail) == ("Their words?", "their words")
    assert "their words" not in str(scored_row(withheld, sources={"closed": "own"})).casefold()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CLOSED, "closed"),
        (CLOSED.upper(), "closed"),
        (f"And so: {CLOSED_SOLUTION} Done.", "closed"),
        (CLOSED.replace(r"\frac{3}{7}", r"\tfrac{3}{7}"), "closed"),
        (CLOSED.replace("oak", "elm"), None),
        (OPEN, None),
    ],
)
def test_protected_texts_are_found_in_every_spelling_and_nothing_else_is(
    text: str, found: str | None
) -> None:
    assert ProtectedTexts(SEEDS).found_in(text) == found


def test_a_unit_that_is_spelt_out_hides_nothing() -> None:
    short = "A bar measures 7 cm on one side and 9 cm on another. Which is its area?"
    protected = ProtectedTexts([seed("s", short, "63", shareable=False)])
    assert protected.found_in(f"Now: {short.replace('cm', 'centimeters')}") == "s"


# ---- test problems among the seeds


@pytest.mark.parametrize(
    "problem",
    [OPEN, OPEN.upper(), f"Read this. {OPEN}", OPEN.replace("How many", "$How$ many")],
    ids=range(4),
)
def test_what_is_drawn_from_a_seed_that_is_a_test_problem_is_dropped_and_the_seed_is_not_published(
    tmp_path: Path, problem: str
) -> None:
    """In whatever spelling the seed is the test problem; the row names it, and a row of other seeds stays."""
    seeds = (seed("open", problem, "7", shareable=True), seed("free", TEST, "27", shareable=True))
    checks = RowChecks(seeds, (Benchmark("T", (BenchmarkProblem("t/0", OPEN, ""),)),))
    drawn, free = candidate(0, OTHER), candidate(1, "How deep is the lake behind the old mill in winter?")
    part = free.blueprint.parts[0].model_copy(update={"seed_id": "free"})
    rows = [
        drawn,
        free.model_copy(update={"blueprint": free.blueprint.model_copy(update={"parts": (part,)})}),
    ]
    for policy, expected in (("drop", ["drawn from a test problem", "kept"]), ("flag", ["kept", "kept"])):
        recipe = Recipe.of({"contamination": {"seeds": policy}})
        publish = Selection(recipe.selection).texts
        (room := tmp_path / policy).mkdir()
        decisions = curate(rows, checks, recipe, publish, room)
        decided = [decisions.decide(row) for row in rows]
        assert ends(decided) == expected
        assert decided[0].repeats == (RepeatMark(check="test", set="T", id="t/0", kind=DRAWN),)
        assert flag_of(decided[0].repeats[0]) == "T: drawn from"
    assert [(its.id, its.shareable) for its in checks.seeds] == [("open", False), ("free", True)]
    texts = [row["problem"] for row in extraction_rows(checks.seeds, (), ())]
    assert texts == [TEST, None]


def test_test_problems_among_the_seeds_are_a_warning_before_all_else_and_a_finding(tmp_path: Path) -> None:
    sets = (Benchmark("T", (BenchmarkProblem("t/0", OPEN, ""),)), Benchmark("U", SETS[0].problems))
    checks, recipe = RowChecks(SEEDS, sets), Recipe.of({})
    decisions = curate([candidate(0, OTHER)], checks, recipe, Selection(recipe.selection).texts, tmp_path)
    decisions.report.baseline = checks.baseline()
    report = CurationReport.from_json(decisions.report.as_json())
    assert next(report.sentences()) == (
        "WARNING: 1 of 2 seed problems are problems of T. Of 1 agreed questions, 1 were drawn from them (1 dropped): "
        "take them out of the seeds."
    )
    (finding,) = find_in_seeds(report.seeds, report.seeds_in_tests())
    assert (finding.id, finding.number, finding.about) == (FindingId.TEST_SEEDS, 0.5, "T")
    assert [line.check for line in report.test_lines("U")] == [
        line.check for line in report.test_lines("T") if line.check != DRAWN
    ]


# ---- the report


def test_the_report_counts_what_was_found_dropped_and_the_seeds_beside_it(tmp_path: Path) -> None:
    rows = [
        candidate(0, TEST),
        candidate(1, TEST.replace("12", "13")),
        candidate(2, OTHER),
        candidate(3, OTHER),
        candidate(4, OPEN),
    ]
    decisions, _ = run(tmp_path, rows, contamination={"renumbered": "flag"})
    report = decisions.report
    report.baseline = RowChecks(SEEDS, (Benchmark("T", (BenchmarkProblem("t/0", OPEN, ""),)),)).baseline()
    lines = {line.check: line for line in report.test_lines("T")}
    assert (lines["verbatim"].found, lines["verbatim"].dropped, lines["verbatim"].problems) == (1, 1, 1)
    assert (lines["renumbered"].found, lines["renumbered"].dropped) == (1, 0)
    assert lines["verbatim"].baseline == 1
    assert [(line.check, line.found, line.dropped) for line in report.lines("row")] == [("verbatim", 1, 1)]
    assert [(line.check, line.found, line.dropped) for line in report.lines("seed")] == [("verbatim", 1, 1)]
    assert report.compared == 5
    again = CurationReport.from_json(report.as_json())
    assert again.as_json() == report.as_json()
    assert list(again.sentences()) == list(report.sentences())


def test_a_row_that_one_check_drops_is_dropped_in_the_line_of_each_that_finds_it(tmp_path: Path) -> None:
    """The reader of a line sees how many of its rows are published, not which check came first."""
    rows = [candidate(0, TEST), candidate(1, f"{TEST} Say why."), candidate(2, OPEN), candidate(3, OTHER)]
    lines = run(tmp_path, rows)[0].report.test_lines("T")
    assert [(line.check, line.found, line.dropped) for line in lines if line.found] == [
        ("verbatim", 2, 2),
        ("question 13-gram", 2, 2),
        ("question 20-gram", 2, 2),
    ]


def test_a_question_that_is_drawn_from_two_problems_of_a_set_counts_once() -> None:
    marks = [RepeatMark(check="test", set="T", id=name, kind=DRAWN) for name in ("t/0", "t/1")]
    report = CurationReport.of(SETS, 2)
    report.count(marks, is_dropped=True)
    assert (report.found["test T", DRAWN], report.dropped["test T", DRAWN]) == (1, 1)


def test_a_row_that_is_dropped_as_a_duplicate_is_published_in_no_line(tmp_path: Path) -> None:
    rows = [candidate(0, TEST), candidate(1, TEST)]
    lines = run(tmp_path, rows, contamination={"verbatim": "flag"})[0].report.test_lines("T")
    assert {(line.found, line.dropped) for line in lines if line.found} == {(2, 1)}


def test_a_set_that_was_not_read_is_never_a_silent_pass() -> None:
    report = CurationReport.of([Benchmark("MATH-500", fault="the Hub cannot be reached.")], 2)
    (said,) = report.sentences()
    assert said == "MATH-500 was not checked: the Hub cannot be reached."
    assert report.as_json()["test_sets"][0]["not_checked"]
    assert "No test set was compared" in next(CurationReport().sentences())
