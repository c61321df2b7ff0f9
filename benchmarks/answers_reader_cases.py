"""Reading where a solution ends and which of its words are the answer: labelled cases, beside math-verify on the same texts."""

from collections import Counter
from pathlib import Path

from answers_data import rows_of, table
from answers_suites import math_verify_reads

from kpmath_builder.answers import equivalent, final_answer

__all__ = ["cases"]

FILES = {"reader_hand": "answer", "extraction_sources": "answer", "run_on": "want"}


def cases(data: Path, *, rows: bool) -> None:
    """Print, per file, how many texts are read right, wrong and not at all; a text without an answer is right if it is not read."""
    body, missed = [], []
    for file, column in FILES.items():
        count: Counter[str] = Counter()
        theirs: Counter[str] = Counter()
        listed = rows_of(data / "answer_cases" / f"{file}.jsonl")
        for row in listed:
            read, want = final_answer(row["text"]), row[column]
            said = _judged(None if read is None else read.text, want)
            count[said] += 1
            theirs[_judged(math_verify_reads(row["text"], want), want)] += 1
            if said != "right":
                missed.append((file, row.get("id", ""), row["kind"], said, _end(row["text"]), want, read))
        body.append(
            (file, len(listed), *(f"{tally[said]}" for tally in (count, theirs) for said in VERDICTS))
        )
    heads = [f"{who}: {said}" for who in ("ours", "math-verify") for said in VERDICTS]
    table(("file", "texts", *heads), body)
    if rows:
        table(("file", "id", "kind", "", "end of the text", "answer", "read"), missed)


VERDICTS = ("right", "wrong", "abstained")


def _judged(read: str | None, want: str | None) -> str:
    if read is None:
        return "right" if want is None else "abstained"
    return "right" if want is not None and equivalent(read, want).equal else "wrong"


def _end(text: str) -> str:
    return f"`{text[-90:]}`"
