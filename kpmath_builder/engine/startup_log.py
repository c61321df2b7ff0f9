"""Reading an engine's log: what it is doing while it starts, and why it ended.

Each start appends to the log, so only what stands after its own beginning counts.
"""

import re
from pathlib import Path

__all__ = ["last_fault", "phase"]

TAIL = 20_000
_PHASES = {
    "Application startup complete": "ready",
    "Starting vLLM server": "opening its socket",
    "apturing CUDA graph": "capturing CUDA graphs",
    "apturing cudagraph": "capturing CUDA graphs",
    "KV cache size": "warming up",
    "Compiling a graph": "compiling",
    "Dynamo bytecode transform": "compiling",
    "Loading weights took": "preparing the model",
    "Starting to load model": "loading the weights",
    "checkpoint shards": "loading the weights",
    "Initializing a V1 LLM engine": "starting the engine",
}
"""Words of vLLM's log and what they mean."""

_FAULT = re.compile(r"((?:[\w.]*(?:Error|Exception)|error)\b: .*)")
_HARMLESS = re.compile(r"\b(?:DEBUG|INFO|WARNING) \d\d-\d\d ")
_UNINFORMATIVE = re.compile(r"root cause|EngineDeadError|DistNetworkError")


def phase(log: Path, since: int = 0) -> str:
    """Return in a few words what a starting engine is doing; its part of the log begins at byte `since`."""
    text = _tail(log, since)
    places = {text.rfind(words): name for words, name in _PHASES.items()}
    last = max(places)
    return places[last] if last >= 0 else "importing its libraries"


def last_fault(log: Path, since: int = 0) -> str:
    """Return the last informative error after byte `since` of the log; "" if there is none."""
    lines = (line for line in _tail(log, since).splitlines() if not _HARMLESS.search(line))
    faults = [found[1].strip() for line in lines if (found := _FAULT.search(line))]
    informative = [fault for fault in faults if not _UNINFORMATIVE.search(fault)]
    return (informative or faults or [""])[-1][:300].rstrip(".")


def _tail(log: Path, since: int) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(since, file.seek(0, 2) - TAIL))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
