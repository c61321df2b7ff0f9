"""What a card must fulfil before it is published; the Hub's library checks next to nothing, the Hub only a part."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

import yaml  # type: ignore[import-untyped]

from kpmath_builder.dataset.front import size_category
from kpmath_builder.dataset.markdown import without_fences
from kpmath_builder.dataset.schemas import ALL_CONFIGS, CONFIGS, DEFAULT_CONFIG, PLUS, features_yaml

__all__ = ["LICENCES", "card_problems"]

LICENCES = frozenset(
    [
        "apache-2.0",
        "mit",
        "openrail",
        "bigscience-openrail-m",
        "creativeml-openrail-m",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "c-uda",
        "cc",
        "cc0-1.0",
        "cc-by-2.0",
        "cc-by-2.5",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "cc-by-nc-2.0",
        "cc-by-nc-3.0",
        "cc-by-nc-4.0",
        "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0",
        "cc-by-nc-nd-4.0",
        "cc-by-nc-sa-2.0",
        "cc-by-nc-sa-3.0",
        "cc-by-nc-sa-4.0",
        "cdla-sharing-1.0",
        "cdla-permissive-1.0",
        "cdla-permissive-2.0",
        "wtfpl",
        "ecl-2.0",
        "epl-1.0",
        "epl-2.0",
        "etalab-2.0",
        "eupl-1.1",
        "eupl-1.2",
        "agpl-3.0",
        "gfdl",
        "gpl",
        "gpl-2.0",
        "gpl-3.0",
        "lgpl",
        "lgpl-2.1",
        "lgpl-3.0",
        "isc",
        "llama2",
        "llama3",
        "llama3.1",
        "llama3.2",
        "llama3.3",
        "llama4",
        "mpl-2.0",
        "odc-by",
        "odbl",
        "postgresql",
        "ofl-1.1",
        "ncsa",
        "unlicense",
        "zlib",
        "pddl",
        "unknown",
        "other",
        "gemma",
    ]
)
"""Ids of the Hub's list."""

_SECTIONS = (
    "How to load",
    "How to train",
    "How it was made",
    "The funnel",
    "What is in it",
    "Columns",
    "Seed problems",
    "Contamination",
    "Repeats",
    "Known limits",
    "Provenance",
    "How to cite",
)
_SECTION_OF_PLUS = "The mix"


class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # yaml is untyped
    """Refuses keys that stand twice; the usual loader takes the last. In C where there is one, which takes a tenth of the time."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise yaml.YAMLError(f"the key {twice[0]} stands twice")
    read: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return read


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def card_problems(card: str, files: Mapping[str, int | None]) -> list[str]:
    """Return what is wrong with a card, a sentence each.

    Parameters
    ----------
    card
        README.md.
    files
        Every file beside the card by its path, with its number of rows if it is a table.
    """
    found = re.match(r"---\n(.*?)\n---\n(.*)", card, re.DOTALL)
    if not found:
        return ["the card has no front matter"]
    try:
        front = yaml.load(found[1], _Strict)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        return [f"the card's front matter is no YAML: {' '.join(str(error).split())}"]
    if not isinstance(front, dict):
        return ["the card's front matter is no mapping"]
    return [*_fields(front), *_configs(front, files), *_infos(front, files), *_body(found[2], files)]


def _fields(front: Mapping[str, Any]) -> Iterator[str]:
    licence = front.get("license")
    if licence not in LICENCES:
        yield f"the card's license {licence!r} is not one of the Hub's ids"
    if licence == "other" and not (front.get("license_name") and front.get("license_link")):
        yield "the card's license is other, so it needs license_name and license_link"
    languages = front.get("language") or []
    if not languages or not all(re.fullmatch("[a-z]{2,3}", str(language)) for language in languages):
        yield f"the card's language {languages} must be a list of ISO codes"
    if "synthetic" not in (front.get("tags") or []):
        yield "the card's tags lack synthetic"
    for name in ("pretty_name", "task_categories", "size_categories", "source_datasets"):
        if not front.get(name):
            yield f"the card's front matter lacks {name}"


def _configs(front: Mapping[str, Any], files: Mapping[str, int | None]) -> Iterator[str]:
    entries = front.get("configs") or []
    names, expected = [entry.get("config_name") for entry in entries], list(_configs_of(files))
    if names != expected:
        yield f"the card's configs are {names}, not {expected}"
    if [entry.get("config_name") for entry in entries if entry.get("default")] != [DEFAULT_CONFIG]:
        yield f"the card's default config is not {DEFAULT_CONFIG}"
    for entry in entries:
        for split in entry.get("data_files") or [{}]:
            name, pattern = str(split.get("split")), str(split.get("path"))
            if not re.fullmatch(r"\w+", name) or name == "all":
                yield f"the split {name!r} has a name that `datasets` refuses"
            here = {path for path, rows in files.items() if rows is not None and fnmatch(path, pattern)}
            own = {path for path in files if path.startswith(f"data/{entry.get('config_name')}/")}
            if not here or here != own:
                yield f"the pattern {pattern} of config {entry.get('config_name')} does not match exactly its files"
    stray = [path for path in files if path.endswith(".parquet") and path.split("/")[1] not in ALL_CONFIGS]
    if stray:
        yield f"{stray[0]} belongs to no config"


def _configs_of(files: Mapping[str, int | None]) -> tuple[str, ...]:
    """Return the configs of a dataset with these files: `plus` is there if it has one."""
    return ALL_CONFIGS if any(path.startswith(f"data/{PLUS}/") for path in files) else CONFIGS


def _infos(front: Mapping[str, Any], files: Mapping[str, int | None]) -> Iterator[str]:
    infos = {info.get("config_name"): info for info in front.get("dataset_info") or []}
    for config in _configs_of(files):
        if config not in infos:
            yield f"the card's dataset_info lacks {config}"
            continue
        rows = sum(count or 0 for path, count in files.items() if path.startswith(f"data/{config}/"))
        counted = sum(split.get("num_examples", 0) for split in infos[config].get("splits") or [])
        if counted != rows:
            yield f"the card counts {counted} rows of {config}, its files hold {rows}"
        if infos[config].get("features") != features_yaml(config):
            yield f"the card's features of {config} are not its columns"
        if config == DEFAULT_CONFIG and front.get("size_categories") != [size_category(rows)]:
            yield f"the card's size_categories {front.get('size_categories')} do not fit {rows} rows"


def _body(body: str, files: Mapping[str, int | None]) -> Iterator[str]:
    body = without_fences(body)  # what stands there is a model's, and shows nothing
    headings = set(re.findall(r"^## (.+)$", body, re.MULTILINE))
    of_plus = (_SECTION_OF_PLUS,) if PLUS in _configs_of(files) else ()
    for section in (*_SECTIONS, *of_plus):
        if section not in headings:
            yield f"the card lacks the section {section!r}"
    for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", body):
        if picture not in files:
            yield f"the card shows {picture}, which is not there"
