"""The published configs: their columns as data, and what Parquet and the dataset card make of them.

The Arrow schemas carry no `huggingface` metadata: `datasets` before 4 cannot read what `datasets` 4 and later would put
there. The features stand in the card's YAML instead, in words that every version from 2.21 reads. Imports nothing of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

__all__ = [
    "ALL_CONFIGS",
    "COLUMNS",
    "CONFIGS",
    "DEFAULT_CONFIG",
    "PLUS",
    "SCHEMAS",
    "Column",
    "features_yaml",
]

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
