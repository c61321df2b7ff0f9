"""The files beside the data that say where it comes from: recipe, prompts, funnel; none names a machine or a person."""

import json
from collections.abc import Mapping

from kpmath_builder.dataset.parquet import WrittenConfig
from kpmath_builder.funnel import Funnel
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe
from kpmath_builder.recipe.files import dump_toml

__all__ = ["PROVENANCE", "build_file", "funnel_file", "sources_of"]

PROVENANCE = "provenance"


def sources_of(recipe: Recipe, prompts: Prompts) -> dict[str, bytes]:
    """Return what a build knows before its rows are made, by paths in the dataset's folder."""
    asked = recipe.tasks_in_play
    texts = {f"prompts/{task}.txt": text for task, text in prompts.texts.items() if task in asked}
    texts |= {f"prompts/{task}.regex": f"{its}\n" for task, its in prompts.patterns.items() if task in asked}
    texts |= {f"prompts/solve-{name}.txt": its.text for name, its in prompts.of_solvers.items()}
    files = {"recipe.toml": dump_toml(recipe.public()), **texts}
    return {f"{PROVENANCE}/{name}": text.encode() for name, text in files.items()}


def funnel_file(funnel: Funnel) -> bytes:
    """Return the funnel as JSON."""
    return (json.dumps(funnel.as_json(), indent=1) + "\n").encode()


def build_file(name: str, fingerprint: str, written: Mapping[str, WrittenConfig]) -> bytes:
    """Return what identifies a build and its tables, as JSON: what is published must be what was built."""
    tables = {config: {"rows": table.rows, "digest": table.digest} for config, table in written.items()}
    return (
        json.dumps({"name": name, "fingerprint": fingerprint, "tables": tables}, indent=1) + "\n"
    ).encode()
