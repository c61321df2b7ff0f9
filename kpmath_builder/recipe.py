"""The recipe: one frozen, validated tree of settings, read from TOML. The paper's numbers are the defaults.

Every key carries its meaning (shown in errors and in `docs/recipe.md`) and what a change of it means for a folder that is
already being built: `data` keys change what is asked, and what they touch is asked anew; `draw` keys are data keys that
also decide what the questions are drawn from, and `layout` keys where the folder keeps it: one folder has one value of
each. `decision` keys change only what is made of the answers, `free` keys nothing.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from kpmath_builder.recipe_errors import explain
from kpmath_builder.recipe_files import dump_toml, override, read_toml
from kpmath_builder.teachers.protocol import Role, Sampling, Task

__all__ = ["Recipe", "TeacherSettings"]

Kind = Literal["draw", "data", "decision", "layout", "free"]


def key(meaning: str, default: Any = ..., kind: Kind = "data", **limits: Any) -> Any:  # noqa: ANN401 - as pydantic.Field
    """Declare a key with its meaning, its default (none: required), its kind and its limits."""
    return Field(default, description=meaning, json_schema_extra={"kind": kind}, **limits)


class Section(BaseModel):
    """A frozen table of the recipe; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Sampled(Section):
    """The sampling fields of one task."""

    @property
    def sampling(self) -> Sampling:
        """The fields as a request carries them."""
        fields = self.model_dump(include={"temperature", "top_p", "max_tokens"})
        return Sampling(**fields)


class Seeds(Section):
    """Where the seed problems come from; with neither `path` nor `hub`, the problems that ship with the package."""

    path: Path | None = key("file of seed problems: .jsonl, .jsonl.gz, .json or .parquet", None, "free")
    hub: str | None = key("dataset on the Hugging Face Hub, e.g. openai/gsm8k", None, "free")
    hub_config: str | None = key("config of the Hub dataset", None, "free")
    revision: str | None = key("branch, tag or commit of the Hub dataset", None, "free")
    split: str = key("split of the Hub dataset", "train", "free")
    format: Literal["auto", "gsm8k", "math", "custom"] = key(
        "how a row is read; auto looks at its fields", "auto", "free"
    )
    fields: dict[str, str] | None = key(
        'for your own file: which of its fields is problem, solution, answer, level, subject, id, e.g. { problem = "q" }',
        None,
        "free",
    )
    licence: str | None = key("licence of your own seeds", None, "free")
    source: str | None = key("name of your own seeds' source", None, "free")
    shareable: bool | None = key("whether the text of your own seeds may be published", None, "free")
    limit: int | None = key("use only the first so many seed problems", None, "free", ge=1)

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if self.path is not None and self.hub is not None:
            raise ValueError("seeds.path and seeds.hub are both given: keep one of them")
        return self


class TeacherSettings(Section):
    """Who answers. `[roles.writer]` and the like override single keys for one role."""

    kind: Literal["symbolic", "openai", "vllm", "vllm-offline"] = key(
        "symbolic: the embedded program that needs no model; openai: any OpenAI-compatible server that runs already; vllm: "
        "servers that the build starts and stops; vllm-offline: vLLM without a port",
        "symbolic",
    )
    model: str = key(
        "openai: name of the model as the server lists it; vllm: its name on the Hub, or its folder", ""
    )
    revision: str | None = key("branch, tag or commit of the model", None)
    addresses: tuple[str, ...] = key(
        "addresses of servers that all serve the model", ("http://127.0.0.1:8000",), "free", min_length=1
    )
    api_key_env: str = key("environment variable that holds the server's key", "OPENAI_API_KEY", "free")
    in_flight: int = key("the most requests under way at once at each server", 256, "free", ge=1)
    least_in_flight: int = key(
        "the fewest, to which a vLLM server that has a queue or too small a cache may be reduced",
        16,
        "free",
        ge=1,
    )
    samples_per_request: int = key(
        "samples of one request that one call carries (n); 1 where the server has a prefix cache",
        1,
        "free",
        ge=1,
        le=128,
    )
    patience: float = key(
        "seconds to wait for a server that fails before the build stops", 900.0, "free", gt=0
    )
    extra: dict[str, Any] = key("more fields for each request, e.g. { chat_template_kwargs = {…} }", {})
    python: Path | None = key(
        "vllm: the Python that has vLLM, e.g. /opt/vllm/bin/python; unset: the builder's own", None, "free"
    )
    arguments: tuple[str, ...] = key(
        'vllm: further arguments of `vllm serve`, e.g. ["--max-model-len", "8192"]', (), "free"
    )
    servers: int = key("vllm: servers, each with GPUs of its own", 1, "free", ge=1)
    tensor_parallel: int = key("vllm: GPUs over which one copy of the model is spread", 1, "free", ge=1)
    data_parallel: int = key("vllm: copies of the model behind one server", 1, "free", ge=1)
    gpus: tuple[int | str, ...] = key(
        "vllm: GPUs to use, by number or identifier; unset: those that are visible", (), "free"
    )
    gpu_sharing: Literal["turns", "together"] = key(
        "vllm: models of several roles that would use the same GPUs are loaded by turns, or together",
        "turns",
        "free",
    )
    start_patience: float = key("vllm: seconds that loading a model may take", 1800.0, "free", gt=0)
    slip_rate: float = key(
        "share of the symbolic teacher's solutions that slip, so that the vote has work", 0.1, ge=0, le=1
    )

    @model_validator(mode="after")
    def _model_named(self) -> Self:
        if self.kind != "symbolic" and not self.model:
            raise ValueError(
                f"teacher.kind is {self.kind}, but teacher.model is empty: name the model that the server serves"
            )
        return self

    @property
    def model_name(self) -> str:
        """The model as requests and tables name it: a folder by its last part, a revision that we load behind an @."""
        if self.kind in {"symbolic", "openai"}:
            return "symbolic" if self.kind == "symbolic" else self.model
        name = Path(self.model).name if self.model.startswith(("/", ".", "~")) else self.model
        return f"{name}@{self.revision}" if self.revision else name

    def fields(self, task: Task) -> dict[str, Any]:
        """Return the further fields of a request for `task`: what can change its answer and stands nowhere else."""
        if self.kind == "symbolic":
            return {"slip_rate": self.slip_rate} if task == "solve" else {}
        return self.extra


class Extraction(Sampled):
    """Naming topics and key points of the seeds (paper section 2.1)."""

    temperature: float = key("sampling temperature", 0.2, "draw", ge=0)
    top_p: float = key("nucleus sampling", 0.95, "draw", gt=0, le=1)
    max_tokens: int = key("longest reply in tokens", 1024, "draw", ge=1)


class Topics(Section):
    """Topic clustering (paper section 2.1; the bands: method.md section 2)."""

    embedding: Literal["lexical", "openai"] = key(
        "lexical: runs offline on a CPU; openai: /v1/embeddings of a server", "lexical", "draw"
    )
    embedding_model: str = key("embedding model as the server lists it; needed for openai", "", "draw")
    embedding_addresses: tuple[str, ...] = key(
        "addresses of the embedding server", ("http://127.0.0.1:8001",), "free", min_length=1
    )
    same: float = key("cosine similarity from which two topics are one", 0.90, "draw", ge=0, le=1)
    ask_above: float = key(
        "cosine similarity from which the teacher is asked whether two topics are one",
        0.70,
        "draw",
        ge=0,
        le=1,
    )
    minimum_support: int = key("topics of fewer problems join their nearest neighbour", 1, "draw", ge=1)

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


class Blueprints(Section):
    """Drawing topics, practices and key points (paper section 2.2)."""

    three_topics_share: float = key(
        "share of blueprints with three topics; the others have two", 0.5, "draw", ge=0, le=1
    )
    max_key_points_per_topic: int = key("key points shown per topic", 2, "draw", ge=1)


class Questions(Sampled):
    """Writing questions (paper section 2.2)."""

    temperature: float = key("sampling temperature", 1.0, ge=0)
    top_p: float = key("nucleus sampling", 0.95, gt=0, le=1)
    max_tokens: int = key("longest reply in tokens", 1024, ge=1)


class Judging(Sampled):
    """Judging questions (paper section 2.2)."""

    temperature: float = key("sampling temperature", 0.0, ge=0)
    top_p: float = key("nucleus sampling", 1.0, gt=0, le=1)
    max_tokens: int = key("longest reply in tokens", 1024, ge=1)
    threshold: float = key("lowest quality of a question that is solved", 0.85, "decision", ge=0, le=1)
    max_sub_questions: int = key("questions with more sub-questions are dropped", 3, "decision", ge=1)


class Solutions(Sampled):
    """Solving (paper section 2.3)."""

    samples: int = key("solutions asked for per question", 10, ge=1, le=512)
    temperature: float = key("sampling temperature", 0.75, ge=0)
    top_p: float = key("nucleus sampling", 0.95, gt=0, le=1)
    max_tokens: int = key("longest solution in tokens", 2048, ge=1)


class Consensus(Section):
    """Voting (paper section 2.3; strict: method.md section 7)."""

    mode: Literal["paper", "strict"] = key(
        "paper: the published rule; strict: one winner that agrees on every part, no ties",
        "strict",
        "decision",
    )
    min_share: float = key("strict only: smallest share of the votes that wins", 0.5, "decision", ge=0, le=1)


class Selection(Section):
    """Which agreed solutions become rows of qa-pairs."""

    solutions_per_question: int | None = key(
        "agreed solutions published per question, the first ones; unset: all that differ in text",
        None,
        "decision",
        ge=1,
    )


class Build(Section):
    """Where and how much."""

    folder: Path = key("folder of the build", Path("builds/kpmath"), "free")
    questions: int = key(
        "blueprints to draw, each one question at most; may grow in a folder that is built",
        1000,
        "free",
        ge=1,
    )
    shards: int = key(
        "parts in which responses and candidates are stored; does not change the tables",
        8,
        "layout",
        ge=1,
        le=4096,
    )
    window: int = key("blueprints in flight; does not change the tables", 256, "free", ge=1)
    grace: float = key(
        "seconds in which requests under way may still end when the build is stopped", 30.0, "free", ge=0
    )
    seed: int = key("seed of every draw and every sample", 0, "draw", ge=0, lt=2**63)
    attempts: int = key(
        "how often a reply that does not validate is asked for before the drop", 3, "draw", ge=1, le=20
    )


class Recipe(Section):
    """Everything that a build is made from. Read one with `Recipe.read`; the fields are the tables of the TOML file."""

    name: str = key(
        "name of the dataset, used in its card", "kpmath", "decision", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
    )
    prompts: Path | None = key("folder of prompt files that replace those of the package", None, "free")
    seeds: Seeds = Seeds()
    teacher: TeacherSettings = TeacherSettings()
    roles: dict[Role, TeacherSettings] = Field(
        {}, description="teachers of single roles; missing keys come from [teacher]"
    )
    extraction: Extraction = Extraction()
    topics: Topics = Topics()
    blueprints: Blueprints = Blueprints()
    questions: Questions = Questions()
    judging: Judging = Judging()
    solutions: Solutions = Solutions()
    consensus: Consensus = Consensus()
    selection: Selection = Selection()
    build: Build = Build()

    @model_validator(mode="before")
    @classmethod
    def _complete_roles(cls, tree: Any) -> Any:  # noqa: ANN401 - raw TOML
        if (
            isinstance(tree, dict)
            and isinstance(tree.get("roles"), dict)
            and isinstance(tree.get("teacher", {}), dict)
        ):
            roles = {
                r: {**tree.get("teacher", {}), **o} if isinstance(o, dict) else o
                for r, o in tree["roles"].items()
            }
            return {**tree, "roles": roles}
        return tree

    @classmethod
    def read(cls, path: Path | str, overrides: Mapping[str, str] | None = None) -> Self:
        """Read a TOML file and apply overrides such as `{"build.questions": "20"}`.

        Raises
        ------
        InputError
            Naming the key, its meaning and the allowed values.
        """
        return cls.of(override(read_toml(Path(path)), overrides or {}))

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> Self:
        """Validate a tree as TOML would give it; raises as `read` does."""
        try:
            return cls.model_validate(dict(tree))
        except ValidationError as error:
            raise explain(error, cls) from None

    def teacher_for(self, role: Role) -> TeacherSettings:
        """Return the settings of the teacher that plays `role`."""
        return self.roles.get(role, self.teacher)

    def keys(self, kind: Kind) -> dict[str, Any]:
        """Return the dotted keys of one kind with their values, as JSON has them; draw keys are data keys too."""
        kinds = {"data", "draw"} if kind == "data" else {kind}
        return {name: value for name, value, field in _walk(self, "") if _extra(field)["kind"] in kinds}

    def to_toml(self) -> str:
        """Return the whole recipe as TOML, each key with its meaning; `Recipe.read` reads it back."""
        entries = [
            (*name.rpartition(".")[::2], value, field.description or "")
            for name, value, field in _walk(self, "")
        ]
        return dump_toml(entries)


def _walk(section: Section, prefix: str) -> Iterator[tuple[str, Any, FieldInfo]]:
    dumped = section.model_dump(mode="json")
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _walk(value, f"{prefix}{name}.")
        elif name == "roles":
            for role in sorted(value):
                yield from _walk(value[role], f"{prefix}roles.{role}.")
        else:
            yield prefix + name, dumped[name], field


def _extra(field: FieldInfo) -> dict[str, Any]:
    assert isinstance(field.json_schema_extra, dict), "every key of the recipe is declared with key()"
    return field.json_schema_extra
