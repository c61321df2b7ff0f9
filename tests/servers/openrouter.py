"""OpenRouter: hundreds of models, errors of providers in a body of status 200, blank lines before an answer."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class OpenRouter(StandIn):
    base = "/api/v1"
    pasted = "/api/v1/chat/completions"
    model = "meta-llama/llama-3.1-8b-instruct:free"
    takes_n = False
    pattern_field = ""
    dialect = "without n; no regular expressions"
    fenced = True

    def models(self) -> web.Response:
        data = [
            {"id": f"maker/model-{number}", "context_length": 8192, "pricing": {"prompt": "0"}}
            for number in range(300)
        ]
        data.append({"id": self.model, "context_length": 131072, "pricing": {"prompt": "0"}})
        return web.json_response({"data": data})

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice |= {"native_finish_reason": "stop", "logprobs": None}
            choice["message"] |= {"refusal": None, "reasoning": None}
        return answer | {"id": "gen-1700000000-abc", "provider": "DeepInfra"}

    def wire(self, text: str) -> str:
        return "\n         \n         \n" + text

    def passing(self, number: int, answer: Body) -> web.Response | None:
        if number % 20 == 5:
            metadata = {"raw": '{"error": {"message": "upstream overloaded"}}', "provider_name": "DeepInfra"}
            error = {"message": "Provider returned error", "code": 502, "metadata": metadata}
            return web.json_response({"error": error, "user_id": "user_1"})
        if number % 20 != 15:
            return None
        for choice in answer["choices"]:
            choice |= {"finish_reason": "error", "error": {"code": 502, "message": "Upstream error"}}
        return web.json_response(answer)
