"""Small mutations of the method's modules, one at a time, in a copy of the checkout: the tests of a module must notice them.

    python benchmarks/mutants.py [synthesis/candidates.py …] [--every 3]

A comparison becomes its neighbour, a sign its opposite, a number one more, `min` `max`; a call for its effect, a `not` and the body of
an `if` vanish. Each mutant meets the tests of its module in a fork, which needs no imports; one that hangs for a minute is noticed too. Survivors
are printed; with more than 10 % of them in a module the exit status is 1.
"""

import argparse
import ast
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp.web  # noqa: F401 - what tests import is loaded once, before the forks
import hypothesis  # noqa: F401
import pyarrow.parquet  # noqa: F401
import pydantic  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
import sklearn.feature_extraction.text  # noqa: F401

ROOT = Path(__file__).resolve().parents[1]
MOST_SURVIVORS = 0.1
LONGEST = 60
TESTS = {
    "answers/consensus.py": "answers_consensus",
    "execution/ask.py": "ask reply_quality",
    "folder/group_commit.py": "log",
    "folder/offset_index.py": "log",
    "knowledge/linkage.py": "topics",
    "synthesis/batch.py": "batch durability_shards",
    "synthesis/candidates.py": "synthesise candidates",
    "synthesis/solutions.py": "candidates",
}
"""Module to its tests; others have those of their own name."""
ROOMS = ("synthesis", "answers/consensus.py", "knowledge", "folder", "execution", "funnel.py")
NEIGHBOURS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Yield fields of a node with what may be put there."""
    match node:
        case ast.Compare(ops=[operator]) if type(operator) in NEIGHBOURS:
            yield "ops", [NEIGHBOURS[type(operator)]()]
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator) if type(operator) in NEIGHBOURS:
            yield "op", NEIGHBOURS[type(operator)]()
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "operand", ast.UnaryOp(ast.Not(), operand)
        case ast.UnaryOp(op=ast.USub()):
            yield "op", ast.UAdd()
        case ast.Constant(value=bool() | int() | float() as value):
            yield "value", not value if isinstance(value, bool) else value + 1
        case ast.Name(id="min" | "max" as name):
            yield "id", {"min": "max", "max": "min"}[name]
        case ast.Expr(value=ast.Call() | ast.Await()):
            yield "value", ast.Constant(value=None)
        case ast.If():
            yield "test", ast.Constant(value=False)


def mutants(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield each mutant of a module: the line, what was changed, the whole text."""
    whole = list(ast.walk(ast.parse(source)))
    decorators = [each for node in whole for each in getattr(node, "decorator_list", ())]
    left_out = {inner for each in decorators for inner in ast.walk(each)}  # `frozen` guards, and does nothing
    places = [place for place, node in enumerate(whole) if node not in left_out and list(changes(node))]
    for place in places:
        tree = ast.parse(source)
        node: Any = list(ast.walk(tree))[place]
        for field, value in changes(node):
            before = ast.unparse(node).splitlines()[0]
            setattr(node, field, value)
            after = ast.unparse(ast.fix_missing_locations(tree))
            yield node.lineno, f"{before}  ->  {ast.unparse(node).splitlines()[0]}", after


def passes(tests: list[str]) -> bool:
    """Run tests in a fork, which loads our modules anew; one that takes too long has failed."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])))
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if (ended := os.waitpid(child, os.WNOHANG))[0]:
            return ended[1] == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def survivors(module: str, every: int) -> float:
    """Print the mutants of a module that its tests let pass, and return their share."""
    path = Path("kpmath_builder", module)
    tests = [f"tests/test_{name}.py" for name in TESTS.get(module, path.stem).split()]
    if not all(map(os.path.isfile, tests)):
        print(f"{module}: not tried, it has no test file of its own")
        return 0.0
    source = path.read_text(encoding="utf-8")
    assert passes(tests), f"the tests of {module} fail without any mutation"
    tried = survived = 0
    for line, change, text in itertools.islice(mutants(source), 0, None, every):
        path.write_text(text, encoding="utf-8")
        tried += 1
        if passes(tests):
            survived += 1
            print(f"  {module}:{line}  {change}", flush=True)
    path.write_text(source, encoding="utf-8")
    print(f"{module}: {survived} of {tried} survived", flush=True)
    return survived / max(tried, 1)


def main() -> int:
    """Copy the checkout, with the shared data beside it, and try the modules there."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("modules", nargs="*", default=ROOMS, help="files or folders of the package")
    words.add_argument("--every", type=int, default=1, help="try only every n-th mutant")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            ROOT, Path(folder, "checkout"), ignore=shutil.ignore_patterns(".*", "builds", "__pycache__")
        )
        Path(folder, "shared").symlink_to(ROOT.parent / "shared")
        os.chdir(Path(folder, "checkout"))
        sys.path.insert(0, str(Path.cwd()))
        os.environ["PYTHONPATH"] = str(Path.cwd())
        found = [Path("kpmath_builder", name) for name in given.modules]
        files = [
            file for path in found for file in (sorted(path.glob("[!_]*.py")) if path.is_dir() else [path])
        ]
        shares = [survivors(str(file.relative_to("kpmath_builder")), given.every) for file in files]
        return int(max(shares) > MOST_SURVIVORS)


if __name__ == "__main__":
    sys.dont_write_bytecode = True  # two mutants of one second and one size would share their bytecode
    sys.exit(main())
