"""A Qwen2 model of a llama.cpp file as a folder that vLLM serves: its quantised weights back to bfloat16, its tokenizer and chat template.

    .venv-engine/bin/python tests/gguf_to_folder.py FILE.gguf FOLDER

Runs in the environment of the real engine, which has what it imports.
"""

import json
import sys
from pathlib import Path

import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from safetensors.torch import save_file
from transformers import AutoTokenizer

_OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
_INNER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_CONFIG = {
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "max_position_embeddings": "context_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "rope_theta": "rope.freq_base",
}
_IDS = {"bos_token_id": "bos_token_id", "eos_token_id": "eos_token_id"}


def main(source: Path, folder: Path) -> None:
    """Write the folder; its configuration comes last, so that a folder with one is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    reader = GGUFReader(str(source))
    tensors = {
        name_of(each.name): torch.from_numpy(dequantize(each.data, each.tensor_type).copy()).to(
            torch.bfloat16
        )
        for each in reader.tensors
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name).save_pretrained(folder)
    config = {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "hidden_act": "silu",
        "torch_dtype": "bfloat16",
        "vocab_size": tensors["model.embed_tokens.weight"].shape[0],
        "tie_word_embeddings": "lm_head.weight" not in tensors,
        **{name: reader.fields[f"qwen2.{key}"].contents() for name, key in _CONFIG.items()},
        **{name: reader.fields[f"tokenizer.ggml.{key}"].contents() for name, key in _IDS.items()},
    }
    partial = folder / "config.partial"
    partial.write_text(json.dumps(config, indent=1), encoding="utf-8")
    partial.replace(folder / "config.json")


def name_of(name: str) -> str:
    """Return what transformers calls a tensor of a llama.cpp file."""
    *where, kind = name.split(".")
    if len(where) == 1:
        return f"{_OUTER[where[0]]}.{kind}"
    _, layer, part = where
    return f"model.layers.{layer}.{_INNER[part]}.{kind}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
