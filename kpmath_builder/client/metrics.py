"""The numbers that a vLLM server publishes at `/metrics`, a Prometheus text, as far as they matter here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

__all__ = ["COUNTERS", "Metrics", "read_metrics"]


@dataclass(frozen=True, slots=True)
class Metrics:
    """A moment of a server, summed over its engines (data parallel)."""

    running: float = 0.0
    """Requests in the batch now."""
    waiting: float = 0.0
    """Requests that the server holds back."""
    cache_used: float = 0.0
    """Share of the KV cache in use, of the fullest engine."""
    prompt_tokens: float = 0.0
    """Since the server began, as all below."""
    generated_tokens: float = 0.0
    cache_queries: float = 0.0
    """Prompt tokens that were looked up in the prefix cache."""
    cache_hits: float = 0.0
    """Those of them that need not be computed."""
    preemptions: float = 0.0
    """Requests that were thrown out of the batch for want of cache, to be computed again."""

    def since(self, before: "Metrics") -> "Metrics":
        """Return the growth of the counters; if the server has started anew in between, their values."""
        anew = self.prompt_tokens < before.prompt_tokens
        return Metrics(
            **{name: getattr(self, name) - (0.0 if anew else getattr(before, name)) for name in COUNTERS}
        )

    def __add__(self, other: "Metrics") -> "Metrics":
        return Metrics(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Metrics)})


LARGEST = 1e18
COUNTERS = ("prompt_tokens", "generated_tokens", "cache_queries", "cache_hits", "preemptions")

_NAMES: Mapping[str, str] = {
    "vllm:num_requests_running": "running",
    "vllm:num_requests_waiting": "waiting",
    "vllm:kv_cache_usage_perc": "cache_used",
    "vllm:prompt_tokens_total": "prompt_tokens",
    "vllm:generation_tokens_total": "generated_tokens",
    "vllm:prefix_cache_queries_total": "cache_queries",
    "vllm:prefix_cache_hits_total": "cache_hits",
    "vllm:num_preemptions_total": "preemptions",
}


def _credible(text: str) -> float | None:
    """Return a count that a server may have reached; None for NaN, infinity and the like."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value < LARGEST else None


def read_metrics(text: str) -> Metrics | None:
    """Return the numbers of a Prometheus text, or None if they are not vLLM's or not credible."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        field = _NAMES.get(name)
        if field is None:
            continue
        value = _credible(line.rpartition(" ")[2])
        if value is None:
            return None
        found[field] = (
            max(found.get(field, 0.0), value) if field == "cache_used" else found.get(field, 0.0) + value
        )
    return Metrics(**found) if "running" in found else None
