"""From sealed candidates to the folder that `load_dataset` reads."""

from kpmath_builder.curation.selection import Selection
from kpmath_builder.execution.shards import read_candidates
from kpmath_builder.knowledge.store import Knowledge
from kpmath_builder.publishing.card import CardFacts
from kpmath_builder.publishing.tables import TableCounts, write_tables
from kpmath_builder.recipe import Recipe
from kpmath_builder.teachers.staff import roles_of
from kpmath_builder.workspace import Workspace

__all__ = ["write_dataset"]

_HUB_IDS = {"openai/gsm8k": "openai/gsm8k", "hendrycks/math": "EleutherAI/hendrycks_math"}


def write_dataset(
    recipe: Recipe, workspace: Workspace, knowledge: Knowledge, fingerprint: str
) -> TableCounts:
    """Select from the candidates and write the three tables with their card, replacing the dataset folder."""
    selection = Selection(recipe.selection)
    shards = [workspace.shard(number) for number in range(recipe.build.shards)]
    return write_tables(
        workspace.dataset,
        name=recipe.name,
        fingerprint=fingerprint,
        seeds=knowledge.seeds,
        extractions=knowledge.extractions,
        practices=knowledge.practices,
        candidates=map(selection.decide, read_candidates(shards)),
        select=selection.published,
        facts=CardFacts(
            models={role: settings.model_name for role, settings in roles_of(recipe).items()},
            recipe={
                **recipe.keys("data"),
                **recipe.keys("decision"),
                "build.questions": recipe.build.questions,
            },
            source_datasets=sorted(
                {_HUB_IDS[seed.source] for seed in knowledge.seeds if seed.source in _HUB_IDS}
            ),
        ),
    )
