"""The funnel: how many candidates passed each stage, why the others did not, and what they cost. It adds up exactly."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from kpmath_builder.records import Candidate, DropReason, Stage, Tokens

__all__ = ["Funnel", "FunnelLine"]

_FEW_QUESTIONS = 5
_CHANCE = 0.05
"""The share of questions all of whose samples may be one text by chance: short solutions of easy questions are."""
_PROGRAM = "symbolic"
"""The model of the symbolic teacher: it solves a question in few ways, and its errors are drawn anew for each solution."""
_TASKS_OF = {Stage.WRITTEN: ("write",), Stage.JUDGED: ("work", "judge"), Stage.SOLVED: ("solve",)}


@dataclass(frozen=True, slots=True)
class FunnelLine:
    """A stage: how many passed it, why some of those went no further, and the tokens that were spent to pass it."""

    stage: Stage
    passed: int
    reasons: Mapping[DropReason, int]
    tokens: Tokens


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

    def add(self, candidate: Candidate) -> None:
        """Count one candidate."""
        self.ended[candidate.stage, candidate.reason] += 1
        self.solutions += len(candidate.solutions)
        self.identical += candidate.vote.identical if candidate.vote else 0
        if candidate.vote and len(candidate.solutions) > 1 and candidate.models.get("solver") != _PROGRAM:
            self.sampled_questions += 1
            self.repeated_questions += candidate.vote.identical == len(candidate.solutions) - 1
        for task, tokens in candidate.spent.items():
            self.spent[task] += tokens
        for role, counts in candidate.repairs.items():
            self.repairs.update({(role, repair): count for repair, count in counts.items()})
        self.loops.update(candidate.loops)

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

    def repaired(self) -> dict[str, dict[str, int]]:
        """Return role to repair to how many replies needed it, for the roles that have any."""
        counts: dict[str, dict[str, int]] = {}
        for (role, repair), count in sorted(self.repairs.items()):
            counts.setdefault(role, {})[repair] = count
        return counts

    def repetitions(self) -> list[str]:
        """Return how many solutions have the text of another, and what to do if that is more than chance, each in one sentence."""
        if not self.identical or not self.sampled_questions:
            return []
        found = [
            f"Solutions whose text repeats that of another one of their question: {self.identical:,} of {self.solutions:,}."
        ]
        often = max(_FEW_QUESTIONS, _CHANCE * self.sampled_questions)
        if self.repeated_questions >= often:
            found.append(
                f"All solutions of {self.repeated_questions:,} of {self.sampled_questions:,} questions are one text, which is more than chance, "
                "so their votes are not independent: check that the server obeys seeds, that no cache stands in front of it, and that the "
                "temperature of solutions is above 0, and build in a new folder."
            )
        return found

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
            },
            "tokens": {task: tokens.model_dump() for task, tokens in sorted(self.spent.items())},
            **({"repairs": self.repaired()} if self.repairs else {}),
            **({"loops": dict(sorted(self.loops.items()))} if self.loops else {}),
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
        for task, tokens in counts["tokens"].items():
            funnel.spent[task] = Tokens(**tokens)
        for role, repairs in counts.get("repairs", {}).items():
            funnel.repairs.update({(role, repair): count for repair, count in repairs.items()})
        funnel.loops.update(counts.get("loops", {}))
        return funnel
