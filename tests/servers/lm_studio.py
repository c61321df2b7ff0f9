"""LM Studio: errors as bare strings, one choice whatever `n` is, no key needed."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class LMStudio(StandIn):
    model = "qwen2.5-7b-instruct"
    takes_n = False
    pattern_field = ""
    dialect = "without n; no regular expressions"

    def models(self) -> web.Response:
        names = [self.model, "text-embedding-nomic-embed-text-v1.5"]
        data = [{"id": name, "object": "model", "owned_by": "organization_owner"} for name in names]
        return web.json_response({"data": data, "object": "list"})

    def _unknown_key(self, http: web.Request) -> web.Response | None:
        return None

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice["logprobs"] = None
            choice["message"]["tool_calls"] = []
        return answer | {"stats": {}, "system_fingerprint": self.model}
