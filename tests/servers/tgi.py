"""Text Generation Inference: refuses a `top_p` of 1 with status 422, has no list of models in many versions, ignores `n`."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class TGI(StandIn):
    model = "tgi"
    takes_n = False
    pattern_field = ""
    dialect = "without n; without a top_p of 1; no regular expressions"

    def models(self) -> web.Response:
        return web.Response(status=404)

    def refusal(self, body: Body) -> web.Response | None:
        if not 0 < body.get("top_p", 0.5) < 1:
            words = "Input validation error: `top_p` must be > 0.0 and < 1.0"
            return web.json_response({"error": words, "error_type": "validation"}, status=422)
        return None

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice["logprobs"] = None
        return answer | {"object": "chat.completion", "system_fingerprint": "3.3.4-sha-abc"}
