"""vLLM: the protocol that the builder speaks; answers full of nulls, a context length in its list of models."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class VLLM(StandIn):
    model = "Qwen/Qwen3-8B"

    def models(self) -> web.Response:
        entry = {
            "id": self.model,
            "object": "model",
            "owned_by": "vllm",
            "root": self.model,
            "parent": None,
            "max_model_len": 40960,
            "permission": [{"id": "modelperm-1", "object": "model_permission", "allow_sampling": True}],
        }
        return web.json_response({"object": "list", "data": [entry]})

    def refusal(self, body: Body) -> web.Response | None:
        if body["model"] != self.model:
            return self.error(
                404, f"The model `{body['model']}` does not exist.", type="NotFoundError", code=404
            )
        return None

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        nulls = ("refusal", "annotations", "audio", "function_call", "reasoning", "reasoning_content")
        for choice in answer["choices"]:
            choice["message"] |= dict.fromkeys(nulls) | {"tool_calls": []}
            choice |= {"logprobs": None, "stop_reason": None, "token_ids": None}
        answer["usage"]["prompt_tokens_details"] = None
        return answer | dict.fromkeys(
            (
                "service_tier",
                "prompt_logprobs",
                "prompt_token_ids",
                "kv_transfer_params",
                "system_fingerprint",
            )
        )
