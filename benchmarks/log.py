"""What the response log costs: writing at a given rate beside a busy event loop, and opening, looking up and holding a million answers.

    python benchmarks/log.py            # everything, about three minutes and 2 GB of disk
    python benchmarks/log.py --answers 100000

Prints the rows of the table in docs/benchmarks.md.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kpmath_builder.folder.log import ResponseLog
from kpmath_builder.protocol import Response

CHARACTERS = 1_800
"""A solution of about 500 tokens."""


def response(number: int, chance: random.Random) -> Response:
    """Return an answer with text that differs from the others'."""
    text = f"{number} " + chance.randbytes(CHARACTERS // 2).hex()
    return Response(
        text=text, finish_reason="stop", prompt_tokens=900, completion_tokens=500, model="some/model"
    )


def key(number: int) -> str:
    """Return a key as requests have them."""
    return f"sha256:{number * 0x9E3779B97F4A7C15 % 2**256:064x}/0"


async def paced(folder: Path, rate: int, seconds: float) -> None:
    """Log `rate` answers a second; print the share of time spent in `put` and how late the loop was at most."""
    chance = random.Random(1)
    answers = [response(number, chance) for number in range(1_000)]
    spent = worked = late = 0.0
    with ResponseLog(folder / "paced.jsonl") as log:
        began = time.perf_counter()
        for number in range(round(rate * seconds)):
            due = began + number / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
                late = max(late, time.perf_counter() - due)
            start, start_work = time.perf_counter(), time.thread_time()
            log.put(key(number), "solve", "7", answers[number % 1_000])
            spent, worked = spent + time.perf_counter() - start, worked + time.thread_time() - start_work
        took = time.perf_counter() - began
    print(
        f"{rate:,} answers/s for {took:.0f} s: {spent / took:.2%} of wall time in the log, {worked / took:.2%} at work "
        f"(the rest: other programs had the core); loop late by {late * 1e3:.0f} ms at most"
    )


def fill(path: Path, count: int) -> None:
    """Write `count` answers as fast as it goes."""
    chance = random.Random(1)
    answers = [response(number, chance) for number in range(1_000)]
    began = time.perf_counter()
    with ResponseLog(path) as log:
        for number in range(count):
            log.put(key(number), "solve", "7", answers[number % 1_000])
    took = time.perf_counter() - began
    print(
        f"{count:,} answers written in {took:.1f} s ({count / took:,.0f}/s), {path.stat().st_size / 1e9:.2f} GB"
    )


def opened(path: Path) -> None:
    """Open a log, look at random answers, and print time and memory; meant for a process of its own."""
    before = peak_memory()
    began = time.perf_counter()
    with ResponseLog(path, writable=False) as log:
        took = time.perf_counter() - began
        count = len(log)
        more = peak_memory() - before
        chance = random.Random(2)
        began = time.perf_counter()
        for _ in range(10_000):
            assert log.get(key(chance.randrange(count))) is not None
        each = (time.perf_counter() - began) / 10_000
    print(
        f"{count:,} answers opened in {took:.1f} s, {more / 2**20:.0f} MiB more memory, {each * 1e6:.0f} us a look-up"
    )


def peak_memory() -> int:
    """Return the most bytes that this process has held so far (Linux)."""
    (line,) = (
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) * 1024


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--open", type=Path)
    given = parser.parse_args()
    if given.open:
        return opened(given.open)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for rate in (1_000, 4_000):
            asyncio.run(paced(Path(folder), rate, 20))
        for count in (given.answers, given.answers // given.shards):
            path = Path(folder) / f"{count}.jsonl"
            fill(path, count)
            subprocess.run([sys.executable, __file__, "--open", path], check=True, env=os.environ)
    return None


if __name__ == "__main__":
    main()
