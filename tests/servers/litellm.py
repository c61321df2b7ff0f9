"""LiteLLM's proxy: a wildcard among its models, and unsupported parameters named in a list of its own making."""

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class LiteLLM(StandIn):
    model = "anthropic/claude-3-7-sonnet"
    pasted = "/"
    pattern_field = ""
    dialect = "without n and seed; no regular expressions"
    seeded = False

    def models(self) -> web.Response:
        data = [{"id": name, "object": "model", "owned_by": "openai"} for name in ("gpt-4o", "anthropic/*")]
        return web.json_response({"data": data, "object": "list"})

    def refusal(self, body: Body) -> web.Response | None:
        unsupported = [name for name in ("seed", "n") if name in body]
        if not unsupported:
            return None
        words = (
            f"litellm.UnsupportedParamsError: anthropic does not support parameters: {unsupported}, for "
            "model=claude-3-7-sonnet. To drop these, set `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n "
            f"drop_params: true`\n. \n If you want to use these params dynamically send allowed_openai_params={unsupported} in "
            "your request.. Received Model Group=anthropic/claude-3-7-sonnet\nAvailable Model Group Fallbacks=None"
        )
        return self.error(400, words, type="None", param=None, code="400")

    def headers(self) -> dict[str, str]:
        return {"x-litellm-call-id": "1", "x-litellm-model-id": "abc", "x-litellm-response-cost": "0.0001"}

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice["message"] |= {
                "tool_calls": None,
                "function_call": None,
                "provider_specific_fields": {"refusal": None},
            }
        answer["usage"] |= {
            "completion_tokens_details": None,
            "prompt_tokens_details": None,
            "cache_creation_input_tokens": 0,
        }
        return answer
