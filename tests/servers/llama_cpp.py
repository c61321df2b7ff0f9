"""llama.cpp's server: two lists of models in one, any model name taken, template errors with status 500, timings."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class LlamaCpp(StandIn):
    model = "qwen2.5-0.5b"
    pattern_field = "grammar"
    pasted = "/v1/"

    def models(self) -> web.Response:
        entry = {
            "id": self.model,
            "aliases": [self.model],
            "tags": [],
            "object": "model",
            "created": 1700000000,
            "owned_by": "llamacpp",
            "meta": {
                "vocab_type": 2,
                "n_vocab": 151936,
                "n_ctx": 4096,
                "n_ctx_train": 32768,
                "size": 485452288,
            },
        }
        other = {"name": self.model, "model": self.model, "modified_at": "", "size": "", "type": "model"}
        return web.json_response({"models": [other], "object": "list", "data": [entry]})

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        answer["usage"]["prompt_tokens_details"] = {"cached_tokens": 0}
        return answer | {
            "system_fingerprint": "b0-unknown",
            "timings": {"cache_n": 0, "prompt_n": 35, "prompt_ms": 2170.19, "predicted_per_second": 2.7398},
        }


class LlamaCppGemma(LlamaCpp):
    """With a model whose template raises for a system message."""

    model = "gemma-2-2b-it"
    dialect = "no system role"

    def refusal(self, body: Body) -> web.Response | None:
        if body["messages"][0]["role"] != "system":
            return None
        words = (
            "\n------------\nWhile executing CallExpression at line 1, column 78 in source:\n...\n"
            "Error: Jinja Exception: System role not supported"
        )
        return self.error(500, words, code=500, type="server_error")
