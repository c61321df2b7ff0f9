"""The funnel: how many candidates passed each stage, why the others did not, and what they cost. It adds up exactly."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from kpmath_builder.protocol import PROGRAM, ROLE_OF
from kpmath_builder.records import Candidate, DropReason, Stage, Tokens

__all__ = ["CONTROL", "PLANTED", "Funnel", "FunnelLine"]

_FEW_QUESTIONS = 5
_CHANCE = 0.05
"""The share of questions all of whose samples may be one text by chance: short solutions of easy questions are."""
CONTROL, PLANTED = "control", "planted"
"""What controls of the solver and of the judge are counted under, beside the tasks."""
_ROLE_OF: Mapping[str, str] = {
    **{str(task): role for task, role in ROLE_OF.items()},
    CONTROL: "solver",
    PLANTED: "judge",
}
_ROLES = {"write": "writer", "judge": "judge"}
_OBSERVED = ("attempts", "harder", "qualities", "replied", "valid_at_first", "refused")
_SAID = frozenset({"stop", "length"})
"""Ends of a solution that a model wrote, whole or cut off."""
_TASKS_OF = {
    Stage.WRITTEN: ("write", "harder"),
    Stage.JUDGED: ("work", "judge"),
    Stage.SOLVED: ("solve",),
    Stage.AGREED: ("compare", "attempt"),
}


@dataclass(frozen=True, slots=True)
class FunnelLine:
    """A stage: how many passed it, why some of those went no further, and the tokens that were spent to pass it."""

    stage: Stage
    passed: int
    reasons: Mapping[DropReason, int]
    tokens: Tokens

    @property
    def why(self) -> str:
        """The reasons in words, with the requests that were given up on the way."""
        why = ", ".join(f"{count:,} {reason.value}" for reason, count in self.reasons.items() if reason.value)
        given_up = f"{self.tokens.given_up:,} requests given up" if self.tokens.given_up else ""
        return "; ".join(filter(None, [why, given_up]))


class Funnel:
    """Counts that grow with each candidate; a candidate ends at the last stage that it passed."""

    def __init__(self) -> None:
        self.ended: Counter[tuple[Stage, DropReason]] = Counter()
        self.spent: dict[str, Tokens] = defaultdict(Tokens)
        """Task to tokens."""
        self.repairs: Counter[tuple[str, str]] = Counter()
        """Role and repair to how many replies needed it."""
        self.solutions = 0
        """Sampled solutions of all candidates."""
        self.identical = 0
        """Those whose text repeats that of another solution of the same question."""
        self.sampled_questions = 0
        """Questions with two or more solutions that were sampled from a model and voted on."""
        self.repeated_questions = 0
        """Those of them whose solutions all have one text."""
        self.loops: Counter[str] = Counter()
        """Role to how many of its replies ran in a loop until they were cut off."""
        self.unread = 0
        """Solutions of a model in which no answer could be read."""
        self.sampled = 0
        """Solutions of a model."""
        self.qualities: Counter[float] = Counter()
        """Quality, in hundredths, to how many questions a model's judge gave it."""
        self.replied: Counter[str] = Counter()
        """Role of a model to how many of its tasks got a reply of its own, valid or not."""
        self.valid_at_first: Counter[str] = Counter()
        """Those of them whose first reply was valid."""
        self.refused: Counter[str] = Counter()
        """Role of a model to how many of its requests were refused."""
        self.attempts: Counter[str] = Counter()
        """How the reference solver's attempts ended: `passed`, `failed`, `undecided`; and at how many `questions` they were made."""
        self.harder: Counter[str] = Counter()
        """Harder versions that were `asked` for, that were `agreed` upon, and how the attempts ended (`passed`, `failed`) at those whose
        parents were attempted as well, and at these (`parents_passed`, `parents_failed`)."""

    def add(self, candidate: Candidate) -> None:
        """Count one candidate."""
        self.ended[candidate.stage, candidate.reason] += 1
        self.solutions += len(candidate.solutions)
        self.identical += candidate.vote.identical if candidate.vote else 0
        if candidate.vote and len(candidate.solutions) > 1 and not _is_program(candidate, "solver"):
            self.sampled_questions += 1
            self.repeated_questions += candidate.vote.identical == len(candidate.solutions) - 1
        for task, tokens in candidate.spent.items():
            self.spent[task] += tokens
        for name, beside in ((CONTROL, candidate.control), (PLANTED, candidate.planted)):
            if beside is not None:
                self.spent[name] += beside.spent
        for role, counts in candidate.repairs.items():
            self.repairs.update({(role, repair): count for repair, count in counts.items()})
        self.loops.update(candidate.loops)
        if candidate.attempts is not None:
            self.attempts.update({"questions": 1, **candidate.attempts.model_dump()})
        if candidate.parent is not None:
            self._compare(candidate)
        self._observe(candidate)

    def _compare(self, version: Candidate) -> None:
        """Count a harder version beside its parent."""
        is_agreed = version.stage in {Stage.AGREED, Stage.KEPT}
        self.harder.update({"asked": 1, "agreed": int(is_agreed)})
        its, parents = version.attempts, version.parent_attempts
        if its is not None and parents is not None:
            self.harder.update({"passed": its.passed, "failed": its.failed})
            self.harder.update({"parents_passed": parents.passed, "parents_failed": parents.failed})

    def _observe(self, candidate: Candidate) -> None:
        """Count what says something of the models that played; a program plays by its rules."""
        valid = {"write": candidate.stage is not Stage.ASKED, "judge": candidate.judgement is not None}
        for task, spent in candidate.spent.items():
            if not _is_program(candidate, _ROLE_OF[task]):
                self.refused[_ROLE_OF[task]] += spent.refused
        for task, role in _ROLES.items():
            spent = candidate.spent.get(task, Tokens())
            if _is_program(candidate, role) or not spent.requests:
                continue
            if not spent.refused and not spent.given_up:
                self.replied[role] += 1
                wanted = candidate.judgement.judgements if task == "judge" and candidate.judgement else 1
                self.valid_at_first[role] += valid[task] and spent.requests == wanted
        if candidate.judgement is not None and not _is_program(candidate, "judge"):
            self.qualities[round(candidate.judgement.quality, 2)] += 1
        if not _is_program(candidate, "solver"):
            said = [its for its in candidate.solutions if its.finish_reason in _SAID]
            self.sampled += len(said)
            self.unread += sum(its.answer is None for its in said)

    def __add__(self, other: "Funnel") -> "Funnel":
        both = Funnel()
        for funnel in (self, other):
            both.ended.update(funnel.ended)
            both.repairs.update(funnel.repairs)
            both.solutions += funnel.solutions
            both.identical += funnel.identical
            both.sampled_questions += funnel.sampled_questions
            both.repeated_questions += funnel.repeated_questions
            both.loops.update(funnel.loops)
            both.unread += funnel.unread
            both.sampled += funnel.sampled
            for name in _OBSERVED:
                getattr(both, name).update(getattr(funnel, name))
            for task, tokens in funnel.spent.items():
                both.spent[task] += tokens
        return both

    def lines(self) -> list[FunnelLine]:
        """Return a line per stage in the order of the method; reasons in the order of `DropReason`."""
        lines = []
        passed = self.ended.total()
        for stage in Stage:
            reasons = {
                reason: self.ended[stage, reason] for reason in DropReason if self.ended[stage, reason]
            }
            lines.append(FunnelLine(stage, passed, reasons, self._spent_on(stage)))
            passed -= sum(reasons.values())
        return lines

    def _spent_on(self, stage: Stage) -> Tokens:
        return sum((self.spent[task] for task in _TASKS_OF.get(stage, ()) if task in self.spent), Tokens())

    def decided(self) -> list[FunnelLine]:
        """Return the lines as far as they are known: nothing is kept before the selection, which looks at all candidates."""
        waiting = not self.ended or self.ended[Stage.AGREED, DropReason.NONE]
        return [line for line in self.lines() if line.stage is not Stage.KEPT or not waiting]

    @property
    def not_asked(self) -> int:
        """How many candidates ended because answers that they need were never asked for."""
        return sum(count for (_, reason), count in self.ended.items() if reason is DropReason.NOT_ASKED)

    def as_texts(self) -> list[tuple[str, str, str]]:
        """Return stage, count and reasons of the lines that are known, as a table shows them."""
        return [(line.stage.value, f"{line.passed:,}", line.why) for line in self.decided()]

    def repaired(self) -> dict[str, dict[str, int]]:
        """Return role to repair to how many replies needed it, for the roles that have any."""
        counts: dict[str, dict[str, int]] = {}
        for (role, repair), count in sorted(self.repairs.items()):
            counts.setdefault(role, {})[repair] = count
        return counts

    @property
    def repeats_beyond_chance(self) -> bool:
        """Whether the solutions of more questions are one text than short solutions of easy questions are by chance."""
        often = max(_FEW_QUESTIONS, _CHANCE * self.sampled_questions)
        return self.repeated_questions >= often

    @property
    def given_up(self) -> Counter[str]:
        """Role to how many of its requests were given up."""
        counts: Counter[str] = Counter()
        for task, spent in self.spent.items():
            counts[_ROLE_OF[task]] += spent.given_up
        return counts

    @property
    def draws(self) -> int:
        """How many blueprints were drawn: candidates without the harder versions."""
        return self.ended.total() - self.harder["asked"]

    def difficulty(self) -> list[str]:
        """Return sentences on how often the reference solver reached the consensus, and on harder versions of questions."""
        said = []
        ends = self.attempts
        if decided := ends["passed"] + ends["failed"]:
            undecided = f"; {ends['undecided']:,} more could not be graded" if ends["undecided"] else ""
            said.append(
                f"The reference solver reached the consensus in {ends['passed'] / decided:.1%} of {decided:,} attempts at "
                f"{ends['questions']:,} agreed questions{undecided}."
            )
        if self.harder:
            said.append(self._harder_than_before())
        return said

    def _harder_than_before(self) -> str:
        ends = self.harder
        its, parents = (ends[f"{whose}passed"] + ends[f"{whose}failed"] for whose in ("", "parents_"))
        sentence = f"Harder versions: {ends['asked']:,} were asked for, {ends['agreed']:,} are agreed upon"
        if not its or not parents:
            return f"{sentence}; how hard they are was not measured."
        return (
            f"{sentence}; the reference solver reached the consensus in {ends['passed'] / its:.1%} of its attempts at them, and in "
            f"{ends['parents_passed'] / parents:.1%} of those at the questions that they are made of."
        )

    def lost_at(self) -> FunnelLine | None:
        """Return the stage at which the last candidates went no further; None if one was kept or none is there."""
        lines = self.lines()
        if lines[-1].passed or not lines[0].passed:
            return None
        return [line for line in lines if line.passed][-1]

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON has them, in the funnel's order."""
        return {
            "passed": {line.stage.value: line.passed for line in self.lines()},
            "ended": [
                [stage.value, reason.value, self.ended[stage, reason]] for stage, reason in sorted(self.ended)
            ],
            "solutions": {
                "sampled": self.solutions,
                "identical": self.identical,
                "questions": self.sampled_questions,
                "repeated_questions": self.repeated_questions,
                "of_models": self.sampled,
                "unread": self.unread,
            },
            "tokens": {task: tokens.model_dump() for task, tokens in sorted(self.spent.items())},
            **({"repairs": self.repaired()} if self.repairs else {}),
            **({"loops": dict(sorted(self.loops.items()))} if self.loops else {}),
            **({"qualities": _named(self.qualities)} if self.qualities else {}),
            **({"replied": _named(self.replied)} if self.replied else {}),
            **({"valid_at_first": _named(self.valid_at_first)} if self.replied else {}),
            **({"refused": _named(self.refused)} if self.refused.total() else {}),
            **({"attempts": _named(self.attempts)} if self.attempts else {}),
            **({"harder": _named(self.harder)} if self.harder else {}),
        }

    @classmethod
    def from_json(cls, counts: Mapping[str, Any]) -> Self:
        """Return the funnel that `as_json` described."""
        funnel = cls()
        for stage, reason, count in counts["ended"]:
            funnel.ended[Stage(stage), DropReason(reason)] = count
        solutions = counts.get("solutions", {})
        funnel.solutions, funnel.identical = solutions.get("sampled", 0), solutions.get("identical", 0)
        funnel.sampled_questions = solutions.get("questions", 0)
        funnel.repeated_questions = solutions.get("repeated_questions", 0)
        funnel.sampled, funnel.unread = solutions.get("of_models", 0), solutions.get("unread", 0)
        funnel.qualities.update({float(value): count for value, count in counts.get("qualities", {}).items()})
        for name in ("replied", "valid_at_first", "refused", "attempts", "harder"):
            getattr(funnel, name).update(counts.get(name, {}))
        for task, tokens in counts["tokens"].items():
            funnel.spent[task] = Tokens(**tokens)
        for role, repairs in counts.get("repairs", {}).items():
            funnel.repairs.update({(role, repair): count for repair, count in repairs.items()})
        funnel.loops.update(counts.get("loops", {}))
        return funnel


def _is_program(candidate: Candidate, role: str) -> bool:
    return candidate.models_of(role) == (PROGRAM,)


def _named(counts: Counter[Any]) -> dict[str, int]:
    """Return the counts above 0 as JSON has them, sorted."""
    return {str(name): count for name, count in sorted(counts.items()) if count}
