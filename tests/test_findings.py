"""What is found about a teacher: each rule speaks from its threshold on and is silent below it."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from kpmath_builder import Recipe, findings
from kpmath_builder.findings import Finding, FindingId, KnowledgeCounts, find, find_in_controls, find_in_rows
from kpmath_builder.funnel import Funnel
from kpmath_builder.knowledge.counts import counts_of, model_counts
from kpmath_builder.knowledge.key_points import KeyPointFault
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.knowledge.topics import Cluster, TopicClusters
from kpmath_builder.records import (
    Blueprint,
    Candidate,
    DropReason,
    Extraction,
    Judgement,
    SeedProblem,
    Solution,
    Stage,
    Tokens,
    TopicKeyPoints,
)

SOUND = KnowledgeCounts(
    seeds=100,
    replied=100,
    valid_at_first=100,
    requests=100,
    loops=0,
    refused=0,
    given_up=0,
    practices=100,
    key_points=100,
    with_numbers=0,
    copied=0,
    largest_topic="Arithmetic - Fractions",
    largest=10,
)
MODELS = {"writer": "w", "judge": "j", "solver": "s"}


def candidate(
    stage: Stage = Stage.WRITTEN, reason: DropReason = DropReason.NONE, **fields: object
) -> Candidate:
    blueprint = Blueprint(id="b", index=0, parts=())
    return Candidate.model_validate(
        {"blueprint": blueprint, "models": MODELS, "stage": stage, "reason": reason, **fields}
    )


def judgement(quality: float) -> Judgement:
    return Judgement(key_points_present=quality, correctness=quality, quality=quality)


def solution(answer: str | None, finish_reason: str = "stop") -> Solution:
    return Solution(sample=0, text="x", finish_reason=finish_reason, completion_tokens=1, answer=answer)


def counted(*groups: tuple[int, Candidate]) -> Funnel:
    funnel = Funnel()
    for count, one in groups:
        for _ in range(count):
            funnel.add(one)
    return Funnel.from_json((funnel + Funnel()).as_json())


def found(funnel: Funnel, knowledge: KnowledgeCounts | None = None) -> list[tuple[FindingId, str]]:
    return [(finding.id, finding.about) for finding in find(funnel, knowledge)]


def test_a_sound_teacher_gives_no_finding() -> None:
    funnel = counted(
        (40, candidate(Stage.JUDGED, judgement=judgement(1.0))),
        (40, candidate(judgement=judgement(0.5))),
        (40, candidate(judgement=judgement(0.7))),
    )
    assert find(funnel, SOUND) == ()
    assert find(Funnel()) == ()


@pytest.mark.parametrize(
    ("judged", "values", "speaks"),
    [
        (findings.JUDGED_AT_LEAST, 2, True),
        (findings.JUDGED_AT_LEAST, 1, True),
        (findings.JUDGED_AT_LEAST, 3, False),
        (findings.JUDGED_AT_LEAST - 1, 2, False),
    ],
)
def test_a_judge_of_two_values_is_found_once_it_has_judged_enough(
    judged: int, values: int, *, speaks: bool
) -> None:
    first = candidate(judgement=judgement(1.0))
    others = [(1, candidate(judgement=judgement(0.1 * i))) for i in range(values - 1)]
    funnel = counted((judged - len(others), first), *others)
    assert found(funnel) == ([(FindingId.JUDGE_VALUES, "")] if speaks else [])


@pytest.mark.parametrize(
    ("low", "judged", "speaks"), [(80, 100, False), (81, 100, True), (19, 19, False), (20, 20, True)]
)
def test_a_judge_that_finds_nearly_all_wanting_is_found_with_the_middle_of_its_qualities(
    low: int, judged: int, *, speaks: bool
) -> None:
    wanting = [candidate(reason=DropReason.LOW_QUALITY, judgement=judgement(0.01 * i)) for i in range(low)]
    good = candidate(Stage.JUDGED, judgement=judgement(1.0))
    funnel = counted(*((1, one) for one in wanting), (judged - low, good))
    assert found(funnel) == ([(FindingId.LOW_QUALITY, "")] if speaks else [])
    middle = f"that of half of all is {0.01 * ((judged - 1) // 2):g} or less."
    assert not speaks or find(funnel)[0].sentence.endswith(middle)


@pytest.mark.parametrize(("unread", "speaks"), [(10, False), (11, True)])
def test_unread_solutions_are_found_above_a_tenth(unread: int, *, speaks: bool) -> None:
    one, none = (candidate(Stage.JUDGED, solutions=(solution(answer),)) for answer in ("4", None))
    funnel = counted((100 - unread, one), (unread, none))
    assert found(funnel) == ([(FindingId.UNREAD, "")] if speaks else [])


@pytest.mark.parametrize("finish_reason", ["given_up", "refused"])
def test_a_solution_that_no_model_wrote_is_not_unread(finish_reason: str) -> None:
    funnel = counted((50, candidate(Stage.JUDGED, solutions=(solution(None, finish_reason),))))
    assert FindingId.UNREAD not in dict(found(funnel))


@pytest.mark.parametrize(
    ("reason", "found_id"),
    [
        (DropReason.COPIED_PASSAGE, FindingId.COPIED_QUESTIONS),
        (DropReason.RENUMBERED, FindingId.COPIED_QUESTIONS),
        (DropReason.ANSWER_INSIDE, FindingId.NO_PROBLEMS),
        (DropReason.TALK, FindingId.NO_PROBLEMS),
        (DropReason.NOTHING_ASKED, FindingId.NO_PROBLEMS),
    ],
)
def test_questions_that_are_copies_or_none_are_found_above_one_in_twenty(
    reason: DropReason, found_id: FindingId
) -> None:
    sound, fault = candidate(Stage.WRITTEN, DropReason.LOW_QUALITY), candidate(Stage.WRITTEN, reason)
    assert found(counted((95, sound), (5, fault))) == []
    assert found(counted((94, sound), (6, fault))) == [(found_id, "")]
    assert found(counted((1, fault))) == [], "one case is chance"


@pytest.mark.parametrize(
    ("reason", "found_id", "most"),
    [
        (DropReason.SEED_REPEAT, FindingId.SEED_REPEATS, 10),
        (DropReason.TEST_REPEAT, FindingId.TEST_REPEATS, 2),
        (DropReason.DUPLICATE, FindingId.DUPLICATES, 20),
    ],
)
def test_repeats_are_found_above_their_share_of_the_agreed_questions_of_a_model(
    reason: DropReason, found_id: FindingId, most: int
) -> None:
    spent = {"write": Tokens(requests=1)}
    kept, lost = candidate(Stage.KEPT, spent=spent), candidate(Stage.AGREED, reason, spent=spent)
    assert found(counted((200 - most, kept), (most, lost))) == []
    assert found(counted((199 - most, kept), (most + 1, lost))) == [(found_id, "")]
    by_program = [one.model_copy(update={"models": {"writer": "symbolic"}}) for one in (kept, lost)]
    assert found(counted((100, by_program[0]), (100, by_program[1]))) == [], "a program follows its rules"


@pytest.mark.parametrize(("role", "task"), [("writer", "write"), ("judge", "judge")])
def test_replies_in_a_loop_are_found_above_one_in_fifty(role: str, task: str) -> None:
    sound = candidate(spent={task: Tokens(requests=1)}, judgement=judgement(0.9))
    looped = candidate(spent={task: Tokens(requests=1)}, judgement=judgement(0.9), loops={role: 1})
    assert (FindingId.LOOPS, role) not in found(counted((98, sound), (2, looped)))
    assert (FindingId.LOOPS, role) in found(counted((97, sound), (3, looped)))


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        ("writer", {"stage": Stage.ASKED, "reason": DropReason.UNWRITTEN, "spent": {"write": {"requests": 3}}}),
        ("writer", {"spent": {"write": {"requests": 2}}}),
        ("judge", {"reason": DropReason.UNJUDGED, "spent": {"judge": {"requests": 1}}}),
        ("judge", {"judgement": judgement(0.9), "spent": {"judge": {"requests": 2}}}),
    ],
    ids=["never", "second", "unjudged", "judged at second"],
)  # fmt: skip
def test_a_role_whose_first_replies_are_invalid_is_found_below_95_percent(
    role: str, fields: dict[str, object]
) -> None:
    task = {"writer": "write", "judge": "judge"}[role]
    sound = candidate(spent={task: Tokens(requests=1)}, judgement=judgement(0.9))
    faulty = candidate(**fields)  # type: ignore[arg-type]
    assert (FindingId.INVALID, role) not in found(counted((95, sound), (5, faulty)))
    assert (FindingId.INVALID, role) in found(counted((94, sound), (6, faulty)))


@pytest.mark.parametrize(
    ("tokens", "found_id"),
    [
        (Tokens(requests=1, given_up=1), FindingId.GIVEN_UP),
        (Tokens(requests=1, refused=1), FindingId.REFUSED),
    ],
)
def test_one_request_that_was_given_up_or_refused_is_found_and_is_no_invalid_reply(
    tokens: Tokens, found_id: FindingId
) -> None:
    lost = candidate(Stage.ASKED, DropReason.UNWRITTEN, spent={"write": tokens})
    assert found(counted((1, lost))) == [(found_id, "writer")]
    assert found(counted((50, lost))) == [(found_id, "writer")]


def test_what_a_program_does_is_not_judged() -> None:
    program = dict.fromkeys(MODELS, "symbolic")
    made = candidate(
        Stage.JUDGED,
        models=program,
        judgement=judgement(1.0),
        solutions=(solution(None),),
        spent={"write": Tokens(requests=3), "judge": Tokens(requests=3)},
    )
    refused = candidate(
        Stage.ASKED, DropReason.UNWRITTEN, models=program, spent={"write": Tokens(requests=1)}
    )
    assert found(counted((100, made), (10, refused))) == []


@pytest.mark.parametrize(
    ("change", "silent", "speaks", "found_id"),
    [
        ("with_numbers", 5, 6, FindingId.NUMBERS),
        ("copied", 2, 3, FindingId.COPIED_KEY_POINTS),
        ("loops", 2, 3, FindingId.LOOPS),
        ("refused", 0, 1, FindingId.REFUSED),
        ("given_up", 0, 1, FindingId.GIVEN_UP),
        ("largest", 50, 51, FindingId.LARGE_TOPIC),
    ],
)
def test_each_count_of_the_extraction_speaks_from_its_threshold_on(
    change: str, silent: int, speaks: int, found_id: FindingId
) -> None:
    assert find(Funnel(), replace(SOUND, **{change: silent})) == ()
    (finding,) = find(Funnel(), replace(SOUND, **{change: speaks}))
    assert finding.id is found_id


def test_invalid_extractions_are_found_below_95_percent() -> None:
    assert find(Funnel(), replace(SOUND, valid_at_first=95)) == ()
    (finding,) = find(Funnel(), replace(SOUND, valid_at_first=94))
    assert (finding.id, finding.about, finding.number) == (FindingId.INVALID, "extractor", 0.94)


def test_few_practices_say_nothing_of_a_large_topic() -> None:
    few = findings.PRACTICES_AT_LEAST - 1
    assert find(Funnel(), replace(SOUND, practices=few, largest=few)) == ()
    assert find(Funnel(), replace(SOUND, practices=few + 1, largest=few + 1))


def test_every_finding_stands_in_the_docs() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "preview.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) != []
    assert sorted(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)) == sorted(FindingId)


def test_a_finding_survives_json() -> None:
    (finding,) = find(Funnel(), replace(SOUND, copied=50))
    assert Finding.from_json(finding.as_json()) == finding
    assert str(finding).startswith("Of the key points, 50 of 100 (50%) are copied")


def seed(number: int, problem: str) -> SeedProblem:
    return SeedProblem(
        id=f"s/{number}",
        source="s",
        licence="mit",
        shareable=True,
        problem=problem,
        solution="",
        answer="1",
        content_hash="sha256:0",
    )


def extraction(number: int, *points: str, **fields: object) -> Extraction:
    topics = (TopicKeyPoints(topic="T", key_points=points),) if points else ()
    return Extraction.model_validate(
        {"seed_id": f"s/{number}", "topics": topics, "tokens": Tokens(requests=1), **fields}
    )


def test_the_extraction_is_counted() -> None:
    seeds = [seed(0, "Tom has 12 pens and buys 2."), seed(1, "x is 7"), seed(2, "?"), seed(3, "?")]
    extractions = [
        extraction(
            0, "The area of a circle", left_out={KeyPointFault.NUMBER.value: 2, KeyPointFault.COPY.value: 1}
        ),
        extraction(1, "Tens of 17", tokens=Tokens(requests=2), loops=1),
        extraction(2, reason="no", tokens=Tokens(requests=1, refused=1)),
        extraction(3, reason="no", tokens=Tokens(requests=1, given_up=1)),
    ]
    clusters = TopicClusters(clusters=(Cluster(representative="T", problems=2, members={"T": 2}),))
    counts = counts_of(Knowledge(seeds, extractions, clusters))
    assert counts == KnowledgeCounts(
        seeds=4,
        replied=2,
        valid_at_first=1,
        requests=5,
        loops=1,
        refused=1,
        given_up=1,
        practices=2,
        key_points=5,
        with_numbers=2,
        copied=1,
        largest_topic="T",
        largest=2,
    )


@pytest.mark.parametrize(
    ("teacher", "counted"), [({"kind": "symbolic"}, False), ({"kind": "openai", "model": "m"}, True)]
)
def test_of_what_a_program_extracted_nothing_is_found(teacher: dict[str, str], *, counted: bool) -> None:
    made = Recipe.of({"teacher": teacher, "build": {"folder": "b", "questions": 1}})
    counts = model_counts(Knowledge([], [], TopicClusters(clusters=())), made)
    assert (counts is not None) == counted


def test_a_reply_is_valid_at_first_if_it_has_topics_and_was_asked_for_once() -> None:
    extractions = [
        extraction(0, "Area"),
        extraction(1, "Area"),
        extraction(2, "Area", tokens=Tokens(requests=2)),
        extraction(3),
    ]
    counts = counts_of(Knowledge([], extractions, TopicClusters(clusters=())))
    assert (counts.replied, counts.valid_at_first) == (4, 2)


def test_of_nothing_nothing_is_counted() -> None:
    counts = counts_of(Knowledge([], [], TopicClusters(clusters=())))
    assert set(asdict(counts).values()) == {0, ""}


@pytest.mark.parametrize(("without", "speaks"), [(0, False), (5, False), (6, True), (100, True)])
def test_reasoning_that_is_asked_for_and_missing_is_said(without: int, *, speaks: bool) -> None:
    told = find_in_rows(100, without)
    assert [(its.id, its.number) for its in told] == (
        [(FindingId.WITHOUT_REASONING, without / 100)] if speaks else []
    )


@pytest.mark.parametrize(
    ("sources", "named"),
    [
        ({"seeds": (95, 100), "file": (20, 100)}, "file"),
        ({"seeds": (95, 100), "file": (8, 30), "symbolic": (60, 100)}, "file"),
        ({"seeds": (950, 1000), "file": (800, 1000)}, ""),
        ({"seeds": (28, 30), "file": (19, 30)}, ""),
        ({"seeds": (5, 5), "file": (0, 2)}, ""),
        ({"seeds": (95, 100), "file": (0, 0)}, ""),
        ({"file": (20, 100)}, ""),
        ({}, ""),
    ],
    ids=["contrary", "worst of three", "hardly apart", "by chance", "few", "none of one", "one", "no source"],
)
def test_sources_of_controls_that_contradict_each_other_are_named(
    sources: dict[str, tuple[int, int]], named: str
) -> None:
    found = find_in_controls(sources)
    assert [its.about for its in found] == ([named] if named else [])
    for its in found:
        assert its.id is FindingId.CONTROLS_DIFFER
        assert "controls.sources" in its.advice
        assert Finding.from_json(its.as_json()) == its


def test_of_several_solvers_the_tables_are_named_in_which_thinking_is_switched_on() -> None:
    (alone,) = find_in_rows(10, 5)
    (several,) = find_in_rows(10, 5, {"b": 1, "a": 2})
    assert "roles.solver" in alone.advice
    assert "[solvers.a] or [solvers.b]" in several.advice
    assert "roles.solver" not in several.advice
