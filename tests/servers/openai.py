"""OpenAI: the origin of the protocol; rate limits in headers, and reasoning models that refuse what others take."""

from typing import Any

from aiohttp import web
from dummy_server import Body

from servers.base import StandIn


class OpenAI(StandIn):
    model = "gpt-4o-mini"
    pattern_field = ""
    dialect = "no regular expressions"
    pasted = "/v1/chat/completions"

    def refusal(self, body: Body) -> web.Response | None:
        unknown = next((name for name in ("structured_outputs", "regex", "grammar") if name in body), "")
        words = f"Unknown parameter: '{unknown}'."
        return self._refused(unknown, "unknown_parameter", words) if unknown else None

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": "10000",
            "x-ratelimit-limit-tokens": "2000000",
            "x-ratelimit-remaining-requests": "9999",
            "x-ratelimit-remaining-tokens": "1999990",
            "x-ratelimit-reset-requests": "6ms",
            "x-ratelimit-reset-tokens": "0s",
            "x-request-id": "req_1",
        }

    def completion(self, body: Body, texts: list[str]) -> Body:
        answer = super().completion(body, texts)
        for choice in answer["choices"]:
            choice["message"] |= {"refusal": None, "annotations": []}
            choice["logprobs"] = None
        answer["usage"] |= {
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 0},
        }
        return answer | {"service_tier": "default", "system_fingerprint": "fp_3a1b"}

    def _refused(self, param: str, code: str, words: str) -> web.Response:
        fields: dict[str, Any] = {"type": "invalid_request_error", "param": param, "code": code}
        return self.error(400, words, **fields)


class OpenAIReasoning(OpenAI):
    model = "gpt-5-mini"
    dialect = "max_tokens as max_completion_tokens; without temperature and top_p; no regular expressions"

    def refusal(self, body: Body) -> web.Response | None:
        if "max_tokens" in body:
            return self._refused(
                "max_tokens",
                "unsupported_parameter",
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            )
        if body.get("temperature", 1) != 1:
            words = f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. Only the default (1) value is supported."
            return self._refused("temperature", "unsupported_value", words)
        if "top_p" in body:
            words = "Unsupported parameter: 'top_p' is not supported with this model."
            return self._refused("top_p", "unsupported_parameter", words)
        return super().refusal(body)
