"""Reading an engine's log: what it is doing while it starts, and why it ended."""

import re
from pathlib import Path

__all__ = ["last_fault", "phase"]

TAIL = 20_000
_PHASES = {
    "Application startup complete": "ready",
    "Starting vLLM server": "opening its port",
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
"""Words of vLLM's log, the later ones in its order first."""

_FAULT = re.compile(r"((?:[A-Za-z_.]*(?:Error|Exception)|error)\b: .*)")
_DULL = re.compile(r"root cause|EngineDeadError|DistNetworkError")


def phase(log: Path) -> str:
    """Return in a few words what an engine that starts is doing."""
    text = _tail(log)
    places = {text.rfind(words): told for words, told in _PHASES.items()}
    last = max(places)
    return places[last] if last >= 0 else "importing its libraries"


def last_fault(log: Path) -> str:
    """Return the last error in the log that says something, "" where there is none."""
    faults = [found[1].strip() for line in _tail(log).splitlines() if (found := _FAULT.search(line))]
    telling = [fault for fault in faults if not _DULL.search(fault)]
    return (telling or faults or [""])[-1][:300].rstrip(".")


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
