"""The front matter of the card: the YAML that `datasets` and the Hub act on."""

from collections.abc import Mapping
from typing import Any

from huggingface_hub import DatasetCardData

from kpmath_builder.dataset.facts import CardFacts
from kpmath_builder.dataset.parquet import WrittenConfig
from kpmath_builder.dataset.schemas import CONFIGS, DEFAULT_CONFIG, features_yaml

__all__ = ["config_entry", "front_matter", "info_entry", "size_category"]


def front_matter(facts: CardFacts, name: str, fingerprint: str, written: Mapping[str, WrittenConfig]) -> str:
    """Return the YAML between its two lines of dashes."""
    mixed = facts.licence == "other"
    data = DatasetCardData(
        license=facts.licence,
        license_name="mixed" if mixed else None,
        license_link="README.md#seed-problems" if mixed else None,
        language=[facts.language],
        pretty_name=facts.pretty_name or name,
        task_categories=["text-generation", "question-answering"],
        annotations_creators=["machine-generated"],
        language_creators=["machine-generated"],
        size_categories=[size_category(written[DEFAULT_CONFIG].rows)],
        source_datasets=list(facts.source_datasets) or ["original"],
        tags=["synthetic", "math", "reasoning", "key-points", "kpmath", "arxiv:2403.02333"],
        configs=[config_entry(config, fingerprint, written[config]) for config in CONFIGS],
        dataset_info=[info_entry(config, written[config]) for config in CONFIGS],
    )
    return f"---\n{data.to_yaml()}\n---"


def size_category(rows: int) -> str:
    """Name the Hub's size category of a number of rows."""
    bounds = ("1K", "10K", "100K", "1M", "10M", "100M", "1B")
    exponent = len(str(rows)) - 4  # 0 for a number of four digits, thus from 1,000
    if exponent < 0:
        return "n<1K"
    return f"{bounds[exponent]}<n<{bounds[exponent + 1]}" if exponent + 1 < len(bounds) else "n>1B"


def config_entry(config: str, fingerprint: str, written: WrittenConfig) -> dict[str, Any]:
    """Return what stands under `configs:` for a config."""
    default = {"default": True} if config == DEFAULT_CONFIG else {}
    return {
        "config_name": config,
        **default,
        "data_files": [{"split": "train", "path": f"data/{config}/*.parquet"}],
        "description": f"build {fingerprint}, data {written.digest[:16]}",
    }


def info_entry(config: str, written: WrittenConfig) -> dict[str, Any]:
    """Return what stands under `dataset_info:` for a config."""
    return {
        "config_name": config,
        "features": features_yaml(config),
        "splits": [{"name": "train", "num_bytes": written.arrow_bytes, "num_examples": written.rows}],
        "download_size": written.file_bytes,
        "dataset_size": written.arrow_bytes,
    }
