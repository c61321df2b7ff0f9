"""How busy a build keeps an engine: the same requests through the builder, and bare, by a client that does nothing else.

    python benchmarks/engine.py --seeds ../shared/data/gsm8k/train.jsonl                     a small model on the CPU engine
    python benchmarks/engine.py --seeds … --address http://127.0.0.1:9000 --model simulated  a server that runs already
    python benchmarks/engine.py --seeds … --python ENGINE/bin/python --model-folder FOLDER   on a GPU, with any model
    python benchmarks/engine.py --seeds … --bare --orders 128                                what their order is worth

For a GPU without weights at hand: `ENGINE/bin/python tests/tiny_model.py FOLDER --hidden 4096 --layers 32 --head-dim 128 --vocab 32000`
has the size and speed of an 8B model; `--noise` makes its replies readable.

The prefix cache is emptied before each run; the first build meets a cold engine, so that with `--builds 2` a warm one is compared with bare runs, which are always warm. A busy ratio is the build's output tokens per
second over those of the best bare run, which sends all the requests in the order in which the builder sent them: once for the whole
build, from its first request to its last answer, and once from the first question written. `--save` keeps the requests, for bare runs
at another time (`--replay`).
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from dummy_server import task_of
from engine_server import forget_prefixes, gpu_memory, options, running
from noise import FORMS, held_to

from kpmath_builder import Recipe, build
from kpmath_builder.client.calls import Sender
from kpmath_builder.client.endpoints import Endpoint
from kpmath_builder.client.transport import Transport
from kpmath_builder.progress import Progress
from kpmath_builder.protocol import Response

TASKS = ("extract", "same_topic", "write", "judge", "solve")


@dataclass(frozen=True)
class Call:
    """A request that was answered; the times are in seconds, the numbers in tokens."""

    body: str
    sent: float
    answered: float
    prompt: int
    cached: int
    output: int

    @property
    def task(self) -> str:
        """As its prompt says; "solve" for a solution."""
        return task_of(json.loads(self.body)) or "solve"


def speed(calls: Sequence[Call]) -> tuple[float, float]:
    """Return seconds from the first request to the last answer, and output tokens per second."""
    seconds = max(call.answered for call in calls) - min(call.sent for call in calls)
    return seconds, sum(call.output for call in calls) / seconds


def through_the_builder(wanted: argparse.Namespace, address: str, folder: Path) -> tuple[list[Call], int]:
    """Build; return what was sent, in that order, and the rows of qa-pairs."""
    calls: list[Call] = []
    exchange = Sender._exchange  # noqa: SLF001 - the moment of sending lies behind the endpoints

    async def noting(self: Sender, endpoint: Endpoint, call: Any, data: bytes) -> Any:  # noqa: ANN401
        sent = time.perf_counter()
        received = await exchange(self, endpoint, call, data)
        with suppress(ValueError):  # an answer without a word
            its = call.read(received[2], endpoint)
            calls.append(Call(data.decode(), sent, time.perf_counter(), *tokens(its)))
        return received

    Sender._exchange = noting  # type: ignore[method-assign]  # noqa: SLF001
    recipe = {
        "seeds": {"path": wanted.seeds, "source": "openai/gsm8k", "limit": wanted.limit},
        "teacher": {
            "kind": "openai",
            "model": wanted.model,
            "addresses": [address],
            "in_flight": wanted.in_flight,
            "extra": json.loads(wanted.extra),
        },
        "roles": roles(wanted),
        "extraction": {"temperature": 1.5, "max_tokens": 1024},
        "topics": {"ask_above": 0.9},
        "blueprints": {"three_topics_share": 0.0 if wanted.noise else 0.5},
        "questions": {"max_tokens": wanted.max_tokens},
        "judging": {"temperature": 1.5, "max_tokens": 768, "threshold": 0.0, "max_sub_questions": 10**12},
        "solutions": {"samples": wanted.samples, "max_tokens": wanted.max_tokens},
        "consensus": {"min_share": 0.0},
        "build": {"folder": str(folder), "questions": wanted.questions, "window": wanted.window, "shards": 4},
    }
    used = time.process_time()
    result = build(Recipe.of(recipe), progress=notify)
    cost = (time.process_time() - used) / len(calls) * 1e3
    Sender._exchange = exchange  # type: ignore[method-assign]  # noqa: SLF001
    print(f"processor time of the builder: {cost:.2f} ms a request")
    return sorted(calls, key=lambda call: call.sent), result.rows["qa-pairs"]


def roles(wanted: argparse.Namespace) -> dict[str, Any]:
    """Return the recipe's roles: a model of random weights is held to replies that can be read."""
    forms = {role: {"extra": json.loads(wanted.extra) | held_to(form)} for role, form in FORMS.items()}
    solver = {"solver": {"extra": json.loads(wanted.solver_extra)}} if wanted.solver_extra else {}
    return (forms if wanted.noise else {}) | solver


def tokens(answers: Sequence[Response]) -> tuple[int, int, int]:
    """Return the prompt tokens of one call, those of them from the cache, and the output tokens."""
    prompt, cached, output = (
        sum(getattr(answer, f"{kind}_tokens") for answer in answers)
        for kind in ("prompt", "cached", "completion")
    )
    return prompt, cached, output


def best_build(wanted: argparse.Namespace, address: str, folder: Path) -> tuple[list[Call], int]:
    """Build so often, each time from nothing; return what `through_the_builder` returned for the fastest."""
    builds = []
    for number in range(wanted.builds):
        forget_prefixes(address)
        builds.append(through_the_builder(wanted, address, folder / str(number)))
        seconds, rate = speed(builds[-1][0])
        print(f"build {number + 1}: {seconds:.1f} s, {rate:,.0f} tokens/s", flush=True)
    return min(builds, key=lambda it: speed(it[0])[0])


def notify(progress: Progress) -> None:
    """Print the notes of a build."""
    if progress.note:
        print(progress.note, flush=True)


async def bare(address: str, bodies: Sequence[str], in_flight: int) -> list[Call]:
    """Send all bodies in their order, so many at once."""
    left, calls = iter(bodies), []
    headers = {"Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=None)
    transport = Transport.to(address)
    async with aiohttp.ClientSession(connector=transport.connector(), timeout=timeout) as session:

        async def work() -> None:
            for body in left:
                sent, data = time.perf_counter(), body.encode()
                async with session.post(
                    f"{transport.base}/v1/chat/completions", data=data, headers=headers
                ) as reply:
                    usage = (await reply.json())["usage"]
                cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
                tokens = usage["prompt_tokens"], cached, usage["completion_tokens"]
                calls.append(Call(body, sent, time.perf_counter(), *tokens))

        await asyncio.gather(*(work() for _ in range(in_flight)))
    return calls


def what_varies_first(text: str) -> str:
    """Return a body with its instructions behind what they are about."""
    body = json.loads(text)
    *system, user = body["messages"]
    whole = "\n\n".join(message["content"] for message in (user, *system))
    return json.dumps(body | {"messages": [{"role": "user", "content": whole}]})


def orders(bodies: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the same requests as the builder sends them and otherwise."""
    scattered = random.Random(0).sample(bodies, len(bodies))
    return {
        "as the builder sends them": list(bodies),
        "samples scattered": scattered,
        "instructions last": [what_varies_first(body) for body in bodies],
        "both": [what_varies_first(body) for body in scattered],
    }


def report_tasks(calls: Sequence[Call], kept: int) -> None:
    """Print what was asked."""
    print("| task | requests | prompt tokens | of them cached | output tokens |\n|---|---|---|---|---|")
    for task in TASKS:
        its = [call for call in calls if call.task == task]
        prompt = sum(call.prompt for call in its)
        output = sum(call.output for call in its)
        print(f"| {task} | {len(its):,} | {prompt:,} | {cached_share(its):.1%} | {output:,} |")
    computed = sum(call.prompt - call.cached + call.output for call in calls)
    per_row = f"{computed / kept:,.0f}" if kept else "none kept"
    print(f"\nrows of qa-pairs: {kept:,}; tokens computed for each of them: {per_row}\n")


def cached_share(calls: Sequence[Call]) -> float:
    """Return the share of the prompt tokens that the prefix cache spared."""
    return sum(call.cached for call in calls) / max(sum(call.prompt for call in calls), 1)


def report_speed(way: str, in_flight: int, calls: Sequence[Call]) -> float:
    """Print a line; return output tokens per second."""
    seconds, rate = speed(calls)
    tokens = sum(call.output for call in calls)
    print(f"| {way} | {in_flight} | {len(calls):,} | {tokens:,} | {seconds:.1f} | {rate:,.0f} |", flush=True)
    return rate


def report_ratios(wanted: argparse.Namespace, address: str, calls: Sequence[Call]) -> None:
    """Print the speed of the builder and of bare runs."""
    print("| way | in flight | requests | output tokens | seconds | tokens/s |\n|---|---|---|---|---|---|")
    whole = report_speed("builder, whole build", wanted.in_flight, calls)
    began = min(call.sent for call in calls if call.task == "write")
    synthesis = report_speed(
        "builder, from the first question written", wanted.in_flight, [c for c in calls if c.sent >= began]
    )
    best = 0.0
    for in_flight in wanted.bare:
        forget_prefixes(address)
        its = asyncio.run(bare(address, [call.body for call in calls], in_flight))
        best = max(best, report_speed("bare", in_flight, its))
    if best:
        print(
            f"\nbusy ratio: {synthesis / best:.3f} from the first question written, {whole / best:.3f} of the whole build"
        )


def report_orders(address: str, bodies: Sequence[str], in_flight: int) -> None:
    """Print what the prefix cache spares in each order."""
    print(f"\n| cached, {in_flight} in flight | {' | '.join(TASKS)} | all | tokens computed | seconds |")
    print("|---" * (len(TASKS) + 4) + "|")
    for name, its in orders(bodies).items():
        forget_prefixes(address)
        calls = asyncio.run(bare(address, its, in_flight))
        shares = [cached_share([call for call in calls if call.task == task]) for task in TASKS]
        computed = sum(call.prompt - call.cached + call.output for call in calls)
        told = " | ".join(f"{share:.1%}" for share in (*shares, cached_share(calls)))
        print(f"| {name} | {told} | {computed:,} | {speed(calls)[0]:.1f} |", flush=True)


def main(wanted: argparse.Namespace) -> None:
    """Print tables."""
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    wanted.noise |= not (wanted.address or wanted.model_folder)  # a small model of random weights is made
    with running(wanted) as address, tempfile.TemporaryDirectory() as folder:
        if wanted.replay:
            kept, *lines = map(json.loads, wanted.replay.read_text().splitlines())
            calls = [Call(**line) for line in lines]
        else:
            calls, kept = best_build(wanted, address, Path(folder))
        if wanted.save:
            wanted.save.write_text("\n".join(map(json.dumps, [kept, *map(asdict, calls)])))
        report_tasks(calls, kept)
        report_ratios(wanted, address, calls)
        for in_flight in wanted.orders:
            report_orders(address, [call.body for call in calls], in_flight)
    print(f"\nGPU: {gpu_memory()}; load at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="")
    parser.add_argument("--limit", type=int, default=60, help="seed problems")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--samples", type=int, default=6)
    parser.add_argument("--max-tokens", type=int, default=96, help="of questions and solutions")
    parser.add_argument("--window", type=int, default=128)
    parser.add_argument("--in-flight", type=int, default=128)
    parser.add_argument("--builds", type=int, default=1, help="builds, of which the fastest counts")
    parser.add_argument("--extra", default="{}", help="further fields of each request, as JSON")
    parser.add_argument(
        "--solver-extra", help="those of the solver, e.g. a form to which a random model's answers are held"
    )
    parser.add_argument(
        "--bare", type=int, nargs="*", default=[64, 128, 256], help="requests in flight of the bare client"
    )
    parser.add_argument(
        "--orders", type=int, nargs="*", default=[], help="measure orders with so many in flight"
    )
    parser.add_argument(
        "--noise",
        action="store_true",
        help="the model has random weights: hold its replies to forms that can be read",
    )
    parser.add_argument("--save", type=Path, help="where to keep the requests and when they were answered")
    parser.add_argument("--replay", type=Path, help="such a file, in place of a build")
    options(parser)
    given = parser.parse_args()
    if not (given.seeds or given.replay):
        sys.exit("give --seeds FILE, or --replay FILE")
    main(given)
