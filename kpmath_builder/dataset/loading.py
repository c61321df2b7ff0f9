"""`kpmath_builder.load`: a config of a published dataset or of a build, filtered while it loads, in any `datasets` from 3.6."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack

import numpy as np

from kpmath_builder.dataset.formats import NO_REASONING, TrainingFormat, training_format
from kpmath_builder.dataset.schemas import ALL_CONFIGS, DEFAULT_CONFIG, PLUS
from kpmath_builder.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset, Features, IterableDataset

__all__ = ["Filters", "load"]

T = TypeVar("T")

_NAME_ON_HUB = re.compile(r"[\w.-]+/[\w.-]+")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){2}")


class Filters(TypedDict, total=False):
    """What rows must fulfil; see the columns of each config in docs/tables.md."""

    min_consensus: float
    """qa-pairs, scored: at least this share of the vote behind the answer, 0 to 1."""
    max_consensus: float
    """qa-pairs, scored: at most this share, which leaves what the solver found hard."""
    min_quality: float
    """qa-pairs, scored: at least this score by the judge, 0 to 1."""
    min_p_correct: float
    """qa-pairs, scored: at least this estimated probability that the answer is right, 0 to 1; rows without an estimate do not pass."""
    min_pass_rate: float
    """qa-pairs, scored: the reference solver reached the answer in at least this share of its attempts, 0 to 1."""
    max_pass_rate: float
    """qa-pairs, scored: and in no larger share."""
    unflagged: bool
    """qa-pairs, scored, plus: only rows whose question repeats no seed, no test problem and no earlier row."""
    reasoned: bool
    """qa-pairs: only rows with what the solver thought."""
    topics: Sequence[str]
    """At least one of these topics."""
    sources: Sequence[str]
    """All seed problems of the row come from these sets; of plus: the row does."""
    licences: Sequence[str]
    """plus: only rows under these licences."""
    kept_only: bool
    """kp-extraction, scored: only rows that were kept."""


def load(
    place: str | Path,
    config: str = DEFAULT_CONFIG,
    *,
    split: str = "train",
    revision: str | None = None,
    streaming: bool = False,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
    token: str | None = None,
    format: str | None = None,  # noqa: A002 - as `kpmath export --format`
    reasoning: str | None = None,
    **filters: Unpack[Filters],
) -> "Dataset | IterableDataset":
    """Load the rows of a config that pass the filters.

    Parameters
    ----------
    place
        A folder (of a dataset, or of a build), or `owner/name` on the Hub. A folder wins over the Hub.
    config
        `kp-extraction`, `qa-pairs` or `scored`; `plus` if the dataset has a mix.
    split
        `train`, which is all there is, or a part of it as `datasets` writes one, e.g. `train[:1000]` (not while streaming).
    revision
        Tag, branch or commit on the Hub, e.g. `v1.2.0` or `1.2.0`; the head of `main` where not given.
    streaming
        Return an `IterableDataset` that reads only what is looked at.
    num_proc
        Processes that prepare the rows, at most one per file.
    cache_dir
        Where prepared rows are kept; the usual place of `datasets` where not given.
    token
        Token for the Hub; the usual places where not given.
    format
        What a trainer takes instead of the table's columns (docs/training.md): `messages`, `prompt-completion`,
        `prompt-completion-text`, `prompt-only` or `paper`, each with `id` and `answer`.
    reasoning
        How the format holds what the solver thought: `reasoning_content`, a field of the assistant's turn, or `think`, in its content
        between `<think>` and `</think>`. Only rows that have it are returned. Without it, the assistant says what it says in `messages`.

    Raises
    ------
    InputError
        Where place, config, revision, format or filters are not what the dataset has, or no row passes the filters.
    """
    from kpmath_builder.dataset.builder import KPMath, OtherColumnsError

    formatted = _format(format, config, reasoning)
    if reasoning is not None:
        filters["reasoned"] = True
    root = _root(place, revision, token)
    _check(config, filters)
    builder = KPMath(
        config_name=config,
        data_dir=root,
        dataset_name="kpmath",
        cache_dir=str(cache_dir) if cache_dir is not None else None,
        token=token,
        **filters,
    )
    try:
        if streaming:
            return _as(formatted, _split(builder.as_streaming_dataset, split))
        builder.download_and_prepare(num_proc=num_proc)
    except OtherColumnsError as error:
        raise InputError(
            f"{error}: read {place} with datasets.load_dataset, or write its tables anew from the build folder (`kpmath rescore`)."
        ) from None
    except FileNotFoundError as error:
        if config == PLUS:
            raise InputError(
                f"{place} has no config {PLUS}: it is published without a mix (`kpmath mix`)."
            ) from None
        raise InputError(f"{error}.") from None
    empty = not builder.info.splits["train"].num_examples
    if empty and filters == {"reasoned": True}:
        raise InputError(NO_REASONING)
    if empty and filters:
        raise InputError(f"No row of {config} in {place} passes {dict(filters)}: ask for less.")
    rows = _split(partial(_empty, builder.info.features) if empty else builder.as_dataset, split)
    return _as(formatted, rows)


def _format(name: str | None, config: str, reasoning: str | None) -> TrainingFormat | None:
    if name is not None:
        return training_format(name, config, reasoning)
    if reasoning is not None:
        raise InputError("reasoning belongs to a format: give one too, e.g. format='messages'.")
    return None


def _as(formatted: TrainingFormat | None, rows: "Dataset | IterableDataset") -> "Dataset | IterableDataset":
    """Return rows in a format; without one as they are."""
    if formatted is None:
        return rows
    from datasets import Dataset, Features

    features = Features.from_arrow_schema(formatted.schema)
    if isinstance(rows, Dataset) and not rows.num_rows:  # `map` would leave the new columns out
        return Dataset.from_dict({name: [] for name in features}, features)
    return rows.map(formatted, remove_columns=list(rows.column_names), features=features)


def _empty(features: "Features", split: str) -> "Dataset":
    """Return no rows with their columns, which `as_dataset` refuses to make."""
    from datasets import Dataset

    if split.partition("[")[0] != "train":
        raise ValueError("the table is empty")
    return Dataset.from_dict({name: [] for name in features}, features)


def _split(rows_of: Callable[..., T], split: str) -> T:
    try:
        return rows_of(split=split)
    except ValueError as error:
        raise InputError(f"There is no split {split!r} ({error}): all rows are in train.") from None


def _check(config: str, filters: Filters) -> None:
    from kpmath_builder.dataset.builder import KPMath

    if config not in ALL_CONFIGS:
        raise InputError(f"There is no config {config!r}: choose from {', '.join(ALL_CONFIGS)}.")
    known = [name for name in Filters.__annotations__ if hasattr(KPMath.builder_configs[config], name)]
    if "name" in filters:
        raise InputError(
            f"load has no name: give the config as the second argument, or as config={filters['name']!r}."  # type: ignore[typeddict-item]
        )
    if strange := sorted(set(filters) - set(known)):
        raise InputError(
            f"{config} cannot be filtered by {', '.join(strange)}: choose from {', '.join(known)}."
        )
    for name, value in filters.items():
        kind = Filters.__annotations__[name]
        if value is None:
            continue
        if kind is bool and not isinstance(value, bool):
            raise InputError(f"{name} is {value!r:.40}: give True or False.")
        is_share = (
            isinstance(value, int | float | np.number) and not isinstance(value, bool) and 0 <= value <= 1
        )
        if kind is float and not is_share:
            raise InputError(f"{name} is {value!r:.40}: give a number from 0 to 1.")


def _root(place: str | Path, revision: str | None, token: str | None) -> str:
    for folder in (Path(place), Path(place) / "dataset"):
        if (folder / "data").is_dir():
            if revision is not None:
                raise InputError(
                    f"{place} is a folder, which has no revision {revision}: leave revision out."
                )
            return str(folder.resolve())
    if Path(place).exists():
        on_hub = (
            ", or move away from this folder to load the dataset of that name on the Hub"
            if _NAME_ON_HUB.fullmatch(str(place))
            else ""
        )
        raise InputError(
            f"{place} is there and holds no tables (no data/ and no dataset/data/): give the folder of a finished build, or its "
            f"dataset/{on_hub}."
        )
    return f"hf://datasets/{place}@{_commit(str(place), revision, token)}"


def _commit(repo: str, revision: str | None, token: str | None) -> str:
    """Return the commit that a revision means; offline, the one that it meant when it was last asked for."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    download = partial(hf_hub_download, repo, "README.md", repo_type="dataset", token=token)
    try:
        try:
            card = download(revision=revision)
        except RevisionNotFoundError:
            if not _VERSION.fullmatch(revision or ""):
                raise
            card = download(revision=f"v{revision}")
    except HFValidationError:
        raise InputError(
            f"{repo} is neither a dataset's folder nor owner/name on the Hub: correct it."
        ) from None
    except RevisionNotFoundError:
        raise InputError(f"{repo} has no revision {revision!r}: its tags are named like v1.2.0.") from None
    except RepositoryNotFoundError:
        raise InputError(
            f"There is no folder {repo}, and no dataset {repo} on the Hub that your token may read: "
            "check the name, or run `hf auth login`."
        ) from None
    except LocalEntryNotFoundError:
        raise InputError(
            f"There is no folder {repo}; the Hub cannot be reached, and its cache here does not hold {repo}: correct the folder, or try "
            "again online."
        ) from None
    except EntryNotFoundError:
        raise InputError(f"{repo} has no card, so it is no dataset of ours: check the name.") from None
    return Path(card).parent.name
