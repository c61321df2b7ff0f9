"""The dataset card: README.md with the YAML front matter that makes `load_dataset` find configs, splits and features.

The card is a function of the build: no dates, machine names or paths. `datasets` caches a local folder under its name and
this front matter, not under its data, so the fingerprint of build and data stands in every entry of `configs`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huggingface_hub import DatasetCardData

from kpmath_builder.funnel import Funnel
from kpmath_builder.publishing.parquet import WrittenConfig
from kpmath_builder.records import SeedProblem
from kpmath_builder.schemas import COLUMNS, CONFIGS, DEFAULT_CONFIG, Column, features_yaml

__all__ = ["CardFacts", "make_card"]

_CONFIG_TITLES = {
    "kp-extraction": "one row per seed problem, with the topics and key points extracted from it",
    "qa-pairs": "one row per published solution, ready to train on",
    "scored": "every candidate, kept or dropped, with all its solutions and scores",
}


@dataclass(frozen=True)
class CardFacts:
    """What the card says beyond what the rows tell.

    `models` maps roles (extractor, writer, judge, solver) to models; `recipe` maps settings to their values, in the order
    in which they are shown; `source_datasets` are Hub ids of the seed sets; `limits` are further sentences under
    "Known limits".
    """

    models: Mapping[str, str]
    recipe: Mapping[str, object] = field(default_factory=dict)
    licence: str = "mit"
    pretty_name: str = ""
    language: str = "en"
    source_datasets: Sequence[str] = ()
    limits: Sequence[str] = ()


def make_card(
    facts: CardFacts,
    *,
    name: str,
    fingerprint: str,
    written: Mapping[str, WrittenConfig],
    seeds: Sequence[SeedProblem],
    funnel: Funnel,
) -> str:
    """Return the text of README.md."""
    front = DatasetCardData(**_front_matter(facts, name, fingerprint, written)).to_yaml()
    parts = [
        f"---\n{front}\n---",
        f"# {facts.pretty_name or name}",
        _what_it_is(fingerprint, written),
        _how_to_load(name),
        _how_it_was_made(facts),
        _funnel(funnel),
        _columns(),
        _seed_sources(seeds),
        _known_limits(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(
    facts: CardFacts, name: str, fingerprint: str, written: Mapping[str, WrittenConfig]
) -> dict[str, Any]:
    return {
        "license": facts.licence,
        "language": [facts.language],
        "pretty_name": facts.pretty_name or name,
        "task_categories": ["text-generation", "question-answering"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "size_categories": [_size_category(written[DEFAULT_CONFIG].rows)],
        "source_datasets": list(facts.source_datasets) or None,
        "tags": ["synthetic", "math", "reasoning", "key-points", "kpmath"],
        "configs": [_config(config, fingerprint, written[config]) for config in CONFIGS],
        "dataset_info": [_info(config, written[config]) for config in CONFIGS],
    }


def _config(config: str, fingerprint: str, written: WrittenConfig) -> dict[str, Any]:
    default = {"default": True} if config == DEFAULT_CONFIG else {}
    return {
        "config_name": config,
        **default,
        "data_files": [{"split": "train", "path": f"data/{config}/*.parquet"}],
        "description": f"build {fingerprint}, data {written.digest[:16]}",
    }


def _info(config: str, written: WrittenConfig) -> dict[str, Any]:
    return {
        "config_name": config,
        "features": features_yaml(config),
        "splits": [{"name": "train", "num_bytes": written.arrow_bytes, "num_examples": written.rows}],
        "download_size": written.file_bytes,
        "dataset_size": written.arrow_bytes,
    }


def _size_category(rows: int) -> str:
    """Name the Hub's size category of a number of rows."""
    bounds = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
    exponent = len(str(rows)) - 4  # 0 for a number of four digits, thus from 1,000
    if exponent < 0:
        return "n<1K"
    return f"{bounds[exponent]}<n<{bounds[exponent + 1]}" if exponent + 1 < len(bounds) else "n>1B"


def _what_it_is(fingerprint: str, written: Mapping[str, WrittenConfig]) -> str:
    rows = [(f"`{config}`", _CONFIG_TITLES[config], f"{written[config].rows:,}") for config in CONFIGS]
    return (
        "Synthetic math problems with solutions, made by key-point-driven data synthesis after KPMath "
        "([arXiv 2403.02333](https://arxiv.org/abs/2403.02333)): topics and key points are extracted from seed problems, "
        "combined as they occur together, and a model writes one new problem that needs them all; a judge scores it, "
        "a solver answers it many times, and solutions are published that agree with the consensus.\n\n"
        f"Built by kpmath-builder as build `{fingerprint}`.\n\n"
        + _table(("config", "what a row is", "rows"), rows)
    )


def _how_to_load(name: str) -> str:
    return (
        "## How to load\n\n"
        f"`{name}` stands for this folder, or for the repository on the Hub with its owner.\n\n"
        "```python\n"
        "from datasets import load_dataset\n\n"
        f'pairs = load_dataset("{name}", split="train")  # the default config, {DEFAULT_CONFIG}\n'
        f'scored = load_dataset("{name}", "scored", split="train", streaming=True)\n'
        "```"
    )


def _how_it_was_made(facts: CardFacts) -> str:
    models = _table(("role", "model"), sorted(facts.models.items()))
    settings = _table(
        ("setting", "value"), [(f"`{key}`", f"`{value}`") for key, value in facts.recipe.items()]
    )
    return f"## How it was made\n\n{models}" + (f"\n\n{settings}" if facts.recipe else "")


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
    return f"## The funnel\n\n{_table(header, rows)}\n\nTokens are those of the step that leads to the stage."


def _columns() -> str:
    tables = []
    for config in CONFIGS:
        rows = [
            (f"`{column.name}`", f"`{_type_name(column)}`", column.description) for column in COLUMNS[config]
        ]
        tables.append(f"### `{config}`\n\n{_table(('column', 'type', 'what it holds'), rows)}")
    return "## Columns\n\n" + "\n\n".join(tables)


def _type_name(column: Column) -> str:
    """Spell the type as Arrow does, less the names of list items."""
    return str(column.type).replace("<item: ", "<")


def _seed_sources(seeds: Sequence[SeedProblem]) -> str:
    sources = sorted({(seed.source, seed.licence, seed.shareable) for seed in seeds})
    rows = []
    for source, licence, shareable in sources:
        count = sum(
            (seed.source, seed.licence, seed.shareable) == (source, licence, shareable) for seed in seeds
        )
        rows.append(
            (
                source,
                licence,
                f"{count:,}",
                "yes" if shareable else "no: ids, hashes, topics and key points only",
            )
        )
    return f"## Seed problems\n\n{_table(('source', 'licence', 'problems', 'text published'), rows)}"


def _known_limits(facts: CardFacts) -> str:
    limits = [
        "Consensus is not proof: a solver that errs the same way each time outvotes the truth.",
        "`consensus` tells how many solutions agreed; choose your own threshold, or vote anew over `scored`.",
        "A judge is a model too: a question may miss a key point that it was scored for.",
        "No search for overlap with test sets replaces your own: check it against the sets that you evaluate on.",
    ]
    if "symbolic" in facts.models.values():
        limits.append(
            "The symbolic teacher is a program, no language model: it composes seed problems with new numbers, so its "
            "wording is uniform and close to the seeds', and its solutions are terse. Its answers are computed."
        )
    return "## Known limits\n\n" + "\n".join(f"- {limit}" for limit in (*limits, *facts.limits))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    """Keep a text within its cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
