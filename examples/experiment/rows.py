r"""Training rows in one format: the paper's prompt, then a solution that ends `The answer is \boxed{…}.`.

All arms share it, whatever their source wrote, so that a difference between two arms is not one of format. Calculator annotations
(`<<3*4=12>>`) are removed: no calculator reads them here.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from kpmath_builder.curation.annotations import without_annotations
from kpmath_builder.evaluation.templates import PAPER, read_template
from kpmath_builder.files.durable import write_atomically

__all__ = ["TrainingRow", "count_steps", "of_gsm8k", "of_pair", "prompt_of", "read_rows", "write_rows"]

_END = re.compile(r"\n?The answer is \\boxed\{.*\}\.?\s*\Z")
_STEP = re.compile(r"[\d)%}]\s*(?:[-+*/×÷x]|\\times|\\div)\s*[\d($.]?[^=\n]*=")


@dataclass(frozen=True)
class TrainingRow:
    """A question with its solution, and its length in tokens once it was counted."""

    id: str
    question: str
    solution: str
    parts: int = 1
    """Seed problems that it was composed of."""
    prompt_tokens: int = 0
    answer_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Tokens that pass through the model."""
        return self.prompt_tokens + self.answer_tokens


def of_gsm8k(name: str, question: str, answer: str) -> TrainingRow:
    """Return a row of GSM8K, whose answer stands after `####`."""
    steps, _, final = answer.rpartition("####")
    return TrainingRow(name, question.strip(), _solution(steps, final))


def of_pair(name: str, question: str, solution: str, answer: str, parts: int) -> TrainingRow:
    """Return a row of the config `qa-pairs`."""
    return TrainingRow(name, question.strip(), _solution(_END.sub("", solution), answer), parts)


def _solution(steps: str, final: str) -> str:
    value = final.strip().replace(",", "")
    return f"{without_annotations(steps).strip()}\nThe answer is \\boxed{{{value}}}."


def count_steps(solution: str) -> int:
    """Return how many results a solution computes: signs of equality behind an operation."""
    return len(_STEP.findall(solution))


def prompt_of(question: str) -> str:
    """Return the paper's prompt for a question; the solution follows it."""
    return read_template(PAPER).messages(question)[0].content


def write_rows(path: Path, rows: Iterable[TrainingRow]) -> None:
    """Write rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, "".join(json.dumps(asdict(row)) + "\n" for row in rows).encode())


def read_rows(path: Path) -> Iterator[TrainingRow]:
    """Yield the rows of a file that `write_rows` wrote."""
    with path.open(encoding="utf-8") as file:
        yield from (TrainingRow(**json.loads(line)) for line in file)
