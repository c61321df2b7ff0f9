"""Reading `/models`: which models a server says it serves, and with how large a context. Nothing here raises."""

from collections.abc import Iterator, Mapping
from typing import Any

from kpmath_builder.client.error_bodies import parsed

__all__ = ["read_models", "served_as"]

LARGEST_CONTEXT = 2**40


def read_models(body: bytes) -> Mapping[str, int | None] | None:
    """Return the models of a list, each with the tokens of its context if the server says that; None if it is no list.

    The list is below `data`; some servers give it bare, or below `models`. vLLM and SGLang give `max_model_len`, llama.cpp
    `meta.n_ctx` for each of its slots, OpenRouter and LM Studio a context length.
    """
    value = parsed(body)
    if isinstance(value, dict):
        value = next((value[name] for name in ("data", "models") if isinstance(value.get(name), list)), None)
    if not isinstance(value, list):
        return None
    return dict(_entries(value))


def served_as(model: str, models: Mapping[str, int | None]) -> str | None:
    """Return the name under which a list has a model; None if it does not.

    Gemini lists `models/NAME`, Ollama `NAME:latest`; LiteLLM's names may end in `*`.
    """
    for name in (model, f"models/{model}", f"{model}:latest", model.removeprefix("models/")):
        if name in models:
            return name
    return next((name for name in models if name.endswith("*") and model.startswith(name[:-1])), None)


def _entries(entries: list[Any]) -> Iterator[tuple[str, int | None]]:
    for entry in entries:
        name = entry.get("id", entry.get("name")) if isinstance(entry, dict) else entry
        if isinstance(name, str):
            yield name, _context(entry) if isinstance(entry, dict) else None


def _context(entry: Mapping[str, Any]) -> int | None:
    meta = entry.get("meta")
    sizes = [entry.get(name) for name in ("max_model_len", "loaded_context_length", "context_length")]
    sizes.append(meta.get("n_ctx") if isinstance(meta, dict) else None)
    known = (size for size in sizes if isinstance(size, int) and not isinstance(size, bool))
    return next((size for size in known if 0 < size < LARGEST_CONTEXT), None)
