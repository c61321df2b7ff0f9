"""A stand-in for the child that runs vLLM without a port: the same lines in and out, replies from roleplay.py.

{"dies_after": n} in the file that FAKE_VLLM names: the first run ends in the middle of its n-th request.
"""

import json
import os
import sys
from pathlib import Path

from dummy_server import DummyServer, task_of
from roleplay import play

MOOD = json.loads(Path(os.environ["FAKE_VLLM"]).read_text())
MARK = Path(os.environ["FAKE_VLLM"]).with_suffix(".died")


def main() -> None:
    """Answer line by line, the later of two first, so that nobody counts on the order."""
    if MOOD.get("fault"):
        sys.exit(f"ValueError: {MOOD['fault']}")
    server = DummyServer(play)
    write({"ready": True, "context": MOOD.get("context", 8192), "version": "0"})
    for number, line in enumerate(sys.stdin):
        asked = json.loads(line)
        if number == MOOD.get("dies_after") and (MOOD.get("always") or not MARK.exists()):
            MARK.touch()
            sys.stderr.write("RuntimeError: CUDA error: an illegal memory access was encountered\n")
            sys.exit(1)
        if MOOD.get("refuses") and task_of(asked["body"]) == "write":
            write({"id": asked["id"], "status": 400, "body": {"error": {"message": "too long"}}})
            continue
        probe = '{"sum": 4321}' if MOOD.get("obeys", True) else "hello"
        body = server._completion(
            asked["body"], (lambda _, p=probe: p) if task_of(asked["body"]) == "probe" else None
        )
        write({"id": asked["id"], "status": 200, "body": body})


def write(line: dict[str, object]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
