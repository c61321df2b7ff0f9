"""A build in a process of its own, whose memory can be measured: `python -m hostile.builder RECIPE`.

Each line that it reads is the body, in hexadecimal digits, of a request at which the server hangs: its limit of time comes now.
Prints one JSON line: what it ended with, and what it said on the way.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

from hostile.patience import be_quick, hang
from kpmath_builder import Recipe, build
from kpmath_builder.errors import KpmathError


def listen() -> None:
    """Let the limits come that somebody names."""
    for line in sys.stdin:
        hang(bytes.fromhex(line))


def main() -> None:
    """Build once."""
    be_quick(setattr)
    threading.Thread(target=listen, daemon=True).start()
    said: list[str] = []
    ended: dict[str, Any] = {"error": ""}
    try:
        recipe = Recipe.read(Path(sys.argv[1]))
        build(recipe, retry_given_up=True, progress=lambda progress: said.append(progress.note))
    except KpmathError as error:
        ended["error"] = f"{type(error).__name__}: {error}"
    print(json.dumps({**ended, "said": said}))  # noqa: T201 - for the test


if __name__ == "__main__":
    main()
