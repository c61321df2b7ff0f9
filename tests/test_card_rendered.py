"""The card as a person sees it: rendered by a browser, with every picture there. Skipped where no Chromium is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from factories import make_build
from markdown_it import MarkdownIt

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
REPORT = """<script>onload = () => {
  const broken = [...document.images].filter(image => !image.naturalWidth || image.clientWidth > 1000);
  const wide = [...document.querySelectorAll("table, svg")].filter(one => !one.clientWidth);
  document.title = `${document.images.length} pictures, ${broken.length + wide.length} broken`;
}</script>"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to render the card with")
def test_a_browser_shows_the_card_with_all_its_pictures(tmp_path: Path):
    assert CHROMIUM is not None
    make_build(candidates=60, seeds=12).write(tmp_path / "dataset")
    card = (tmp_path / "dataset" / "README.md").read_text(encoding="utf-8")
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(card.split("\n---\n", 1)[1])
    page = tmp_path / "dataset" / "card.html"
    page.write_text(f'<meta charset="utf-8">{REPORT}<body style="width:980px">{body}', encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=10000", "--dump-dom"]
    done = subprocess.run([CHROMIUM, *options, page.as_uri()], capture_output=True, text=True, check=True)
    assert re.search("<title>(.*)</title>", done.stdout)[1] == "3 pictures, 0 broken"
    assert "| ---" not in done.stdout, "a table was not read as one"
    assert body.count("<table>") >= 9
