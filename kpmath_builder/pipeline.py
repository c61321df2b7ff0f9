"""The order of the stages: seeds, knowledge, candidates, tables; and what makes a build finished."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kpmath_builder.errors import InputError
from kpmath_builder.execution.ask import Client
from kpmath_builder.knowledge.learning import learn
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.progress import Listener, Reporter
from kpmath_builder.prompts import Prompts
from kpmath_builder.publishing.dataset import write_dataset
from kpmath_builder.recipe import Recipe
from kpmath_builder.seeds import load_seeds
from kpmath_builder.synthesis.batch import synthesise_all
from kpmath_builder.teachers.protocol import canonical_json
from kpmath_builder.teachers.staff import Staff, roles_of
from kpmath_builder.workspace import Workspace

__all__ = ["BuildResult", "build", "rescore"]


@dataclass(frozen=True)
class BuildResult:
    """What a build made."""

    folder: Path
    dataset: Path
    """What `load_dataset` reads."""
    rows: Mapping[str, int]
    """Rows per config."""
    funnel: Mapping[str, Any]
    """Candidates that passed each stage, those that did not with their reasons, tokens per task."""
    already_built: bool = False


def build(recipe: Recipe, *, progress: Listener | None = None) -> BuildResult:
    """Build a recipe, or go on with a build that was interrupted; a finished one is left as it is.

    Parameters
    ----------
    recipe
        What to build; `recipe.build.folder` says where.
    progress
        Called with a `Progress` about twice a second, and for every note.

    Raises
    ------
    InputError
        When seeds, folder or servers are not as the recipe says.
    BuildError
        When a server stays away or the disk is full; what was answered is kept, and building again goes on.
    """
    report = Reporter(progress)
    report.begin("seeds", 0)
    seeds = load_seeds(**dict(recipe.seeds))
    for note in seeds.notes():
        report.note(note)
    prompts = Prompts.load(recipe.prompts)
    workspace = Workspace(recipe.build.folder)
    workspace.begin(recipe, {"the seeds' hash": seeds.content_hash, **_asked(recipe, prompts)})
    goal = _goal(recipe, workspace, asking=True)
    finished = workspace.finished()
    if finished is not None and finished["goal"] == goal:
        return _result(workspace, finished, already_built=True)
    workspace.reopen()

    async def make() -> Knowledge:
        async with Staff(recipe, report.note) as staff:
            client = Client(recipe, prompts, report, staff)
            knowledge = await learn(seeds.problems, client, workspace, report)
            await synthesise_all(knowledge, client, workspace, _fingerprint(recipe, goal), report)
            return knowledge

    return _tabulate(recipe, workspace, asyncio.run(make()), goal, report)


def rescore(folder: Path, settings: Mapping[str, str], *, progress: Listener | None = None) -> BuildResult:
    """Decide anew over the answers that a build folder holds: new thresholds, no new tokens.

    Candidates that would need answers which were never asked for are dropped with that reason; `build` asks for them.

    Parameters
    ----------
    folder
        The build folder.
    settings
        Changed keys of the recipe, e.g. `{"consensus.mode": "paper"}`.

    Raises
    ------
    InputError
        When the folder holds no knowledge yet, or a changed key would change what is asked.
    """
    report = Reporter(progress)
    workspace = Workspace.existing(folder)
    recipe = Recipe.read(workspace.recipe, {**settings, "build.folder": str(folder)})
    prompts = Prompts.load(recipe.prompts)
    workspace.check(_asked(recipe, prompts))
    knowledge = Knowledge.load(workspace.knowledge)
    if knowledge is None:
        raise InputError(f"{folder} holds no knowledge yet: run `kpmath build` first.")
    workspace.begin(recipe, workspace.begun())
    goal = _goal(recipe, workspace, asking=False)
    workspace.reopen()
    client = Client(recipe, prompts, report)
    asyncio.run(synthesise_all(knowledge, client, workspace, _fingerprint(recipe, goal), report))
    return _tabulate(recipe, workspace, knowledge, goal, report)


def _tabulate(
    recipe: Recipe, workspace: Workspace, knowledge: Knowledge, goal: Mapping[str, Any], report: Reporter
) -> BuildResult:
    report.begin("tables", 0)
    counts = write_dataset(recipe, workspace, knowledge, _fingerprint(recipe, goal))
    manifest = {
        "goal": goal,
        "code": version("kpmath-builder"),
        "models": {role: settings.model_name for role, settings in roles_of(recipe).items()},
        "topics": len(knowledge.tcpm.topics),
        "rows": counts.rows,
        "funnel": counts.funnel.as_json(),
        "tables": {config: written.digest for config, written in counts.configs.items()},
    }
    workspace.finish(manifest)
    return _result(workspace, manifest)


def _result(workspace: Workspace, manifest: Mapping[str, Any], *, already_built: bool = False) -> BuildResult:
    return BuildResult(
        workspace.folder, workspace.dataset, manifest["rows"], manifest["funnel"], already_built
    )


def _asked(recipe: Recipe, prompts: Prompts) -> dict[str, Any]:
    """Name everything that requests are made from, but for the seeds."""
    return {
        **recipe.keys("data"),
        **recipe.keys("layout"),
        **{f"prompt {task}": tagged for task, tagged in prompts.hashes.items()},
    }


def _goal(recipe: Recipe, workspace: Workspace, *, asking: bool) -> dict[str, Any]:
    """Name everything that the tables depend on."""
    return {
        **workspace.begun(),
        **recipe.keys("decision"),
        "build.questions": recipe.build.questions,
        "asking": asking,
    }


def _fingerprint(recipe: Recipe, goal: Mapping[str, Any]) -> str:
    told = {key: value for key, value in goal.items() if key not in recipe.keys("layout")}
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()[:16]
