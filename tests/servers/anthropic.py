"""Anthropic's compatible endpoint: `seed` and unknown fields ignored, `n` refused, one of temperature and top_p; 529 when full."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class Anthropic(StandIn):
    model = "claude-sonnet-4-5"
    pattern_field = ""
    dialect = "without n and top_p; no regular expressions"
    fenced = True
    seeded = False

    def models(self) -> web.Response:
        error = {"type": "authentication_error", "message": "x-api-key header is required"}
        return web.json_response({"type": "error", "error": error, "request_id": "req_1"}, status=401)

    def headers(self) -> dict[str, str]:
        return {
            "anthropic-ratelimit-requests-limit": "4000",
            "anthropic-ratelimit-requests-remaining": "3999",
            "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z",
            "request-id": "req_1",
        }

    def refusal(self, body: Body) -> web.Response | None:
        words = ""
        if body.get("n", 1) != 1:
            words = "n: must be 1"
        elif {"temperature", "top_p"} <= body.keys():
            words = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        kind = "invalid_request_error"
        return self.error(400, words, code=kind, type=kind, param=None) if words else None

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice["logprobs"] = None
        answer["usage"] |= {"completion_tokens_details": None, "prompt_tokens_details": None}
        return answer | {"service_tier": None, "system_fingerprint": None}

    def passing(self, number: int, answer: Body) -> web.Response | None:
        if number % 25 != 7:
            return None
        error = {
            "code": "overloaded_error",
            "message": "Overloaded",
            "type": "overloaded_error",
            "param": None,
        }
        return web.json_response({"error": error}, status=529)
