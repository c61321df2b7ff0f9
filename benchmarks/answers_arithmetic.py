"""The arithmetic check on gold solutions and on model outputs that are right or wrong."""

import random
import time
from pathlib import Path

from answers_data import OUTPUTS, outputs, rows_of, table

from kpmath_builder.answers import check_arithmetic, equivalent, final_answer

__all__ = ["arithmetic"]

SAMPLE = 5_000


def arithmetic(data: Path, *, rows: bool) -> None:
    """Print statements checked, wrong and unread, and how often a solution has a wrong one."""
    texts = [row["answer"] for row in rows_of(data / "gsm8k" / "train.jsonl")]
    started = time.process_time()
    found = [check_arithmetic(text) for text in texts]
    micros = (time.process_time() - started) / len(texts) * 1e6
    wrong = [statement for check in found for statement in check.wrong]
    body = [("GSM8K train golds", *_sums(found), f"{micros:.0f}")]
    for name in OUTPUTS:
        body += _by_outcome(data, name)
    table(
        (
            "solutions",
            "number",
            "statements checked",
            "wrong",
            "unread",
            "solutions with a wrong one",
            "µs per solution",
        ),
        body,
    )
    chains = rows_of(data / "model_outputs" / "graded_chains.jsonl")
    flagged = [bool(check_arithmetic(row["reasoning"]).wrong) for row in chains]
    for valid in (True, False):
        group = [
            flag for flag, row in zip(flagged, chains, strict=True) if row["reasoning_valid_human"] is valid
        ]
        print(
            f"- human label: reasoning {'valid' if valid else 'invalid'}: {sum(group)} of {len(group)} have a wrong statement"
        )
    if rows:
        print("\nCalled wrong in GSM8K train golds:\n")
        print("\n".join(f"- `{statement}`" for statement in wrong))


def _sums(found: list) -> tuple[object, ...]:
    flagged = sum(bool(check.wrong) for check in found)
    return (
        len(found), sum(check.checked for check in found), sum(len(check.wrong) for check in found),
        sum(len(check.unread) for check in found), f"{flagged} ({flagged / max(len(found), 1):.1%})",
    )  # fmt: skip


def _by_outcome(data: Path, name: str) -> list[tuple[object, ...]]:
    pool = [
        (problem["gold"], output["text"]) for problem in outputs(data, name) for output in problem["outputs"]
    ]
    groups: dict[bool, list] = {True: [], False: []}
    for gold, text in random.Random(3).sample(pool, SAMPLE):
        answer = final_answer(text)
        groups[answer is not None and equivalent(answer, gold).equal].append(check_arithmetic(text))
    return [
        (f"{name} outputs, answer {'right' if right else 'wrong'}", *_sums(group), "")
        for right, group in groups.items()
    ]
