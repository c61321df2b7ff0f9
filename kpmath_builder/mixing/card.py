"""What a mix adds to the card of the build: a config, its columns, and the section "The mix"."""

import re

import yaml  # type: ignore[import-untyped]
from huggingface_hub import DatasetCardData

from kpmath_builder.curation.repeat import RepeatKind
from kpmath_builder.dataset.card import columns_tables
from kpmath_builder.dataset.front import config_entry, info_entry
from kpmath_builder.dataset.markdown import table
from kpmath_builder.dataset.parquet import WrittenConfig
from kpmath_builder.dataset.schemas import PLUS
from kpmath_builder.mixing.policies import of_row
from kpmath_builder.mixing.recipe import MixRecipe
from kpmath_builder.mixing.report import MixReport

__all__ = ["mixed_card"]

_TITLE = "the pairs of `qa-pairs` mixed with existing sets (KPMath-Plus)"
_SCORED_LINE = re.compile(r"^\| `scored` \|.*$", re.MULTILINE)


def mixed_card(
    card: str, recipe: MixRecipe, report: MixReport, written: WrittenConfig, fingerprint: str
) -> str:
    """Return the card of a build with all that is to be said of its mix."""
    found = re.match(r"---\n(.*?)\n---\n(.*)", card, re.DOTALL)
    assert found is not None, "a build writes its card with a front matter"
    body = _SCORED_LINE.sub(
        lambda line: f"{line[0]}\n| `{PLUS}` | {_TITLE} | {written.rows:,} |", found[2], count=1
    )
    # A model's text in the example may hold such a line too, but only above the heading itself.
    body = _before(body, "## How it was made", _section(recipe, report, fingerprint))
    body = _before(body, "## Provenance", columns_tables("###", (PLUS,)))
    return f"---\n{_front(found[1], report, written, fingerprint)}\n---\n{body}"


def _front(front: str, report: MixReport, written: WrittenConfig, fingerprint: str) -> str:
    data = yaml.safe_load(front)
    data["configs"].append(
        {
            **config_entry(PLUS, fingerprint, written),
            "description": f"mix {fingerprint}, data {written.digest[:16]}",
        }
    )
    data["dataset_info"].append(info_entry(PLUS, written))
    if {data["license"], *report.licences} != {data["license"]}:
        data |= {"license": "other", "license_name": "mixed", "license_link": "README.md#the-mix"}
    ids = [counts.source for counts in report.sources.values() if counts.stayed and "/" in counts.source]
    data["source_datasets"] = list(dict.fromkeys([*data["source_datasets"], *ids]))
    text: str = DatasetCardData(**data).to_yaml()
    return text


def _before(body: str, heading: str, part: str) -> str:
    before, found, after = body.rpartition(f"\n{heading}\n")
    assert found, f"the card of a build has the section {heading}"
    return f"{before}\n{part}\n\n{heading}\n{after}"


def _section(recipe: MixRecipe, report: MixReport, fingerprint: str) -> str:
    about = (
        f"Config `{PLUS}` is mix `{fingerprint}`: our pairs with existing sets, as KPMath-Plus of the paper. "
        "`source`, `source_id`, `subset` and `licence` say of each row where it comes from."
    )
    parts = [
        "## The mix",
        about,
        table(*report.table()),
        _preference(recipe),
        _licences(report),
        _unshared(report),
        _overlaps(report),
    ]
    return "\n\n".join(filter(None, parts))


def _preference(recipe: MixRecipe) -> str:
    within = (
        "Within one source, other solutions of the same question stay."
        if recipe.duplicates.within == "pairs"
        else "Within one source, one row per question stays."
    )
    said = {
        policy: ", ".join(kind.value for kind in RepeatKind if of_row(recipe, kind.value) == policy) or "none"
        for policy in ("drop", "flag")
    }
    return (
        f"Of rows that repeat one another, the one of the preferred source stays; the order is {', '.join(recipe.prefer)}. "
        f"Kinds of repeats that are dropped: {said['drop']}; that stay and are marked in `flags` and `repeats`: {said['flag']}. {within}"
    )


def _licences(report: MixReport) -> str:
    rows = [
        (name, counts.source, licence, f"{number:,}")
        for name, counts in report.sources.items()
        for licence, number in sorted(counts.licences.items())
    ]
    return "### Licences of the rows\n\n" + table(("source", "set", "licence", "rows"), rows) if rows else ""


def _unshared(report: MixReport) -> str:
    rows = [
        (name, subset or "all", licence or "not stated", f"{number:,}", reason.value)
        for name, counts in report.sources.items()
        for (subset, licence, reason), number in sorted(counts.unshared.items())
    ]
    if not rows:
        return ""
    return "### Rows that may not be shared, and so are not here\n\n" + table(
        ("source", "part", "licence", "rows", "why"), rows
    )


def _overlaps(report: MixReport) -> str:
    parts = ["### Overlap of the mix with test sets"]
    if not report.tests:
        parts.append("No row was compared with a test set: the recipe of the mix names none.")
    parts += [
        f"**{one.name} was not checked**: it could not be read when the mix was made."
        for one in report.tests
        if one.fault
    ]
    read = [one for one in report.tests if one.is_read]
    if not read:
        return "\n\n".join(parts)
    names = list(report.sources)
    checks = list(dict.fromkeys(check for _, check, _ in sorted(report.overlaps)))
    rows = [
        (one.name, check, *(f"{report.overlaps[one.name, check, name]:,}" for name in names))
        for one in read
        for check in checks
        if any(report.overlaps[one.name, check, name] for name in names)
    ]
    compared = ", ".join(f"{one.name} ({len(one.problems):,} problems)" for one in read)
    parts.append(
        f"Rows that repeat a problem of {compared}, by check and source, dropped or marked in `flags`. The training sets of GSM8K and MATH, "
        "if they stand among the sources, are the baseline: nobody made them from the test sets. Of MATH, questions alone are compared."
    )
    parts.append(table(("test set", "check", *names), rows) if rows else "No row repeats a test problem.")
    return "\n\n".join(parts)
