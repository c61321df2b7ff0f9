"""The files beside the data that tell where it comes from: recipe, prompts, funnel; none names a machine or a person."""

import json
import re
from collections.abc import Mapping
from pathlib import PurePath

from kpmath_builder.dataset.parquet import WrittenConfig
from kpmath_builder.funnel import Funnel
from kpmath_builder.prompts import Prompts
from kpmath_builder.recipe import Recipe

__all__ = ["PROVENANCE", "build_file", "funnel_file", "public_recipe", "sources_of"]

PROVENANCE = "provenance"
_PRIVATE = re.compile(
    r"^(?:# )?(?:folder|prompts|addresses|embedding_addresses|api_key_env|python|arguments|servers|gpus|turns|tensor_parallel|data_parallel"
    r"|in_flight|least_in_flight|samples_per_request|patience|start_patience|shards|window|grace)(?: = .*| is not set)\n",
    re.MULTILINE,
)
_PATH = re.compile(r'^(path|hub) = "(.*)"$', re.MULTILINE)


def sources_of(recipe: Recipe, prompts: Prompts) -> dict[str, bytes]:
    """Return what a build knows before its rows are made, by paths in the dataset's folder."""
    texts = {f"prompts/{task}.txt": text for task, text in prompts.texts.items()}
    told = {"recipe.toml": public_recipe(recipe), **texts}
    return {f"{PROVENANCE}/{name}": text.encode() for name, text in told.items()}


def funnel_file(funnel: Funnel) -> bytes:
    """Return the funnel as JSON."""
    return (json.dumps(funnel.as_json(), indent=1) + "\n").encode()


def build_file(name: str, fingerprint: str, written: Mapping[str, WrittenConfig]) -> bytes:
    """Return what identifies a build and its tables, as JSON: what is published must be what was built."""
    tables = {config: {"rows": table.rows, "digest": table.digest} for config, table in written.items()}
    return (
        json.dumps({"name": name, "fingerprint": fingerprint, "tables": tables}, indent=1) + "\n"
    ).encode()


def public_recipe(recipe: Recipe) -> str:
    """Return the recipe without what only concerns the machine it ran on: folders, servers, names of variables."""
    text = _PRIVATE.sub("", recipe.to_toml())
    return _PATH.sub(lambda found: f'{found[1]} = "{_nameless(found[1], found[2])}"', text)


def _nameless(key: str, place: str) -> str:
    """Return a file's or folder's name without where it lies; a dataset on the Hub stays as it is."""
    local = key == "path" or place.startswith((".", "~")) or PurePath(place).is_absolute()
    return PurePath(place).name if local else place
