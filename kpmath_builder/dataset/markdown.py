"""Small pieces of Markdown."""

import re
from collections.abc import Sequence

from kpmath_builder.text import shown

__all__ = ["fenced", "table", "without_fences"]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; cells are kept on one line each."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def fenced(text: str) -> str:
    """Return a block in which no mark-up acts: its fence is longer than any in the text."""
    text = "\n".join(map(shown, text.split("\n")))
    fence = "`" * (1 + max(2, *map(len, re.findall("`+", text)), 0))
    return f"{fence}text\n{text}\n{fence}"


def without_fences(body: str) -> str:
    """Return a page less its fenced blocks."""
    return re.sub(r"^(`{3,})[^`\n]*\n.*?^\1$", "", body, flags=re.DOTALL | re.MULTILINE)


def _cell(text: str) -> str:
    return shown(" ".join(text.split())).replace("|", "\\|")
