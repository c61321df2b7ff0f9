"""SGLang: what ended a reply in `matched_stop`, a weight version, and with Gemma's template a bare status 500."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class SGLang(StandIn):
    model = "meta-llama/Llama-3.1-8B-Instruct"
    pattern_field = "regex"

    def models(self) -> web.Response:
        entry = {
            "id": self.model,
            "object": "model",
            "created": 1700000000,
            "owned_by": "sglang",
            "root": self.model,
            "parent": None,
            "max_model_len": 131072,
        }
        return web.json_response({"object": "list", "data": [entry]})

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice["message"] |= {"reasoning_content": None, "tool_calls": None}
            choice |= {"logprobs": None, "matched_stop": 128009}
        answer["usage"] |= {"prompt_tokens_details": None, "reasoning_tokens": 0}
        return answer | {"metadata": {"weight_version": "default"}}


class SGLangGemma(SGLang):
    model = "google/gemma-2-2b-it"
    dialect = "no system role"

    def refusal(self, body: Body) -> web.Response | None:
        if body["messages"][0]["role"] != "system":
            return None
        return web.Response(text="Internal Server Error", status=500)
