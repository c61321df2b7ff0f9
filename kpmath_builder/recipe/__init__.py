"""The recipe: one frozen, validated tree of settings, read from TOML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from kpmath_builder.protocol import ROLE_OF, Role, Task
from kpmath_builder.recipe.errors import explain
from kpmath_builder.recipe.files import dump_toml, override, read_toml
from kpmath_builder.recipe.inheritance import complete_teachers, switch_kinds
from kpmath_builder.recipe.keys import Key, KeyKind, Section, UserPath, key, walk
from kpmath_builder.recipe.sections import (
    BlueprintsSettings,
    BuildSettings,
    ConsensusSettings,
    ControlsSettings,
    DuplicatesSettings,
    ExtractionSettings,
    JudgingSettings,
    QuestionsSettings,
    Sampled,
    SeedContaminationSettings,
    SeedRepeatsSettings,
    SeedsSettings,
    SelectionSettings,
    SolutionsSettings,
    TopicsSettings,
)
from kpmath_builder.recipe.teacher import (
    AnyTeacher,
    ServerSettings,
    SymbolicSettings,
    TeacherSettings,
    VllmSettings,
)
from kpmath_builder.recipe.test_sets import DEFAULT_SETS, TestSetSettings
from kpmath_builder.recipe.values import check_values

__all__ = [
    "ConsensusSettings",
    "ControlsSettings",
    "DuplicatesSettings",
    "JudgingSettings",
    "Key",
    "KeyKind",
    "Recipe",
    "Sampled",
    "Section",
    "SeedContaminationSettings",
    "SeedRepeatsSettings",
    "SelectionSettings",
    "ServerSettings",
    "SolutionsSettings",
    "SymbolicSettings",
    "TeacherSettings",
    "TestSetSettings",
    "TopicsSettings",
    "VllmSettings",
]

_TEACHERS = ("teacher.", "roles.")
_DRAWERS: frozenset[Role] = frozenset({"extractor"})
"""Roles whose answers the questions are drawn from."""


class Recipe(Section):
    """Everything that a build is made from. Read one with `Recipe.read`; the fields are the tables of the TOML file."""

    name: str = key(
        "name of the dataset, used in its card",
        "kpmath",
        KeyKind.DECISION,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
    )
    prompts: UserPath | None = key(
        "folder of prompt files that replace those of the package", None, KeyKind.FREE, public=False
    )
    seeds: SeedsSettings = SeedsSettings()
    teacher: AnyTeacher = SymbolicSettings()
    roles: dict[Role, AnyTeacher] = Field(
        {}, description="teachers of single roles; missing keys come from [teacher]"
    )
    extraction: ExtractionSettings = ExtractionSettings()
    topics: TopicsSettings = TopicsSettings()
    blueprints: BlueprintsSettings = BlueprintsSettings()
    questions: QuestionsSettings = QuestionsSettings()
    judging: JudgingSettings = JudgingSettings()
    solutions: SolutionsSettings = SolutionsSettings()
    consensus: ConsensusSettings = ConsensusSettings()
    controls: ControlsSettings = ControlsSettings()
    seed_repeats: SeedRepeatsSettings = SeedRepeatsSettings()
    contamination: SeedContaminationSettings = SeedContaminationSettings()
    duplicates: DuplicatesSettings = DuplicatesSettings()
    selection: SelectionSettings = SelectionSettings()
    build: BuildSettings = BuildSettings()

    @model_validator(mode="before")
    @classmethod
    def _complete_roles(cls, tree: Any) -> Any:  # noqa: ANN401 - raw TOML
        return complete_teachers(tree) if isinstance(tree, Mapping) else tree

    @model_validator(mode="before")
    @classmethod
    def _folder_of_its_own(cls, tree: Any) -> Any:  # noqa: ANN401 - raw TOML
        build = tree.get("build", {}) if isinstance(tree, Mapping) else None
        if not isinstance(build, Mapping) or "name" not in tree:
            return tree
        return {**tree, "build": {"folder": f"builds/{tree['name']}", **build}}

    @model_validator(mode="after")
    def _room_after_thinking(self) -> Self:
        for role, (table, sampled) in self._tables.items():
            budget = self.teacher_for(role).request_fields.get("thinking_token_budget")
            if isinstance(budget, int) and budget >= sampled.request_sampling.max_tokens:
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
        return cls.of(override(switch_kinds(read_toml(Path(path)), overrides or {}), overrides or {}))

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> Self:
        """Validate a tree as TOML would give it; raises as `read` does."""
        check_values(tree)
        try:
            made = cls.model_validate(dict(tree))
        except ValidationError as error:
            raise explain(error, cls) from None
        check_values(made.model_dump(mode="json"))  # a number may have been given as text
        return made

    def teacher_for(self, role: Role) -> TeacherSettings:
        """Return the settings of the teacher that plays `role`."""
        return self.roles.get(role, self.teacher)

    @property
    def teachers(self) -> Mapping[Role, TeacherSettings]:
        """The settings of the teacher of each role."""
        return {role: self.teacher_for(role) for role in self._tables}

    @property
    def window(self) -> int:
        """Blueprints in flight: each has at least one request under way or waiting, so that as many as places fill them all."""
        return self.build.window or max(self.teacher_for(role).places for role in self._tables)

    @property
    def test_sets(self) -> tuple[TestSetSettings, ...]:
        """The test sets that rows are compared with."""
        if self.contamination.sets is not None:
            return self.contamination.sets
        # A build from the problems of the package is a rehearsal, which needs no network.
        is_rehearsal = self.seeds.path is None and self.seeds.hub is None
        return () if is_rehearsal else DEFAULT_SETS

    @property
    def has_controls(self) -> bool:
        """Whether questions with known answers are solved: a program answers by its rules, and there is nothing to measure."""
        return bool(self.controls.share) and self.teacher_for("solver").uses_prompts

    @property
    def has_planted(self) -> bool:
        """Whether questions with known faults are judged."""
        return bool(self.controls.judge_share) and self.teacher_for("judge").uses_prompts

    @property
    def held_back(self) -> float:
        """The share of the seed problems that no practice is made of."""
        return self.controls.held_back if self.has_controls and self.controls.needs_seeds else 0.0

    @property
    def idle(self) -> frozenset[str]:
        """Names of keys of `controls` that decide nothing here: what is built without controls stays what it was."""
        used = {
            "share": self.has_controls,
            "sources": self.has_controls,
            "held_back": bool(self.held_back),
            "generators": self.has_controls and self.controls.uses("reasoning-gym"),
            "judge_share": self.has_planted,
        }
        return frozenset(f"controls.{name}" for name, is_used in used.items() if not is_used)

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

    def keys(self, kind: KeyKind) -> dict[str, Any]:
        """Return all that has this kind, by dotted names, as JSON has it.

        A teacher stands in it as the answers see it: the model of each role and the fields of its requests. Who runs the
        model, and where, changes nothing: an engine of one's own today, a server tomorrow.
        """
        of_kind = {
            key.name: key.value
            for key in walk(self)
            if key.kind is kind and not key.name.startswith(_TEACHERS) and key.name not in self.idle
        }
        return {**of_kind, **self._asked_of_teachers(kind)}

    def tasks(self, kind: KeyKind) -> tuple[Task, ...]:
        """Return the tasks whose prompts and teachers have this kind."""
        return tuple(
            task
            for task, role in ROLE_OF.items()
            if kind is (KeyKind.DRAW if role in _DRAWERS else KeyKind.ASKED)
        )

    def _asked_of_teachers(self, kind: KeyKind) -> dict[str, Any]:
        keys: dict[str, Any] = {}
        for task in self.tasks(kind):
            role = ROLE_OF[task]
            asked = {"model": self.teacher_for(role).model_name, **self.teacher_for(role).fields(task)}
            keys |= {f"roles.{role}.{name}": value for name, value in asked.items()}
        return keys

    def public(self) -> list[Key]:
        """Return what may leave the machine of a recipe: its public keys, with the values that may be shown."""
        return [key._replace(value=key.shown) for key in walk(self) if key.public]

    def to_toml(self) -> str:
        """Return the whole recipe as TOML, each key with its meaning; `Recipe.read` reads it back."""
        return dump_toml(walk(self))
