"""The recipe: one frozen, validated tree of settings, read from TOML."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from kpmath_builder.errors import InputError
from kpmath_builder.protocol import OPTIONAL, ROLE_OF, Role, Sampling, Task, canonical_json, player_name
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
]

_TEACHERS = ("teacher.", "roles.", "solvers.")
_DRAWERS: frozenset[Role] = frozenset({"extractor"})
"""Roles whose answers the questions are drawn from."""
_TABLE_OF: Mapping[Role, str] = {
    "extractor": "extraction",
    "writer": "questions",
    "judge": "judging",
    "solver": "solutions",
    "referee": "referee",
    "reference": "reference",
}
"""Role to the table with the sampling of what it is asked."""
_AS_BEFORE: Mapping[str, Any] = {
    "build.rows": None,
    "consensus.referee": False,
    "judging.samples": 1,
    "questions.harder_rounds": 0,
    "selection.max_pass_rate": None,
    "selection.min_pass_rate": None,
}
"""Keys that came later, with the value that means what was done before they came: it is not spoken of, so that what was built then stays."""


class Player(NamedTuple):
    """One who is asked in a build: a role, or of several solvers one."""

    name: str
    """The role; of several solvers `solver NAME`."""
    role: Role
    solver: str
    """Name of the solver; empty for a role that one teacher plays."""
    settings: TeacherSettings
    sampling: Sampling


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
        for player in self.players:
            budget = player.settings.request_fields.get("thinking_token_budget")
            if isinstance(budget, int) and budget >= player.sampling.max_tokens:
                own = f"solvers.{player.solver}" if player.solver else f"roles.{player.role}"
                raise ValueError(
                    f"thinking_token_budget of {budget} leaves the {player.name} no token for its reply: raise "
                    f"{_TABLE_OF[player.role]}.max_tokens above it, or give the {player.name} an extra of its own in [{own}]"
                )
        return self

    @model_validator(mode="after")
    def _referee_is_a_model(self) -> Self:
        if self.consensus.referee and not self.teacher_for("referee").uses_prompts:
            raise ValueError(
                "consensus.referee is true, but the referee is the embedded program, which compares nothing that the builder does not: name a "
                "model in [roles.referee]"
            )
        return self

    @model_validator(mode="after")
    def _solvers_differ(self) -> Self:
        """Two solvers with equal requests get equal answers, which would agree without having been found twice."""
        asked: dict[str, str] = {}
        for name, solver in sorted(self.solvers.items()):
            sampling = self.sampled_by("solver", name).request_sampling
            same = canonical_json([self._asked_of(name), asdict(sampling), str(solver.prompt)])
            if (other := asked.setdefault(same, name)) != name:
                raise ValueError(
                    f"solvers {other} and {name} would be asked the same: give one of them another model, sampling, extra or prompt, or "
                    "make them one solver with all the addresses"
                )
        return self

    @model_validator(mode="after")
    def _a_model_writes_harder_versions(self) -> Self:
        if self.questions.harder_rounds and not self.teacher_for("writer").uses_prompts:
            raise ValueError(
                "questions.harder_rounds needs a model as the writer, and the symbolic teacher is a program: set it to 0, or name a model in "
                "[roles.writer]"
            )
        return self

    @model_validator(mode="after")
    def _somebody_attempts(self) -> Self:
        if self.selection.bounds_pass_rate and "attempt" not in self.tasks_in_play:
            raise ValueError(
                "selection.min_pass_rate and selection.max_pass_rate need a model that attempts the questions: name one in [roles.reference]"
            )
        return self

    @model_validator(mode="after")
    def _reasoning_is_kept(self) -> Self:
        if self.selection.reasoning != "none" and not self.solutions.keep_thinking:
            raise ValueError(
                f"selection.reasoning is {self.selection.reasoning}, but solutions.keep_thinking is false, so that no thinking is kept: "
                "set solutions.keep_thinking to true"
            )
        if self.selection.reasoning == "none" and self.selection.max_reasoning is not None:
            raise ValueError(
                "selection.max_reasoning limits reasoning that selection.reasoning leaves out: set it to column or think"
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
        tree = read_toml(Path(path))
        try:
            tree |= {"solvers": named(tree["solvers"])} if "solvers" in tree else {}
        except ValueError as error:
            raise InputError(f"The recipe's {error}.") from None
        _refuse_new_solvers(tree, overrides or {})
        return cls.of(override(switch_kinds(tree, overrides or {}), overrides or {}))

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

    @staticmethod
    def table_of(role: Role) -> str:
        """Return the name of the table with the sampling of what a role is asked."""
        return _TABLE_OF[role]

    def sampled_by(self, role: Role, solver: str = "") -> Sampled:
        """Return the sampling fields of what `role` is asked; of several solvers, those of the one that is named."""
        sampled: Sampled = getattr(self, _TABLE_OF[role])
        return sampled.model_copy(update=self.solvers[solver].own_sampling) if solver else sampled

    def keys(self, kind: KeyKind) -> dict[str, Any]:
        """Return all that has this kind, by dotted names, as JSON has it.

        A teacher stands in it as the answers see it: the model of each role and the fields of its requests. Who runs the
        model, and where, changes nothing: an engine of one's own today, a server tomorrow.
        """
        of_kind = {
            key.name: key.value
            for key in self._in_play()
            if key.kind is kind and not key.name.startswith(_TEACHERS)
        }
        return {**of_kind, **self._asked_of_teachers(kind)}

    def tasks(self, kind: KeyKind) -> tuple[Task, ...]:
        """Return the tasks in play whose prompts and teachers have this kind."""
        return tuple(
            task
            for task in self.tasks_in_play
            if kind is (KeyKind.DRAW if ROLE_OF[task] in _DRAWERS else KeyKind.ASKED)
        )

    def _in_play(self) -> Iterator[Key]:
        """Yield the keys that say something of a build: not those of roles that nobody plays, and not what was always so."""
        idle = _TABLE_OF.keys() - set(self.roles_in_play)
        absent = tuple(name for role in idle for name in (f"{_TABLE_OF[role]}.", f"roles.{role}."))
        for one in walk(self):
            as_before = one.name in _AS_BEFORE and one.value == _AS_BEFORE[one.name]
            if not as_before and one.name not in self.idle and not one.name.startswith(absent):
                yield one

    def _asked_of_teachers(self, kind: KeyKind) -> dict[str, Any]:
        keys: dict[str, Any] = {}
        for task in self.tasks(kind):
            role = ROLE_OF[task]
            if role == "solver" and self.solvers:
                for name, solver in sorted(self.solvers.items()):
                    asked = {"share": solver.share, **self._asked_of(name), **solver.own_sampling}
                    keys |= {f"solvers.{name}.{key}": value for key, value in asked.items()}
                continue
            asked = {"model": self.teacher_for(role).model_name, **self.teacher_for(role).fields(task)}
            keys |= {f"roles.{role}.{name}": value for name, value in asked.items()}
        return keys

    def _asked_of(self, solver: str) -> dict[str, Any]:
        """Return what can change the answers of one of several solvers, but for its prompt."""
        settings = self.teacher_for("solver", solver)
        return {"model": settings.model_name, **settings.fields("solve")}

    def public(self) -> list[Key]:
        """Return what may leave the machine of a recipe: its public keys, with the values that may be shown."""
        return [key._replace(value=key.shown) for key in self._in_play() if key.public]

    def to_toml(self) -> str:
        """Return the whole recipe as TOML, each key with its meaning; `Recipe.read` reads it back."""
        return dump_toml(walk(self))


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
