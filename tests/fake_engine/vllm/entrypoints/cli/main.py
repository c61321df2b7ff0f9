"""`python -m vllm.entrypoints.cli.main serve MODEL …` of the stand-in: a server process with an engine process of its own.

As with the real one, the server ends when its engine does, but the engine outlives a server that is killed. What goes wrong is
said in a JSON file that the environment names as FAKE_VLLM: {"fault": "…"} ends before it is ready, {"loads_until": "…"} waits for a
file, {"obeys": false}, {"hangs": true}, {"stubborn": true} has an engine that does not end when it is asked to.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dummy_server import Body, DummyServer
from roleplay import play

MOOD = json.loads(Path(os.environ["FAKE_VLLM"]).read_text())
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " if MOOD.get("stubborn") else ""
ENGINE = f"{STUBBORN}import time; time.sleep(600)  # VLLM::EngineCore"


class Server(DummyServer):
    """Plays all roles, and tells how much it has generated."""

    generated = 0

    def measure(self) -> str:
        """Return the text of /metrics."""
        return (
            f'vllm:num_requests_running{{engine="0"}} {self.in_flight}\n'
            'vllm:num_requests_waiting{engine="0"} 0\n'
            f'vllm:prompt_tokens_total{{engine="0"}} {10 * self.generated}\n'
            f'vllm:generation_tokens_total{{engine="0"}} {self.generated}\n'
        )

    def _completion(self, body: Body, reply: Callable[[Body], str] | None = None) -> Body:
        self.generated += 1
        return super()._completion(body, reply)


def main() -> None:
    """Serve until the engine ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("model")
    parser.add_argument("--uds")
    parser.add_argument("--served-model-name")
    known, _ = parser.parse_known_args()
    sys.stdout.write(
        f"Starting to load model {known.model} on GPUs {os.environ.get('CUDA_VISIBLE_DEVICES', 'all')}\n"
    )
    sys.stdout.flush()
    if MOOD.get("fault"):
        sys.exit(f"torch.OutOfMemoryError: {MOOD['fault']}")
    while "loads_until" in MOOD and not Path(MOOD["loads_until"]).exists():
        time.sleep(0.05)
    engine = subprocess.Popen([sys.executable, "-c", ENGINE])
    server = Server(
        play,
        models=[MOOD.get("model", known.served_model_name)],
        socket_path=known.uds,
        obeys=MOOD.get("obeys", True),
        seconds=600.0 if MOOD.get("hangs") else MOOD.get("seconds", 0.02),
        health=True,
    )
    server.metrics = server.measure
    asyncio.run(serve(server, engine))


async def serve(server: DummyServer, engine: "subprocess.Popen[bytes]") -> None:
    """Serve, and end as vLLM does when its engine is gone."""
    dead = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=lambda: (engine.wait(), loop.call_soon_threadsafe(dead.set)), daemon=True).start()
    async with server:
        await dead.wait()
    sys.exit("vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue.")


if __name__ == "__main__":
    main()
