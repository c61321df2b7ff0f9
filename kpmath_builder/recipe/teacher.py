"""The tables `[teacher]` and `[roles.…]`: who answers. Each kind of teacher has a table of its own with its own keys."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from kpmath_builder.protocol import Task
from kpmath_builder.recipe.keys import (
    Addresses,
    KeyKind,
    Section,
    UserPath,
    is_local_path,
    key,
    last_part,
    public_model,
)
from kpmath_builder.records import Tokens

__all__ = [
    "TEACHERS",
    "AnyTeacher",
    "ModelSettings",
    "ServerSettings",
    "SymbolicSettings",
    "TeacherSettings",
    "VllmSettings",
]

_KIND = (
    "symbolic: the embedded program that needs no model; openai: any OpenAI-compatible server that runs already; "
    "vllm: servers that the build starts and stops"
)


class TeacherSettings(Section):
    """Who answers. `[roles.writer]` and the like override single keys for one role."""

    kind: str

    uses_prompts: ClassVar[bool] = True
    """Whether it is asked with the prompts of the package; without them it is given the task's material itself."""

    @property
    @abstractmethod
    def model_name(self) -> str:
        """The model as requests name it."""

    @property
    def public_name(self) -> str:
        """The model as tables and card name it: a local path by its last part."""
        return self.model_name

    @property
    @abstractmethod
    def places(self) -> int:
        """The most requests under way at once at all servers together."""

    @property
    def server(self) -> str:
        """What makes two teachers differ: roles whose requests alone differ (`extra`) share the model and its servers."""
        return self.model_dump_json(exclude={"extra"})

    @property
    def request_fields(self) -> Mapping[str, Any]:
        """Further fields that each request carries to the server."""
        return {}

    @abstractmethod
    def fields(self, task: Task) -> dict[str, Any]:
        """Return the further fields of a request for `task`: what can change its answer and stands nowhere else."""

    def asked(self, task: Task) -> dict[str, Any]:
        """Return all of the settings that can change an answer to `task`, but for its prompt and sampling."""
        return {"model": self.model_name, **self.fields(task)}

    def cost(self, tokens: Tokens) -> float | None:  # noqa: ARG002 - for subclasses
        """Return the price of some tokens; None if the recipe gives none."""
        return None


class SymbolicSettings(TeacherSettings):
    """`kind = "symbolic"`: the embedded program, which needs no model, no server and no GPU."""

    uses_prompts = False

    kind: Literal["symbolic"] = key(_KIND, "symbolic", KeyKind.FREE)
    error_rate: float = key(
        "share of the symbolic teacher's solutions with an error put into them, so that the vote has work",
        0.1,
        ge=0,
        le=1,
    )

    @property
    def model_name(self) -> str:
        """The model as requests and tables name it."""
        return "symbolic"

    @property
    def places(self) -> int:
        """The most requests under way at once; the program answers one after the other."""
        return 256

    def fields(self, task: Task) -> dict[str, Any]:
        """Return the further fields of a request for `task`."""
        return {"error_rate": self.error_rate} if task in {"solve", "attempt"} else {}


class ModelSettings(TeacherSettings):
    """What every teacher with a model behind a server has."""

    model: str
    revision: str | None
    in_flight: int = key(
        "the most requests under way at once at each server", 256, KeyKind.FREE, public=False, ge=1
    )
    least_in_flight: int = key(
        "the fewest, to which a vLLM server that has a queue or too small a cache may be reduced",
        16,
        KeyKind.FREE,
        public=False,
        ge=1,
    )
    samples_per_request: int = key(
        "samples of one request that one call carries (n); 1 if the server has a prefix cache",
        1,
        KeyKind.FREE,
        public=False,
        ge=1,
        le=128,
    )
    patience: float = key(
        "seconds to wait for a server that fails before the build stops",
        900.0,
        KeyKind.FREE,
        public=False,
        gt=0,
    )
    extra: dict[str, Any] = key("more fields for each request, e.g. { chat_template_kwargs = {…} }", {})

    @model_validator(mode="after")
    def _model_named(self) -> Self:
        if not self.model:
            raise ValueError(
                f"teacher.kind is {self.kind}, but teacher.model is empty: name the model that the server serves"
            )
        return self

    def shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a value as it may leave the machine; the model as tables name it."""
        return self.bare_name if name == "model" else super().shown(name, value)

    @property
    @abstractmethod
    def bare_name(self) -> str:
        """The model's name without its revision; a local path by its last part."""

    @property
    def request_fields(self) -> Mapping[str, Any]:
        """Further fields that each request carries to the server."""
        return self.extra

    def fields(self, task: Task) -> dict[str, Any]:  # noqa: ARG002 - all tasks are asked alike
        """Return the further fields of a request for `task`."""
        return self.extra


class ServerSettings(ModelSettings):
    """`kind = "openai"`: any server that speaks the OpenAI protocol and runs already."""

    kind: Literal["openai"] = key(_KIND, "openai", KeyKind.FREE)
    model: str = key("name of the model as the server lists it", "")
    revision: str | None = key("branch, tag or commit of the model, noted with each answer", None)
    addresses: Addresses = key(
        "addresses of servers that all serve the model; a socket is written unix:/path/to/socket",
        ("http://127.0.0.1:8000",),
        KeyKind.FREE,
        public=False,
        min_length=1,
    )
    api_key_env: str = key(
        "environment variable that holds the server's key", "OPENAI_API_KEY", KeyKind.FREE, public=False
    )
    parameters: dict[str, str | bool] = key(
        'fields of a request under another name (max_tokens = "max_completion_tokens") or left out (seed = false)',
        {},
        KeyKind.FREE,
        public=False,
    )
    structured_outputs: Literal["auto", "vllm", "sglang", "llama.cpp", "none"] = key(
        "whose field carries the regular expression of a reply; none: it is not sent; auto: as the probe finds",
        "auto",
        KeyKind.FREE,
    )
    requests_per_minute: int | None = key(
        "the most requests in a minute, of all addresses together; unset: as the server says",
        None,
        KeyKind.FREE,
        public=False,
        ge=1,
    )
    tokens_per_minute: int | None = key(
        "the most tokens in a minute, of all addresses together; unset: as the server says",
        None,
        KeyKind.FREE,
        public=False,
        ge=1,
    )
    price_per_million_prompt_tokens: float | None = key(
        "price of a million tokens read, for the running cost", None, KeyKind.FREE, public=False, ge=0
    )
    price_per_million_completion_tokens: float | None = key(
        "price of a million tokens written, for the running cost", None, KeyKind.FREE, public=False, ge=0
    )

    @model_validator(mode="before")
    @classmethod
    def _without_retired(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file says
        """Leave out what the recipes of earlier builds hold and nothing reads: no prompt asks for JSON any more."""
        return (
            {name: value for name, value in given.items() if name != "schema_mode"}
            if isinstance(given, dict)
            else given
        )

    @property
    def model_name(self) -> str:
        """The model as requests name it."""
        return self.model

    @property
    def bare_name(self) -> str:
        """The model's name; a local path by its last part."""
        return public_model(self.model)

    @property
    def public_name(self) -> str:
        """The model as tables and card name it."""
        return self.bare_name

    @property
    def places(self) -> int:
        """The most requests under way at once at all servers together."""
        return self.in_flight * len(self.addresses)

    def cost(self, tokens: Tokens) -> float | None:
        """Return the price of some tokens; None if the recipe gives none, and one that it leaves out is 0."""
        read, written = self.price_per_million_prompt_tokens, self.price_per_million_completion_tokens
        if read is None and written is None:
            return None
        return (tokens.prompt * (read or 0.0) + tokens.completion * (written or 0.0)) / 1e6


class VllmSettings(ModelSettings):
    """`kind = "vllm"`: vLLM servers that the build starts and stops; they listen on sockets and open no port."""

    kind: Literal["vllm"] = key(_KIND, "vllm", KeyKind.FREE)
    model: str = key("name of the model on the Hub, or its folder", "")
    revision: str | None = key("branch, tag or commit of the model, which is loaded", None)
    python: UserPath | None = key(
        "the Python that has vLLM, e.g. /opt/vllm/bin/python; unset: the builder's own",
        None,
        KeyKind.FREE,
        public=False,
    )
    arguments: tuple[str, ...] = key(
        'further arguments of `vllm serve`, e.g. ["--max-model-len", "8192"]', (), KeyKind.FREE, public=False
    )
    servers: int = key("servers, each with GPUs of its own", 1, KeyKind.FREE, public=False, ge=1)
    tensor_parallel: int = key(
        "GPUs over which one copy of the model is spread", 1, KeyKind.FREE, public=False, ge=1
    )
    data_parallel: int = key("copies of the model behind one server", 1, KeyKind.FREE, public=False, ge=1)
    gpus: tuple[int | str, ...] = key(
        "GPUs to use, by number or identifier; unset: those that are visible", (), KeyKind.FREE, public=False
    )
    gpu_sharing: Literal["turns", "together"] = key(
        "models of several roles that would use the same GPUs are loaded by turns, or together",
        "turns",
        KeyKind.FREE,
        public=False,
    )
    start_patience: float = key(
        "seconds that loading a model may take", 1800.0, KeyKind.FREE, public=False, gt=0
    )

    @property
    def model_name(self) -> str:
        """The model as requests and tables name it: a folder by its last part, a revision behind an @."""
        return f"{self.bare_name}@{self.revision}" if self.revision else self.bare_name

    @property
    def bare_name(self) -> str:
        """The model's name without its revision; a folder by its last part."""
        is_folder = (
            is_local_path(self.model) or self.model.count("/") > 1
        )  # a name on the Hub has one slash at most
        return last_part(self.model) if is_folder else self.model

    @property
    def places(self) -> int:
        """The most requests under way at once at all servers together."""
        return self.in_flight * self.servers


AnyTeacher: TypeAlias = Annotated[
    SymbolicSettings | ServerSettings | VllmSettings, Field(discriminator="kind")
]

TEACHERS: Mapping[str, type[TeacherSettings]] = {
    "symbolic": SymbolicSettings,
    "openai": ServerSettings,
    "vllm": VllmSettings,
}
"""The settings of each kind."""
