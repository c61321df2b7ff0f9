# ruff: noqa: I001, INP001 - made by a program
"""KPMath: key-point-driven math question-answer pairs, as a loading script for `datasets` 2.21 to 3.6.

    load_dataset("org/kpmath", "scored", revision="script", trust_remote_code=True, min_consensus=0.8)
    load_dataset("kpmath.py", "scored", data_dir="FOLDER", trust_remote_code=True, kept_only=True)

Without filters no script is needed: `load_dataset("org/kpmath", "scored")` works in every version. From `datasets` 4
on, which refuses scripts, `kpmath_builder.load` filters in the same way. Needs Python 3.10.

Made from kpmath_builder/dataset/schemas.py and kpmath_builder/dataset/builder.py; do not edit.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Mapping
from dataclasses import dataclass
from huggingface_hub import HfApi
from pathlib import Path
from typing import Any
import datasets
import fsspec  # type: ignore[import-untyped]
import hashlib
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import re


CONFIGS = ("kp-extraction", "qa-pairs", "scored")
"""What every dataset has."""
PLUS = "plus"
"""What a mix adds to them."""
ALL_CONFIGS = (*CONFIGS, PLUS)
DEFAULT_CONFIG = "qa-pairs"

_STRING, _INT, _LONG, _FLOAT, _BOOL = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
_STRINGS = pa.list_(_STRING)
_MESSAGES = pa.list_(pa.struct({"role": _STRING, "content": _STRING}))
_TOPICS = pa.list_(pa.struct({"topic": _STRING, "key_points": _STRINGS}))
_PARTS = pa.list_(pa.struct({"topic": _STRING, "seed_id": _STRING, "key_points": _STRINGS}))
_SOLUTIONS = pa.list_(
    pa.struct(
        {
            "sample": _INT,
            "text": _STRING,
            "answer": _STRING,
            "answer_class": _INT,
            "score_vector": pa.list_(_FLOAT),
            "score": _FLOAT,
            "agreed": _BOOL,
            "wrong_arithmetic": _STRINGS,
            "finish_reason": _STRING,
            "completion_tokens": _INT,
            "cut_reason": _STRING,
            "thinking": _STRING,
            "solver": _STRING,
            "thinking_tokens": _INT,
        }
    )
)


_REPEATS = pa.list_(
    pa.struct({"check": _STRING, "set": _STRING, "id": _STRING, "kind": _STRING, "similarity": _FLOAT})
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a published config; `description` is one sentence of the dataset card."""

    name: str
    type: pa.DataType
    description: str
    nullable: bool = False


COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "kp-extraction": (
        Column("id", _STRING, "The seed problem: set, split and place in it."),
        Column("source", _STRING, "The set that the seed problem comes from."),
        Column("licence", _STRING, "The licence of that set."),
        Column(
            "content_hash",
            _STRING,
            "Tagged hash over problem and solution, to find the text where it is not published.",
        ),
        Column(
            "problem",
            _STRING,
            "The problem; null where its licence does not let it be published.",
            nullable=True,
        ),
        Column("solution", _STRING, "The reference solution; null where the problem is.", nullable=True),
        Column("answer", _STRING, "The reference answer; null where the problem is.", nullable=True),
        Column("level", _STRING, "The difficulty that the source states, if any.", nullable=True),
        Column("subject", _STRING, "The subject that the source states, if any.", nullable=True),
        Column("topics", _STRINGS, "The topics after clustering, each as `Subject - Subcategory`."),
        Column("key_points", _TOPICS, "The key points under each topic after clustering."),
        Column("raw_topics", _STRINGS, "The topics as the extractor named them."),
        Column("raw_key_points", _TOPICS, "The key points under each topic as the extractor named them."),
        Column(
            "extractor", _STRING, "The model that extracted them; null where none was asked.", nullable=True
        ),
        Column("status", _STRING, "`kept`: a practice that questions can be drawn from; else `dropped`."),
        Column("reason", _STRING, "Why it was dropped; empty where it was kept."),
    ),
    "qa-pairs": (
        Column("id", _STRING, "The candidate's id and the number of the sampled solution."),
        Column("question", _STRING, "The question."),
        Column(
            "solution",
            _STRING,
            "A solution that agrees with the consensus, as the solver wrote it, without calculator annotations such as `<<2*3=6>>`.",
        ),
        Column("answer", _STRING, "The final answer read out of the solution."),
        Column(
            "messages",
            _MESSAGES,
            'Question and solution as a chat of a user and an assistant, ready to train on; with `selection.reasoning = "think"` the '
            "solution begins with the reasoning between `<think>` and `</think>`.",
        ),
        Column("topics", _STRINGS, "The topics that the question was drawn from."),
        Column("key_points", _STRINGS, "The key points that the question had to need."),
        Column(
            "consensus",
            _FLOAT,
            "The share of the solutions behind the winning answer, or of their weights if solvers weigh differently "
            "(`scored.consensus_weights`), 0 to 1; simulated if `solver` is `symbolic`, which errs on purpose.",
        ),
        Column(
            "p_correct",
            _FLOAT,
            "The estimated probability that the answer is right, learnt from questions with known answers; null without enough of these.",
            nullable=True,
        ),
        Column(
            "quality", _FLOAT, "The judge's score of the question, 0 to 1: the lower of its two criteria."
        ),
        Column("seed_ids", _STRINGS, "The seed problems whose practices the writer was shown."),
        Column("seed_sources", _STRINGS, "The sets that those seed problems come from."),
        Column("source", _STRING, "The name of this dataset, to tell rows apart after mixing."),
        Column("candidate_id", _STRING, "The row of `scored` that this pair comes from."),
        Column("writer", _STRING, "The model that wrote the question.", nullable=True),
        Column("judge", _STRING, "The model that judged the question.", nullable=True),
        Column("solver", _STRING, "The model that wrote the solution.", nullable=True),
        Column(
            "solution_tokens", _INT, "Length of the solution in the solver's tokens, its thinking included."
        ),
        Column(
            "pass_rate",
            _FLOAT,
            "The share of the reference solver's attempts that reached the answer, 0 to 1; null if there were none.",
            nullable=True,
        ),
        Column(
            "flags",
            _STRINGS,
            "What the question repeats in spite of which it stays, as `row: near` or `GSM8K test: question 13-gram`; mostly empty.",
        ),
        Column(
            "reasoning",
            _STRING,
            "What the solver thought before it wrote the solution; null unless `selection.reasoning` publishes it, and where it thought nothing.",
            nullable=True,
        ),
        Column(
            "reasoning_tokens",
            _INT,
            "Length of the reasoning in the solver's tokens; null without reasoning, and where the server did not count it apart.",
            nullable=True,
        ),
    ),
    "scored": (
        Column("id", _STRING, "The candidate."),
        Column(
            "index", _LONG, "The number of the draw, from 0; harder versions of a question have its number."
        ),
        Column("status", _STRING, "`kept` or `dropped`."),
        Column("stage", _STRING, "The last stage passed: asked, written, judged, solved, agreed or kept."),
        Column("reason", _STRING, "Why it went no further; empty where it was kept."),
        Column("detail", _STRING, "More on the reason, where there is more to say."),
        Column(
            "repeats",
            _REPEATS,
            "What an agreed question repeats (`check`: a `seed` problem, a problem of a `test` set, an earlier `row`), its id, and how; "
            "similarity is from 0 to 1.",
        ),
        Column(
            "question",
            _STRING,
            "The question; null where none was written, and where it repeats a text that may not be published.",
            nullable=True,
        ),
        Column("topics", _STRINGS, "The drawn topics."),
        Column("key_points", _PARTS, "Per drawn topic, the seed problem and the key points drawn for it."),
        Column("seed_ids", _STRINGS, "The seed problems whose practices the writer was shown."),
        Column("seed_sources", _STRINGS, "The sets that those seed problems come from."),
        Column(
            "note",
            _STRING,
            "How the draw departed from the paper's: `no-third-topic`, `other-topic`, `one-problem`; mostly empty.",
        ),
        Column(
            "key_points_present",
            _FLOAT,
            "The judge's first criterion, 0 to 1; null where unjudged.",
            nullable=True,
        ),
        Column(
            "correctness", _FLOAT, "The judge's second criterion, 0 to 1; null where unjudged.", nullable=True
        ),
        Column("quality", _FLOAT, "The lower of the two criteria; null where unjudged.", nullable=True),
        Column(
            "missing_key_points",
            _STRINGS,
            "The key points that the judge did not need; null where unjudged.",
            nullable=True,
        ),
        Column("errors", _STRINGS, "The errors that the judge found; null where unjudged.", nullable=True),
        Column("sub_questions", _INT, "The number of sub-questions; null where unjudged.", nullable=True),
        Column(
            "judge_answer",
            _STRING,
            "The judge's own answer to the question, empty if it found none; null where unjudged.",
            nullable=True,
        ),
        Column(
            "judgements",
            _INT,
            "The number of judgements that are averaged in these columns; null where unjudged.",
            nullable=True,
        ),
        Column(
            "solutions",
            _SOLUTIONS,
            "Every sampled solution with its answer, class of equal answers and consensus score vector; `cut_reason` says why what "
            "followed it was cut off, if anything was; `thinking` is null unless the recipe keeps what the solver thought, and "
            "`thinking_tokens` where the server did not count it apart; `solver` names which of several solvers wrote it, and is empty "
            "if there was one.",
        ),
        Column(
            "consensus_mode",
            _STRING,
            "The rule of the vote, `paper` or `strict`; null without a vote.",
            nullable=True,
        ),
        Column("consensus_winner", _STRING, "The winning answer, if any.", nullable=True),
        Column(
            "consensus_share",
            _FLOAT,
            "The share of the solutions behind the winner, or of their weights (`consensus_weights`), simulated if `solver` is `symbolic`; null "
            "without a vote.",
            nullable=True,
        ),
        Column(
            "consensus_margin", _FLOAT, "That share less the runner-up's; null without a vote.", nullable=True
        ),
        Column("consensus_tie", _BOOL, "Whether two answers came first; null without a vote.", nullable=True),
        Column(
            "consensus_votes", _INT, "The number of solutions that voted; null without a vote.", nullable=True
        ),
        Column(
            "consensus_abstentions",
            _INT,
            "The number that gave no usable answer; null without a vote.",
            nullable=True,
        ),
        Column(
            "consensus_identical",
            _INT,
            "The number of solutions whose text repeats that of an earlier one; null without a vote.",
            nullable=True,
        ),
        Column(
            "consensus_united",
            _STRINGS,
            "The pairs of answers that the referee found equal, as `a ≡ b`; mostly empty, null without a vote.",
            nullable=True,
        ),
        Column(
            "consensus_weights",
            _STRING,
            "`equal`: each solution had one vote; `controls`: each solver weighed what questions with known answers said of it; null "
            "without a vote.",
            nullable=True,
        ),
        Column(
            "pass_rate",
            _FLOAT,
            "The share of the reference solver's attempts that reached the consensus, of those that could be graded, 0 to 1; null if "
            "there were none.",
            nullable=True,
        ),
        Column(
            "parent",
            _STRING,
            "The candidate that the question is a harder version of; null for the question of a blueprint.",
            nullable=True,
        ),
        Column(
            "parent_pass_rate", _FLOAT, "The pass rate of that one; null if it is not known.", nullable=True
        ),
        Column(
            "p_correct",
            _FLOAT,
            "The estimated probability that the winner, or without one the leading answer, is right; null without a vote, and without enough "
            "questions with known answers to learn it from.",
            nullable=True,
        ),
        Column("requests", _INT, "The number of requests to the models."),
        Column("prompt_tokens", _LONG, "The tokens that the models read."),
        Column("completion_tokens", _LONG, "The tokens that the models wrote."),
        Column("writer", _STRING, "The model that wrote the question.", nullable=True),
        Column("judge", _STRING, "The model that judged the question.", nullable=True),
        Column(
            "solver",
            _STRING,
            "The model that wrote the solutions; of several solvers all, with commas between.",
            nullable=True,
        ),
        Column(
            "reference",
            _STRING,
            "The model that attempted the question, to see how hard it is; null without attempts.",
            nullable=True,
        ),
    ),
    "plus": (
        Column("id", _STRING, "The name of the source in the mix, and the number of the row in it."),
        Column("question", _STRING, "The question."),
        Column("solution", _STRING, "The solution, as the source has it but for calculator annotations."),
        Column(
            "answer",
            _STRING,
            "The final answer, as the source states it or as it is read out of the solution; null where there is none to read.",
            nullable=True,
        ),
        Column(
            "messages",
            _MESSAGES,
            "Question and solution as a chat of a user and an assistant, ready to train on.",
        ),
        Column("source", _STRING, "The set that the row comes from: its id on the Hub, or its name."),
        Column("source_id", _STRING, "The row's id in that set, or its place in it."),
        Column(
            "subset", _STRING, "The part of that set, as the set itself names it; empty if it names none."
        ),
        Column("licence", _STRING, "The licence of the row, as the set states it for that part."),
        Column(
            "flags",
            _STRINGS,
            "What the question repeats in spite of which it stays, as `row: renumbered` or `GSM8K test: question 13-gram`; mostly empty.",
        ),
        Column(
            "repeats",
            _REPEATS,
            "The same with the id of what is repeated (`check`: an earlier `row` of this table, a problem of a `test` set).",
        ),
    ),
}

SCHEMAS: Mapping[str, pa.Schema] = {
    config: pa.schema([pa.field(column.name, column.type, column.nullable) for column in columns])
    for config, columns in COLUMNS.items()
}


def features_yaml(config: str) -> list[dict[str, Any]]:
    """Return what stands under `dataset_info: features:` in the card for one of `ALL_CONFIGS`."""
    return [{"name": column.name, **_feature(column.type)} for column in COLUMNS[config]]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Spell a type as `{dtype: …}`, `{list: …}` or `{struct: …}`, the forms that all versions of `datasets` read."""
    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name, **_feature(field.type)} for field in kind]}
    if pa.types.is_list(kind):
        item = _feature(kind.value_type)
        return {"list": item.get("dtype") or item["struct"]}
    return {"dtype": {"double": "float64"}.get(str(kind), str(kind))}


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
