"""Embeddings from any server with `/v1/embeddings`, over the same kind of connection as the teacher."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from kpmath_builder.client.calls import ServerCall
from kpmath_builder.client.connection import Connection
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.faults import CallError, GivenUpError, RefusedError
from kpmath_builder.client.readiness import Wanted, check_again, check_ready
from kpmath_builder.client.statuses import server_words, user_error
from kpmath_builder.errors import InputError
from kpmath_builder.stopping import Stop

__all__ = ["OpenAIEmbedder"]

PROBE_SECONDS = 60.0
Vectors = npt.NDArray[np.float32]


class _Embedding(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    index: int
    embedding: list[float]


class _Embeddings(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    data: list[_Embedding]


@dataclass(slots=True, kw_only=True)
class _EmbeddingsCall(ServerCall[Vectors]):
    path = "/embeddings"
    texts: int
    fields: Mapping[str, Any]

    def body(self, _: Endpoint) -> Mapping[str, Any]:
        return self.fields

    def read(self, body: bytes, _: Endpoint) -> Vectors:
        return _read_vectors(body, self.texts)


class OpenAIEmbedder:
    """Embeds texts with a served model, `batch` texts a call; the other parameters are those of `OpenAITeacher`.

    Raises
    ------
    InputError
        When an address is not an http address.
    """

    def __init__(
        self,
        model: str,
        addresses: Sequence[str],
        api_key: str | None = None,
        batch: int = 64,
        *,
        in_flight: int = 16,
        patience: float = 900.0,
        keys: str = "topics.embedding_",
        stop: Stop | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self._model = model
        self._batch = batch
        self._checked = False
        self._wanted = Wanted(model)
        self.connection = Connection(
            addresses,
            api_key=api_key,
            in_flight=in_flight,
            patience=patience,
            verify=self._verify,
            probe=self._is_well,
            keys=keys,
            stop=stop,
            notify=notify,
        )

    @property
    def name(self) -> str:
        """The model, for provenance."""
        return self._model

    async def check(self, patience: float = 30.0) -> None:
        """Make sure that a server answers, accepts the key and serves the model, as `OpenAITeacher.check` does."""
        for endpoint in await check_ready(self.connection, self._wanted, patience):
            with contextlib.suppress(CallError):  # a server that does not answer now is waited for later
                status, body = await self._embed_one(endpoint)
                if status in {401, 402, 403} and (
                    wrong := user_error(endpoint.url, status, body, self.connection.keys)
                ):
                    raise wrong
                if status in {400, 404, 405, 422, 501}:
                    raise InputError(
                        f"'{self._model}' does not embed texts at {endpoint.url} ({server_words(body)}): choose another model."
                    )
        self._checked = True

    async def _verify(self, endpoint: Endpoint) -> None:
        await check_again(self.connection, self._wanted, endpoint)

    async def _is_well(self, endpoint: Endpoint) -> bool:
        """Whether a server embeds a word."""
        try:
            status, body = await self._embed_one(endpoint)
            return status == 200 and len(_read_vectors(body, 1)) == 1
        except (CallError, ValueError):
            return False

    async def _embed_one(self, endpoint: Endpoint) -> tuple[int, bytes]:
        return await self.connection.send(
            endpoint, "/embeddings", self._body(["one"]), limit=_longest(1), seconds=PROBE_SECONDS
        )

    def _body(self, texts: Sequence[str]) -> dict[str, Any]:
        return {"model": self._model, "input": list(texts), "encoding_format": "float"}

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the texts' vectors, shape (len(texts), dimensions), each row of length 1 (a zero vector stays zero).

        The first call checks the server.

        Raises
        ------
        BuildError
            When no address has answered anything for `patience` seconds.
        InputError
            When no server answers, or it does not embed these texts with this model.
        """
        batches = [texts[start : start + self._batch] for start in range(0, len(texts), self._batch)]
        if not batches:
            return np.zeros((0, 0), dtype=np.float32)
        if not self._checked:
            await self.check()
        vectors = await self._embed_all(batches)
        if len({part.shape[1] for part in vectors}) > 1:
            raise InputError(
                "Vectors of different lengths came back: serve the same embedding model at every address."
            )
        return _unit_rows(np.concatenate(vectors))

    async def close(self) -> None:
        """Release connections."""
        await self.connection.close()

    async def _embed_all(self, batches: Sequence[Sequence[str]]) -> list[Vectors]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._embed_batch(batch)) for batch in batches]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None  # one sentence for the user; the other batches are cancelled
        return [task.result() for task in tasks]

    async def _embed_batch(self, texts: Sequence[str]) -> Vectors:
        call = _EmbeddingsCall(texts=len(texts), fields=self._body(texts), longest_body=_longest(len(texts)))
        try:
            return await self.connection.post(call)
        except (RefusedError, GivenUpError) as refusal:
            raise InputError(
                f"'{self._model}' does not embed these texts ({refusal}): choose another model."
            ) from refusal


def _longest(texts: int) -> int:
    """Return the bytes that an answer of so many vectors may have: 16,384 numbers each, generously."""
    return 2**18 + texts * 2**19


def _read_vectors(body: bytes, texts: int) -> Vectors:
    data = sorted(_Embeddings.model_validate_json(body).data, key=lambda entry: entry.index)
    if [entry.index for entry in data] != list(range(texts)):
        raise ValueError(f"expected vectors 0 to {texts - 1}, got {[entry.index for entry in data]}")
    return np.array([entry.embedding for entry in data], dtype=np.float32)  # ValueError where lengths differ


def _unit_rows(vectors: Vectors) -> Vectors:
    lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0.0] = 1.0
    return vectors / lengths
