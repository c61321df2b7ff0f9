"""A Llama or Qwen2 model of a llama.cpp file as a folder for transformers and vLLM: its quantised weights back to plain numbers.

    python gguf_folder.py FILE.gguf FOLDER [float32|bfloat16]

Needs nothing of the builder, so that it also runs in an environment that has an engine alone.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["convert", "parameter_name", "set_special_tokens"]

_ARCHITECTURES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM"}
_OUTER = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}
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
_TOKENS = ("bos_token_id", "eos_token_id")
_SPECIAL = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "pad_token": "padding_token_id",
    "unk_token": "unknown_token_id",
}


def convert(source: Path, folder: Path, dtype: str = "float32") -> None:
    """Write weights, tokenizer and configuration into a folder that is there."""
    import torch
    from gguf import GGUFReader
    from gguf.quants import dequantize
    from safetensors.torch import save_file
    from transformers import AutoTokenizer

    reader = GGUFReader(str(source))
    kind = reader.fields["general.architecture"].contents()
    config = {name: reader.fields[f"{kind}.{key}"].contents() for name, key in _CONFIG.items()}
    keys = {name: f"tokenizer.ggml.{name}" for name in _SPECIAL.values()}
    ids = {name: int(reader.fields[key].contents()) for name, key in keys.items() if key in reader.fields}
    config |= {name: ids[name] for name in _TOKENS}
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    tensors = {}
    for each in reader.tensors:
        weights = torch.from_numpy(dequantize(each.data, each.tensor_type).copy()).to(getattr(torch, dtype))
        count = next((count for part, count in heads.items() if f".{part}." in each.name), 0)
        rotated = kind == "llama" and count
        tensors[parameter_name(each.name)] = _in_halves(weights, count) if rotated else weights
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    tokenizer = AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name)
    set_special_tokens(tokenizer, ids)
    tokenizer.save_pretrained(folder)
    config["vocab_size"] = tensors["model.embed_tokens.weight"].shape[0]
    config |= {"model_type": kind, "architectures": [_ARCHITECTURES[kind]], "torch_dtype": dtype}
    _write_config(folder, config, tied="lm_head.weight" not in tensors)


def set_special_tokens(tokenizer: Any, ids: Mapping[str, int]) -> None:
    """Set the tokens that the file names: some versions of transformers take others, and a model is taught the wrong end."""
    for name, theirs in _SPECIAL.items():
        if theirs in ids:
            setattr(tokenizer, name, tokenizer.convert_ids_to_tokens(ids[theirs]))


def parameter_name(name: str) -> str:
    """Return what transformers calls a tensor of a llama.cpp file."""
    stem, _, kind = name.rpartition(".")
    if not stem.startswith("blk."):
        return f"{_OUTER[stem]}.{kind}"
    _, layer, part = stem.split(".")
    return f"model.layers.{layer}.{_INNER[part]}.{kind}"


def _in_halves(weights: Any, heads: int) -> Any:
    """Put the rows of each head in the order of transformers: llama.cpp rotates neighbours, transformers a row and the one half a head on."""
    rows, columns = weights.shape
    pairs = weights.reshape(heads, rows // heads // 2, 2, columns)
    return pairs.transpose(1, 2).reshape(rows, columns).contiguous()


def _write_config(folder: Path, values: Mapping[str, Any], *, tied: bool) -> None:
    config = {"hidden_act": "silu", "tie_word_embeddings": tied, **values}
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
