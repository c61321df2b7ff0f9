"""Write what is made from the code: recipe.md, mix-recipe.md, tables.md and the loading script. Tests compare them with the code."""

import re
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from kpmath_builder.dataset.card import columns_tables
from kpmath_builder.dataset.schemas import ALL_CONFIGS
from kpmath_builder.dataset.script import script_text
from kpmath_builder.mixing.recipe import MixedSet, MixRecipe
from kpmath_builder.recipe import Recipe, Section
from kpmath_builder.recipe.errors import allowed_values
from kpmath_builder.recipe.keys import declaration
from kpmath_builder.recipe.solvers import SolverSettings

DOCS = Path(__file__).resolve().parent
_PAGE = re.compile(r"docs/(\w+\.md)")
HEAD = """# The recipe

A recipe is a TOML file. Every key has a default; the numbers that the paper states are the defaults. Unknown keys and wrong
values are refused with a sentence that names the key. On the command line any key is overridden with `--set table.key=value`, and
`--set table.key=unset` takes it back to its default (a text of these letters stands in quotes); `--set roles.reference=unset` takes out a table. Paths are relative to the folder in which the command runs.

The column "a change is" says what a change does to a folder in which a build was begun:

- **asked**: what the key touches is asked again; everything else is found in the log.
- **draw** (what the questions are drawn from) and **layout** (how the folder stores them): a folder has one value. Once its topics have
  been extracted, a change is refused. For the extractor, the teachers' **asked** keys are draw keys.
- **seeds**: a folder has one set of seeds. The same problems may be read from another place; if problems, ids or licences change, or
  whether the text may be published, that is refused.
- **decision**: only what is made of the answers changes; `kpmath rescore` applies it without asking anything.
- **free**: nothing.

The last column says whether a key leaves the machine: **public** keys stand in the card and in `provenance/recipe.toml` of the
dataset, local paths in their values by their last parts; private ones are found nowhere in a release.

Who answers has a `kind`: `"symbolic"` (the default), `"openai"` or `"vllm"`. Each has a table of its own below; a key that a kind does
not have is refused. `[roles.extractor]`, `[roles.writer]`,
`[roles.judge]`, `[roles.solver]`, `[roles.referee]` and `[roles.reference]` take the keys that they do not set from `[teacher]`, as far as
their kind has them. The last two are only in play if a recipe asks for them (`consensus.referee`; `[roles.reference]` itself).
`--set teacher.kind=…` drops those keys of the file that the new kind does not have.

(This page is written by `docs/generate.py`.)
"""
MIX_HEAD = """# The recipe of a mix

A TOML file for `kpmath mix` ([mix.md](mix.md)), with the manners of a build's recipe ([recipe.md](recipe.md)): unknown keys and wrong
values are refused with a sentence that names the key, `--set table.key=value` overrides any key, and paths are relative to the folder in
which the command runs. A change of a **decision** makes other tables, a change of a **free** key does not; **public** keys stand in
`provenance/mix.toml` of the dataset.

Each set is a table `[sources.NAME]`; NAME begins the ids of its rows. The order of these tables is the order of preference, unless
`prefer` says otherwise.

(This page is written by `docs/generate.py`.)
"""
TABLES_HEAD = """# The tables

A dataset has three configs, and a fourth, `plus`, if a mix is published with it ([mix.md](mix.md)). `qa-pairs` is the default; a
pair's `candidate_id` leads to its row of `scored`, and `seed_ids` from there to `kp-extraction`. Rows are sorted by `id`, which no two rows of a config share.
Filters while loading are in [hub.md](hub.md).

(This page is written by `docs/generate.py`.)

"""


def tables_page() -> str:
    """Return docs/tables.md."""
    return TABLES_HEAD + columns_tables("##", ALL_CONFIGS) + "\n"


def recipe_page() -> str:
    """Return docs/recipe.md."""
    parts = [HEAD, _table("top level", Recipe)]
    for name, field in Recipe.model_fields.items():
        kinds = get_args(field.annotation) if name == "teacher" else (field.annotation,)
        if name == "solvers":
            parts.append(_table("[[solvers]]", SolverSettings))
        sections = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
        parts += [_table(_title(name, section), section) for section in sections]
    return "\n".join(parts)


def mix_recipe_page() -> str:
    """Return docs/mix-recipe.md."""
    parts = [MIX_HEAD, _table("top level", MixRecipe), _table("[sources.NAME]", MixedSet)]
    for name, field in MixRecipe.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            parts.append(_table(f"[{name}]", field.annotation))
    return "\n".join(parts)


def _title(name: str, section: type[Section]) -> str:
    if name != "teacher":
        return f"[{name}]"
    return f'[teacher] and [roles.…], kind = "{section.model_fields["kind"].default}"'


def _table(title: str, section: type[BaseModel]) -> str:
    rows = []
    schema = section.model_json_schema()
    for name, field in section.model_fields.items():
        declared = declaration(field)
        if declared is None or name == "kind":  # the kind of a teacher stands in the title
            continue
        kind, public = declared
        default = "" if field.is_required() else _shown(field.get_default(call_default_factory=True))
        allowed = allowed_values(schema["properties"][name], schema)
        cells = (f"`{name}`", field.description, allowed, default, kind, "public" if public else "")
        rows.append(f"| {' | '.join(map(str, cells))} |")
    about = (section.__doc__ or "").strip().splitlines()[0] if section not in {Recipe, MixRecipe} else ""
    about = _PAGE.sub(r"[\1](\1)", about)
    header = "| key | meaning | value | default | a change is | public |\n|---|---|---|---|---|---|"
    return "\n".join([f"## {title}", "", *([about, ""] if about else []), header, *rows, ""])


def _shown(value: object) -> str:
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
    return (
        f'`"{value}"`'
        if isinstance(value, str | Path)
        else f"`{str(value).lower() if isinstance(value, bool) else value}`"
    )


if __name__ == "__main__":
    (DOCS / "recipe.md").write_text(recipe_page(), encoding="utf-8")
    (DOCS / "mix-recipe.md").write_text(mix_recipe_page(), encoding="utf-8")
    (DOCS / "tables.md").write_text(tables_page(), encoding="utf-8")
    (DOCS.parent / "hub_script" / "kpmath.py").write_text(script_text(), encoding="utf-8")
