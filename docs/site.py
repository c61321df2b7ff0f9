"""The site's hook (mkdocs.yml): pages may link to files beside docs/, which then become part of the site."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
_BESIDE = re.compile(r"\]\(\.\./(examples/[\w.-]+)\)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the example recipes."""
    for path in sorted((ROOT / "examples").glob("*.toml")):
        files.append(File.generated(config, f"examples/{path.name}", abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - as mkdocs calls it
    """Turn links to files beside docs/ into links within the site."""
    return _BESIDE.sub(r"](\1)", markdown)
