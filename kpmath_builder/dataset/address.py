"""The parts of the card that depend on where the dataset lies: how to load it and how to cite it.

A build does not know its repository yet. The two parts stand between marks, and publishing writes them anew.
"""

import re
from dataclasses import dataclass

from kpmath_builder.dataset.markdown import table
from kpmath_builder.dataset.schemas import DEFAULT_CONFIG

__all__ = ["DatasetAddress", "addressed", "how_to_cite", "how_to_load"]


@dataclass(frozen=True, slots=True)
class DatasetAddress:
    """What a build is called; `repo` and `version` are empty while it is not published."""

    name: str
    fingerprint: str
    repo: str = ""
    version: str = ""


def how_to_load(address: DatasetAddress) -> str:
    """Return the part on loading."""
    place = address.repo or address.name
    revision = f', revision="v{address.version}"' if address.version else ""
    remark = "" if address.repo else f"`{place}` stands for this folder.\n\n"
    frozen = f'pairs = load_dataset("{place}"{revision}, split="train")  # this version for ever; without revision the newest\n'
    scripted = (
        f'"{place}", "scored", revision="script"'
        if address.repo
        else f'"kpmath.py", "scored", data_dir="{place}"'
    )
    ours = f'"{place}", "scored"{revision}'
    rows = [
        ("any from 2.21", "`load_dataset` as above: no code of ours runs", "with `.filter`"),
        ("3.6 and before", f"`load_dataset({scripted}, trust_remote_code=True, min_consensus=0.8)`", "yes"),
        ("3.6 and later", f"`kpmath_builder.load({ours}, min_consensus=0.8, kept_only=True)`", "yes"),
    ]
    return _marked(
        "load",
        f"## How to load\n\n{remark}"
        "```python\n"
        "from datasets import load_dataset\n\n"
        f'pairs = load_dataset("{place}", split="train")  # the default config, {DEFAULT_CONFIG}\n'
        f"{frozen if address.version else ''}"
        f'scored = load_dataset("{place}", "scored"{revision}, split="train", streaming=True)\n'
        "```\n\n"
        + table(("version of `datasets`", "how", "filters while loading"), rows)
        + "\n\n"
        + _how_to_train(place, revision),
    )


def _how_to_train(place: str, revision: str) -> str:
    return (
        "## How to train\n\nWith [TRL](https://huggingface.co/docs/trl) (`pip install trl`); the loss is on the answer only, since a "
        "row has a prompt and a completion.\n\n"
        "```python\n"
        "from datasets import load_dataset\n"
        "from trl import SFTConfig, SFTTrainer\n\n"
        f'pairs = load_dataset("{place}"{revision}, split="train")\n'
        "pairs = pairs.map(\n"
        '    lambda row: {"prompt": row["messages"][:1], "completion": row["messages"][1:]},\n'
        "    remove_columns=pairs.column_names,\n"
        ")\n"
        "trainer = SFTTrainer(\n"
        '    model="Qwen/Qwen3-0.6B",\n'
        "    train_dataset=pairs,\n"
        '    args=SFTConfig(output_dir="sft", num_train_epochs=1),\n'
        ")\n"
        "trainer.train()\n"
        "```"
    )


def how_to_cite(address: DatasetAddress) -> str:
    """Return the part on citing the method and this dataset."""
    url = (
        f"\n  howpublished = {{\\url{{https://huggingface.co/datasets/{address.repo}}}}},"
        if address.repo
        else ""
    )
    version = f"version {address.version}, " if address.version else ""
    key = re.sub(r"[^A-Za-z0-9]", "", address.name) or "kpmath"
    return _marked(
        "cite",
        "## How to cite\n\nThe method:\n\n"
        "```bibtex\n"
        "@article{huang2024kpdds,\n"
        "  title = {Key-Point-Driven Data Synthesis with its Enhancement on Mathematical Reasoning},\n"
        "  author = {Huang, Yiming and Liu, Xiao and Gong, Yeyun and Gou, Zhibin and Shen, Yelong and Duan, Nan "
        "and Chen, Weizhu},\n"
        "  journal = {arXiv preprint arXiv:2403.02333},\n"
        "  year = {2024}\n"
        "}\n```\n\nThis dataset:\n\n"
        "```bibtex\n"
        f"@misc{{{key},\n"
        f"  title = {{{address.name}: math question-answer pairs by key-point-driven synthesis}},{url}\n"
        f"  note = {{{version}build {address.fingerprint}, made with kpmath-builder}}\n"
        "}\n```",
    )


def addressed(card: str, address: DatasetAddress) -> str:
    """Return the card with both parts written for an address."""
    for mark, part in (("load", how_to_load(address)), ("cite", how_to_cite(address))):
        before, begin, rest = card.partition(f"<!-- {mark} -->")
        _, end, after = rest.partition(f"<!-- /{mark} -->")
        card = before + (part if end else begin) + after
    return card


def _marked(mark: str, part: str) -> str:
    return f"<!-- {mark} -->\n{part}\n<!-- /{mark} -->"
