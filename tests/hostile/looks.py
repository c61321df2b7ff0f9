"""Attacks on what a build looks at besides answers: the list of models and the metrics."""

import json
from collections.abc import Mapping

from hostile.attack import Attack, changed, fixed, flood, raw, reply
from hostile.wire import WIRE

__all__ = ["METRICS", "MODELS"]

NAMES = (
    "gzip that is none", "a chunk cut off", "a chunk of 2^64 bytes", "a length that is too long",
    "a negative length", "a reset before the answer", "a reset in the body", "closed at once", "an empty body", "no HTTP", "TLS",
    "binary", "a header of a megabyte", "101 Switching Protocols", "a status of 999", "HTML", "nested a hundred thousand deep",
    "null", "a number of 5,000 digits", "bytes that are no UTF-8", "204 No Content", "301 to itself", "302 to nowhere",
    "303 to a file", "308 to nonsense", "429", "500", "503", "500 nested deep", "500 with a lone surrogate", "500 with the key",
)  # fmt: skip

MODELS: Mapping[str, Attack] = {
    **{name: WIRE[name] for name in NAMES},
    "data null": fixed('{"data": null}'),
    "data of nulls": fixed('{"data": [null]}'),
    "data an object": fixed('{"data": {"id": "dummy"}}'),
    "an id null": fixed('{"data": [{"id": null}]}'),
    "a context in words": changed(lambda answer: answer["data"][0].update(max_model_len="long")),
    "a negative context": changed(lambda answer: answer["data"][0].update(max_model_len=-1)),
    "a context of 10^400": changed(lambda answer: answer["data"][0].update(max_model_len=10**400)),
    "a context NaN": changed(lambda answer: answer["data"][0].update(max_model_len=float("nan"))),
    "other models": fixed(json.dumps({"data": [{"id": f"other {n}\x1b[2J"} for n in range(5000)]})),
    "an id that is the key": raw(lambda exchange: reply(json.dumps({"data": [{"id": exchange.key}]}))),
    "401": fixed('{"error": {"message": "no key"}}', 401),
    "404": fixed('{"detail": "Not Found"}', 404),
}  # fmt: skip


def metrics(text: str) -> Attack:
    """Send this Prometheus text."""
    return fixed(text, content_type="text/plain")


METRICS: Mapping[str, Attack] = {
    **{name: WIRE[name] for name in NAMES},
    **{
        f"numbers {ascii(value[:9])[1:-1]}": metrics(
            "".join(
                f"vllm:{name} {value}\n"
                for name in ("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc", "prompt_tokens_total",
                             "generation_tokens_total", "num_preemptions_total", "prefix_cache_hits_total")
            )
        )
        for value in ("NaN", "+Inf", "-Inf", "1e999", "-1e308", "1e308", "-5", "9" * 5000, "", "1_0", "\u0663")
    },
    "labels without an end": metrics('vllm:num_requests_running{a="' + "b" * 10**6),
    "a name and no number": metrics("vllm:num_requests_running\n" * 10**5),
    "two gigabytes": flood(reply(b"vllm:num_requests_running 1\n", length=2**31), b"# HELP x\n" * 10**5),
    "401": fixed("no", 401),
    "404": fixed("no", 404),
}  # fmt: skip
