"""Write the static vectors of the package wordllama (256 dimensions, 32,000 tokens) as a model2vec model.

    pip install wordllama 'kpmath-builder[paraphrases]'
    python benchmarks/static_model.py FOLDER

It needs no network beyond the package registry, so that `paraphrases.model` can be tried and measured anywhere.
"""

import sys
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from model2vec import StaticModel
from safetensors.numpy import load_file
from tokenizers import Tokenizer


def main(folder: str) -> None:
    """Write the model."""
    package = Path(str(distribution("wordllama").locate_file("wordllama")))
    (vectors,) = load_file(package / "weights" / "l2_supercat_256.safetensors").values()
    tokenizer = Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    StaticModel(vectors.astype(np.float32), tokenizer).save_pretrained(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
