"""The dataset card: README.md, whose front matter makes `load_dataset` find configs, splits and features.

The card is a function of the build: no dates, machine names or paths. `datasets` caches a local folder under its name and
this front matter, not under its data, so the fingerprint of build and data stands in every entry of `configs`.
"""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kpmath_builder.controls.report import LabelReport
from kpmath_builder.dataset.address import DatasetAddress, how_to_cite, how_to_load
from kpmath_builder.dataset.card_labels import label_section
from kpmath_builder.dataset.card_repeats import contamination, repeats
from kpmath_builder.dataset.facts import CardFacts
from kpmath_builder.dataset.front import front_matter
from kpmath_builder.dataset.markdown import fenced, table
from kpmath_builder.dataset.parquet import WrittenConfig
from kpmath_builder.dataset.schemas import COLUMNS, CONFIGS, Column
from kpmath_builder.funnel import Funnel
from kpmath_builder.protocol import PROGRAM
from kpmath_builder.records import SeedProblem

__all__ = ["FIGURES", "columns_tables", "make_card"]

FIGURES = "figures"
_EXAMPLE_LENGTH = 1_500
"""Characters of a text in the example; solutions of thinking models can have 50,000."""
_SHADES = (
    "Each square is a pair of topics. White: no seed problem has both. The darker the blue, the more seed problems have "
    "both: the shade grows with log10(problems + 1), from white at 0 to the darkest blue at the largest value of the "
    "map. On the diagonal, the problems with more than five key points under one topic are counted."
)
_CONFIG_TITLES = {
    "kp-extraction": "one row per seed problem, with the topics and key points extracted from it",
    "qa-pairs": "one row per published solution, ready to train on",
    "scored": "every candidate, kept or dropped, with all its solutions and scores",
}


def make_card(
    facts: CardFacts,
    *,
    name: str,
    fingerprint: str,
    written: Mapping[str, WrittenConfig],
    seeds: Sequence[SeedProblem],
    funnel: Funnel,
    labels: LabelReport | None = None,
    example: Mapping[str, Any] | None = None,
) -> str:
    """Return the text of README.md; `example` is a row of `qa-pairs`."""
    address = DatasetAddress(name, fingerprint)
    parts = [
        front_matter(facts, name, fingerprint, written),
        f"# {facts.pretty_name or name}",
        _what_it_is(fingerprint, written),
        *([_example(example, simulated=_is_program(facts, "solver"))] if example else []),
        how_to_load(address),
        contamination(facts.curation),
        repeats(facts.curation),
        label_section(labels or LabelReport()),
        _known_limits(facts),
        _how_it_was_made(facts),
        _seed_sources(seeds),
        _funnel(funnel),
        _what_is_in_it(),
        f"## Columns\n\n{columns_tables('###')}",
        _provenance(),
        how_to_cite(address),
    ]
    return "\n\n".join(parts) + "\n"


def _what_it_is(fingerprint: str, written: Mapping[str, WrittenConfig]) -> str:
    rows = [(f"`{config}`", _CONFIG_TITLES[config], f"{written[config].rows:,}") for config in CONFIGS]
    return (
        "Synthetic math problems with solutions, made by key-point-driven data synthesis after KPMath "
        "([arXiv 2403.02333](https://arxiv.org/abs/2403.02333)): topics and key points are extracted from seed problems, "
        "combined as they occur together, and a model writes one new problem that needs them all; a judge scores it, "
        "a solver answers it many times, and solutions are published that agree with the consensus.\n\n"
        "The paper's KPMath has over 800K pairs; its KPMath-Plus, of 1,576K, mixes these with existing sets. Neither "
        "was released. This dataset is a build of the open implementation, not a copy of them.\n\n"
        f"Built by kpmath-builder as build `{fingerprint}`.\n\n"
        + table(("config", "what a row is", "rows"), rows)
    )


def _is_program(facts: CardFacts, role: str) -> bool:
    """Return whether the symbolic teacher plays a role."""
    players = {model for player, model in facts.models.items() if player.partition(" ")[0] == role}
    return players == {PROGRAM}


def _example(row: Mapping[str, Any], *, simulated: bool) -> str:
    """Show a row as it is, but for line breaks and the end of a long text."""
    texts = {
        "topics": "; ".join(row["topics"]),
        **{name: row[name] for name in ("question", "solution", "answer")},
    }
    block = "\n\n".join(f"{name.upper()}\n{_shown(text)}" for name, text in texts.items())
    vote = "vote, which is simulated here," if simulated else "vote"
    caption = f"Row `{row['id']}` of `qa-pairs`; {row['consensus']:.0%} of the {vote} is behind its answer."
    return f"## An example\n\n{caption}\n\n{fenced(block)}"


def _shown(text: str) -> str:
    cut = text if len(text) <= _EXAMPLE_LENGTH else f"{text[:_EXAMPLE_LENGTH]} …"
    unmarked = cut.replace("<!--", "<! --")  # publishing looks for its own marks
    return "\n".join(textwrap.fill(line, 90) for line in unmarked.splitlines())


def _how_it_was_made(facts: CardFacts) -> str:
    parts = ["## How it was made", table(("role", "model"), sorted(facts.models.items()))]
    if facts.tasks:
        rows = [(task.task, task.model, task.sampling, f"`{task.prompt[:19]}`") for task in facts.tasks]
        parts.append(table(("task", "model", "sampling", "prompt"), rows))
    if facts.recipe:
        settings = [
            (f"`{key}`", f"`{value}`" if value not in ("", None) else "not set")
            for key, value in facts.recipe.items()
        ]
        folded = f"<details>\n<summary>All settings</summary>\n\n{table(('setting', 'value'), settings)}\n\n</details>"
        parts.append(folded)
    return "\n\n".join(parts)


def _funnel(funnel: Funnel) -> str:
    rows = [
        (
            line.stage.value,
            f"{line.passed:,}",
            ", ".join(f"{count:,} {reason.value}" for reason, count in line.reasons.items() if reason),
            f"{line.tokens.prompt:,}",
            f"{line.tokens.completion:,}",
        )
        for line in funnel.lines()
    ]
    header = (
        "stage",
        "candidates that passed it",
        "of these, went no further",
        "tokens read",
        "tokens written",
    )
    unanswered = sum(line.tokens.given_up + line.tokens.refused for line in funnel.lines())
    notes = ["Tokens are those of the step that leads to the stage."]
    if unanswered:
        notes.append(
            f"{unanswered:,} requests got no answer: the server refused them, or failed at them every time."
        )
    notes += funnel.difficulty()
    return f"## The funnel\n\n{table(header, rows)}\n\n{' '.join(notes)}"


def _what_is_in_it() -> str:
    pictures = {
        "topics": ("Bars: published pairs by topic", ""),
        "tcpm": (
            "Map: topics that occur together in seed problems, the matrix that topics are drawn from",
            _SHADES,
        ),
        "votes": ("Bars: candidates by the share of the vote behind their answer", ""),
    }
    shown = [
        f"![{caption}]({FIGURES}/{name}.svg)" + (f"\n\n{words}" if words else "")
        for name, (caption, words) in pictures.items()
    ]
    return "## What is in it\n\n" + "\n\n".join(shown)


def columns_tables(heading: str, configs: Sequence[str] = CONFIGS) -> str:
    """Return a table of columns per config, under headings such as `###`."""
    tables = []
    for config in configs:
        rows = [(f"`{column.name}`", _type_name(column), column.description) for column in COLUMNS[config]]
        tables.append(f"{heading} `{config}`\n\n{table(('column', 'type', 'what it holds'), rows)}")
    return "\n\n".join(tables)


def _type_name(column: Column) -> str:
    """Spell the type as Arrow does, less the names of list items."""
    return f"`{str(column.type).replace('<item: ', '<')}`" + (" or null" if column.nullable else "")


def _seed_sources(seeds: Sequence[SeedProblem]) -> str:
    sources = Counter((seed.source, seed.licence, seed.shareable) for seed in seeds)
    rows = [
        (source, licence, f"{count:,}", "yes" if shareable else "no: ids, hashes, topics and key points only")
        for (source, licence, shareable), count in sorted(sources.items())
    ]
    return f"## Seed problems\n\n{table(('source', 'licence', 'problems', 'text published'), rows)}"


def _known_limits(facts: CardFacts) -> str:
    limits = [
        "Consensus is not proof: a solver that errs the same way each time outvotes the truth.",
        "`consensus` tells how many solutions agreed; choose your own threshold, or vote anew over `scored`.",
        "A judge is a model too: a question may miss a key point that it was scored for.",
        "No search for overlap with test sets replaces your own: check it against the sets that you evaluate on.",
    ]
    if PROGRAM in facts.models.values():
        limits.append(
            "The symbolic teacher is a program, no language model: it composes seed problems with new numbers, so its "
            "wording is uniform and close to the seeds', and its solutions are terse. Its answers are computed; a few rows "
            "inherit a fault of their seed."
        )
    if _is_program(facts, "solver"):
        limits.append(
            "`consensus` is simulated: the symbolic solver errs on purpose in a fixed share of its solutions, so that there is "
            "something to vote on. It says nothing about how hard a question is, or how sure an answer."
        )
    return "## Known limits\n\n" + "\n".join(f"- {limit}" for limit in (*limits, *facts.limits))


def _provenance() -> str:
    return (
        "## Provenance\n\n"
        "`provenance/` holds the recipe, the prompts and the funnel; a published version also the manifest and the "
        "SHA-256 of every file, which `kpmath verify` and `sha256sum --check provenance/checksums.txt` compare. "
        "Column `candidate_id` of a pair leads to its row in `scored`, and `seed_ids` from there to `kp-extraction`."
    )
