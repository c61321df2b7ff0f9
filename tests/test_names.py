"""One name, one thing: a reader who meets a class by its name knows which one is meant."""

import ast
import tomllib
from collections import defaultdict
from pathlib import Path

import kpmath_builder

PACKAGE = Path(kpmath_builder.__file__).parent


def classes() -> dict[str, list[str]]:
    """Return where each class of the package is defined, by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(PACKAGE)))
    return found


def test_the_house_is_drawn_as_it_is_held() -> None:
    """The rooms of docs/architecture.md are the layers that import-linter checks."""
    root = Path(__file__).resolve().parents[1]
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    drawn = (root / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## Rooms")[2]
    assert drawn.split("```")[1].split("\n")[1:-1] == contracts[0]["layers"]


def test_no_two_classes_have_one_name() -> None:
    found = classes()
    assert len(found) > 100
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
