"""Small mutations of the method's modules, one at a time, in a copy of the checkout: the tests of a module must notice them.

    python benchmarks/mutants.py [synthesis/candidates.py …] [--most 12] [--seed 0]

A comparison becomes its neighbour, a sign its opposite, a number one more, `min` `max`; a call for its effect, a `not` and the body of
an `if` vanish. Each mutant meets the tests of its module that run its line, the quickest first, in a fork, which needs no imports; one that
hangs is noticed too. Survivors are printed; with more than 10 % of them in a room the exit status is 1.
"""

import argparse
import ast
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp.web  # noqa: F401 - what tests import is loaded once, before the forks
import hypothesis  # noqa: F401
import pyarrow.parquet  # noqa: F401
import pydantic  # noqa: F401
import pytest
import scipy.stats  # noqa: F401
import sklearn.feature_extraction.text  # noqa: F401
from mutant_tests import LineTrace

ROOT = Path(__file__).resolve().parents[1]
MOST_SURVIVORS = 0.1
MOST_SECONDS = 30.0
"""Of the tests that one mutant meets."""
LONGEST = 1800.0
"""Seconds for all tests of a module, traced."""
TESTS = {
    "answers/consensus.py": "answers_consensus",
    "calibration/columns.py": "calibration",
    "calibration/estimate.py": "calibration",
    "calibration/features.py": "calibration_features",
    "calibration/model.py": "calibration",
    "calibration/weights.py": "calibration_features",
    "controls/choice.py": "controls",
    "controls/composed.py": "controls",
    "controls/faults.py": "controls",
    "controls/generated.py": "controls",
    "controls/grading.py": "controls",
    "controls/known.py": "controls",
    "controls/own_file.py": "controls",
    "controls/planted.py": "controls",
    "controls/pool.py": "controls",
    "controls/report.py": "controls",
    "dataset/deciding.py": "deciding controls_build row_target",
    "controls/foreseen.py": "foreseen_controls",
    "controls/solver_counts.py": "weighing",
    "controls/solver_weights.py": "weighing",
    "dataset/weighted_votes.py": "weighing weighing_build",
    "execution/ask.py": "ask loops reply_quality",
    "execution/run.py": "run ask",
    "execution/teachers.py": "teachers_by_role",
    "folder/damage.py": "results",
    "folder/group_commit.py": "log",
    "folder/guards.py": "guards workspace",
    "folder/log_costs.py": "log_scan",
    "folder/offset_index.py": "log",
    "folder/paths.py": "log_scan",
    "folder/workspace.py": "workspace guards exchanged teachers",
    "knowledge/counts.py": "findings",
    "knowledge/linkage.py": "topics",
    "knowledge/vocabulary.py": "embeddings topics",
    "synthesis/beside.py": "controls_build",
    "synthesis/batch.py": "batch synthesise durability_shards damage",
    "synthesis/candidates.py": "synthesise candidates",
    "synthesis/leading.py": "batch synthesise durability_shards",
    "synthesis/solutions.py": "candidates",
    "synthesis/weighing.py": "weighing",
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


class Mutant(NamedTuple):
    """A module with one thing changed."""

    line: int
    change: str
    text: str
    runs: frozenset[int]
    """The lines of the statement that was changed; a test that runs one of them meets it. Empty if the import runs it."""


def mutants(source: str) -> Iterator[Mutant]:
    """Yield each mutant of a module."""
    original = ast.parse(source)
    whole = list(ast.walk(original))
    decorators = [each for node in whole for each in getattr(node, "decorator_list", ())]
    guards = [node for node in whole if isinstance(node, ast.keyword) and node.arg == "strict"]
    left_out = {inner for each in decorators + guards for inner in ast.walk(each)}  # so does `frozen`
    statements = lines_by_node(original)
    places = [place for place, node in enumerate(whole) if node not in left_out and list(changes(node))]
    for place in places:
        tree = ast.parse(source)
        node: Any = list(ast.walk(tree))[place]
        for field, value in changes(node):
            before = ast.unparse(node).splitlines()[0]
            setattr(node, field, value)
            after = ast.unparse(ast.fix_missing_locations(tree))
            change = f"{before}  ->  {ast.unparse(node).splitlines()[0]}"
            yield Mutant(node.lineno, change, after, statements.get(whole[place], frozenset()))


def lines_by_node(tree: ast.Module) -> dict[ast.AST, frozenset[int]]:
    """Return for each node within a function the lines of its statement; of an `if` or a loop those of its head."""
    found: dict[ast.AST, frozenset[int]] = {}
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for function in functions:  # inner ones come later, and have the last word
        for statement in (inner for part in function.body for inner in ast.walk(part)):
            if isinstance(statement, ast.stmt):
                body = [part.lineno for part in getattr(statement, "body", ())]
                last = (statement.end_lineno or statement.lineno) + 1
                lines = frozenset(range(statement.lineno, min([last, *body])) or [statement.lineno])
                found |= dict.fromkeys(ast.walk(statement), lines)
    return found


class Tests:
    """The tests of one module, by the lines that they run."""

    def __init__(self, path: Path, files: list[str]) -> None:
        notes = Path("traced.json")
        assert in_a_fork(lambda: traced(path, files, notes)), f"the tests of {path} fail without any mutation"
        told = json.loads(notes.read_text(encoding="utf-8"))
        self._seconds: dict[str, float] = told["seconds"]
        self._lines = {test: frozenset(lines) for test, lines in told["lines"].items()}

    def of(self, mutant: Mutant) -> tuple[list[str], float]:
        """Return the tests that meet a mutant, the quickest first, as many as there is time for; and when it hangs."""
        met = [test for test, lines in self._lines.items() if not mutant.runs or lines & mutant.runs]
        chosen: list[str] = []
        left = MOST_SECONDS
        for test in sorted(met, key=self._seconds.__getitem__):
            left -= self._seconds[test]
            if left < 0 and chosen:
                break
            chosen.append(test)
        return chosen, 30.0 + 5.0 * sum(map(self._seconds.__getitem__, chosen))


def traced(path: Path, files: list[str], notes: Path) -> int:
    """Run tests and write down what they run."""
    trace = LineTrace(path)
    status = run_pytest(files, [trace])
    notes.write_text(json.dumps({"seconds": trace.seconds, "lines": trace.lines}), encoding="utf-8")
    return status


def run_pytest(tests: list[str], plugins: list[object] | None = None) -> int:
    """Run tests until one fails."""
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--timeout", "0", *tests], plugins=plugins))


def in_a_fork(run: Callable[[], int], longest: float = LONGEST) -> bool:
    """Return whether something passes in a fork, which loads our modules anew; what takes too long has failed."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        os._exit(run())
    deadline = time.monotonic() + longest
    while time.monotonic() < deadline:
        if (ended := os.waitpid(child, os.WNOHANG))[0]:
            return ended[1] == 0
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def survivors(module: str, most: int, seed: int) -> tuple[int, int]:
    """Print the mutants of a module that its tests let pass, and return how many there are, of how many."""
    path = Path("kpmath_builder", module)
    files = [f"tests/test_{name}.py" for name in TESTS.get(module, path.stem).split()]
    if not all(map(os.path.isfile, files)):
        print(f"{module}: not tried, it has no test file of its own")
        return 0, 0
    source = path.read_text(encoding="utf-8")
    found = list(mutants(source))
    if not found:
        return 0, 0
    tests = Tests(path, files)
    chosen = random.Random(f"{seed} {module}").sample(found, min(most, len(found)))
    survived = 0
    for number, mutant in enumerate(chosen, start=1):
        path.write_text(mutant.text, encoding="utf-8")
        os.utime(path, (number, number))  # two of one second and one size would share their bytecode
        met, longest = tests.of(mutant)
        if not met or in_a_fork(partial(run_pytest, met), longest):
            survived += 1
            alone = "" if met else "  (no test runs it)"
            print(f"  {module}:{mutant.line}  {mutant.change}{alone}", flush=True)
    path.write_text(source, encoding="utf-8")
    print(f"{module}: {survived} of {len(chosen)} survived", flush=True)
    return survived, len(chosen)


def main() -> int:
    """Copy the checkout, with the shared data beside it, and try the modules there."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    words.add_argument("modules", nargs="*", default=ROOMS, help="files or folders of the package")
    words.add_argument(
        "--most", type=int, default=10**6, help="try at most so many mutants of a module, drawn at random"
    )
    words.add_argument("--seed", type=int, default=0, help="of that draw")
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            ROOT, Path(folder, "checkout"), ignore=shutil.ignore_patterns(".*", "builds", "__pycache__")
        )
        Path(folder, "shared").symlink_to(ROOT.parent / "shared")
        os.chdir(Path(folder, "checkout"))
        sys.path.insert(0, str(Path.cwd()))
        os.environ["PYTHONPATH"] = str(Path.cwd())
        survived, tried = Counter[str](), Counter[str]()
        for name in given.modules:
            path = Path("kpmath_builder", name)
            for file in sorted(path.glob("[!_]*.py")) if path.is_dir() else [path]:
                some, of = survivors(str(file.relative_to("kpmath_builder")), given.most, given.seed)
                survived[name] += some
                tried[name] += of
            print(f"{name}, all of it: {survived[name]} of {tried[name]} survived", flush=True)
        return int(any(survived[name] > MOST_SURVIVORS * tried[name] for name in tried))


if __name__ == "__main__":
    sys.exit(main())
