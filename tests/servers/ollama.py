"""Ollama: names with a tag, one choice whatever `n` is, no key needed."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class Ollama(StandIn):
    model = "llama3.2"
    takes_n = False
    pattern_field = ""
    dialect = "without n; no regular expressions"

    def models(self) -> web.Response:
        names = ["llama3.2:latest", "qwen3:8b"]
        data = [
            {"id": name, "object": "model", "created": 1700000000, "owned_by": "library"} for name in names
        ]
        return web.json_response({"object": "list", "data": data})

    def _unknown_key(self, http: web.Request) -> web.Response | None:
        return None

    def refusal(self, body: Body) -> web.Response | None:
        if body["model"] in {"llama3.2", "llama3.2:latest"}:
            return None
        words = f'model "{body["model"]}" not found, try pulling it first'
        return self.error(404, words, type="not_found_error", param=None, code=None)

    def completion(self, body: Body, texts: list[str]) -> Body:
        return super().completion(body, texts) | {"system_fingerprint": "fp_ollama"}
