"""A build in a process of its own, whose memory can be measured: `python -m hostile.builder RECIPE SECONDS`.

Prints one JSON line: what it ended with, and what it said on the way.
"""

import json
import sys
from pathlib import Path
from typing import Any

from hostile.patience import be_quick
from kpmath_builder import Recipe, build
from kpmath_builder.client import handshake, retries
from kpmath_builder.errors import KpmathError


def main() -> None:
    """Build once."""
    be_quick(setattr)
    retries.SHORTEST_TIMEOUT = handshake.PROBE_SECONDS = float(sys.argv[2])
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
