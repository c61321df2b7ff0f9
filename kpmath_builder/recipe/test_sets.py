"""How a recipe names the test sets that rows are compared with: an id on the Hub, a file, or a table that says more."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer

from kpmath_builder.recipe.keys import UserPath, is_local_path

__all__ = ["DEFAULT_SETS", "TestSetSettings", "TestSets"]

_FILES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".parquet")
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_FIELDS = frozenset({"problem", "solution", "id"})


class TestSetSettings(BaseModel):
    """One test set."""

    __test__ = False  # pytest takes a class of this name for tests
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    hub: str | None = None
    path: UserPath | None = None
    hub_config: str | None = None
    revision: str | None = None
    split: str = "test"
    fields: dict[str, str] | None = None

    @property
    def title(self) -> str:
        """What tables, status and card call the set."""
        if self.name:
            return self.name
        if self.path is not None:
            return self.path.name
        return f"{self.hub} {self.split}"


DEFAULT_SETS = (
    TestSetSettings(name="GSM8K test", hub="openai/gsm8k", hub_config="main"),
    TestSetSettings(name="MATH test", hub="EleutherAI/hendrycks_math"),
    TestSetSettings(name="MATH-500", hub="HuggingFaceH4/MATH-500"),
)


def _read(value: Any) -> Any:  # noqa: ANN401 - raw TOML
    """Return the sets of a list whose items are texts or tables; raises `ValueError` with the end of a sentence about the recipe."""
    if value is None:
        return None
    items = [value] if isinstance(value, str | Mapping) else value
    if not isinstance(items, list | tuple):
        raise ValueError(  # noqa: TRY004 - pydantic turns this one into a fault of the recipe
            f"contamination.sets must be a list of ids on the Hub, files and tables, got {value!r}"
        )
    sets = tuple(map(_set, items))
    titles = [one.title for one in sets]
    if twice := [title for title in titles if titles.count(title) > 1]:
        raise ValueError(f"contamination.sets names two sets {twice[0]!r}: give each a name of its own")
    return sets


def _set(item: Any) -> TestSetSettings:  # noqa: ANN401 - raw TOML
    if isinstance(item, TestSetSettings):
        return item
    if isinstance(item, str):
        is_file = is_local_path(item) or item.lower().endswith(_FILES)
        if not is_file and not _HUB_ID.fullmatch(item):
            raise ValueError(
                f"contamination.sets holds {item!r}: give an id on the Hub, a file ({', '.join(_FILES)}), or a table in TOML, "
                'e.g. [{ name = "…", path = "…" }]'
            )
        return TestSetSettings.model_validate({"path" if is_file else "hub": item})
    if not isinstance(item, Mapping):
        raise ValueError(  # noqa: TRY004 - as above
            f"contamination.sets holds {item!r}: give an id on the Hub, a file, or a table"
        )
    if unknown := sorted(set(item) - set(TestSetSettings.model_fields)):
        known = ", ".join(TestSetSettings.model_fields)
        raise ValueError(
            f"contamination.sets has a table with the unknown key {unknown[0]!r}: known are {known}"
        )
    if (item.get("hub") is None) == (item.get("path") is None):
        raise ValueError(
            "contamination.sets has a table that names not exactly one of hub and path: give one of them"
        )
    fields = item.get("fields")
    if fields is not None and (
        not isinstance(fields, Mapping) or "problem" not in fields or set(fields) - _FIELDS
    ):
        raise ValueError(
            "contamination.sets has fields that must map problem, and may map solution and id, to columns of the set, "
            f"got {fields!r}"
        )
    if wrong := [name for name, its in item.items() if name != "fields" and not isinstance(its, str | None)]:
        raise ValueError(f"contamination.sets has a {wrong[0]} that is no text: put it in quotes")
    return TestSetSettings.model_validate(dict(item))


def _plain(sets: tuple[TestSetSettings, ...] | None) -> list[dict[str, Any]] | None:
    if sets is None:
        return None
    return [one.model_dump(mode="json", exclude_defaults=True) for one in sets]


TestSets = Annotated[
    tuple[TestSetSettings, ...] | None,
    BeforeValidator(_read),
    PlainSerializer(_plain, return_type=list | None),
]
