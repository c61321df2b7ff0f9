"""Gemini's compatible endpoint: its own path, errors in a list, no seed, `models/` before names, messages without content."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class Gemini(StandIn):
    base = "/v1beta/openai"
    pasted = "/v1beta/openai/"
    model = "gemini-2.5-flash"
    pattern_field = ""
    dialect = "without seed; no regular expressions"

    def models(self) -> web.Response:
        names = ["models/gemini-2.5-flash", "models/gemini-2.5-pro", "models/text-embedding-004"]
        data = [{"id": name, "object": "model", "owned_by": "google", "display_name": name} for name in names]
        return web.json_response({"object": "list", "data": data})

    def refusal(self, body: Body) -> web.Response | None:
        unknown = next(
            (name for name in ("seed", "structured_outputs", "regex", "grammar") if name in body), ""
        )
        if not unknown:
            return None
        words = f'Invalid JSON payload received. Unknown name "{unknown}": Cannot find field.'
        violations = [{"description": words}]
        details = [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations}]
        error = {"code": 400, "message": words, "status": "INVALID_ARGUMENT", "details": details}
        return web.json_response([{"error": error}], status=400)

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        answer["usage"]["total_tokens"] += 117  # thoughts are in the sum alone
        return answer

    def passing(self, number: int, answer: Body) -> web.Response | None:
        if number % 20 == 3:  # it thought until the end, or thought better of it
            for choice in answer["choices"]:
                choice["message"] = {"role": "assistant"}
            return web.json_response(answer)
        if number % 20 != 13:
            return None
        error = {
            "code": 429,
            "message": "Resource has been exhausted (e.g. check quota).",
            "status": "RESOURCE_EXHAUSTED",
        }
        return web.json_response([{"error": error}], status=429)
