"""The tables of the recipe, in the order of the method. The paper's numbers are the defaults."""

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, model_validator

from kpmath_builder.protocol import Sampling
from kpmath_builder.recipe.keys import Addresses, KeyKind, Section, UserPath, key, last_part, public_model
from kpmath_builder.recipe.test_sets import TestSets

__all__ = [
    "BY_MODEL",
    "BY_WORDS",
    "BlueprintsSettings",
    "BuildSettings",
    "ConsensusSettings",
    "ContaminationSettings",
    "ControlsSettings",
    "DuplicatesSettings",
    "ExtractionSettings",
    "JudgingSettings",
    "ParaphrasesSettings",
    "QuestionsSettings",
    "RefereeSettings",
    "ReferenceSettings",
    "Sampled",
    "SeedContaminationSettings",
    "SeedRepeatsSettings",
    "SeedsSettings",
    "SelectionSettings",
    "SolutionsSettings",
    "TopicsSettings",
]


BY_WORDS = 0.4
BY_MODEL = 0.65
"""Similarity of paraphrases by a model's vectors; as many wrong pairs among the problems of GSM8K as `BY_WORDS` (benchmarks/paraphrases.py)."""
ControlSource = Literal["seeds", "symbolic", "reasoning-gym", "file"]


class SeedsSettings(Section):
    """Where the seed problems come from; with neither `path` nor `hub`, the problems that ship with the package."""

    path: UserPath | None = key(
        "file of seed problems: .jsonl, .jsonl.gz, .json, .csv or .parquet", None, KeyKind.SEEDS, public=False
    )
    hub: str | None = key("dataset on the Hugging Face Hub, e.g. openai/gsm8k", None, KeyKind.SEEDS)
    hub_config: str | None = key("config of the Hub dataset", None, KeyKind.SEEDS)
    revision: str | None = key("branch, tag or commit of the Hub dataset", None, KeyKind.SEEDS)
    split: str = key("split of the Hub dataset", "train", KeyKind.SEEDS)
    format: Literal["auto", "gsm8k", "math", "custom"] = key(
        "how a row is read; auto looks at its fields", "auto", KeyKind.SEEDS
    )
    fields: dict[str, str] | None = key(
        'for your own file: which of its fields is problem, solution, answer, level, subject, id, e.g. { problem = "q" }',
        None,
        KeyKind.SEEDS,
    )
    licence: str | None = key("licence of your own seeds", None, KeyKind.SEEDS)
    source: str | None = key("name of your own seeds' source", None, KeyKind.SEEDS)
    shareable: bool | None = key("whether the text of your own seeds may be published", None, KeyKind.SEEDS)
    limit: int | None = key("use only the first so many seed problems", None, KeyKind.SEEDS, ge=1)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.path is not None and self.hub is not None:
            raise ValueError("seeds.path and seeds.hub are both given: keep one of them")
        return self

    def shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a value as it may leave the machine; a local folder in place of a dataset on the Hub by its last part."""
        if (
            name == "hub" and value is not None and value.count("/") > 1
        ):  # a name on the Hub has one slash at most
            return last_part(value)
        return super().shown(name, value)


class Sampled(Section):
    """The sampling fields of one task."""

    @property
    def request_sampling(self) -> Sampling:
        """The fields as a request carries them."""
        fields = self.model_dump(include={"temperature", "top_p", "max_tokens"})
        return Sampling(**fields)


class ExtractionSettings(Sampled):
    """Naming topics and key points of the seeds (paper section 2.1)."""

    temperature: float = key("sampling temperature", 0.2, KeyKind.DRAW, ge=0)
    top_p: float = key("nucleus sampling", 0.95, KeyKind.DRAW, gt=0, le=1)
    max_tokens: int = key("longest reply in tokens", 1024, KeyKind.DRAW, ge=1)


class TopicsSettings(Section):
    """Topic clustering (paper section 2.1; the bands: docs/method.md, section 2)."""

    embedding: Literal["lexical", "openai"] = key(
        "lexical: runs offline on a CPU; openai: /v1/embeddings of a server", "lexical", KeyKind.DRAW
    )
    embedding_model: str = key("embedding model as the server lists it; needed for openai", "", KeyKind.DRAW)
    embedding_addresses: Addresses = key(
        "addresses of the embedding server",
        ("http://127.0.0.1:8001",),
        KeyKind.FREE,
        public=False,
        min_length=1,
    )
    embedding_key_env: str = key(
        "environment variable that holds the embedding server's key",
        "OPENAI_API_KEY",
        KeyKind.FREE,
        public=False,
    )
    same: float = key("cosine similarity from which two topics are one", 0.90, KeyKind.DRAW, ge=0, le=1)
    ask_above: float = key(
        "cosine similarity from which the teacher is asked whether two topics are one",
        0.70,
        KeyKind.DRAW,
        ge=0,
        le=1,
    )
    minimum_support: int = key("topics of fewer problems join their nearest neighbour", 1, KeyKind.DRAW, ge=1)

    def shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a value as it may leave the machine; a model that is a file or folder by its last part."""
        return public_model(value) if name == "embedding_model" else super().shown(name, value)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.ask_above > self.same:
            raise ValueError(
                "topics.ask_above is larger than topics.same: lower it, or set both to the same value"
            )
        if self.embedding == "openai" and not self.embedding_model:
            raise ValueError(
                "topics.embedding is openai, but topics.embedding_model is empty: name the model"
            )
        return self


class BlueprintsSettings(Section):
    """Drawing topics, practices and key points (paper section 2.2)."""

    three_topics_share: float = key(
        "share with three topics of the blueprints that have several; the others have two",
        0.5,
        KeyKind.DRAW,
        ge=0,
        le=1,
    )
    one_topic_share: float = key(
        "share of blueprints with one topic, which the paper does not have: they make easier questions",
        0.0,
        KeyKind.DRAW,
        ge=0,
        le=1,
    )
    max_key_points_per_topic: int = key("key points shown per topic", 2, KeyKind.DRAW, ge=1)


class QuestionsSettings(Sampled):
    """Writing questions (paper section 2.2)."""

    harder_rounds: int = key(
        "how often the writer is asked for a harder version of an agreed question, each time of the version before; every version is a "
        "candidate of its own (docs/difficulty.md)",
        0,
        ge=0,
        le=8,
    )

    checks: bool = key(
        "whether questions of a model that are none are dropped by program before they are judged: answers, remarks about the task, "
        "nothing asked, copies of the practices",
        default=True,
        kind=KeyKind.DECISION,
    )
    temperature: float = key("sampling temperature", 1.0, ge=0)
    top_p: float = key("nucleus sampling", 0.95, gt=0, le=1)
    max_tokens: int = key("longest reply in tokens", 1024, ge=1)


class JudgingSettings(Sampled):
    """Judging questions (paper section 2.2)."""

    temperature: float = key("sampling temperature", 0.0, ge=0)
    top_p: float = key("nucleus sampling", 1.0, gt=0, le=1)
    max_tokens: int = key("longest reply in tokens", 1024, ge=1)
    samples: int = key(
        "judgements per question, whose scores are averaged; more than one needs a temperature above 0",
        1,
        ge=1,
        le=64,
    )
    probabilities: bool = key(
        "whether a key point counts by the probability of the judge's yes, for servers that return those of tokens (`logprobs`)",
        default=False,
    )
    threshold: float = key("lowest quality of a question that is solved", 0.85, KeyKind.DECISION, ge=0, le=1)
    max_sub_questions: int = key("questions with more sub-questions are dropped", 3, KeyKind.DECISION, ge=1)

    @property
    def request_fields(self) -> Mapping[str, Any]:
        """Further fields that the request for a verdict carries."""
        return {"logprobs": True, "top_logprobs": 5} if self.probabilities else {}

    @model_validator(mode="after")
    def _samples_differ(self) -> Self:
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(
                f"judging.samples is {self.samples}, but judging.temperature is 0, at which all judgements are one: raise the temperature, "
                "e.g. to 0.7"
            )
        return self


class SolutionsSettings(Sampled):
    """Solving (paper section 2.3)."""

    samples: int = key(
        "solutions asked for per question, or with sampling = adaptive at most", 10, ge=1, le=512
    )
    sampling: Literal["fixed", "adaptive"] = key(
        "fixed: all samples are asked for; adaptive: in rounds, until the vote is decided",
        "fixed",
        KeyKind.DECISION,
    )
    min_samples: int = key(
        "adaptive only: samples before the first look at the vote", 3, KeyKind.DECISION, ge=2
    )
    confidence: float = key(
        "adaptive only: probability, given the votes so far, from which an answer is taken to win; 1: only if it cannot lose any more",
        0.9,
        KeyKind.DECISION,
        ge=0.5,
        le=1,
    )
    drop_confidence: float = key(
        "adaptive only: probability from which no answer is taken to reach consensus.min_share; 1: only if none can any more",
        0.85,
        KeyKind.DECISION,
        ge=0.5,
        le=1,
    )
    temperature: float = key("sampling temperature", 0.75, ge=0)
    top_p: float = key("nucleus sampling", 0.95, gt=0, le=1)
    max_tokens: int = key("longest solution in tokens, thinking included", 2048, ge=1)
    keep_thinking: bool = key(
        "publish in scored what a solver that thinks said before each solution",
        default=False,
        kind=KeyKind.DECISION,
    )

    @property
    def rounds(self) -> int:
        """How many rounds like the first make up all samples; 1 if all are asked for at once."""
        return 1 if self.sampling == "fixed" else ceil(self.samples / min(self.min_samples, self.samples))


class RefereeSettings(Sampled):
    """Comparing answers that no program can compare; in play if `consensus.referee` is true."""

    temperature: float = key("sampling temperature", 0.0, ge=0)
    top_p: float = key("nucleus sampling", 1.0, gt=0, le=1)
    max_tokens: int = key("longest reply in tokens", 1024, ge=1)


class ReferenceSettings(Sampled):
    """Trying the questions with another model, to see how hard they are; in play if `[roles.reference]` is given."""

    samples: int = key("attempts per question", 4, ge=1, le=512)
    temperature: float = key("sampling temperature", 0.7, ge=0)
    top_p: float = key("nucleus sampling", 0.95, gt=0, le=1)
    max_tokens: int = key("longest attempt in tokens, thinking included", 2048, ge=1)


class ConsensusSettings(Section):
    """Voting (paper section 2.3; strict: docs/method.md, section 7)."""

    mode: Literal["paper", "strict"] = key(
        "paper: the published rule; strict: one winner that agrees on every part, no ties",
        "strict",
        KeyKind.DECISION,
    )
    min_share: float = key("strict only: smallest share that wins", 0.5, KeyKind.DECISION, ge=0, le=1)
    abstentions: Literal["against", "ignore"] = key(
        "solutions without an answer or with wrong arithmetic; against: shares are of all solutions, ignore: of the votes cast",
        "against",
        KeyKind.DECISION,
    )
    weights: Literal["equal", "controls"] = key(
        "votes of several [[solvers]]; equal: each solution has one; controls: each solver weighs what the questions with known answers say of "
        "it (docs/solvers.md)",
        "equal",
        KeyKind.DECISION,
    )
    referee: bool = key(
        "whether the model of [roles.referee] is asked about answers that no program can compare; they are equal if it says so in both orders",
        default=False,
        kind=KeyKind.DECISION,
    )


class ControlsSettings(Section):
    """Questions whose answers, or faults, are known: they measure how often labels and verdicts are right (docs/controls.md)."""

    share: float = key(
        "share of the blueprints beside which such a question is solved, if a model solves; 0: none",
        0.02,
        ge=0,
        le=1,
    )
    sources: tuple[ControlSource, ...] = key(
        "where they come from, in turn: seeds (held back), symbolic (composed of two such seeds by program), reasoning-gym (generated "
        "by that package), file (your own)",
        ("seeds",),
        min_length=1,
    )
    held_back: float = key(
        "share of the seed problems that are kept out of the practices, for seeds and symbolic; at most half in a new build, so that "
        "questions can be drawn from the others",
        0.02,
        KeyKind.DRAW,
        ge=0,
        le=1,
    )
    path: UserPath | None = key(
        "for file: .jsonl, .jsonl.gz, .json, .csv or .parquet with the fields problem and answer",
        None,
        KeyKind.FREE,
        public=False,
    )
    generators: tuple[str, ...] = key(
        "for reasoning-gym: its generators, in turn",
        (
            "gsm_symbolic",
            "leg_counting",
            "simple_geometry",
            "lcm",
            "count_primes",
            "fraction_simplification",
            "dice",
        ),
        min_length=1,
    )
    judge_share: float = key(
        "share of the blueprints beside which a question with a known fault, or a sound one, is judged, if a model judges; 0: none",
        0.01,
        ge=0,
        le=1,
    )

    @property
    def needs_seeds(self) -> bool:
        """Whether seed problems are held back for them."""
        return bool(self.share) and bool({"seeds", "symbolic"} & set(self.sources))

    def uses(self, source: str) -> bool:
        """Whether some of them come from a source."""
        return bool(self.share) and source in self.sources

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "file" in self.sources and self.path is None:
            raise ValueError("controls.sources names file, but controls.path is not set: name the file")
        if len(set(self.sources)) < len(self.sources):
            raise ValueError("controls.sources names a source twice: name each once")
        return self


Policy = Literal["drop", "flag", "ignore"]


def _paraphrase() -> Any:  # noqa: ANN401 - as `key`
    return key(
        "prose of the same numbers in other words (paraphrase); ignore: none is looked for",
        "ignore",
        KeyKind.DECISION,
    )


def _paraphrase_similarity() -> Any:  # noqa: ANN401 - as `key`
    return key(
        "cosine of their vectors from which two problems are paraphrases; unset: 0.4 for those of their words, 0.65 for those of "
        "paraphrases.model",
        None,
        KeyKind.DECISION,
        gt=0,
        le=1,
    )


def _whole_path(name: str) -> str:
    """Return an existing folder by its whole path: read elsewhere, `models/potion` would be a name on the Hub."""
    try:
        folder = Path(name).expanduser()
        return str(folder.absolute()) if name and folder.is_dir() else name
    except (OSError, RuntimeError):  # nothing that can be a folder here
        return name


class ParaphrasesSettings(Section):
    """How paraphrases are found, wherever a table looks for them (docs/curation.md)."""

    model: Annotated[str, AfterValidator(_whole_path)] = key(
        "static embedding model (model2vec) whose vectors are compared: a folder, or an id on the Hub with or without @revision; unset: the "
        "vectors of the words, which need no model",
        "",
        KeyKind.DECISION,
    )

    @property
    def similarity(self) -> float:
        """The similarity from which two problems are paraphrases, in a table that does not give its own."""
        return BY_MODEL if self.model else BY_WORDS

    def shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a value as it may leave the machine; a folder by its last part."""
        if name == "model" and value.partition("@")[0].count("/") > 1:
            return last_part(value)
        return super().shown(name, value)

    def refuse_idle(
        self, *sections: "DuplicatesSettings | SeedRepeatsSettings | ContaminationSettings"
    ) -> None:
        """Raise `ValueError` for a model that nothing is compared by."""
        if self.model and all(section.paraphrase == "ignore" for section in sections):
            raise ValueError(
                "paraphrases.model names a model, but no paraphrases are looked for: set paraphrase to flag in the tables that are to look "
                "for them, e.g. duplicates.paraphrase, or leave the model out"
            )


class DuplicatesSettings(Section):
    """Questions that repeat an earlier one of the build; the earlier one stays (docs/curation.md)."""

    verbatim: Policy = key("equal but for case and spacing", "drop", KeyKind.DECISION)
    reformatted: Policy = key("equal but for LaTeX spelling and formatting", "drop", KeyKind.DECISION)
    renumbered: Policy = key("the same text with other numbers", "drop", KeyKind.DECISION)
    renamed: Policy = key("the same text with other names of people", "drop", KeyKind.DECISION)
    near: Policy = key("most of the wording in common (near)", "drop", KeyKind.DECISION)
    paraphrase: Policy = _paraphrase()
    paraphrase_similarity: float | None = _paraphrase_similarity()
    memory: int = key(
        "mebibytes that the search for duplicates may take; what does not fit waits on the disk",
        1024,
        KeyKind.FREE,
        public=False,
        ge=64,
    )
    workers: int = key(
        "processes that read and compare the texts, each with its own copy of the seeds and test sets in memory; more than one pays from "
        "some 20,000 rows on",
        1,
        KeyKind.FREE,
        public=False,
        ge=1,
        le=64,
    )


class SeedRepeatsSettings(Section):
    """Questions that repeat a seed problem; verbatim and reformatted copies of one that may not be shared never leave the build."""

    verbatim: Policy = key("equal but for case and spacing", "drop", KeyKind.DECISION)
    reformatted: Policy = key("equal but for LaTeX spelling and formatting", "drop", KeyKind.DECISION)
    renumbered: Policy = key("the same text with other numbers", "drop", KeyKind.DECISION)
    renamed: Policy = key("the same text with other names of people", "drop", KeyKind.DECISION)
    near: Policy = key("most of the wording in common (near)", "flag", KeyKind.DECISION)
    paraphrase: Policy = _paraphrase()
    paraphrase_similarity: float | None = _paraphrase_similarity()


Hit = Literal["drop", "flag"]


class ContaminationSettings(Section):
    """Questions that repeat a problem of a test set (docs/curation.md)."""

    sets: TestSets = key(
        "test sets: ids on the Hub, files, or tables with name, hub or path, hub_config, revision, split, fields (problem, solution, id); "
        "unset: GSM8K test, MATH test and MATH-500, or none if the seeds are those of the package",
        None,
        KeyKind.DECISION,
    )
    unread: Literal["note", "error"] = key(
        "a set that the Hub does not give; note: the build goes on, and tables, status and card say that it was not checked; error: the "
        "build is refused before anything is asked",
        "note",
        KeyKind.DECISION,
    )
    verbatim: Hit = key("equal to a test problem but for case and spacing", "drop", KeyKind.DECISION)
    reformatted: Hit = key("equal but for LaTeX spelling and formatting", "drop", KeyKind.DECISION)
    renumbered: Hit = key("the same text with other numbers", "drop", KeyKind.DECISION)
    renamed: Hit = key("the same text with other names of people", "drop", KeyKind.DECISION)
    near: Hit = key("most of the wording in common (near)", "drop", KeyKind.DECISION)
    paraphrase: Policy = _paraphrase()
    paraphrase_similarity: float | None = _paraphrase_similarity()
    question_13gram: Hit = key(
        "13 words in a row of a test question stand in the question, the check that others print",
        "flag",
        KeyKind.DECISION,
    )
    question_20gram: Hit = key(
        "20 words in a row of a test question stand in question or solution, the paper's check",
        "flag",
        KeyKind.DECISION,
    )
    solution_30gram: Hit = key(
        "30 words in a row of a test solution stand in question or solution, the paper's check",
        "flag",
        KeyKind.DECISION,
    )

    def shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a value as it may leave the machine; a file of a set by its last part."""
        if name == "sets" and value is not None:
            return [{**one, "path": last_part(one["path"])} if "path" in one else one for one in value]
        return super().shown(name, value)


class SeedContaminationSettings(ContaminationSettings):
    """The same for a build, whose seeds can be problems of a test set as well."""

    seeds: Hit = key(
        "questions that were drawn from a seed problem that stands in a test set (verbatim or reformatted)",
        "drop",
        KeyKind.DECISION,
    )


class SelectionSettings(Section):
    """Which agreed solutions become rows of qa-pairs."""

    min_p_correct: float = key(
        "smallest estimated probability that the answer is right; a question without an estimate is kept (docs/controls.md)",
        0.0,
        KeyKind.DECISION,
        ge=0,
        le=1,
    )

    solutions_per_question: int | None = key(
        "agreed solutions published per question, the first ones; unset: all that differ in text",
        None,
        KeyKind.DECISION,
        ge=1,
    )
    reasoning: Literal["none", "column", "think"] = key(
        "what the solver thought before a published solution (needs solutions.keep_thinking); none: left out of qa-pairs; column: in the "
        "column reasoning; think: there, and in messages between <think> and </think>",
        "none",
        KeyKind.DECISION,
    )
    max_reasoning: int | None = key(
        "longest reasoning of a published solution in characters, which are known of every solver; longer ones are no rows; unset: any",
        None,
        KeyKind.DECISION,
        ge=1,
    )
    annotations: bool = key(
        "keep calculator annotations (<<15+12=27>>) in the solutions of qa-pairs; scored has them in any case",
        False,  # noqa: FBT003 -- a default
        KeyKind.DECISION,
    )
    min_pass_rate: float | None = key(
        "lowest share of the reference solver's attempts ([roles.reference]) that must pass, so that no question is hopeless; unset: any",
        None,
        KeyKind.DECISION,
        ge=0,
        le=1,
    )
    max_pass_rate: float | None = key(
        "highest share of them that may pass, so that no question is trivial; unset: any",
        None,
        KeyKind.DECISION,
        ge=0,
        le=1,
    )

    @property
    def bounds_pass_rate(self) -> bool:
        """Whether questions are selected by their difficulty."""
        return self.min_pass_rate is not None or self.max_pass_rate is not None

    def allows(self, pass_rate: float | None) -> bool:
        """Return whether a question of this pass rate may be kept; one that is not known lies within no bounds."""
        if not self.bounds_pass_rate:
            return True
        least = 0.0 if self.min_pass_rate is None else self.min_pass_rate
        most = 1.0 if self.max_pass_rate is None else self.max_pass_rate
        return pass_rate is not None and least <= pass_rate <= most

    @model_validator(mode="after")
    def _some_pass_rate_fits(self) -> Self:
        least, most = self.min_pass_rate, self.max_pass_rate
        if least is not None and most is not None and least > most:
            raise ValueError(
                "selection.min_pass_rate is larger than selection.max_pass_rate: no question could be kept"
            )
        return self


class BuildSettings(Section):
    """Where and how much."""

    folder: UserPath = key(
        "folder of the build; if it is not given, builds/ and the recipe's name",
        Path("builds/kpmath"),
        KeyKind.FREE,
        public=False,
    )
    questions: int = key(
        "blueprints to draw, each one question at most, or with build.rows the most that may be drawn; may grow in a folder that is "
        "built, and shrinks only with --shrink",
        1000,
        KeyKind.DECISION,
        ge=1,
    )
    rows: int | None = key(
        "rows of qa-pairs to make: blueprints are drawn, in the order of the draws, until so many rows are kept; may grow, and shrinks "
        "only with --shrink; unset: all build.questions are drawn",
        None,
        KeyKind.DECISION,
        ge=1,
    )
    shards: int = key(
        "parts in which responses and candidates are stored; does not change the tables",
        8,
        KeyKind.LAYOUT,
        public=False,
        ge=1,
        le=4096,
    )
    window: int | None = key(
        "blueprints in flight; unset: as many as requests may be under way at all servers, which keeps them full, and with "
        "solutions.sampling = adaptive and without build.rows samples / min_samples times as many; does not change the tables",
        None,
        KeyKind.FREE,
        public=False,
        ge=1,
    )
    max_tokens: int | None = key(
        "tokens, read and written, that all answers in the folder may cost together; the build stops once they are spent "
        "(requests under way still end), and goes on when this is raised; unset: no limit",
        None,
        KeyKind.FREE,
        public=False,
        ge=1,
    )
    grace: float = key(
        "seconds in which requests under way may still end when the build is stopped",
        30.0,
        KeyKind.FREE,
        public=False,
        ge=0,
    )
    seed: int = key("seed of every draw and every sample", 0, KeyKind.DRAW, ge=0, lt=2**63)
    attempts: int = key(
        "how often a reply that cannot be read is asked for before the drop", 3, KeyKind.DRAW, ge=1, le=20
    )
