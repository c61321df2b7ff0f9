"""The loading script for `datasets` before 4: one file, made of `dataset/schemas.py` and `dataset/builder.py`.

So script and library share one definition of columns and filters. `docs/generate.py` writes it to `hub_script/kpmath.py`.
"""

import ast
from importlib.resources import files

__all__ = ["script_text"]

_HEAD = '''# ruff: noqa: I001, INP001 - made by a program
"""KPMath: key-point-driven math question-answer pairs, as a loading script for `datasets` 2.21 to 3.6.

    load_dataset("org/kpmath", "scored", revision="script", trust_remote_code=True, min_consensus=0.8)
    load_dataset("kpmath.py", "scored", data_dir="FOLDER", trust_remote_code=True, kept_only=True)

Without filters no script is needed: `load_dataset("org/kpmath", "scored")` works in every version. From `datasets` 4
on, which refuses scripts, `kpmath_builder.load` filters in the same way. Needs Python 3.10.

Made from kpmath_builder/dataset/schemas.py and kpmath_builder/dataset/builder.py; do not edit.
"""
'''


def script_text() -> str:
    """Return the text of `kpmath.py`."""
    sources = [
        (files("kpmath_builder") / name).read_text(encoding="utf-8")
        for name in ("dataset/schemas.py", "dataset/builder.py")
    ]
    imports = sorted({line for source in sources for line in _imports(source)})
    return "\n".join([_HEAD, *imports, "\n", *(_body(source) + "\n" for source in sources)]).rstrip() + "\n"


def _imports(source: str) -> list[str]:
    """Return the imports of a module, but for those of ours; each stands on one line."""
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = source.splitlines()
    return [lines[node.lineno - 1] for node in nodes if "kpmath_builder" not in lines[node.lineno - 1]]


def _body(source: str) -> str:
    """Return what follows `__all__`."""
    tree = ast.parse(source).body
    names = next(
        node for node in tree if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert names.end_lineno is not None
    return "\n".join(source.splitlines()[names.end_lineno :]).strip("\n") + "\n"
