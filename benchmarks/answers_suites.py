"""Equality on four public suites of pairs, beside math-verify on the same rows."""

from collections import Counter
from pathlib import Path
from typing import Any

from answers_data import rows_of, table

from kpmath_builder.answers import Verdict, equivalent

__all__ = ["math_verify_reads", "math_verify_says", "suites"]

SUITES = ("unit_test", "rule_graded", "llm_judged", "hardverify")


def suites(data: Path, *, rows: bool) -> None:
    """Print true pairs found and false pairs accepted, for both."""
    body, contradictions = [], []
    for suite in SUITES:
        pairs = rows_of(data / "equivalence" / f"{suite}_pairs.jsonl")
        ours, theirs, bare = (
            Counter[tuple[bool, bool]](),
            Counter[tuple[bool, bool]](),
            Counter[tuple[bool, bool]](),
        )
        unknown = 0
        for pair in pairs:
            verdict = equivalent(pair["prediction"], pair["reference"])
            unknown += verdict.unknown
            ours[pair["equal"], verdict.equal] += 1
            theirs[pair["equal"], math_verify_says(pair["prediction"], pair["reference"])] += 1
            bare[pair["equal"], math_verify_says(pair["prediction"], pair["reference"], wrapped=False)] += 1
            if verdict.equal != pair["equal"]:
                contradictions.append((suite, pair, verdict))
        true, false = sum(pair["equal"] for pair in pairs), sum(not pair["equal"] for pair in pairs)
        body.append(
            (
                suite, true, false,
                *(f"{count[True, True]} ({count[True, True] / true:.1%}) / {count[False, True]}" for count in (ours, theirs, bare)),
                unknown,
            )
        )  # fmt: skip
    table(
        (
            "suite",
            "true pairs",
            "false pairs",
            "ours: true found / false accepted",
            "math-verify 0.9.0, in $…$",
            "math-verify 0.9.0, bare",
            "unknown",
        ),
        body,
    )
    if rows:
        table(
            ("suite", "label", "prediction", "reference", "ours", "why"), (_row(*c) for c in contradictions)
        )


def _row(suite: str, pair: dict[str, Any], verdict: Verdict) -> tuple[object, ...]:
    label = "equal" if pair["equal"] else "different"
    why = pair.get("audit") if pair.get("audit") not in {None, "not checked"} else verdict.reason
    return suite, label, f"`{pair['prediction'][-80:]}`", f"`{pair['reference'][-80:]}`", verdict.kind, why


def math_verify_says(prediction: str, reference: str, *, wrapped: bool = True) -> bool:
    """Return its verdict with its own settings; what it raises counts as different."""
    from math_verify import parse, verify

    def prepared(text: str) -> str:
        mathematics = any(sign in text for sign in ("$", "boxed", "\\(")) or len(text) > 300
        return text if mathematics or not wrapped else f"${text}$"

    try:
        return bool(verify(parse(prepared(reference)), parse(prepared(prediction))))
    except Exception:  # noqa: BLE001 - any failure of the other is a miss
        return False


def math_verify_reads(text: str, want: str | None) -> str | None:
    """Return `want` if it finds that answer in the text, what it finds instead, or None if it finds nothing."""
    from math_verify import parse, verify

    try:
        found = parse(text)
        if not found:
            return None
        return want if want is not None and verify(parse(f"${want}$"), found) else f"not it: {found[-1]}"
    except Exception:  # noqa: BLE001 - any failure of the other is a miss
        return None
