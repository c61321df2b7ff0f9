"""Azure OpenAI by deployment: a query that every call must have, no list of models, content filters that name themselves."""

from aiohttp import web
from dummy_server import Body

from servers.openai import OpenAI

_SAFE = {
    name: {"filtered": False, "severity": "safe"} for name in ("hate", "self_harm", "sexual", "violence")
}


class Azure(OpenAI):
    base = "/openai/deployments/gpt-4o"
    pasted = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    model = "gpt-4o"

    def models(self) -> web.Response:
        return self._not_found()

    def _unknown_key(self, http: web.Request) -> web.Response | None:
        if http.query.get("api-version") != "2024-10-21":
            return self._not_found()
        return super()._unknown_key(http)

    def _not_found(self) -> web.Response:
        return web.json_response({"error": {"code": "404", "message": "Resource not found"}}, status=404)

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice["content_filter_results"] = _SAFE
        return answer | {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _SAFE}]}
