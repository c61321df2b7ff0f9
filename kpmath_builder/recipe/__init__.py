"""The recipe: one frozen, validated tree of settings, read from TOML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from kpmath_builder.protocol import Role
from kpmath_builder.recipe.errors import explain
from kpmath_builder.recipe.files import dump_toml, override, read_toml
from kpmath_builder.recipe.keys import Kind, Section, key, kind_of, walk
from kpmath_builder.recipe.sections import (
    Blueprints,
    Build,
    Consensus,
    Extraction,
    Judging,
    Questions,
    Sampled,
    Seeds,
    Selection,
    Solutions,
    Topics,
)
from kpmath_builder.recipe.teacher import TeacherSettings

__all__ = ["Consensus", "Judging", "Recipe", "Sampled", "Section", "TeacherSettings", "Topics"]


class Recipe(Section):
    """Everything that a build is made from. Read one with `Recipe.read`; the fields are the tables of the TOML file."""

    name: str = key(
        "name of the dataset, used in its card", "kpmath", "decision", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
    )
    prompts: Path | None = key("folder of prompt files that replace those of the package", None, "free")
    seeds: Seeds = Seeds()
    teacher: TeacherSettings = TeacherSettings()
    roles: dict[Role, TeacherSettings] = Field(
        {}, description="teachers of single roles; missing keys come from [teacher]"
    )
    extraction: Extraction = Extraction()
    topics: Topics = Topics()
    blueprints: Blueprints = Blueprints()
    questions: Questions = Questions()
    judging: Judging = Judging()
    solutions: Solutions = Solutions()
    consensus: Consensus = Consensus()
    selection: Selection = Selection()
    build: Build = Build()

    @model_validator(mode="before")
    @classmethod
    def _complete_roles(cls, tree: Any) -> Any:  # noqa: ANN401 - raw TOML
        if (
            isinstance(tree, dict)
            and isinstance(tree.get("roles"), dict)
            and isinstance(tree.get("teacher", {}), dict)
        ):
            roles = {
                r: {**tree.get("teacher", {}), **o} if isinstance(o, dict) else o
                for r, o in tree["roles"].items()
            }
            return {**tree, "roles": roles}
        return tree

    @model_validator(mode="after")
    def _room_after_thinking(self) -> Self:
        for role, (table, sampled) in self._tables.items():
            teacher = self.teacher_for(role)
            budget = teacher.extra.get("thinking_token_budget")
            if (
                teacher.kind != "symbolic"
                and isinstance(budget, int)
                and budget >= sampled.sampling.max_tokens
            ):
                raise ValueError(
                    f"thinking_token_budget of {budget} leaves the {role} no token for its reply: raise {table}.max_tokens above "
                    f"it, or give the {role} an extra of its own in [roles.{role}]"
                )
        return self

    @classmethod
    def read(cls, path: Path | str, overrides: Mapping[str, str] | None = None) -> Self:
        """Read a TOML file and apply overrides such as `{"build.questions": "20"}`.

        Raises
        ------
        InputError
            Naming the key, its meaning and the allowed values.
        """
        return cls.of(override(read_toml(Path(path)), overrides or {}))

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> Self:
        """Validate a tree as TOML would give it; raises as `read` does."""
        try:
            return cls.model_validate(dict(tree))
        except ValidationError as error:
            raise explain(error, cls) from None

    def teacher_for(self, role: Role) -> TeacherSettings:
        """Return the settings of the teacher that plays `role`."""
        return self.roles.get(role, self.teacher)

    @property
    def window(self) -> int:
        """Blueprints in flight: each has at least one request under way or waiting, so that as many as places fill them all."""
        return self.build.window or max(self.teacher_for(role).places for role in self._tables)

    def sampled_by(self, role: Role) -> Sampled:
        """Return the sampling fields of what `role` is asked."""
        return self._tables[role][1]

    @property
    def _tables(self) -> Mapping[Role, tuple[str, Sampled]]:
        return {
            "extractor": ("extraction", self.extraction),
            "writer": ("questions", self.questions),
            "judge": ("judging", self.judging),
            "solver": ("solutions", self.solutions),
        }

    def keys(self, kind: Kind) -> dict[str, Any]:
        """Return the dotted keys of one kind with their values, as JSON has them; draw keys are data keys too."""
        kinds = {"data", "draw"} if kind == "data" else {kind}
        return {name: value for name, value, field in walk(self) if kind_of(field) in kinds}

    def to_toml(self) -> str:
        """Return the whole recipe as TOML, each key with its meaning; `Recipe.read` reads it back."""
        entries = [
            (*name.rpartition(".")[::2], value, field.description or "") for name, value, field in walk(self)
        ]
        return dump_toml(entries)
