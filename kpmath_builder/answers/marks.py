r"""The marks that models and chat templates put around a solution, as tables.

`transcripts.py` and `headings.py` read them. A new model usually needs a line here and no code.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = [
    "LATER_HEADINGS",
    "OWN_HEADINGS",
    "PROBLEM_WORDS",
    "ROLES",
    "SOLUTION_OPENERS",
    "THINKING_TAGS",
    "TURN_MARKS",
    "Tags",
    "any_of",
]


@dataclass(frozen=True, slots=True)
class Tags:
    """A pair of marks and the model families that write them."""

    opening: str
    closing: str
    families: str


THINKING_TAGS = (
    Tags("<think>", "</think>", "DeepSeek, Qwen, GLM, Nemotron, Olmo, Phi, Hunyuan, MiniMax, ERNIE, Kimi"),
    Tags("<thinking>", "</thinking>", "prompts of many, Reflection, Claude's distillates"),
    Tags("<thought>", "</thought>", "EXAONE Deep, Gemma fine-tunes"),
    Tags("<thoughts>", "</thoughts>", "prompts of many"),
    Tags("<thought_process>", "</thought_process>", "prompts of many"),
    Tags("<reasoning>", "</reasoning>", "GRPO recipes, prompts of many"),
    Tags("<analysis>", "</analysis>", "prompts of many"),
    Tags("<reflection>", "</reflection>", "Reflection"),
    Tags("<scratchpad>", "</scratchpad>", "prompts of many"),
    Tags("<inner_monologue>", "</inner_monologue>", "prompts of many"),
    Tags("<seed:think>", "</seed:think>", "Seed-OSS"),
    Tags("<mm:think>", "</mm:think>", "MiniMax"),
    Tags("<longcat_think>", "</longcat_think>", "LongCat"),
    Tags("<ifm|think>", "</ifm|think>", "K2"),
    Tags("[THINK]", "[/THINK]", "Mistral"),
    Tags("◁think▷", "◁/think▷", "Kimi-VL"),
    Tags("<|begin_of_thought|>", "<|end_of_thought|>", "Sky-T1, OpenThinker"),
    Tags("<|START_THINKING|>", "<|END_THINKING|>", "Command A"),
    Tags("<|think:start|>", "<|think:end|>", "Solar"),
    Tags("<|inner_prefix|>", "<|inner_suffix|>", "Apertus"),
    Tags("<|plamo:begin_think:plamo|>", "<|plamo:end_think:plamo|>", "PLaMo"),
    Tags("<|channel>thought", "<channel|>", "Gemma 4"),
    Tags("<unused94>thought", "<unused95>", "MedGemma"),
    Tags("Here is my thought process:", "Here is my response:", "Granite"),
    Tags("Here's my thought process:", "Here's my response:", "Granite"),
)
"""What stands between them was thought. The channels of gpt-oss have a grammar of their own, in `transcripts.py`."""

SOLUTION_OPENERS: Mapping[str, str] = {
    "<|begin_of_solution|>": "Sky-T1, OpenThinker",
    "<|START_RESPONSE|>": "Command A",
    "<response>": "ERNIE",
    "<solution>": "prompts of many",
    "<output>": "Reflection",
}
"""They open what is said after thinking, and are no part of it."""

TURN_MARKS: Mapping[str, str] = {
    "<|im_end|>": "ChatML: Qwen, Yi, InternLM, SmolLM, Hermes, Olmo, Kimi",
    "<|im_start|>": "ChatML",
    "<|im_sep|>": "Phi-4",
    "<|im_user|>": "Kimi",
    "<|im_assistant|>": "Kimi",
    "<|im_system|>": "Kimi",
    "<|im_middle|>": "Kimi",
    "<|endoftext|>": "Qwen, GPT-2, Phi, Granite, StableLM",
    "<|end_of_text|>": "Llama 3, Granite",
    "<|begin_of_text|>": "Llama 3",
    "<|eot_id|>": "Llama 3",
    "<|eom_id|>": "Llama 3",
    "<|start_header_id|>": "Llama 3",
    "<|eot|>": "Llama 4",
    "<|eom|>": "Llama 4",
    "<|header_start|>": "Llama 4",
    "<|user|>": "Phi-3, GLM, Zephyr, Tulu",
    "<|assistant|>": "Phi-3, GLM, Zephyr, Tulu",
    "<|system|>": "Phi-3, GLM, Zephyr, Tulu",
    "<|observation|>": "GLM",
    "<|end|>": "Phi-3, gpt-oss",
    "<|return|>": "gpt-oss",
    "<|call|>": "gpt-oss",
    "<|start|>": "gpt-oss",
    "<|start_of_role|>": "Granite",
    "<|end_of_turn|>": "OpenChat",
    "<|endofturn|>": "HyperCLOVA X",
    "<|END_OF_TURN_TOKEN|>": "Command",
    "<|START_OF_TURN_TOKEN|>": "Command",
    "<|USER_TOKEN|>": "Command",
    "<|CHATBOT_TOKEN|>": "Command",
    "<|END_RESPONSE|>": "Command A",
    "<|end_of_solution|>": "Sky-T1, OpenThinker",
    "<|plamo:tag|>": "PLaMo",
    "<|role_end|>": "Ling, Ring",
    "<role>": "Ling, Ring",
    "<end_of_turn>": "Gemma",
    "<start_of_turn>": "Gemma",
    "<turn|>": "Gemma 4",
    "<|turn>": "Gemma 4",
    "<eos>": "Gemma",
    "<bos>": "Gemma",
    "<seed:eos>": "Seed-OSS",
    "<seed:bos>": "Seed-OSS",
    "<end_of_utterance>": "SmolVLM, Idefics",
    "</s>": "Llama 2, Mistral, Vicuna",
    "<s>": "Llama 2, Mistral",
    "<<SYS>>": "Llama 2",
    "[INST]": "Llama 2, Mistral",
    "[/INST]": "Llama 2, Mistral",
    "[SYSTEM_PROMPT]": "Mistral",
    "[EOS]": "Kimi",
    "[|endofturn|]": "EXAONE",
    "[|user|]": "EXAONE",
    "[|assistant|]": "EXAONE",
    "[|system|]": "EXAONE",
    "[e~[": "MiniMax",
    "]~b]": "MiniMax",
    "]~!b[": "MiniMax",
    "<｜end▁of▁sentence｜>": "DeepSeek",
    "<｜begin▁of▁sentence｜>": "DeepSeek",
    "<｜User｜>": "DeepSeek",
    "<｜Assistant｜>": "DeepSeek",
    "<extra_id_0>": "Nemotron",
    "<extra_id_1>": "Nemotron",
    "<reserved_106>": "Baichuan",
    "<reserved_107>": "Baichuan",
    "</response>": "ERNIE",
    "</solution>": "prompts of many",
    "</output>": "Reflection",
    "<question>": "prompts of many",
    "<problem>": "prompts of many",
    "<instruction>": "prompts of many",
    "<user>": "prompts of many",
    "<human>": "prompts of many",
    "<human>:": "RedPajama",
    "<bot>:": "RedPajama",
}
"""Where a turn ends or another begins. Any other `<|name|>` or `<｜name｜>` ends a turn too: such marks are never text."""

ROLES: Mapping[str, str] = {
    "User": "Vicuna, DeepSeek, and Qwen or gpt-oss where a server drops the marks",
    "Human": "Claude's format, Alpaca variants, base models",
    "Assistant": "Vicuna, DeepSeek, Claude's format",
    "GPT4 Correct User": "OpenChat",
    "GPT4 Correct Assistant": "OpenChat",
}
"""Roles in words: at the start of a line or right behind a full stop, followed by a colon or alone on their line."""

PROBLEM_WORDS = (
    "Problem", "Question", "Instruction", "Exercise", "Task", "Query",
    "Problema", "Pregunta", "Ejercicio", "Problème", "Exercice", "Aufgabe", "Frage", "Domanda", "Esercizio", "Pergunta",
    "Задача", "Вопрос", "Упражнение", "问题", "题目", "問題", "質問", "문제", "질문", "प्रश्न", "السؤال", "Soal", "Pertanyaan",
    "Übung", "Übungsaufgabe", "Exercício", "Vraag", "Opgave", "Uppgift", "Fråga", "Zadanie", "Pytanie", "Feladat", "Kérdés", "Soru", "Bài toán",
    "Câu hỏi", "例题", "习题", "練習問題", "연습문제",
)  # fmt: skip
"""A line that begins with one of them and a colon, or a heading that is nothing else, begins a problem."""

LATER_HEADINGS = ("Q", "Example", "Input", "Practice", "Prompt", "Exercise", "Next")
"""These begin a problem only behind an answer: before one, they may be points, examples and input of the solution itself."""

OWN_HEADINGS = ("Problem:", "Solved problem:", "Your problem:")
"""What stands before a problem in the prompts of this package; a test compares them with the files."""


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
