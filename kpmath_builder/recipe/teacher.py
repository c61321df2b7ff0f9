"""The tables `[teacher]` and `[roles.…]`: who answers."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import model_validator

from kpmath_builder.protocol import Task
from kpmath_builder.recipe.keys import Section, key

__all__ = ["TeacherSettings"]


class TeacherSettings(Section):
    """Who answers. `[roles.writer]` and the like override single keys for one role."""

    kind: Literal["symbolic", "openai", "vllm"] = key(
        "symbolic: the embedded program that needs no model; openai: any OpenAI-compatible server that runs already; vllm: "
        "servers that the build starts and stops",
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
    error_rate: float = key(
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

    @property
    def places(self) -> int:
        """The most requests under way at once at all servers together."""
        copies = {"vllm": self.servers, "openai": len(self.addresses)}
        return self.in_flight * copies.get(self.kind, 1)

    @property
    def server(self) -> str:
        """What tells one teacher from another: roles whose requests alone differ (`extra`) share the model and its servers."""
        return self.model_dump_json(exclude={"extra"})

    def fields(self, task: Task) -> dict[str, Any]:
        """Return the further fields of a request for `task`: what can change its answer and stands nowhere else."""
        if self.kind == "symbolic":
            return {"error_rate": self.error_rate} if task == "solve" else {}
        return self.extra
