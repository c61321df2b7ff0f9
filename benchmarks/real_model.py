"""A small build through a server with a real small model, to its tables; prints what the server was found to be and where it ended.

    python benchmarks/real_model.py http://127.0.0.1:8080 MODEL [--seeds 12] [--questions 6] [--samples 3] [--structured-outputs none]

The server runs already: llama.cpp's own (`llama-server -m FILE.gguf --alias MODEL -np 4 -c 16384`, or the package xllamacpp), vLLM, or
any other. A model of half a billion parameters on two processor cores takes some minutes. The build ends with tables even if the model
is too small to write a question that passes; the figures say how far its replies came.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path

from kpmath_builder import Recipe, build
from kpmath_builder.client.dialects import FORMS
from kpmath_builder.protocol import Response


def main() -> None:
    """Build, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address")
    parser.add_argument("model")
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--questions", type=int, default=6)
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--longest", type=int, default=300, help="tokens of the longest reply")
    parser.add_argument("--folder", type=Path, help="build here, and go on with what is there")
    parser.add_argument("--structured-outputs", choices=["auto", *FORMS], default="auto")
    parser.add_argument("--prompts", type=Path, help="folder of shorter prompts, for a slow machine")
    parser.add_argument("--in-flight", type=int, default=8)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="real-model-")) / "build"
    started = time.monotonic()
    result = build(_recipe(options, folder))
    print(json.dumps({"rows": result.rows, "seconds": round(time.monotonic() - started)}))
    print(json.dumps(result.funnel), flush=True)
    for name, count in sorted(_answers(folder).items()):
        print(f"{count:5d}  {name}")
    print(folder)


def _recipe(options: argparse.Namespace, folder: Path) -> Recipe:
    teacher = {
        "kind": "openai",
        "model": options.model,
        "addresses": [options.address],
        "in_flight": options.in_flight,
        "structured_outputs": options.structured_outputs,
    }
    longest = {"max_tokens": options.longest}
    return Recipe.of(
        {
            "teacher": teacher,
            **({"prompts": str(options.prompts)} if options.prompts else {}),
            "seeds": {"limit": options.seeds},
            "extraction": longest,
            "questions": longest,
            "judging": longest | {"threshold": 0.0, "max_sub_questions": 100},
            "solutions": longest | {"samples": options.samples},
            "topics": {"ask_above": 0.85},
            "build": {"folder": str(folder), "questions": options.questions, "shards": 1},
        }
    )


def _answers(folder: Path) -> Counter[str]:
    """Count the answers in the logs by task, end and dialect."""
    counts: Counter[str] = Counter()
    for path in (folder / "responses").glob("*.jsonl"):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            response = Response.model_validate(entry["response"])
            dialect = f", {response.dialect}" if response.dialect else ""
            counts[f"{entry['task']}: {response.finish_reason}{dialect}"] += 1
    return counts


if __name__ == "__main__":
    main()
