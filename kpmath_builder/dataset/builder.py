"""The configs as a builder of `datasets`, typed and filtering while it loads; from a folder or from the Hub.

The loading script `hub_script/kpmath.py` is made of this module and `dataset/schemas.py`, so both must run with `datasets` from
2.21 on and import nothing else of ours. Rows are cached under the state of their data: a commit, or the names, sizes and
times of local files. `datasets` itself looks at neither.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import fsspec  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from huggingface_hub import HfApi

from kpmath_builder.dataset.schemas import DEFAULT_CONFIG, SCHEMAS

__all__ = ["ExtractionConfig", "KPMath", "OtherColumnsError", "PairsConfig", "PlusConfig", "ScoredConfig"]

_Mask = npt.NDArray[np.bool_]
_SHA = re.compile("[0-9a-f]{40}")
_FLAGS = {"qa-pairs": "flags", "scored": "repeats"}
_SHARE = {"qa-pairs": "consensus", "scored": "consensus_share"}
_ROWS_AT_ONCE = 2_000


class OtherColumnsError(RuntimeError):
    """The tables have other columns than these, because another version wrote them."""


@dataclass
class _Config(datasets.BuilderConfig):  # type: ignore[misc]  # datasets is untyped
    """What every config of a build can be filtered by."""

    topics: Sequence[str] | None = None
    """Keep rows with at least one of these topics."""
    sources: Sequence[str] | None = None
    """Keep rows whose seed problems all come from these sets."""

    def mask(self, rows: pa.RecordBatch) -> _Mask:
        """Return which of the rows pass all filters."""
        kept = np.ones(rows.num_rows, bool)
        if self.topics is not None:
            kept &= _any_of(rows["topics"], self.topics)
        if self.sources is not None:
            column = "source" if self.name == "kp-extraction" else "seed_sources"
            kept &= _all_of(rows[column], self.sources)
        return kept


@dataclass
class ExtractionConfig(_Config):
    """`kp-extraction`: one row per seed problem."""

    kept_only: bool = False
    """Keep rows that questions can be drawn from."""

    def mask(self, rows: pa.RecordBatch) -> _Mask:
        """Return which of the rows pass all filters."""
        kept = super().mask(rows)
        return kept & _kept(rows) if self.kept_only else kept


@dataclass
class _VotedConfig(_Config):
    """What rows with a judgement and a vote can be filtered by."""

    min_consensus: float | None = None
    """Keep rows with at least this share of the vote behind their answer, 0 to 1."""
    max_consensus: float | None = None
    """Keep rows with at most this share: what the solver found hard, 0 to 1."""
    min_quality: float | None = None
    """Keep rows of questions that the judge scored so high, 0 to 1."""
    min_p_correct: float | None = None
    """Keep rows whose answer is right with at least this estimated probability, 0 to 1."""
    min_pass_rate: float | None = None
    """Keep rows of questions that the reference solver answered so often at least, 0 to 1."""
    max_pass_rate: float | None = None
    """Keep rows of questions that it answered no more often, 0 to 1."""
    unflagged: bool = False
    """Keep rows whose question repeats nothing that was looked for: no seed, no test problem, no earlier row."""

    def mask(self, rows: pa.RecordBatch) -> _Mask:
        """Return which of the rows pass all filters; a missing score passes none."""
        kept = super().mask(rows)
        lowest = (
            (_SHARE[self.name], self.min_consensus),
            ("quality", self.min_quality),
            ("p_correct", self.min_p_correct),
            ("pass_rate", self.min_pass_rate),
        )
        highest = ((_SHARE[self.name], self.max_consensus), ("pass_rate", self.max_pass_rate))
        for column, least in lowest:
            if least is not None:
                kept &= _true(pc.greater_equal(rows[column], float(least)))
        for column, most in highest:
            if most is not None:
                kept &= _true(pc.less_equal(rows[column], float(most)))
        if self.unflagged:
            kept &= _unflagged(rows[_FLAGS[self.name]])
        return kept


@dataclass
class PairsConfig(_VotedConfig):
    """`qa-pairs`: one row per published solution."""

    reasoned: bool = False
    """Keep rows with what the solver thought."""

    def mask(self, rows: pa.RecordBatch) -> _Mask:
        """Return which of the rows pass all filters."""
        kept = super().mask(rows)
        return kept & _true(pc.is_valid(rows["reasoning"])) if self.reasoned else kept


@dataclass
class ScoredConfig(_VotedConfig):
    """`scored`: every candidate, kept or dropped."""

    kept_only: bool = False
    """Keep rows of candidates that were kept."""

    def mask(self, rows: pa.RecordBatch) -> _Mask:
        """Return which of the rows pass all filters."""
        kept = super().mask(rows)
        return kept & _kept(rows) if self.kept_only else kept


@dataclass
class PlusConfig(datasets.BuilderConfig):  # type: ignore[misc]  # datasets is untyped
    """`plus`: the pairs mixed with existing sets; a dataset has it if a mix was published."""

    sources: Sequence[str] | None = None
    """Keep rows from these sets."""
    licences: Sequence[str] | None = None
    """Keep rows under these licences."""
    unflagged: bool = False
    """Keep rows whose question repeats no test problem and no earlier row."""

    def mask(self, rows: pa.RecordBatch) -> _Mask:
        """Return which of the rows pass all filters."""
        kept = np.ones(rows.num_rows, bool)
        for column, wanted in (("source", self.sources), ("licence", self.licences)):
            if wanted is not None:
                kept &= _wanted(rows[column], wanted)
        return kept & _unflagged(rows["flags"]) if self.unflagged else kept


class KPMath(datasets.ArrowBasedBuilder):  # type: ignore[misc]  # datasets is untyped
    """Builds one split, `train`, from `data/CONFIG/*.parquet` of a folder or of a Hub repository at a commit.

    The root is `data_dir` where it is given, else the place of the loading script.
    """

    BUILDER_CONFIGS = [  # noqa: RUF012 - as `datasets` declares it
        ExtractionConfig(name="kp-extraction"),
        PairsConfig(name="qa-pairs"),
        ScoredConfig(name="scored"),
        PlusConfig(name="plus"),
    ]
    DEFAULT_CONFIG_NAME = DEFAULT_CONFIG

    def __init__(
        self,
        *positional: Any,  # noqa: ANN401 - passed on
        hash: str | None = None,  # noqa: A002 - the name that `datasets` gives
        base_path: str | None = None,
        data_dir: str | None = None,
        repo_id: str | None = None,
        **options: Any,  # noqa: ANN401 - passed on
    ) -> None:
        self._root = _root(data_dir or base_path or "", repo_id)
        named = {"base_path": base_path, "data_dir": data_dir, "repo_id": repo_id, **options}
        super().__init__(*positional, hash=f"{hash or 'library'}-{_state(self._root)}", **named)

    @classmethod
    def get_all_exported_dataset_infos(cls) -> dict[str, datasets.DatasetInfo]:
        """Return nothing: what a card beside the script counts need not be what is filtered here."""
        return {}

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=datasets.Features.from_arrow_schema(SCHEMAS[self.config.name]))

    def _split_generators(self, manager: datasets.DownloadManager) -> list[datasets.SplitGenerator]:
        files = _files(self._root, self.config.name, self.token)
        _check_columns(files[0], self.config.name, self.token)
        return [datasets.SplitGenerator("train", gen_kwargs={"files": manager.download(files)})]

    def _generate_tables(self, files: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
        schema = SCHEMAS[self.config.name]
        for number, file in enumerate(files):
            with fsspec.open(file, "rb", **_token(file, self.token)) as stream:
                batches = pq.ParquetFile(stream).iter_batches(_ROWS_AT_ONCE)
                for place, batch in enumerate(batches):
                    kept = batch.filter(pa.array(self.config.mask(batch)))
                    if kept.num_rows:
                        yield f"{number}_{place}", pa.Table.from_batches([kept]).select(schema.names)


def _root(place: str, repo: str | None) -> str:
    """Return where the data is; the address of a script on the Hub becomes its repository at a commit."""
    if repo and "/resolve/" in place:
        revision = place.rpartition("/resolve/")[2].strip("/")
        sha = revision if _SHA.fullmatch(revision) else HfApi().dataset_info(repo, revision=revision).sha
        return f"hf://datasets/{repo}@{sha}"
    return place if "://" in place else str(Path(place).resolve())


def _state(root: str) -> str:
    """Return a hash that changes when the data does."""
    described = [root]
    if "://" not in root:
        files = sorted(Path(root).glob("data/*/*.parquet"))
        described += [f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files]
    return hashlib.sha256("\n".join(described).encode()).hexdigest()[:16]


def _files(root: str, config: str, token: str | None) -> list[str]:
    system, folder = fsspec.core.url_to_fs(root, **_token(root, token))
    files = sorted(system.glob(f"{folder}/data/{config}/*.parquet"))
    if not files:
        raise FileNotFoundError(
            f"{root} holds no data/{config}/*.parquet: give data_dir, the dataset's folder"
        )
    return [system.unstrip_protocol(file) if "://" in root else file for file in files]


def _check_columns(file: str, config: str, token: str | None) -> None:
    with fsspec.open(file, "rb", **_token(file, token)) as stream:
        found = pq.read_schema(stream)
    types = dict(zip(found.names, found.types, strict=True))
    for field in SCHEMAS[config]:
        if types.get(field.name) != field.type:
            raise OtherColumnsError(
                f"{config} has not the column {field.name} that is read here: another version of kpmath-builder wrote it"
            )


def _token(address: str, token: str | None) -> dict[str, Any]:
    return {"token": token} if address.startswith("hf://") else {}


def _true(answers: pa.Array) -> _Mask:
    """Return truth values; a null is no."""
    known: _Mask = pc.fill_null(answers, False).to_numpy(zero_copy_only=False)  # noqa: FBT003 - the value to fill
    return known


def _unflagged(lists: pa.Array) -> _Mask:
    return _true(pc.equal(pc.list_value_length(lists), 0))


def _kept(rows: pa.RecordBatch) -> _Mask:
    return _true(pc.equal(rows["status"], "kept"))


def _any_of(lists: pa.Array, wanted: Sequence[str]) -> _Mask:
    """Return which lists hold one of the wanted values."""
    found = np.zeros(len(lists), bool)
    found[_parents(lists)[_wanted(pc.list_flatten(lists), wanted)]] = True
    return found


def _all_of(column: pa.Array, wanted: Sequence[str]) -> _Mask:
    """Return which values, or lists without exception, are wanted."""
    if not pa.types.is_list(column.type):
        return _wanted(column, wanted)
    found = np.ones(len(column), bool)
    found[_parents(column)[~_wanted(pc.list_flatten(column), wanted)]] = False
    return found


def _wanted(values: pa.Array, wanted: Sequence[str]) -> _Mask:
    several = [wanted] if isinstance(wanted, str) else list(wanted)
    return _true(pc.is_in(values, pa.array(several, pa.string())))


def _parents(lists: pa.Array) -> npt.NDArray[np.int64]:
    """Return for each item of all lists the number of its list."""
    numbers: npt.NDArray[np.int64] = pc.list_parent_indices(lists).to_numpy()
    return numbers
