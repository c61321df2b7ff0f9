"""Every record that crosses a wall between rooms, as a frozen pydantic model. Imports nothing of ours."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = [
    "COPIED",
    "HELD_BACK",
    "REPEATED",
    "Attempts",
    "Blueprint",
    "BlueprintPart",
    "Candidate",
    "ControlQuestion",
    "DropReason",
    "Extraction",
    "Judgement",
    "PlantedQuestion",
    "Practice",
    "Record",
    "RepeatMark",
    "RowFault",
    "SeedProblem",
    "Solution",
    "Stage",
    "Tokens",
    "TopicKeyPoints",
    "Vote",
]


class Record(BaseModel):
    """A value: frozen, and strict about its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Tokens(Record):
    """What was asked and what it cost."""

    requests: int = 0
    prompt: int = 0
    completion: int = 0
    given_up: int = 0
    """Requests that were given up, each with its reason in the log."""
    refused: int = 0
    """Requests that whoever was asked will never answer, each with the reason in the log."""

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            requests=self.requests + other.requests,
            prompt=self.prompt + other.prompt,
            completion=self.completion + other.completion,
            given_up=self.given_up + other.given_up,
            refused=self.refused + other.refused,
        )


class SeedProblem(Record):
    """A problem with its reference solution from an existing training set."""

    id: str
    """Stable over builds: set, split and place in it, e.g. `gsm8k/train/00012`."""
    source: str
    licence: str
    shareable: bool
    """Whether the licence lets the problem's text be published (GSM8K yes, MATH never)."""
    problem: str
    solution: str
    answer: str
    level: str | None = None
    subject: str | None = None
    content_hash: str
    """`sha256:` over problem and solution."""


class RowFault(StrEnum):
    """Why a row of the seed set is no seed problem."""

    REPEATED = "with the text of an earlier problem"
    EMPTY = "without a problem or a solution"
    UNANSWERED = "without a readable final answer"
    SENTINEL = "whose answer says that there is none"


class TopicKeyPoints(Record):
    """A topic ("Subject - Subcategory") with the key points filed under it."""

    topic: str
    key_points: tuple[str, ...]


class Extraction(Record):
    """What the extractor named for one seed problem, before topics are clustered; `reason` says why there is none."""

    seed_id: str
    topics: tuple[TopicKeyPoints, ...] = ()
    model: str = ""
    reason: str = ""
    tokens: Tokens = Tokens()
    """What its replies cost; more than one request: the first did not validate."""
    loops: int = 0
    """How many of its replies ran in a loop until they were cut off."""
    left_out: dict[str, int] = {}
    """Why key points that the extractor named were left out, and how many."""


HELD_BACK = "held back as a control"
"""Reason of a seed problem that nothing was extracted from, so that its answer can test the solver."""


class Practice(Record):
    """A seed problem with its clustered topics and their key points (one row of MPKP, paper section 2.1)."""

    seed: SeedProblem
    raw: tuple[TopicKeyPoints, ...]
    """As extracted."""
    topics: tuple[TopicKeyPoints, ...]
    """After clustering: key points of raw topics that fell into one cluster are merged."""
    model: str


class BlueprintPart(Record):
    """One drawn topic with the practice drawn for it and that practice's key points for the topic."""

    topic: str
    seed_id: str
    key_points: tuple[str, ...]


class Blueprint(Record):
    """The drawn topics, practices and key points from which one question is written."""

    id: str
    index: int
    """The number of the draw, from 0; it addresses all randomness of this question."""
    parts: tuple[BlueprintPart, ...]
    note: str = ""
    """How the draw departed from the paper's, e.g. `no-third-topic` (`synthesis/blueprints.py`); mostly empty."""


class Judgement(Record):
    """The judge's two criteria, 0…1 each, and the paper's one score made from them."""

    key_points_present: float
    correctness: float
    quality: float
    """The lower of the two: a question must pass both (paper section 2.2: one score, kept from 0.85)."""
    missing_key_points: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    sub_questions: int = 1
    judge_answer: str = ""
    """The judge's own answer to the question; empty if it found none."""
    judgements: int = 1
    """How many judgements it is made of."""


class Solution(Record):
    """One sampled solution with what reading, checking and voting made of it."""

    sample: int
    text: str
    """What was read: without thinking and without what runs on into another turn or problem."""
    finish_reason: str
    completion_tokens: int
    answer: str | None
    """The final answer read out of the text; None is an abstention."""
    wrong_arithmetic: tuple[str, ...] = ()
    """Expressions that do not evaluate to what they say; such a solution does not vote."""
    answer_class: int | None = None
    """Number of the class of equal answers it fell into; 0 is the largest."""
    score_vector: tuple[float, ...] = ()
    """Consensus score vector: per part of the question, the share that agrees."""
    score: float = 0.0
    """Consensus score: the largest entry of the vector."""
    agreed: bool = False
    """Whether the consensus rule retains it."""
    cut_reason: str = ""
    """Why what followed the text was cut off, as `answers.Cut` names it; empty if nothing was."""
    thinking: str | None = None
    """What a solver that thinks said before its answer, where the recipe keeps it; never read for an answer."""
    solver: str = ""
    """Which of several solvers gave it; empty if there was one."""
    thinking_tokens: int | None = None
    """The tokens of the thinking that is kept; None if the server did not count them apart."""


class Vote(Record):
    """The consensus over the solutions of one question."""

    mode: Literal["paper", "strict"]
    winner: str | None
    share: float
    margin: float
    """Share of the winner less that of the runner-up."""
    tie: bool
    votes: int
    abstentions: int
    identical: int = 0
    """Solutions whose text, thinking included, repeats that of an earlier one."""
    united: tuple[str, ...] = ()
    """Pairs of answers that the referee found equal, as `a ≡ b`."""
    weights: Literal["equal", "controls"] = "equal"
    """Whether each solution has one vote, or each solver weighs what the controls say of it; the latter in tables alone."""


class Attempts(Record):
    """What became of the reference solver's attempts at an agreed question, graded against the consensus."""

    passed: int
    failed: int
    undecided: int = 0
    """Attempts that were refused or given up, and answers that can be proved neither equal to the consensus nor different."""

    @property
    def pass_rate(self) -> float | None:
        """The share of the decided attempts that passed, 0 to 1; None without one."""
        decided = self.passed + self.failed
        return self.passed / decided if decided else None

    def __str__(self) -> str:
        undecided = f", {self.undecided} could not be graded" if self.undecided else ""
        return f"{self.passed} of {self.passed + self.failed} attempts passed{undecided}"


class Stage(StrEnum):
    """The funnel, in order; a candidate carries the last stage that it passed."""

    ASKED = "asked"
    WRITTEN = "written"
    JUDGED = "judged"
    SOLVED = "solved"
    AGREED = "agreed"
    KEPT = "kept"


class DropReason(StrEnum):
    """Why a candidate went no further; each belongs to exactly one stage."""

    NONE = ""
    UNWRITTEN = "no valid question"
    ANSWER_INSIDE = "answer inside the question"
    TALK = "talk about the task"
    NOTHING_ASKED = "nothing asked"
    COPIED_PASSAGE = "copied passage"
    RENUMBERED = "renumbered practice"
    UNJUDGED = "no valid judgement"
    LOW_QUALITY = "quality below threshold"
    TOO_MANY_PARTS = "too many sub-questions"
    UNSOLVED = "no usable solution"
    NO_AGREEMENT = "no agreement"
    TIE = "tie"
    LOW_SHARE = "share below threshold"
    SEED_REPEAT = "repeats a seed problem"
    TEST_REPEAT = "repeats a test problem"
    TEST_SEED = "drawn from a test problem"
    DUPLICATE = "duplicate question"
    LOW_P_CORRECT = "p_correct below threshold"
    LONG_REASONING = "reasoning too long"
    WRONG_DIFFICULTY = "pass rate outside the bounds"
    NOT_ASKED = "needs answers that were never asked for"


COPIED = frozenset({DropReason.COPIED_PASSAGE, DropReason.RENUMBERED})
"""What such a question says may be the text of a seed that may not be shared."""
REPEATED = frozenset({DropReason.SEED_REPEAT, DropReason.TEST_REPEAT})
"""What such a question says may be the text of a seed that may not be shared, or of a test set."""


class RepeatMark(Record):
    """That a question, or a solution, repeats a text that was there before; it holds no text."""

    check: Literal["seed", "test", "row"]
    """What is repeated: a seed problem, a problem of a test set, or an earlier row of this build."""
    set: str = ""
    """The test set; empty for seeds and rows."""
    id: str
    """What is repeated; of several the first."""
    kind: str
    """How it is repeated: `verbatim`, `reformatted`, `renumbered`, `renamed`, `near`, `paraphrase`, the name of an n-gram check,
    or `drawn from`: a seed of it is the test problem."""
    similarity: float = 1.0
    """0 to 1; 1 for equal forms and n-grams."""


class ControlQuestion(Record):
    """A question whose answer is known, solved beside a blueprint as if it were the blueprint's own; it is never published."""

    source: str
    """Where it comes from: `seeds`, `symbolic`, `reasoning-gym` or `file`."""
    id: str
    question: str
    gold: str
    """The known answer."""
    solutions: tuple[Solution, ...] = ()
    vote: Vote | None = None
    right: bool | None = None
    """Whether the winning answer is the known one; None without a winner, and if neither is proved."""
    spent: Tokens = Tokens()
    reason: str = ""
    """Why it was not solved, if it was not."""


class PlantedQuestion(Record):
    """A question with a known fault, or a sound one, judged beside a blueprint as if it had been written for it; never published."""

    kind: str
    """The fault, or `sound`."""
    id: str
    """The seed problem that it is made of."""
    judgement: Judgement | None = None
    spent: Tokens = Tokens()
    reason: str = ""
    """Why it was not judged, if it was not."""


class Candidate(Record):
    """One blueprint's way through the method, kept or dropped (a row of `scored`)."""

    blueprint: Blueprint
    models: dict[str, str]
    """Role to model; of several solvers each as `solver NAME`."""
    question: str | None = None
    judgement: Judgement | None = None
    solutions: tuple[Solution, ...] = ()
    vote: Vote | None = None
    spent: dict[str, Tokens] = {}
    """Task to tokens."""
    repairs: dict[str, dict[str, int]] = {}
    """Role to what had to be repaired in its replies before they could be read, and how often."""
    loops: dict[str, int] = {}
    """Role to how many of its replies ran in a loop until they were cut off."""
    stage: Stage
    reason: DropReason = DropReason.NONE
    detail: str = ""
    repeats: tuple[RepeatMark, ...] = ()
    """What its question repeats; found when the tables are written, not before."""
    control: ControlQuestion | None = None
    """The question with a known answer that was solved beside it, if there is one."""
    planted: PlantedQuestion | None = None
    """The question that was judged beside it to test the judge, if there is one."""
    p_correct: float | None = None
    """The estimated probability that its winning answer is right; known when the tables are written, if there are enough controls."""
    attempts: Attempts | None = None
    """What a reference solver made of it; None if it was not agreed upon, if the recipe has none, or if the attempts were never asked for."""

    parent: str | None = None
    """The candidate that it is a harder version of, which has the same blueprint."""
    parent_attempts: Attempts | None = None
    """What the reference solver made of that one."""

    @property
    def is_agreed(self) -> bool:
        """Whether it passed all stages that come before the tables, and nothing drops it so far."""
        return self.stage is Stage.AGREED and not self.reason

    @property
    def pass_rate(self) -> float | None:
        """The share of the reference solver's attempts that passed; None if it is not known."""
        return None if self.attempts is None else self.attempts.pass_rate

    def models_of(self, role: str) -> tuple[str, ...]:
        """Return the models that played a role, each once."""
        players = (name for name in self.models if name == role or name.startswith(f"{role} "))
        return tuple(dict.fromkeys(self.models[name] for name in players))

    @property
    def tokens(self) -> Tokens:
        """What all tasks of this candidate cost together."""
        return sum(self.spent.values(), Tokens())
