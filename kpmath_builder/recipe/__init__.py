"""The recipe: one frozen, validated tree of settings, read from TOML."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from kpmath_builder.errors import InputError
from kpmath_builder.protocol import OPTIONAL, ROLE_OF, Role, Task, player_name
from kpmath_builder.recipe.consistency import check_consistency
from kpmath_builder.recipe.errors import explain
from kpmath_builder.recipe.files import dump_toml, overridden, read_toml
from kpmath_builder.recipe.inheritance import complete_teachers, switch_kinds
from kpmath_builder.recipe.keys import Key, KeyKind, Section, UserPath, key, walk
from kpmath_builder.recipe.kinds import keys_in_play, keys_of_kind, tasks_of_kind
from kpmath_builder.recipe.players import TABLE_OF, Player
from kpmath_builder.recipe.sections import (
    BlueprintsSettings,
    BuildSettings,
    ConsensusSettings,
    ControlsSettings,
    DuplicatesSettings,
    ExtractionSettings,
    JudgingSettings,
    ParaphrasesSettings,
    QuestionsSettings,
    RefereeSettings,
    ReferenceSettings,
    Sampled,
    SeedContaminationSettings,
    SeedRepeatsSettings,
    SeedsSettings,
    SelectionSettings,
    SolutionsSettings,
    TopicsSettings,
)
from kpmath_builder.recipe.solvers import AnySolver, SolverSettings, Turn, named, turns
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
    "Player",
    "Recipe",
    "Sampled",
    "Section",
    "SeedContaminationSettings",
    "SeedRepeatsSettings",
    "SelectionSettings",
    "ServerSettings",
    "SolutionsSettings",
    "SolverSettings",
    "SymbolicSettings",
    "TeacherSettings",
    "TestSetSettings",
    "TopicsSettings",
    "VllmSettings",
    "check_is_recipe",
]


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
    solvers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], AnySolver] = Field(
        {},
        description="several solvers, which share the samples; missing keys come from [roles.solver] or [teacher]",
    )
    extraction: ExtractionSettings = ExtractionSettings()
    topics: TopicsSettings = TopicsSettings()
    blueprints: BlueprintsSettings = BlueprintsSettings()
    questions: QuestionsSettings = QuestionsSettings()
    judging: JudgingSettings = JudgingSettings()
    solutions: SolutionsSettings = SolutionsSettings()
    referee: RefereeSettings = RefereeSettings()
    reference: ReferenceSettings = ReferenceSettings()
    consensus: ConsensusSettings = ConsensusSettings()
    controls: ControlsSettings = ControlsSettings()
    paraphrases: ParaphrasesSettings = ParaphrasesSettings()
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
    def _consistent(self) -> Self:
        check_consistency(self)
        return self

    @classmethod
    def read(cls, path: Path | str, overrides: Mapping[str, str] | None = None) -> Self:
        """Read a TOML file and apply overrides such as `{"build.questions": "20"}`.

        Raises
        ------
        InputError
            Naming the key, its meaning and the allowed values.
        """
        tree = read_toml(Path(path))
        try:
            tree |= {"solvers": named(tree["solvers"])} if "solvers" in tree else {}
        except ValueError as error:
            raise InputError(f"The recipe's {error}.") from None
        settings = overrides or {}
        _refuse_new_solvers(tree, settings)
        return overridden(switch_kinds(tree, settings), settings, cls.of)

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

    def teacher_for(self, role: Role, solver: str = "") -> TeacherSettings:
        """Return the settings of the teacher that plays `role`; of several solvers, those of the one that is named."""
        return self.solvers[solver].teacher if solver else self.roles.get(role, self.teacher)

    @property
    def tasks_in_play(self) -> tuple[Task, ...]:
        """The tasks that a build of this recipe may ask; only they and their roles are checked, planned, and part of its spec."""
        optional: Mapping[Task, bool] = {
            "compare": self.consensus.referee,
            "attempt": "reference" in self.roles,
            "harder": self.questions.harder_rounds > 0,
        }
        assert optional.keys() == OPTIONAL
        return tuple(task for task in ROLE_OF if optional.get(task, True))

    @property
    def roles_in_play(self) -> tuple[Role, ...]:
        """The roles of the tasks in play, each once."""
        return tuple(dict.fromkeys(ROLE_OF[task] for task in self.tasks_in_play))

    @property
    def players(self) -> tuple[Player, ...]:
        """All who are asked: the roles in play, in place of the solver each of `[[solvers]]` if there are any, sorted by name."""
        return tuple(
            Player(
                player_name(role, solver),
                role,
                solver,
                self.teacher_for(role, solver),
                self.sampled_by(role, solver).request_sampling,
            )
            for role in self.roles_in_play
            for solver in self.solver_names_of(role)
        )

    def solver_names_of(self, role: Role) -> tuple[str, ...]:
        """Return the names of those who play a role together; ("",) if one teacher plays it."""
        return tuple(sorted(self.solvers)) if role == "solver" and self.solvers else ("",)

    @property
    def teachers(self) -> Mapping[str, TeacherSettings]:
        """The settings of all who are asked, by the names of `players`."""
        return {player.name: player.settings for player in self.players}

    @property
    def solver_prompts(self) -> Mapping[str, Path]:
        """The prompt files of solvers that have their own."""
        return {name: solver.prompt for name, solver in self.solvers.items() if solver.prompt is not None}

    def turns(self, count: int) -> tuple[Turn, ...]:
        """Return who gives each of the first solutions of a question."""
        if not self.solvers:
            return tuple(Turn("", number) for number in range(count))
        return turns(tuple((name, solver.share) for name, solver in self.solvers.items()), count)

    @property
    def window(self) -> int:
        """Blueprints in flight: each has at least one request under way or waiting, so that as many as places fill them all.

        With adaptive sampling a blueprint asks for a part of its samples at once. As many more blueprints then keep as many solutions
        waiting, and fewer places are empty in the last rounds of the last questions. With `build.rows` they would be paid for in vain.
        """
        servers: dict[Role, dict[str, int]] = {}
        for player in self.players:
            servers.setdefault(player.role, {})[player.settings.server] = player.settings.places
        places = max(sum(its.values()) for its in servers.values())
        return self.build.window or places * (1 if self.build.rows else self.solutions.rounds)

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
        solvers = (self.teacher_for("solver", name) for name in self.solver_names_of("solver"))
        return bool(self.controls.share) and any(its.uses_prompts for its in solvers)

    @property
    def weighs_solvers(self) -> bool:
        """Whether the tables weigh the votes of several solvers by what the controls say of them."""
        return self.consensus.weights == "controls"

    @property
    def has_planted(self) -> bool:
        """Whether questions with known faults are judged."""
        return bool(self.controls.judge_share) and self.teacher_for("judge").uses_prompts

    @property
    def held_back(self) -> float:
        """The share of the seed problems that no practice is made of."""
        return self.controls.held_back if self.has_controls and self.controls.needs_seeds else 0.0

    @staticmethod
    def table_of(role: Role) -> str:
        """Return the name of the table with the sampling of what a role is asked."""
        return TABLE_OF[role]

    def sampled_by(self, role: Role, solver: str = "") -> Sampled:
        """Return the sampling fields of what `role` is asked; of several solvers, those of the one that is named."""
        sampled: Sampled = getattr(self, TABLE_OF[role])
        return sampled.model_copy(update=self.solvers[solver].own_sampling) if solver else sampled

    def keys(self, kind: KeyKind) -> dict[str, Any]:
        """Return all that has this kind, by dotted names, as JSON has it (`recipe/kinds.py`)."""
        return keys_of_kind(self, kind)

    def tasks(self, kind: KeyKind) -> tuple[Task, ...]:
        """Return the tasks in play whose prompts and teachers have this kind."""
        return tasks_of_kind(self, kind)

    def public(self) -> list[Key]:
        """Return what may leave the machine of a recipe: its public keys, with the values that may be shown."""
        return [key._replace(value=key.shown) for key in keys_in_play(self) if key.public]

    def to_toml(self) -> str:
        """Return the whole recipe as TOML, each key with its meaning; `Recipe.read` reads it back."""
        return dump_toml(walk(self))


def check_is_recipe(recipe: object) -> None:
    """Raise `InputError` for what is no recipe, e.g. the path of one."""
    if not isinstance(recipe, Recipe):
        raise InputError(f"A Recipe is expected, not {recipe!r:.80}: read one with Recipe.read(PATH).")


def _refuse_new_solvers(tree: Mapping[str, Any], overrides: Mapping[str, str]) -> None:
    """Refuse `--set solvers.NAME.…` for a solver that the file does not have: a slip of the pen would be one more solver."""
    known = tree.get("solvers", {})
    for name in overrides:
        table, _, rest = name.partition(".")
        solver = rest.partition(".")[0]
        if table == "solvers" and rest and isinstance(known, Mapping) and solver not in known:
            there = f"its solvers are {', '.join(sorted(known))}" if known else "it has none"
            raise InputError(
                f"--set {name}: the recipe has no solver {solver!r} ({there}); solvers are added in the file, as tables [[solvers]]."
            )
