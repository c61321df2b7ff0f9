"""The recipe of a mix: which sets, which of them is preferred, what is dropped, and what may be shared."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from kpmath_builder.recipe.errors import explain
from kpmath_builder.recipe.files import dump_toml, overridden, read_toml
from kpmath_builder.recipe.keys import KeyKind, Section, UserPath, key, last_part, walk
from kpmath_builder.recipe.kinds import in_effect, was_always_so
from kpmath_builder.recipe.sections import (
    ContaminationSettings,
    DuplicatesSettings,
    ParaphrasesSettings,
    Policy,
)
from kpmath_builder.recipe.test_sets import DEFAULT_SETS, TestSetSettings
from kpmath_builder.recipe.values import check_values

__all__ = ["MixRecipe", "MixedSet"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_DECISION, _FREE = KeyKind.DECISION, KeyKind.FREE


def _in_a_list(value: Any) -> Any:  # noqa: ANN401 - raw TOML
    return [value] if isinstance(value, str) else value


_Names = Annotated[tuple[str, ...], BeforeValidator(_in_a_list)]


class MixedSet(Section):
    """`[sources.NAME]`: a set whose rows are mixed in."""

    path: UserPath | None = key(
        "file: .jsonl, .jsonl.gz, .json, .csv or .parquet; of kind build, the build's folder",
        None,
        _DECISION,
        public=False,
    )
    hub: str | None = key(
        "dataset on the Hub; unset: the one that the kind names, if there is no path", None, _DECISION
    )
    hub_config: str | None = key("config of the Hub dataset", None, _DECISION)
    revision: str | None = key("branch, tag or commit of the Hub dataset", None, _DECISION)
    split: str = key("split of the Hub dataset", "train", _DECISION)
    fields: dict[str, str] | None = key(
        "which of the columns is question, solution, answer, subset, id; needed by kind custom",
        None,
        _DECISION,
    )

    kind: Literal[
        "build",
        "gsm8k",
        "math",
        "tal-scq5k-en",
        "metamathqa",
        "mmiqc",
        "open-platypus",
        "mathinstruct",
        "custom",
    ] = key("what the set is, so how its rows are read and what is known of their licences", ..., _DECISION)
    licence: str | None = key(
        "licence of the rows, in place of what is known of the set; a custom set without one stays out",
        None,
        _DECISION,
    )
    source: str | None = key(
        "name of the set in each row; unset: its id on the Hub, or the file's name", None, _DECISION
    )
    subsets: _Names = key(
        "parts of the set that are taken, by the names that the set gives them; unset: those of docs/mix.md",
        (),
        _DECISION,
    )
    limit: int | None = key("read only the first so many rows", None, _DECISION, ge=1)

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.kind == "build" and self.path is None:
            raise ValueError("source of kind build has no path: give the folder of the build")
        if self.kind != "custom":
            return self
        if self.path is None and self.hub is None:
            raise ValueError("source of kind custom has neither path nor hub: give one of them")
        if not {"question", "solution"} <= set(self.fields or {}):
            raise ValueError(
                'source of kind custom does not say how it is read: give fields, e.g. { question = "q", solution = "a" }'
            )
        return self

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path is not None and self.hub is not None:
            raise ValueError("path and hub of a set are both given: keep one of them")
        if unknown := sorted(set(self.fields or {}) - {"question", "solution", "answer", "subset", "id"}):
            raise ValueError(
                f"fields has the unknown name {unknown[0]!r}: the names are question, solution, answer, subset and id"
            )
        return self

    def shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        """Return a value as it may leave the machine; a local folder in place of a dataset on the Hub by its last part."""
        if name == "hub" and value is not None and value.count("/") > 1:
            return last_part(value)
        return super().shown(name, value)


class FiltersSettings(Section):
    """What is dropped whatever it repeats."""

    max_digits: int = key(
        "rows whose answer holds a number of more digits are dropped (the paper: excessively long numbers)",
        12,
        _DECISION,
        ge=1,
    )


class MixDuplicatesSettings(DuplicatesSettings):
    """Rows that repeat a row of a preferred source, or an earlier one of their own."""

    renumbered: Policy = key("the same text with other numbers", "flag", _DECISION)
    renamed: Policy = key("the same text with other names of people", "flag", _DECISION)
    within: Literal["pairs", "questions"] = key(
        "within one source: pairs keeps a question's other solutions; questions keeps one row per question",
        "pairs",
        _DECISION,
    )


class SharingSettings(Section):
    """Which rows may be in a mix that is to be published."""

    licences: _Names = key(
        "licences besides the free ones (docs/mix.md) whose rows are mixed in all the same", (), _DECISION
    )


class MixRecipe(Section):
    """Everything that a mix is made from. Read one with `MixRecipe.read`; the fields are the tables of the TOML file."""

    name: str = key("name of the mix", "kpmath-plus", _DECISION, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    folder: UserPath = key(
        "folder of the mix; unset: mixes/ and its name", Path("mixes/kpmath-plus"), _FREE, public=False
    )
    prefer: _Names = key(
        "sources, the preferred first: of rows that repeat one another the preferred source's stays; unset: as they stand in the recipe",
        (),
        _DECISION,
    )
    sources: dict[str, MixedSet] = Field(
        {}, validate_default=False, description="the sets that are mixed, each a table [sources.NAME]"
    )
    filters: FiltersSettings = FiltersSettings()
    paraphrases: ParaphrasesSettings = ParaphrasesSettings()
    duplicates: MixDuplicatesSettings = MixDuplicatesSettings()
    contamination: ContaminationSettings = ContaminationSettings()
    sharing: SharingSettings = SharingSettings()

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, tree: Any) -> Any:  # noqa: ANN401 - raw TOML
        if not isinstance(tree, Mapping):
            return tree
        made = dict(tree)
        if isinstance(made.get("name"), str):
            made.setdefault("folder", f"mixes/{made['name']}")
        if not made.get("prefer") and isinstance(made.get("sources"), Mapping):
            made["prefer"] = list(made["sources"])
        return made

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in self.sources:
            if not _NAME.fullmatch(name):
                raise ValueError(f"set {name!r} must be named in small letters, digits and dashes")
        if sorted(self.prefer) != sorted(self.sources):
            raise ValueError(
                f"prefer names {', '.join(self.prefer)}, and the sources are {', '.join(self.sources)}: name each once"
            )
        if not any(source.kind == "build" for source in self.sources.values()):
            raise ValueError(
                "sources hold no build, and a mix is published beside the tables of one: add a source of kind build"
            )
        self.paraphrases.refuse_idle(self.duplicates, self.contamination)
        return self

    @classmethod
    def read(cls, path: Path | str, overrides: Mapping[str, str] | None = None) -> Self:
        """Read a TOML file and apply overrides such as `{"sources.gsm8k.limit": "20"}`.

        Raises
        ------
        InputError
            Naming the key, its meaning and the allowed values.
        """
        return overridden(read_toml(Path(path)), overrides or {}, cls.of)

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> Self:
        """Validate a tree as TOML would give it; raises as `read` does."""
        check_values(tree)
        try:
            return cls.model_validate(dict(tree))
        except ValidationError as error:
            raise explain(error, cls) from None

    @property
    def base(self) -> str:
        """The source whose tables are published beside the mix: the preferred build."""
        return next(name for name in self.prefer if self.sources[name].kind == "build")

    @property
    def test_sets(self) -> tuple[TestSetSettings, ...]:
        """The test sets that rows are compared with."""
        sets = self.contamination.sets
        return DEFAULT_SETS if sets is None else sets

    def decisions(self) -> dict[str, Any]:
        """Return all that the rows depend on, by dotted names, but for where the sets lie, and for the test sets."""
        return {
            each.name: in_effect(each, self.paraphrases).value
            for each in walk(self)
            if each.kind is _DECISION
            and not was_always_so(each)
            and each.name != "contamination.sets"
            and not each.name.endswith(".path")
        }

    def to_toml(self, *, public: bool = False) -> str:
        """Return the recipe as TOML, each key with its meaning; `public`: as it may leave the machine."""
        keys = walk(self)
        return (
            dump_toml(each._replace(value=each.shown) for each in keys if each.public)
            if public
            else dump_toml(keys)
        )
