"""Generated pages are what the code says."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_recipe_page_is_up_to_date() -> None:
    page = runpy.run_path(str(ROOT / "docs/generate.py"))["recipe_page"]()
    assert (ROOT / "docs/recipe.md").read_text(encoding="utf-8") == page, "run: python docs/generate.py"
