"""Make a small Qwen3 chat model with random weights and a tokenizer of its own, without a network; the same bytes every time.

    python tiny_model.py OUT [--hidden 64 --layers 2 --head-dim 32 --vocab 1000 --context 4096]

Runs in the engine's environment (torch, transformers). What the model says is noise, but a regular expression makes it valid, and speed does
not depend on what weights say: `--hidden 4096 --layers 32 --head-dim 128 --vocab 32000` has the size of an 8B model.
"""

import argparse
import os
import random
from pathlib import Path
from typing import Any

WORDS = str.split(
    "let x be the number of apples find sum product area prime integer key point topic algebra geometry solve equation answer is "
    "boxed therefore since step we have train speed hour ratio percent triangle circle radius probability"
)
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
THINKING = ["<think>", "</think>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking %}<think>\n{% else %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
CLOSING = 2.0
"""Tokens that end a string, an object or the reply, or open a box, have embeddings so much longer: they are chosen more often, so that
replies end and some solutions have a final answer."""


def main() -> None:
    """Write tokenizer, configuration and weights."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    for name, default in {
        "hidden": 64,
        "layers": 2,
        "head-dim": 32,
        "vocab": 1000,
        "context": 4096,
        "seed": 0,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    wanted = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    save_model(save_tokenizer(wanted), wanted)


def corpus(seed: int) -> list[str]:
    """Return lines that look a little like what is asked and answered."""
    chance = random.Random(seed)

    def line() -> str:
        words = [
            chance.choice(WORDS) if chance.random() < 0.8 else str(chance.randint(0, 9999)) for _ in range(40)
        ]
        reply = f'{{"topic": "{chance.choice(WORDS)}", "key_points": ["{chance.choice(WORDS)}"], "score": {chance.randint(1, 5)}}}'
        return f"{' '.join(words)}. \\boxed{{{chance.randint(0, 99)}}} {reply}\n"

    return [line() for _ in range(3000)]


def save_tokenizer(wanted: argparse.Namespace) -> Any:
    """Train a byte-level BPE tokenizer."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)  # with few tokens for digits, numbers end
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [digits, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=wanted.vocab, special_tokens=SPECIALS, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(corpus(wanted.seed), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        model_max_length=wanted.context,
    )
    fast.add_tokens([AddedToken(word, special=False, normalized=False) for word in THINKING])
    fast.chat_template = TEMPLATE
    fast.save_pretrained(wanted.out)
    return fast


def save_model(tokenizer: Any, wanted: argparse.Namespace) -> None:
    """Draw the weights."""
    import torch
    from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(wanted.seed)
    heads = max(1, wanted.hidden // wanted.head_dim)
    end, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    config = Qwen3Config(
        vocab_size=max(wanted.vocab, len(tokenizer)),
        hidden_size=wanted.hidden,
        intermediate_size=2 * wanted.hidden,
        num_hidden_layers=wanted.layers,
        num_attention_heads=heads,
        num_key_value_heads=max(1, heads // 2),
        head_dim=wanted.head_dim,
        max_position_embeddings=wanted.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=pad,
        initializer_range=1.6 / wanted.hidden**0.5,  # logits of about the same spread at any size
    )
    model = Qwen3ForCausalLM(config).to(torch.bfloat16)
    closing = [
        n
        for text, n in tokenizer.get_vocab().items()
        if text.startswith(('"', "}")) or "boxed" in text or n == end
    ]
    with torch.no_grad():
        model.get_input_embeddings().weight[closing] *= CLOSING
    model.generation_config = GenerationConfig(eos_token_id=end, pad_token_id=pad)
    model.save_pretrained(wanted.out)


if __name__ == "__main__":
    main()
