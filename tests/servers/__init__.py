"""Stand-ins of servers with their real habits, one small file each; docs/servers.md says where each habit was read."""

from servers.anthropic import Anthropic
from servers.azure import Azure
from servers.base import StandIn
from servers.gemini import Gemini
from servers.litellm import LiteLLM
from servers.llama_cpp import LlamaCpp, LlamaCppGemma
from servers.lm_studio import LMStudio
from servers.ollama import Ollama
from servers.openai import OpenAI, OpenAIReasoning
from servers.openrouter import OpenRouter
from servers.sglang import SGLang, SGLangGemma
from servers.tgi import TGI
from servers.vllm import VLLM

__all__ = ["ALL", "StandIn"]

ALL: tuple[type[StandIn], ...] = (
    VLLM,
    LlamaCpp,
    LlamaCppGemma,
    SGLang,
    SGLangGemma,
    Ollama,
    TGI,
    LMStudio,
    OpenAI,
    OpenAIReasoning,
    Azure,
    Anthropic,
    Gemini,
    OpenRouter,
    LiteLLM,
)
